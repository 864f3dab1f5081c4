"""A method that judges the others: asked last, wherever it is named, and no part of the ranking."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from deepfeat.errors import ExitCode, InputError
from deepfeat.ranking.table import method_columns
from deepfeat.runs.console import RunConsole
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare
from deepfeat.runs.runner import run

pytestmark = pytest.mark.usefixtures("compiled_once")

PLUGINS = '''
import numpy as np

from deepfeat.methods import Cost, Importance, Method


class Judge(Method):
    """Writes down who answered."""

    name = "judge"
    kind = "experiment"
    after_others = True

    def explain(self, ensemble, data, context):
        shapes = [f"{name} {answer.scores.shape}" for name, answer in context.answers.items()]
        context.artefact("seen.txt").write_text("\\\\n".join(shapes))
        again = {name: ask(ensemble, data).scores.shape for name, ask in context.again.items()}
        context.artefact("asked.txt").write_text(f"{sorted(context.askable)} {again}")
        weights = {name: float(name == "gate") for name in context.answers}
        return Importance(np.ones((len(ensemble), data.n_features)), weights=weights)


class Controls(Judge):
    """Has something to say of the others."""

    name = "controls"
    control = True

    def explain(self, ensemble, data, context):
        return Importance(np.ones((len(ensemble), data.n_features)), notes=("Nobody beats a copy.",))


class Fits(Method):
    """Asks other models, and answers once."""

    name = "fits"
    kind = "experiment"
    cost = Cost.OTHER_MODELS

    def explain(self, ensemble, data, context):
        return Importance(np.ones((1, data.n_features)))


class Trains(Fits):
    """Trains networks, or would."""

    name = "trains"
    cost = Cost.REFITS


class Member(Method):
    """Sees nobody, and fails."""

    name = "alone"

    def explain(self, ensemble, data, context):
        raise ValueError(f"saw {len(context.answers)}")
'''.replace("\\\\n", "\\n")


def test_it_sees_what_the_others_answered(write_experiment: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGINS)
    prepared = prepare(
        write_experiment(
            plugins=["mine.py"],
            methods=["judge", "controls", "gate", "alone", "first_layer", "fits", "trains"],
        )
    )
    paths = RunPaths(tmp_path / "out")
    assert run(prepared, paths, RunConsole(io.StringIO())) == ExitCode.PARTIAL
    seen = (paths.artefacts("judge") / "seen.txt").read_text().splitlines()
    assert seen == ["gate (2, 3)", "first_layer (2, 3)", "fits (1, 3)", "trains (1, 3)"]
    # those of single networks, and those that can be asked about other networks of other rows
    assert (paths.artefacts("judge") / "asked.txt").read_text() == (
        "['first_layer', 'gate'] {'gate': (2, 3), 'first_layer': (2, 3), 'fits': (1, 3)}"
    )
    assert "saw 0" in paths.failure("alone").read_text()
    assert method_columns(pd.read_csv(paths.ranking)) == ["gate", "first_layer", "fits", "trains"]
    assert paths.method("judge").exists()
    assert json.loads(paths.answer.read_text())["details"][-1] == "Nobody beats a copy."


def test_by_itself_it_leaves_nothing_to_rank(write_experiment: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGINS)
    screen = io.StringIO()
    paths = RunPaths(tmp_path / "out")
    run(prepare(write_experiment(plugins=["mine.py"], methods=["judge"])), paths, RunConsole(screen))
    assert not paths.ranking.exists()
    assert "no ranking" in screen.getvalue()


def test_its_weights_count_where_they_are_asked_for(
    write_experiment: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(PLUGINS)
    path = write_experiment(plugins=["mine.py"], methods=["judge", "gate", "first_layer"])
    rankings = {}
    for weights in ("equal", "judge"):
        paths = RunPaths(tmp_path / weights)
        run(prepare(path, [f"ranking.weights={weights}"]), paths, RunConsole(io.StringIO()))
        rankings[weights] = pd.read_csv(paths.ranking)
    equal, faithful = rankings.values()
    pd.testing.assert_series_equal(faithful["importance"], faithful["gate"], check_names=False)
    mean = (equal["gate"] + equal["first_layer"]) / 2
    pd.testing.assert_series_equal(equal["importance"], mean, check_names=False)


def test_weights_need_a_judge(write_experiment: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="'gate' is no method that judges the others; use one of: equal, "):
        prepare(write_experiment(ranking={"weights": "gate"}))
    with pytest.raises(InputError, match="roar is not asked; add it to methods, or set"):
        prepare(write_experiment(ranking={"weights": "roar"}))


def test_weights_are_for_the_mean(write_experiment: Callable[..., Path]) -> None:
    ranking = {"weights": "roar", "across_methods": "mean_rank"}
    with pytest.raises(InputError, match="not for mean_rank; set across_methods: mean"):
        prepare(write_experiment(ranking=ranking))
