"""A method that judges the others: asked last, wherever it is named, and no part of the ranking."""

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from deepfeat.errors import ExitCode
from deepfeat.ranking.table import method_columns
from deepfeat.runs.console import RunConsole
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare
from deepfeat.runs.runner import run

pytestmark = pytest.mark.usefixtures("compiled_once")

PLUGINS = '''
import numpy as np

from deepfeat.methods import Importance, Method


class Judge(Method):
    """Writes down who answered."""

    name = "judge"
    kind = "experiment"
    after_others = True

    def explain(self, ensemble, data, context):
        shapes = [f"{name} {answer.scores.shape}" for name, answer in context.answers.items()]
        context.artefact("seen.txt").write_text("\\\\n".join(shapes))
        return Importance(np.ones((len(ensemble), data.n_features)))


class Member(Method):
    """Sees nobody, and fails."""

    name = "alone"

    def explain(self, ensemble, data, context):
        raise ValueError(f"saw {len(context.answers)}")
'''.replace("\\\\n", "\\n")


def test_it_sees_what_the_others_answered(write_experiment: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGINS)
    prepared = prepare(
        write_experiment(plugins=["mine.py"], methods=["judge", "gate", "alone", "first_layer"])
    )
    paths = RunPaths(tmp_path / "out")
    assert run(prepared, paths, RunConsole(io.StringIO())) == ExitCode.PARTIAL
    seen = (paths.artefacts("judge") / "seen.txt").read_text().splitlines()
    assert seen == ["gate (2, 3)", "first_layer (2, 3)"]
    assert "saw 0" in paths.failure("alone").read_text()
    assert method_columns(pd.read_csv(paths.ranking)) == ["gate", "first_layer"]
    assert paths.method("judge").exists()


def test_by_itself_it_leaves_nothing_to_rank(write_experiment: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGINS)
    screen = io.StringIO()
    paths = RunPaths(tmp_path / "out")
    run(prepare(write_experiment(plugins=["mine.py"], methods=["judge"])), paths, RunConsole(screen))
    assert not paths.ranking.exists()
    assert "no ranking" in screen.getvalue()
