"""Whole runs in one directory, with counts of what each of them computed."""

import hashlib
import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepfeat.runs.console import RunConsole
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare

Write = Callable[..., Path]

# Methods see the second of these and not the first; the process that they are copies of is started once.
os.environ["A_PASSWORD"] = "secret"  # noqa: S105 - no password of anything
os.environ.setdefault("OMP_DISPLAY_ENV", "false")

PLUGIN = '''
"""Two methods that count their calls by what they answer about."""

import numpy as np

from deepfeat.methods import Importance, Method, MethodParams


class Asked(Method):
    """Answers with the gates, and says how many members it was asked about."""

    name = "asked"

    class Params(MethodParams):
        """None that matters."""

        power: int = 1

    def explain(self, ensemble, data, context):
        context.artefact("told.txt").write_text(f"{len(ensemble)} members")
        return Importance(ensemble.gates**self.params.power, notes=("said so",))


class Refits(Method):
    """Trains the members of the main ensemble again, and some more."""

    name = "refits"
    kind = "experiment"

    class Params(MethodParams):
        """Whether it says beforehand that it trains."""

        announced: bool = False

    def fits(self, data, members):
        return members + 2 if self.params.announced else 0

    def explain(self, ensemble, data, context):
        again = context.fit(ensemble.plan)
        masked = ensemble.plan.select([0, 0])
        masked.mask[:] = np.eye(2, data.n_features) < 1
        others = context.fit(masked)
        assert len(others) == 2
        return Importance(again.gates)
'''


class Runs:
    """Runs in one directory, and what each of them computed."""

    def __init__(self, experiment: Path, monkeypatch: pytest.MonkeyPatch, output: str = "out") -> None:
        self.experiment, self.paths = experiment, RunPaths.of(experiment.parent / output, "tiny")
        self.trained: list[int] = []
        self.asked: list[tuple[str, int]] = []
        from deepfeat.runs.answers import LedgerAnswers  # noqa: PLC0415 - loads TensorFlow
        from deepfeat.training.trainer import Trainer  # noqa: PLC0415 - as above

        train, ask = Trainer.train, LedgerAnswers.ask_part

        def counted(trainer: Trainer, plan: Any, *arguments: Any) -> Any:  # noqa: ANN401
            self.trained.append(len(plan))
            return train(trainer, plan, *arguments)

        def noted(answers: Any, asked: Any, part: Any, *arguments: Any) -> str:  # noqa: ANN401
            self.asked.append((asked.method.name, sum(len(own) for _, own in part)))
            return ask(answers, asked, part, *arguments)

        monkeypatch.setattr(Trainer, "train", counted)
        monkeypatch.setattr(LedgerAnswers, "ask_part", noted)

    def __call__(self, *overrides: str) -> str:
        """Run, and return what was on the screen."""
        from deepfeat.runs.runner import run  # noqa: PLC0415 - loads TensorFlow

        self.trained.clear()
        self.asked.clear()
        screen = io.StringIO()
        run(prepare(self.experiment, overrides), self.paths, RunConsole(screen, width=200))
        return screen.getvalue()

    @property
    def digests(self) -> dict[str, str]:
        """Of every result file but the log and run.json, which tell of times."""
        crate = self.paths.root / "ro-crate-metadata.json"
        skipped = (self.paths.ledger, self.paths.log, self.paths.provenance, crate)
        return {
            str(path.relative_to(self.paths.root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.paths.root.rglob("*"))
            if path.is_file() and not any(path.is_relative_to(other) for other in skipped)
        }


@pytest.fixture
def runs(write_experiment: Write, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Four networks in two stacks, and two methods of its own besides the shipped ones."""
    path = write_experiment(training={"models": 4, "stack_size": 2}, methods=["gate"], plugins=["mine.py"])
    (path.parent / "mine.py").write_text(PLUGIN)
    return Runs(path, monkeypatch)


@pytest.fixture(scope="session")
def begin(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """`begin(runs)`: the first run of a test, carried out once for all that begin alike; others copy it."""
    kept = tmp_path_factory.mktemp("begun")
    known: dict[tuple[str, ...], Path] = {}

    def begun(runs: Runs, *overrides: str) -> None:
        if overrides in known:
            shutil.copytree(known[overrides], runs.paths.root)
        else:
            runs(*overrides)
            known[overrides] = shutil.copytree(runs.paths.root, kept / str(len(known)))

    return begun


@pytest.fixture
def make_runs(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], Runs]:
    """The same experiment in a place that several tests share, with an output directory of one's own."""

    def make(experiment: Path, output: str) -> Runs:
        if not experiment.exists():
            shutil.copytree(runs.experiment.parent, experiment.parent, dirs_exist_ok=True)
        return Runs(experiment, monkeypatch, output)

    return make
