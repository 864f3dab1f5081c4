"""Runs in MLflow and TensorBoard; skipped where the library is not installed."""

import json
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import MagicMock

import pandas as pd
import pytest

from deepfeat.config import LoggingConfig
from deepfeat.errors import ExitCode
from deepfeat.interop.loading import load_run
from deepfeat.interop.tracking import (
    _as_plain,
    _flat,
    _mean_losses,
    _numbers,
    to_mlflow,
    to_tensorboard,
    track,
    without_passwords,
)
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.csvfiles import write_table

ANSWER = {
    "headline": ["Of 2 features, **a** matters.", "The networks are good."],
    "skill": {"score": "auc"},
    "members": {"trained": 2, "failed": 0, "skilless": 1, "averaged": 1},
    "stability": {"value": None},
    "kendall_w": 0.5,
}


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A run directory with what trackers are told."""
    paths = RunPaths(tmp_path / "run")
    skill = {"model": ["networks", "constant"], "score": ["auc", "auc"], "mean": [0.9, 0.5]}
    history = {
        "member": [0, 0, 1],
        "epoch": [1, 2, 1],
        "train_loss": [3.0, 1.0, 5.0],
        "valid_loss": [4.0, 2.0, 6.0],
    }
    write_table(paths.skill, pd.DataFrame(skill))
    write_table(paths.history, pd.DataFrame(history))
    write_table(paths.ranking, pd.DataFrame({"feature": ["a", "b"], "importance": [0.6, 0.4]}))
    write_table(paths.members, pd.DataFrame({"member": [0, 1]}))
    paths.answer.write_text(json.dumps(ANSWER))
    paths.experiment.write_text("name: heart\ndata: {path: x.csv}\nmethods: [gate]\n")
    paths.figure("ranking", ".png").parent.mkdir()
    paths.figure("ranking", ".png").write_bytes(b"png")
    return paths.root


def test_what_a_run_comes_down_to(finished: Path) -> None:
    run = load_run(finished)
    assert _numbers(run) == {
        "auc.networks": 0.9,
        "auc.constant": 0.5,
        "members.trained": 2.0,
        "members.failed": 0.0,
        "members.skilless": 1.0,
        "members.averaged": 1.0,
        "kendall_w": 0.5,
    }
    assert _mean_losses(run).to_dict("index") == {
        1: {"train_loss": 4.0, "valid_loss": 5.0},
        2: {"train_loss": 1.0, "valid_loss": 2.0},
    }


def test_settings_by_their_whole_name() -> None:
    assert dict(_flat({"a": {"b": {"c": 1}, "d": None}, "e": [1, 2]})) == {"a.b.c": 1, "e": [1, 2]}


def test_names_are_not_taken_for_markup() -> None:
    assert _as_plain("<b>*x*") == r"\<b\>\*x\*"


def test_mlflow_is_not_told_where_the_trackers_are(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = MagicMock()
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    with (finished / "experiment.yml").open("a") as file:
        file.write("logging: {mlflow: 'https://me:s3cret@host'}\n")
        file.write("arms: {few: {logging: {mlflow: 'https://me:s3cret@host'}}}\n")
    to_mlflow(load_run(finished), "https://me:s3cret@host")
    (logged,) = mlflow.log_params.call_args.args
    assert logged["name"] == "heart"
    assert "s3cret" not in str(logged)


def test_what_a_tracker_says_is_told_without_passwords() -> None:
    said = "API request to https://me:s3cret@host/api and postgresql://u:p@x@db/y failed; ask a@b.org"
    assert (
        without_passwords(said) == "API request to https://host/api and postgresql://db/y failed; ask a@b.org"
    )


def test_nothing_is_logged_where_nothing_is_asked(finished: Path) -> None:
    before = sorted(finished.rglob("*"))
    track(finished, LoggingConfig())
    assert sorted(finished.rglob("*")) == before


@pytest.mark.skipif(find_spec("mlflow") is None, reason="needs deepfeat[mlflow]")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", ["folder", "sqlite"])
def test_mlflow_has_the_run(
    kind: str, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.chdir(tmp_path)  # where a database leaves the files
    import mlflow  # noqa: PLC0415 - only where it is installed

    store = (tmp_path / "store").as_uri() if kind == "folder" else f"sqlite:///{tmp_path / 'mlflow.db'}"
    number = to_mlflow(load_run(finished), store)
    found = mlflow.tracking.MlflowClient(store).get_run(number)
    assert found.data.metrics["auc.networks"] == 0.9
    assert found.data.params["name"] == "heart"
    assert found.data.params["training.models"] == "100"
    losses = mlflow.tracking.MlflowClient(store).get_metric_history(number, "train_loss")
    assert [(point.step, point.value) for point in losses] == [(1, 4.0), (2, 1.0)]
    kept = mlflow.tracking.MlflowClient(store).list_artifacts(number)
    assert {"ranking.csv", "answer.json", "skill.csv", "figures"} <= {artefact.path for artefact in kept}


@pytest.mark.skipif(
    find_spec("tensorboard") is None,
    reason="needs deepfeat[tensorboard]",
)
@pytest.mark.filterwarnings("default")
def test_tensorboard_has_the_run(finished: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    to_tensorboard(load_run(finished), tmp_path / "events")
    whole = EventAccumulator(str(tmp_path / "events")).Reload()
    tags = whole.Tags()["tensors"]
    assert {"auc.networks", "train_loss", "valid_loss", "answer"} <= set(tags)
    assert [event.step for event in whole.Tensors("train_loss")] == [1, 2]
    (text,) = whole.Tensors("answer")
    assert rb"\*\*a\*\* matters" in text.tensor_proto.string_val[0]
    one = EventAccumulator(str(tmp_path / "events" / "member_00000")).Reload()
    assert [event.step for event in one.Tensors("valid_loss")] == [1, 2]


def test_every_tracker_is_handed_an_execution_once(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr("deepfeat.interop.tracking.to_tensorboard", lambda _, folder: told.append(folder))
    monkeypatch.setattr("deepfeat.interop.tracking.to_mlflow", lambda _, uri: told.append(uri))
    one, other = Path.cwd() / "one/heart", Path.cwd() / "other/heart"
    begun = RunPaths(finished).provenance
    begun.write_text(json.dumps({"started": "now"}))
    for _ in range(2):
        track(finished, LoggingConfig(tensorboard="one"))
        assert told == [one]
    for user in ("me:secret@", "you:secret@", ""):  # who asks is no other place
        track(finished, LoggingConfig(tensorboard="one", mlflow=f"http://{user}host"))
        assert told == [one, "http://me:secret@host"]
    track(finished, LoggingConfig(tensorboard="other"))
    assert told[2:] == [other]
    begun.write_text(json.dumps({"started": "later"}))
    track(finished, LoggingConfig(tensorboard="other"))
    assert told[3:] == [other]
    assert "secret" not in RunPaths(finished).tracked.read_text()


@pytest.mark.parametrize("content", ["", "[]", "{}", "3", '{"told": 3, "started": null}'])
def test_a_note_that_cannot_be_read_is_none(
    content: str, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr("deepfeat.interop.tracking.to_mlflow", lambda _, uri: told.append(uri))
    note = RunPaths(finished).tracked
    note.parent.mkdir()
    note.write_text(content)
    track(finished, LoggingConfig(mlflow="http://host"))
    assert told == ["http://host"]


def test_events_go_home(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    told: list[Path] = []
    monkeypatch.setattr("deepfeat.interop.tracking.to_tensorboard", lambda _, folder: told.append(folder))
    track(finished, LoggingConfig(tensorboard="~/events"))
    assert told == [tmp_path / "home/events/heart"]


def test_a_tracker_that_is_not_installed_is_told_before_anything_is_trained(
    deepfeat: Callable[..., tuple[int, str, str]],
    write_experiment: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deepfeat.runs.prepare.find_spec", lambda _: None)
    write_experiment(logging={"mlflow": "sqlite:///x.db"})
    code, _, said = deepfeat("validate")
    assert code == ExitCode.USER_INPUT
    assert (
        'logging.mlflow: needs the library mlflow; in deepfeat\'s folder: pip install -e ".[mlflow]"' in said
    )
