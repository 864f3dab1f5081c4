"""The experiment and the `.env` that come with deepfeat."""

import re
from pathlib import Path

import pytest

from deepfeat.config import load_experiment
from deepfeat.config.dotenv import read_dotenv

ROOT = Path(__file__).parents[2]
VARIABLES = {"DATA_FILE", "ATTRIBUTE_FILE", "TARGET", "N_MODELS", "OUTPUT_DIR"}
CONTAINER = {"MEMORY_LIMIT", "PIDS_LIMIT"}
"""These are for Docker Compose alone."""


def test_the_experiment_as_it_comes() -> None:
    experiment = load_experiment(ROOT / "experiment.yml", environ={}).experiment
    assert experiment.name == "breast_cancer"
    assert (experiment.data.path, experiment.data.names) == ("Data/breast_cancer.csv", None)
    assert (experiment.data.target, experiment.training.models) == ("diagnosis", 100)
    methods = ["gate", "integrated_gradients", "random_forest", "boosted_trees", "lasso", "stacking"]
    assert [entry.name for entry in experiment.methods] == methods
    assert experiment.ranking.weights == "stacking"
    assert experiment.training.model_fields_set == {"models"}  # the rest is the preset's


def test_the_experiment_for_another_table() -> None:
    environ = {
        "DATA_FILE": "Data/x.data",
        "ATTRIBUTE_FILE": "Data/x.names",
        "TARGET": "last",
        "N_MODELS": "3",
    }
    experiment = load_experiment(ROOT / "experiment.yml", environ=environ).experiment
    assert (experiment.data.path, experiment.data.names) == ("Data/x.data", "Data/x.names")
    assert (experiment.data.target, experiment.training.models) == ("last", 3)


def test_every_setting_shown_as_a_comment_can_be_taken(tmp_path: Path) -> None:
    text = (ROOT / "experiment.yml").read_text(encoding="utf-8")
    taken, count = re.subn(r"(?m)^( *)# ( *(?:- )?\w+:(?: |$))", r"\1\2", text)
    assert count > 18
    path = tmp_path / "experiment.yml"
    path.write_text(taken, encoding="utf-8")
    experiment = load_experiment(path, environ={}).experiment
    assert experiment.methods[-1].params == {"rows": 100}
    assert experiment.data.group == "patient_id"
    assert experiment.training.split is not None
    assert [entry.path for entry in experiment.plugins] == ["my_plugins/"]


def test_nothing_is_set_until_somebody_takes_a_comment_away(tmp_path: Path) -> None:
    assert read_dotenv(ROOT / ".env") == {}
    text = (ROOT / ".env").read_text(encoding="utf-8")
    path = tmp_path / ".env"
    path.write_text(re.sub(r"(?m)^#(?=[A-Z_]+=)", "", text), encoding="utf-8")
    variables = read_dotenv(path)
    assert set(variables) == VARIABLES | CONTAINER
    assert all(variables.values())


@pytest.mark.parametrize("name", sorted(VARIABLES | CONTAINER))
def test_every_variable_is_explained(name: str) -> None:
    lines = (ROOT / ".env").read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith(f"#{name}="))
    assert lines[place - 1].startswith("# ")
