"""Controls: asked beside the methods that are named, about the networks' rankings."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from deepfeat.errors import ExitCode
from deepfeat.runs.console import RunConsole
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare
from deepfeat.runs.runner import run

Write = Callable[..., Path]
CONTROLS = ["label_permutation", "redundancy", "shadow"]


def asked(path: Path, *settings: str) -> list[str]:
    return [method.name for method, _ in prepare(path, settings).methods]


def test_they_are_asked_from_twenty_networks_on(write_experiment: Write) -> None:
    path = write_experiment()
    assert asked(path) == ["gate"]
    assert asked(path, "training.models=19") == ["gate"]
    assert asked(path, "training.models=20") == ["gate", *CONTROLS]
    assert asked(path, "training.models=20", "controls=never") == ["gate"]
    assert asked(path, "controls=always") == ["gate", *CONTROLS]


def test_one_that_is_named_keeps_its_parameters(write_experiment: Write) -> None:
    path = write_experiment(methods=[{"shadow": {"networks": 3}}, "gate"], controls="always")
    methods = {method.name: params for method, params in prepare(path).methods}
    assert list(methods) == ["shadow", "gate", "label_permutation", "redundancy"]
    assert methods["shadow"].networks == 3


# three controls train networks of their own; that who is asked after others is not ranked is tested there
@pytest.mark.slow
@pytest.mark.usefixtures("compiled_once", "undrawn")
def test_their_answers_are_no_part_of_the_ranking(write_experiment: Write, tmp_path: Path) -> None:
    path = write_experiment(methods=["gate", "first_layer"], controls="always")
    paths = RunPaths(tmp_path / "out")
    assert run(prepare(path), paths, RunConsole(io.StringIO())) == ExitCode.COMPLETE
    ranking = pd.read_csv(paths.ranking)
    *_, labels, redundant, copies = json.loads(paths.answer.read_text())["details"]
    assert labels.startswith("Agreement between networks on the ranking, and with shuffled labels: ")
    assert "explained by the others" in redundant
    assert copies.endswith("shuffled copies in most of 2 networks.")
    assert not set(CONTROLS) & set(ranking.columns)
    for control in CONTROLS:
        assert {f"{control}.{suffix}" for suffix in ("csv", "png", "svg")} | {"figures.json"} <= {
            file.name for file in paths.artefacts(control).iterdir()
        }
    # Both methods were asked about the networks of the controls, the category with all its columns.
    shadow = pd.read_csv(paths.artefacts("shadow") / "shadow.csv")
    assert shadow.groupby("method")["feature"].agg(list).to_dict() == {
        "first_layer": ["weight", "height", "colour"],
        "gate": ["weight", "height", "colour"],
        "all methods": ["weight", "height", "colour"],
    }
