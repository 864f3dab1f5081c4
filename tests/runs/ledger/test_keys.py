"""What is part of a result's name, and what is not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Split
from deepfeat.methods.method import MethodParams
from deepfeat.methods.registry import MethodInfo
from deepfeat.nets.default import Default
from deepfeat.runs.ledger.keys import (
    answer_key,
    asking_work,
    data_sha256,
    entries,
    member_keys,
    training_work,
)
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import SplitSettings, TrainingSettings

SETTINGS = TrainingSettings(epochs=3)
INFO = MethodInfo("gate", "", "member", "weights", "plugins/gate.py", "", "ab" * 32)


@pytest.fixture
def data(make_data: Callable[..., Dataset]) -> Dataset:
    return make_data()


@pytest.fixture
def plan(data: Dataset) -> FitPlan:
    return build_plan(data, SETTINGS.split, 3, 0, Default())


def test_a_member_is_the_same_in_every_company_and_under_every_plan_name(plan: FitPlan) -> None:
    whole = entries(plan)
    assert len(set(whole)) == 3
    assert entries(plan.select([2, 0])) == [whole[2], whole[0]]
    assert entries(replace(plan, name="another")) == whole


def _changed_rows(plan: FitPlan) -> FitPlan:
    first = plan.splits[0]
    return replace(plan, splits=(Split(first.train, first.valid, first.held_out[:-1]), *plan.splits[1:]))


def _own_targets(plan: FitPlan) -> FitPlan:
    return replace(plan, targets=np.zeros((3, 96, 1), dtype=np.float32))


@pytest.mark.parametrize(
    ("change", "concerned"),
    [
        (_changed_rows, [0]),
        (lambda plan: replace(plan, seeds=(plan.seeds[0] + 1, *plan.seeds[1:])), [0]),
        (lambda plan: replace(plan, mask=np.eye(3, 4) < 1), [0, 1, 2]),
        (lambda plan: replace(plan, penalty=np.array([0.0, 1e-300, 0.0])), [0, 1, 2]),
        (_own_targets, [0, 1, 2]),
    ],
    ids=["rows", "seed", "mask", "penalty", "targets"],
)
def test_what_a_member_is_trained_on_is_its_own(
    plan: FitPlan, change: Callable[[FitPlan], FitPlan], concerned: list[int]
) -> None:
    before, after = entries(plan), entries(change(plan))
    assert [i for i in range(3) if before[i] != after[i]] == concerned


def test_targets_of_a_member_concern_it_alone(plan: FitPlan) -> None:
    first = _own_targets(plan)
    assert first.targets is not None
    targets = first.targets.copy()
    targets[1, 5] = 1
    before, after = entries(first), entries(replace(first, targets=targets))
    assert [i for i in range(3) if before[i] != after[i]] == [1]


def test_how_rows_are_shared_out_counts_only_by_the_rows(data: Dataset) -> None:
    other = SETTINGS.model_copy(update={"split": SplitSettings(train=0.5, valid=0.25, test=0.25)})
    assert training_work(data, Default(), SETTINGS) == training_work(data, Default(), other)


def test_table_network_and_settings_are_part_of_the_key(data: Dataset, plan: FitPlan) -> None:
    works = [
        training_work(data, Default(), SETTINGS),
        training_work(data, Default(), SETTINGS.model_copy(update={"epochs": 4})),
        training_work(data, Default(Default.Params(units=(8,))), SETTINGS),
        training_work(replace(data, y=1 - data.y), Default(), SETTINGS),
    ]
    assert len({key for work in works for key in member_keys(plan, work)}) == 12


def test_a_table_without_a_digest_gets_one(data: Dataset) -> None:
    assert data.sha256 == ""
    assert len(data_sha256(data)) == 64
    assert data_sha256(replace(data, sha256="given")) == "given"


class Params(MethodParams):
    """Of a method."""

    repeats: int = 10


def test_what_an_answer_depends_on(data: Dataset) -> None:
    def key(members: tuple[str, ...] = ("a", "b"), **changes: Any) -> str:  # noqa: ANN401
        given = {"info": INFO, "params": Params(), "data": data, "seed": 0, **changes}
        return answer_key(asking_work(**given), members)

    keys = [
        key(),
        key(members=("a",)),
        key(members=("b", "a")),
        key(params=Params(repeats=11)),
        key(info=replace(INFO, sha256="cd" * 32)),
        key(info=replace(INFO, name="other")),
        key(seed=1),
        key(data=replace(data, sha256="other")),
        key(training={"epochs": 5}),
        key(others={"gate": "key of its answer"}),
    ]
    assert len(set(keys)) == len(keys)
    assert key() == key()
    assert key(info=replace(INFO, source="moved/gate.py", doc="told otherwise")) == key()
