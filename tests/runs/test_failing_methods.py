"""A run whose plugins misbehave: what stands, and what is told of the rest."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from deepfeat.errors import ExitCode
from deepfeat.ranking.table import method_columns
from deepfeat.runs.console import RunConsole
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare

PLUGINS = '''
import time

import numpy as np

from deepfeat.methods import Importance, Method, MethodError


class Raises(Method):
    """Raises."""

    name = "raises"

    def explain(self, ensemble, data, context):
        context.artefact("kept.txt").write_text("written before")
        raise ZeroDivisionError("of all things")


class Refuses(Raises):
    """Says that it cannot."""

    name = "refuses"

    def explain(self, ensemble, data, context):
        raise MethodError("this table is too small; use another")


class Shapeless(Raises):
    """Has a score too many."""

    name = "shapeless"

    def explain(self, ensemble, data, context):
        return Importance(np.ones((len(ensemble), data.n_features + 1)))


class NotFinite(Raises):
    """Answers NaN."""

    name = "not_finite"

    def explain(self, ensemble, data, context):
        return Importance(np.full((len(ensemble), data.n_features), np.nan))


class Endless(Raises):
    """Does not end."""

    name = "endless"

    def explain(self, ensemble, data, context):
        while True:
            time.sleep(0.01)
'''

FAILED = ("raises", "refuses", "shapeless", "not_finite", "endless")


@pytest.fixture(scope="module")
def outcome(write_shared: Callable[..., Path]) -> tuple[ExitCode, RunPaths, str]:
    """One run for all tests: exit code, files, and what was on the screen."""
    from deepfeat.runs.runner import run  # noqa: PLC0415 - loads TensorFlow

    path = write_shared(
        training={"models": 3},
        methods=["gate", *FAILED, "first_layer"],
        limits={"isolation": True, "method_seconds": 2},
        plugins=["mine"],
    )
    (path.parent / "mine").mkdir()
    (path.parent / "mine" / "strange.py").write_text(PLUGINS)
    screen = io.StringIO()
    paths = RunPaths.of(path.parent / "out", "misbehaving")
    code = run(prepare(path), paths, RunConsole(screen, width=200))
    return code, paths, screen.getvalue()


def test_the_others_stand(outcome: tuple[ExitCode, RunPaths, str]) -> None:
    code, paths, _ = outcome
    assert code == ExitCode.PARTIAL
    assert method_columns(pd.read_csv(paths.ranking)) == ["gate", "first_layer"]
    assert sorted(path.stem for path in paths.methods.glob("*.csv")) == ["first_layer", "gate"]


def test_each_failure_is_told_with_its_traceback(outcome: tuple[ExitCode, RunPaths, str]) -> None:
    _, paths, screen = outcome
    words = {
        "raises": "ZeroDivisionError: of all things",
        "refuses": "this table is too small; use another",
        "shapeless": "scores has shape (3, 4), expected (3, 3)",
        "not_finite": "9 of 9 values that are not finite",
        "endless": "took longer than 2 s",
    }
    for name in FAILED:
        told = paths.failure(name).read_text()
        assert words[name] in told
        assert words[name] in screen
        assert str(paths.failure(name)) in screen
    for name in ("raises", "refuses", "shapeless", "not_finite"):
        assert paths.failure(name).read_text().startswith("Traceback")
    assert 'strange.py", line' in paths.failure("endless").read_text(), "where it was interrupted"
    assert (paths.artefacts("raises") / "kept.txt").exists()


def test_run_json_says_what_each_mean_rests_on(outcome: tuple[ExitCode, RunPaths, str]) -> None:
    _, paths, _ = outcome
    record = json.loads(paths.provenance.read_text())
    asked = record["methods"]
    assert {name: told["members"] for name, told in asked.items()} == {
        "gate": 3,
        **dict.fromkeys(FAILED, 0),
        "first_layer": 3,
    }
    assert 2 <= asked["endless"]["seconds"] < 60
    assert all(len(told["sha256"]) == 64 for told in asked.values())
    assert [line.split(":")[0] for line in record["failures"]] == [f"method {name}" for name in FAILED]
