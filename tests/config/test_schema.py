from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from deepfeat.config import (
    DataConfig,
    Experiment,
    MethodEntry,
    NetworkConfig,
    RankingConfig,
    SplitConfig,
    TrainingConfig,
)

SMALL: dict[str, Any] = {"name": "demo", "data": {"path": "t.csv"}, "methods": ["gate"]}
SECTIONS = [Experiment, DataConfig, NetworkConfig, TrainingConfig, SplitConfig, RankingConfig, MethodEntry]


def test_the_smallest_experiment_has_the_documented_defaults() -> None:
    experiment = Experiment.model_validate(SMALL)
    assert (experiment.seed, experiment.engine.dask, experiment.plugins) == (0, None, [])
    assert (experiment.data.target, experiment.data.task, experiment.data.missing) == (
        "last",
        "auto",
        "impute",
    )
    assert (experiment.network.preset, experiment.network.params) == ("default", {})
    assert experiment.training == TrainingConfig(models=100)
    assert experiment.ranking.model_dump() == {
        "normalise": "sum",
        "across_methods": "mean",
        "weights": "equal",
        "top_k": None,
        "skilless": "leave_out",
        "skill_splits": 10,
        "multiplicity": "bh",
        "groups": {},
        "clusters": 0.7,
        "confidence": 0.95,
        "bootstrap": 2000,
    }


def test_training_says_nothing_of_what_the_preset_decides() -> None:
    assert TrainingConfig().model_dump(exclude_none=True) == {"models": 100}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_is_described(section: type[BaseModel]) -> None:
    for name, field in section.model_fields.items():
        assert field.description, name
        assert len(field.description) > 10


@pytest.mark.parametrize("section", SECTIONS)
def test_experiments_do_not_change(section: type[BaseModel]) -> None:
    assert section.model_config["frozen"]
    assert section.model_config["strict"]


def test_parameters_stand_beside_the_preset() -> None:
    network = NetworkConfig.model_validate({"preset": "wide", "units": 64, "model_dump": None, "params": [1]})
    assert network.params == {"units": 64, "model_dump": None, "params": [1]}
    assert network.model_dump() == {"preset": "wide", **network.params}


@pytest.mark.parametrize(
    ("written", "name", "params"),
    [
        ("gate", "gate", {}),
        ({"gate": None}, "gate", {}),
        ({"gate": {}}, "gate", {}),
        ({"gate": {"a": [1, {"b": None}]}}, "gate", {"a": [1, {"b": None}]}),
        ({"name": "gate", "params": {"a": 1}}, "gate", {"a": 1}),
        ({"name": "gate"}, "gate", {}),
        ({"name": {"a": 1}}, "name", {"a": 1}),
        ({"params": {"a": 1}}, "params", {"a": 1}),
    ],
)
def test_methods_are_names_or_names_with_parameters(written: Any, name: str, params: dict[str, Any]) -> None:  # noqa: ANN401
    entry = MethodEntry.model_validate(written)
    assert (entry.name, entry.params) == (name, params)
    assert MethodEntry.model_validate(entry.model_dump()) == entry


def deep(levels: int) -> Any:  # noqa: ANN401
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        -(2**63) - 1,
        float("nan"),
        float("inf"),
        "a\0b",
        "\ud800",
        {1: 2},
        {1, 2},
        object(),
        deep(20),
        b"x",
    ],
)
def test_parameters_are_what_a_file_can_hold(value: object) -> None:
    with pytest.raises(ValidationError):
        MethodEntry.model_validate({"gate": {"a": value}})
    with pytest.raises(ValidationError):
        NetworkConfig.model_validate({"a": value})


def test_tuples_become_lists() -> None:
    assert MethodEntry(name="gate", params={"a": (1, (2,))}).params == {"a": [1, [2]]}


@pytest.mark.parametrize(
    "split",
    [
        {"train": 0.1, "valid": 0.2, "test": 0.7},  # 0.1 + 0.2 + 0.7 is a little below 1
        {"train": 0.7, "valid": 0.2, "test": 0.1},
        {"train": 1 / 3, "valid": 1 / 3, "test": 1 / 3},
        {"train": 0.5, "valid": 0.5, "test": 0},
        {"method": "kfold", "folds": 10},
        {"train": 0.5, "valid": 0.5 + 1e-10, "test": 0},
    ],
)
def test_splits_that_fit(split: dict[str, Any]) -> None:
    SplitConfig.model_validate(split)


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ({"train": 0.5, "valid": 0.5 + 1e-8, "test": 0}, "make it at most 1"),
        ({"train": 0.9}, "is 1.2; make it at most 1"),
        ({"train": 0}, "greater than 0"),
        ({"folds": 3}, "folds are for method kfold"),
    ],
)
def test_splits_that_do_not_fit(split: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SplitConfig.model_validate(split)


def test_several_targets_are_a_multilabel_task() -> None:
    data = DataConfig.model_validate({"path": "t.csv", "targets": ["a", "b"], "task": "multilabel"})
    assert data.targets == ["a", "b"]
    assert DataConfig.model_validate({"path": "t.csv", "targets": ["a"]}).task == "auto"


@pytest.mark.parametrize("name", ["a", "A1", "breast_cancer", "2021-ashraf", "v1.2", "x" * 100])
def test_names_of_folders(name: str) -> None:
    assert Experiment.model_validate({**SMALL, "name": name}).name == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "-x", "_x", "x y", "x\n", "\u00e4", "x" * 101]
)
def test_names_that_are_no_folders(name: str) -> None:
    with pytest.raises(ValidationError):
        Experiment.model_validate({**SMALL, "name": name})
