"""Slurm for real: what `deepfeat submit slurm` submits ends complete, and byte-identical to a local run."""

import hashlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT.parent / "shared" / "e2e"
LIMIT = 600
PLUGIN = '''
"""A method of each kind, and one that waits as long as a test wants it to."""

import time
from pathlib import Path

import numpy as np

from deepfeat.methods import Importance, Method, per_model


@per_model("spread")
def spread(model, data):
    """Highest minus lowest answer when a feature is set to its own values, in the mean over rows."""
    return np.asarray(data.x).std(axis=0) * float(np.std(model.predict(data.x, verbose=0)))


class Without(Method):
    """Rise of the validation loss of networks that are trained without a feature."""

    name = "without"
    kind = "experiment"

    def explain(self, ensemble, data, context):
        while not Path("GO").exists():
            time.sleep(0.2)
        plan = ensemble.plan.select([i for i in range(2) for _ in range(data.n_features)])
        plan.mask[:] = np.tile(~np.eye(data.n_features, dtype=bool), (2, 1))
        losses = np.array([record.valid_loss for record in context.fit(plan).records])
        full = np.array([record.valid_loss for record in ensemble.records[:2]])
        return Importance(losses.reshape(2, -1) - full[:, None])

    def fits(self, data, members):
        return 2 * data.n_features
'''
EXPERIMENT = """
name: cluster
data: {path: table.csv, target: y}
network: {preset: default, units: [8]}
training: {models: 12, epochs: 20, batch_size: 16, stack_size: 1}
controls: never
ranking: {skill_splits: 2}
methods: [gate, spread, without]
plugins: [mine.py]
"""


class Site:
    """A folder that all nodes see, with an experiment in it; runs go to output directories of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.go = folder / "GO"
        (folder / "experiment.yml").write_text(EXPERIMENT)
        (folder / "mine.py").write_text(PLUGIN.replace("GO", str(self.go)))
        rows = [f"{i % 7},{i * i % 11},{i % 5},{'yes' if i % 7 > 3 else 'no'}" for i in range(80)]
        (folder / "table.csv").write_text("\n".join(["a,b,c,y", *rows]) + "\n")

    def run(self, output: str, *options: str) -> subprocess.CompletedProcess[str]:
        return self._typed("run", "experiment.yml", "--output", output, *options)

    def submit(self, output: str, *options: str) -> subprocess.CompletedProcess[str]:
        return self._typed(*self.submission(output, *options))

    def submission(self, output: str, *options: str) -> tuple[str, ...]:
        small = ("--sbatch=--mem-per-cpu=2G", "--sbatch=--time=10")
        return ("submit", "slurm", "experiment.yml", "--output", output, *small, *options)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "deepfeat", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _typed(self, *words: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*words)
        said, _ = process.communicate(timeout=LIMIT)
        return subprocess.CompletedProcess(words, process.returncode, said)

    def published(self, output: str) -> int:
        return len(list((self.folder / output / "cluster" / ".deepfeat" / "records").glob("*.json")))

    def job(self, output: str, role: str = "head") -> str:
        import json  # noqa: PLC0415

        jobs = json.loads((self.folder / output / "cluster" / "logs" / "slurm" / "jobs.json").read_text())
        return str(jobs[role])

    def manifest(self, output: str) -> dict[str, str]:
        root = self.folder / output / "cluster"
        told = {"run.json", "ro-crate-metadata.json", "report.html"}
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file()
            and (name := path.relative_to(root).as_posix()) not in told
            and not name.startswith((".deepfeat/", "logs/"))
        }


@pytest.fixture(scope="module")
def slurm() -> Iterator[None]:
    """A cluster of one node that says it has four processors."""
    if not (SCRIPTS / "slurm-up").exists():
        pytest.skip(f"THERE IS NO {SCRIPTS / 'slurm-up'} to start Slurm with")
    if os.geteuid() != 0:
        pytest.skip("SLURM CANNOT BE STARTED without root")
    directory = Path(tempfile.mkdtemp(prefix="slurm-"))
    command = [SCRIPTS / "slurm-up", directory, "4"]
    exports = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=600, check=True).stdout
    found = dict(word.split("=", 1) for word in shlex.split(exports) if "=" in word)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in found.items():
            patched.setenv(name, value)
        yield
    subprocess.run([SCRIPTS / "slurm-down", directory], timeout=60, check=True)


@pytest.fixture(scope="module")
def site(slurm: None, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The experiment, and what a local run of it leaves."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.go.touch()
    done = site.run("local")
    assert done.returncode == 0, done.stdout
    return site


def control(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60, capture_output=True)


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def state(job: str) -> str:
    command = ["squeue", "--noheader", "--format=%T", f"--jobs={job}"]
    return subprocess.run(command, check=False, timeout=60, capture_output=True, text=True).stdout.strip()


def test_submitted_followed_left_and_joined_again_while_workers_are_cancelled_and_the_head_is_requeued(
    site: Site,
) -> None:
    site.go.unlink(missing_ok=True)
    follower = site.start(*site.submission("disturbed", "--workers", "2"))
    until(lambda: site.published("disturbed") > 2, "the head trains")
    follower.send_signal(signal.SIGINT)
    said, _ = follower.communicate(timeout=60)
    assert follower.returncode == 0, said
    assert "The jobs go on" in said
    head = site.job("disturbed")
    control("scancel", site.job("disturbed", "workers"))
    until(lambda: site.published("disturbed") >= 12, "the head goes on alone")
    control("scontrol", "requeue", head)
    site.go.touch()
    again = site.submit("disturbed", "--workers", "2")
    assert f"submitted before: job {head} runs the experiment" in again.stdout
    assert again.returncode == 0, again.stdout
    assert "Which features matter" in again.stdout
    assert site.manifest("disturbed") == site.manifest("local")


def test_the_head_is_cancelled_and_submitted_again(site: Site) -> None:
    site.go.unlink(missing_ok=True)
    follower = site.start(*site.submission("cancelled", "--workers", "1"))
    until(lambda: site.published("cancelled") > 2, "the head trains")
    workers = site.job("cancelled", "workers")
    control("scancel", site.job("cancelled"))
    said, _ = follower.communicate(timeout=LIMIT)
    assert follower.returncode == 75, said
    assert "submit it again to go on" in said
    until(lambda: not state(workers), "workers do not outlive the head")
    site.go.touch()
    again = site.submit("cancelled", "--workers", "1")
    assert again.returncode == 0, again.stdout
    assert site.manifest("cancelled") == site.manifest("local")


def test_the_wall_time_strikes_and_the_head_asks_to_be_started_again(site: Site) -> None:
    site.go.unlink(missing_ok=True)
    # Slurm sends the signal up to a minute early: here some time in the first minute, while a method waits.
    short = ("--sbatch=--time=2", "--sbatch=--signal=B:USR1@75", "--workers", "0")
    follower = site.start(*site.submission("struck", *short))
    until((site.folder / "struck/cluster/logs/slurm/jobs.json").exists, "it is submitted")
    head = site.job("struck")
    until(lambda: "Restarts=1" in _about(head), "the head asks to be started again")
    site.go.touch()
    said, _ = follower.communicate(timeout=LIMIT)
    if follower.returncode:  # struck until it was not started any more
        again = site.submit("struck", "--workers", "0")
        assert again.returncode == 0, again.stdout
    assert "Interrupted by SIGUSR1" in said
    assert site.manifest("struck") == site.manifest("local")


def _about(job: str) -> str:
    command = ["scontrol", "show", "job", job]
    return subprocess.run(command, check=False, timeout=60, capture_output=True, text=True).stdout


def test_shards_of_an_array_compute_and_a_run_collects(site: Site) -> None:
    script = site.folder / "shards.sh"
    settings = {
        "EXPERIMENT": "experiment.yml",
        "OUTPUT": "shared",
        "DEEPFEAT": f"({sys.executable} -m deepfeat)",
    }
    text = (ROOT / "cluster" / "slurm-shards.sh").read_text()
    for name, value in settings.items():
        line = next(line for line in text.splitlines() if line.startswith(f"{name}="))
        text = text.replace(line, f"{name}={value}")
    script.write_text(text)
    submitted = subprocess.run(
        ["sbatch", "--parsable", "--array=1-2", "--mem-per-cpu=2G", "--cpus-per-task=1", script],
        cwd=site.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        timeout=60,
        check=True,
    )
    job = submitted.stdout.strip()
    until(lambda: not state(job), "both shards end")
    logs = [path.read_text() for path in (site.folder / "shared/cluster/logs").glob("shard-*.log")]
    trained = [log.count("trained member") for log in logs]
    # half of the networks each; and of the six of a method, whoever saw all of the experiment's
    assert min(trained) >= 6
    assert 12 <= sum(trained) <= 18
    collected = site.run("shared")
    assert collected.returncode == 0, collected.stdout
    assert "12 networks trained before and used again" in collected.stdout
    assert site.manifest("shared") == site.manifest("local")
