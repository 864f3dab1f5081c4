"""One experiment for all of these tests: twenty-four networks in six stacks, and a method of each kind."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

PLUGIN = '''
"""A method of each kind: one is asked about members, one trains networks, and both leave files."""

import numpy as np

from deepfeat.methods import Importance, Method


class Spread(Method):
    """Deviation of each member's answers when a feature is replaced by its mean."""

    name = "spread"

    def explain(self, ensemble, data, context):
        context.artefact("rows.txt").write_text(f"{data.n_rows} rows")
        scores = np.empty((len(ensemble), data.n_features))
        whole = ensemble.predict(data.x)
        for j in range(data.n_features):
            x = data.x.copy()
            x[:, j] = x[:, j].mean()
            scores[:, j] = np.abs(ensemble.predict(x) - whole).mean(axis=(1, 2))
        return Importance(scores)


class Without(Method):
    """Rise of the validation loss of networks that are trained without a feature."""

    name = "without"
    kind = "experiment"

    def explain(self, ensemble, data, context):
        plan = ensemble.plan.select([i for i in range(2) for _ in range(data.n_features)])
        plan.mask[:] = np.tile(~np.eye(data.n_features, dtype=bool), (2, 1))
        losses = np.array([record.valid_loss for record in context.fit(plan).records])
        full = np.array([record.valid_loss for record in ensemble.records[:2]])
        context.artefact("losses.csv").write_text("\\n".join(map(repr, losses.tolist())))
        return Importance(losses.reshape(2, -1) - full[:, None])
'''

EXPERIMENT = """
name: chaos
data: {path: table.csv, target: y}
network: {preset: default, units: [8]}
training: {models: 24, epochs: EPOCHS, batch_size: 16, stack_size: 4}
controls: never
methods: [gate, spread, without]
plugins: [mine.py]
"""


class Place:
    """A folder with the experiment, and runs of it in any number of output directories."""

    def __init__(self, folder: Path, epochs: int = 40) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(0)
        drawn = rng.normal(size=(80, 3)).round(4).tolist()
        rows = [f"{a},{b},{c},{'yes' if a + b > 0 else 'no'}" for a, b, c in drawn]
        (folder / "table.csv").write_text("\n".join(["a,b,c,y", *rows]) + "\n")
        (folder / "mine.py").write_text(PLUGIN)
        (folder / "experiment.yml").write_text(EXPERIMENT.replace("EPOCHS", str(epochs)))

    def root(self, output: str) -> Path:
        """The run directory."""
        return self.folder / output / "chaos"

    def start(
        self,
        output: str,
        *settings: str,
        environment: Mapping[str, str] | None = None,
        program: tuple[str, ...] = ("-m", "deepfeat"),
        **options: object,
    ) -> "subprocess.Popen[str]":
        """`deepfeat run` in a process group of its own."""
        command = [
            *(sys.executable, *program, "run", str(self.folder / "experiment.yml")),
            *("--output", str(self.folder / output), *settings),
        ]
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            command,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **options,
        )

    def run(self, output: str, *settings: str, **options: object) -> str:
        """The same to its end, which has to be a good one; returns what it said."""
        process = self.start(output, *settings, **options)  # type: ignore[arg-type]
        said, _ = process.communicate(timeout=900)
        assert process.returncode == 0, said
        return said

    def manifest(self, output: str) -> dict[str, str]:
        """sha256 of every result file but logs, and files that tell of times."""
        root = self.root(output)
        skipped = {"run.json", "ro-crate-metadata.json", "report.html"}
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file()
            and (name := path.relative_to(root).as_posix()) not in skipped
            and not name.startswith((".deepfeat/", "logs/"))
        }

    def trained(self, output: str) -> Counter[str]:
        """How often each member was trained and published, by key, over all executions."""
        log = self.root(output) / "logs" / "deepfeat.log"
        said = log.read_text() if log.exists() else ""
        return Counter(re.findall(r"trained member ([0-9a-f]{64})", said))

    def leftovers(self, output: str) -> list[str]:
        """Temporary files."""
        return [str(path) for path in self.root(output).rglob(".deepfeat-tmp-*")]

    @staticmethod
    def kill(process: "subprocess.Popen[str]") -> list[psutil.Process]:
        """Kill the whole group of a process, and wait for it; returns what it had started."""
        started = Place.started_by(process)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        return started

    @staticmethod
    def started_by(process: "subprocess.Popen[str]") -> list[psutil.Process]:
        """The processes that a run has started until now, and theirs; they may be in groups of their own."""
        try:
            return psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    @staticmethod
    def orphans(started: list[psutil.Process]) -> list[psutil.Process]:
        """Those of some processes that do not end within a few seconds."""
        return psutil.wait_procs(started, timeout=10)[1]


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run leaves.

    Attributes:
        place: the experiment.
        manifest: digests of the results.
        seconds: that the run took.
    """

    place: Place
    manifest: dict[str, str]
    seconds: float


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """An undisturbed run of the experiment."""
    place = Place(tmp_path_factory.mktemp("chaos"))
    start = time.monotonic()
    place.run("undisturbed")
    seconds = time.monotonic() - start
    manifest = place.manifest("undisturbed")
    assert {"ranking.csv", "methods/without/losses.csv", "models/model_00023.keras"} <= manifest.keys()
    return Reference(place, manifest, seconds)
