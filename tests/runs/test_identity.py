"""What a run is: what its results depend on, and nothing else."""

import io
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from deepfeat.config import load_experiment
from deepfeat.runs import provenance
from deepfeat.runs.console import RunConsole
from deepfeat.runs.identity import anywhere, begun
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepfeat.runs.prepare.find_spec", lambda _: True)


def test_where_it_is_computed_and_who_is_told_is_no_part_of_it(write_experiment: Write) -> None:
    def experiment(**sections: Any) -> Any:  # noqa: ANN401
        return anywhere(load_experiment(write_experiment(**sections), environ={}).experiment)

    arm = {"training": {"epochs": 3}}
    plain = experiment(arms={"few": arm})
    elsewhere = {"engine": "dask", "logging": {"mlflow": "https://me:s3cret@host"}}
    assert experiment(**elsewhere, arms={"few": deepcopy({**arm, **elsewhere})}) == plain
    assert experiment(arms={"few": {"training": {"epochs": 4}}}) != plain


def test_another_tracker_does_not_make_it_another_run(write_experiment: Write) -> None:
    path = write_experiment()
    plain, told = begun(prepare(path)), begun(prepare(path, ["logging.tensorboard=runs"]))
    assert provenance.is_same_run(plain, told)


@pytest.mark.usefixtures("compiled_once")
def test_the_password_of_a_tracker_is_nowhere_in_the_results(
    write_experiment: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepfeat.report.page import write_report  # noqa: PLC0415 - loads much
    from deepfeat.runs.runner import run  # noqa: PLC0415 - loads TensorFlow

    monkeypatch.setenv("MLFLOW_URI", "https://me:s3cret@host")
    path = write_experiment(
        logging={"mlflow": "${MLFLOW_URI}"}, arms={"a": {"logging": {"mlflow": "${MLFLOW_URI}"}}}
    )
    paths = RunPaths(path.parent / "run")
    prepared = prepare(path)
    assert prepared.loaded.experiment.logging.mlflow == "https://me:s3cret@host"
    run(prepared, paths, RunConsole(io.StringIO()), present=lambda: write_report(paths.root))
    files = [file for file in paths.root.rglob("*") if file.is_file()]
    assert {paths.experiment, paths.provenance, paths.crate, paths.log, paths.report} <= set(files)
    assert [file for file in files if b"s3cret" in file.read_bytes()] == []
