"""Trainings for methods: the experiment's own way by default, and any other that is asked for."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from deepfeat.data.derived import with_features
from deepfeat.nets.default import Default
from deepfeat.runs.console import RunConsole
from deepfeat.runs.fitting import LedgerFit
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.prepare import Prepared, prepare
from deepfeat.runs.refits import Refits
from deepfeat.training.trainer import Trainer

Write = Callable[..., Path]


@pytest.fixture
def prepared(write_experiment: Write) -> Prepared:
    return prepare(write_experiment())


@pytest.fixture
def refits(prepared: Prepared, tmp_path: Path) -> Refits:
    trainer = Trainer(prepared.data, prepared.network, prepared.settings)
    return Refits(prepared, trainer, RunConsole(io.StringIO()), LedgerFit(Ledger(tmp_path / "ledger")))


def test_by_default_as_the_experiment_trains(refits: Refits, prepared: Prepared) -> None:
    ensemble = refits(prepared.plan)
    assert ensemble.template.network is prepared.network
    assert [record.epochs for record in ensemble.records] == [2, 2]


def test_other_settings(refits: Refits, prepared: Prepared) -> None:
    ensemble = refits(prepared.plan, training={"epochs": 1})
    assert [record.epochs for record in ensemble.records] == [1, 1]


def test_another_network(refits: Refits, prepared: Prepared) -> None:
    small = Default(Default.Params(units=(16,)))
    assert refits(prepared.plan, network=small).first_layer.shape[-1] == 16


def test_another_table(refits: Refits, prepared: Prepared) -> None:
    data = prepared.data
    wider = with_features(data, ["copy"], data.x[:, :1])
    plan = replace(prepared.plan, mask=np.ones((2, wider.n_features), dtype=bool))
    assert refits(plan, data=wider).gates.shape == (2, data.n_features + 1)


def test_a_table_is_known_by_what_it_holds(refits: Refits, prepared: Prepared) -> None:
    """Not by the digest that a method has left in it: the networks would be those of another table."""
    data, plan = prepared.data, prepared.plan
    usual = refits(plan)
    other = refits(plan, data=replace(data, y=data.y[::-1]))
    assert not np.array_equal(usual.gates, other.gates)
    same = refits(plan, data=replace(data, x=data.x.copy(), sha256="something else"))
    np.testing.assert_array_equal(usual.gates, same.gates)


def test_a_setting_that_does_not_exist_is_refused(refits: Refits, prepared: Prepared) -> None:
    with pytest.raises(ValidationError, match="epoch"):
        refits(prepared.plan, training={"epoch": 1})


def test_what_was_compiled_is_used_again(refits: Refits, prepared: Prepared) -> None:
    first = refits(prepared.plan, training={"epochs": 1})
    again = refits(replace(prepared.plan, name="again"), training={"epochs": 1})
    assert first.template is again.template


def test_equal_members_of_plans_with_different_names_are_trained_once(
    refits: Refits, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = refits(prepared.plan)
    monkeypatch.setattr(Trainer, "train", lambda *_: pytest.fail("trained again"))
    again = refits(replace(prepared.plan, name="again"))
    assert np.array_equal(first.gates, again.gates)
    assert again.plan.name == "again"
