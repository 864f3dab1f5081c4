"""Plans: what each member is trained on, whoever else is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.data.dataset import Dataset, Task
from deepfeat.data.splits import Split
from deepfeat.errors import InputError
from deepfeat.nets.network import Network
from deepfeat.training.plan import FitPlan, build_plan, check_plan, folds_fault
from deepfeat.training.settings import SplitSettings

METHODS = ("random", "last", "kfold", "bootstrap", "subsample")
MakePlan = Callable[..., FitPlan]


@pytest.fixture(scope="module")
def network(make_network: Callable[..., Network]) -> Network:
    return make_network()


@pytest.fixture(scope="module")
def data(make_data: Callable[..., Dataset]) -> Dataset:
    return make_data("multiclass", rows=90)


@pytest.fixture(scope="module")
def grouped(make_data: Callable[..., Dataset]) -> Dataset:
    return make_data("regression", rows=90, n_groups=12)


@pytest.fixture(scope="module")
def plan_of(network: Network) -> MakePlan:
    def plan_of(
        data: Dataset, members: int | range = 6, seed: int = 0, name: str = "main", **split: object
    ) -> FitPlan:
        return build_plan(data, SplitSettings.model_validate(split), members, seed, network, name)

    return plan_of


def parts(split: Split) -> list[list[int]]:
    return [split.train.tolist(), split.valid.tolist(), split.held_out.tolist()]


def same_member(first: FitPlan, i: int, second: FitPlan, j: int) -> bool:
    return (
        first.seeds[i] == second.seeds[j]
        and parts(first.splits[i]) == parts(second.splits[j])
        and first.penalty[i] == second.penalty[j]
        and np.array_equal(first.mask[i], second.mask[j])
    )


@pytest.mark.parametrize("method", METHODS)
@given(members=st.integers(1, 8), more=st.integers(0, 5), seed=st.integers(0, 3))
@settings(max_examples=10, deadline=None)
def test_a_member_is_the_same_whatever_the_number_of_members(
    data: Dataset, plan_of: MakePlan, method: str, members: int, more: int, seed: int
) -> None:
    few = plan_of(data, members, seed, method=method)
    many = plan_of(data, members + more, seed, method=method)
    last = plan_of(data, range(members - 1, members + more), seed, method=method)
    assert all(same_member(few, member, many, member) for member in range(members))
    assert same_member(last, 0, many, members - 1)
    assert len(set(many.seeds)) == len(many)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("table", ["data", "grouped"])
def test_nobody_is_trained_on_what_it_is_judged_by(
    plan_of: MakePlan, method: str, table: str, request: pytest.FixtureRequest
) -> None:
    data = request.getfixturevalue(table)
    units = np.arange(data.n_rows) if data.groups is None or method == "last" else data.groups
    for split in plan_of(data, 10, method=method).splits:
        train, valid, held_out = (
            set(units[rows].tolist()) for rows in (split.train, split.valid, split.held_out)
        )
        assert not train & valid
        assert not (train | valid) & held_out


@pytest.mark.parametrize("table", ["data", "grouped"])
def test_k_folds_hold_every_row_out_once_a_round(
    plan_of: MakePlan, table: str, request: pytest.FixtureRequest
) -> None:
    data = request.getfixturevalue(table)
    splits = plan_of(data, 8, method="kfold", folds=4).splits
    rounds = [np.sort(np.concatenate([s.held_out for s in splits[i : i + 4]])) for i in (0, 4)]
    for held_out in rounds:
        assert np.array_equal(held_out, np.arange(data.n_rows))
    assert parts(splits[0]) != parts(splits[4])
    for split in splits:
        assert sum(map(len, parts(split))) == data.n_rows


def test_half_samples_come_in_complementary_pairs(data: Dataset, plan_of: MakePlan) -> None:
    first, second, third, _ = plan_of(data, 4, method="subsample").splits
    assert sorted(first.held_out.tolist() + second.held_out.tolist()) == list(range(90))
    assert len(first.held_out) == 45
    assert parts(first) != parts(third)


def test_a_bootstrap_repeats_rows_of_the_training_part_only(data: Dataset, plan_of: MakePlan) -> None:
    for random, drawn in zip(
        plan_of(data, method="random").splits, plan_of(data, method="bootstrap").splits, strict=True
    ):
        assert parts(drawn)[1:] == parts(random)[1:]
        assert len(drawn.train) == len(random.train)
        assert set(drawn.train) < set(random.train)


def test_the_last_fraction_is_the_same_for_all(data: Dataset, plan_of: MakePlan) -> None:
    first, *rest = plan_of(data, method="last").splits
    assert all(parts(split) == parts(first) for split in rest)


@pytest.mark.parametrize("other", [{"seed": 1}, {"name": "another"}])
def test_another_seed_or_name_is_another_plan(
    data: Dataset, plan_of: MakePlan, other: dict[str, Any]
) -> None:
    first, second = plan_of(data), plan_of(data, **other)
    assert not set(first.seeds) & set(second.seeds)
    assert parts(first.splits[0]) != parts(second.splits[0])


def test_selected_members_keep_what_is_theirs(data: Dataset, plan_of: MakePlan) -> None:
    targets = np.arange(6, dtype=np.float32)[:, None, None] * np.ones((6, 90, 3), dtype=np.float32)
    plan = replace(plan_of(data), targets=targets)
    some = plan.select([4, 1])
    assert same_member(some, 0, plan, 4)
    assert same_member(some, 1, plan, 1)
    assert some.targets is not None
    assert some.targets[:, 0, 0].tolist() == [4, 1]
    assert len(some) == 2
    assert plan_of(data).select([0]).targets is None


def refusal(plan: FitPlan, data: Dataset) -> str:
    with pytest.raises(InputError) as caught:
        check_plan(plan, data)
    return str(caught.value)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
@pytest.mark.parametrize("method", METHODS)
def test_usual_plans_can_be_trained(
    plan_of: MakePlan, make_data: Callable[..., Dataset], task: Task, method: str
) -> None:
    data = make_data(task)
    check_plan(plan_of(data, method=method), data)


def test_an_absent_class_is_refused(data: Dataset, plan_of: MakePlan) -> None:
    sorted_table = replace(data, y=data.y[np.argsort(data.strata)])
    said = refusal(plan_of(sorted_table, method="last", train=0.5, valid=0.3, test=0.2), sorted_table)
    assert said.startswith("made: plan main: member 0 has no training row of class 'high'; give more rows")


def test_a_class_that_is_absent_from_validation_is_refused(
    make_data: Callable[..., Dataset], plan_of: MakePlan
) -> None:
    data = make_data("binary")
    y = np.zeros_like(data.y)
    y[0] = 1
    rare = replace(data, y=y)
    assert "class 'yes'" in refusal(plan_of(rare, 1), rare)


def test_too_small_folds_are_refused(make_data: Callable[..., Dataset], plan_of: MakePlan) -> None:
    few = make_data("regression", rows=4)
    assert "0 validation rows; give more rows" in refusal(plan_of(few, method="kfold", folds=4), few)


def test_a_member_without_features_is_refused(data: Dataset, plan_of: MakePlan) -> None:
    plan = plan_of(data)
    plan.mask[3] = False
    assert "member 3 has no feature left to use" in refusal(plan, data)


@pytest.mark.parametrize(
    ("task", "n_groups", "folds", "found"),
    [
        ("multiclass", None, 30, None),
        ("multiclass", None, 31, "found 30 rows of class 'low' for 31 folds; set at most 30 folds"),
        ("regression", None, 90, None),
        ("regression", None, 91, "found 90 rows for 91 folds; set at most 90 folds"),
        ("regression", 12, 13, "found 12 groups of rows for 13 folds; set at most 12 folds"),
    ],
)
def test_more_folds_than_there_is_to_share_out(
    make_data: Callable[..., Dataset], task: Task, n_groups: int | None, folds: int, found: str | None
) -> None:
    data = make_data(task, rows=90, n_groups=n_groups)
    said = folds_fault(SplitSettings(method="kfold", folds=folds), data)
    assert said == (found and f"{found}, or give more of them")
    assert folds_fault(SplitSettings(method="random", folds=folds), data) is None


def test_fewer_rows_to_learn_from_are_drawn_from_the_training_rows(data: Dataset, network: Network) -> None:
    whole, some, few, more = (
        build_plan(data, SplitSettings(rows=rows), 2, 0, network) for rows in (None, 40, 20, 10**6)
    )
    for member in range(2):
        rows = [set(plan.splits[member].train.tolist()) for plan in (few, some, whole)]
        assert [len(each) for each in rows] == [20, 40, len(whole.splits[member].train)]
        assert rows[0] < rows[1] < rows[2]
        counts, all_counts = (np.bincount(data.strata[list(each)]) for each in (rows[0], rows[2]))
        assert counts == pytest.approx(all_counts * 20 / len(rows[2]), abs=1)
        for part in ("valid", "held_out"):
            assert np.array_equal(getattr(few.splits[member], part), getattr(whole.splits[member], part))
        assert np.array_equal(more.splits[member].train, whole.splits[member].train)
