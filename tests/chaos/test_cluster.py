"""Workers that are killed, a scheduler that is killed, and work that kills whoever does it."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.chaos]

KILLS = 20
STACKS = 200
WAITED = 900
EXPERIMENT = """
name: chaos
data: {path: table.csv, target: y}
network: {preset: PRESET, units: [4]}
training: {models: MODELS, epochs: 10, batch_size: 32, stack_size: 1}
controls: never
ranking: {skill_splits: 2}
methods: [gate]
plugins: [mine.py]
"""
# A network that is the default one, and whose second member is trained by nobody who works for others.
FATAL = '''
import ctypes
import os

import numpy as np

from deepfeat.methods import hookimpl
from deepfeat.nets.default import Default
from deepfeat.training.randomness import member_seed

HOW = "segfault"


class Fatal(Default):
    """The default network; training its second member ends the worker that does it."""

    name = "fatal"


@hookimpl
def deepfeat_networks():
    return [Fatal]


if "DEEPFEAT_WORKER_FOLDER" in os.environ:
    from deepfeat.training.trainer import Trainer

    def _train(self, plan, progress=None, train=Trainer.train):
        if plan.seeds[0] == member_seed(0, "main", 1):
            if HOW == "segfault":
                ctypes.string_at(0)
            taken = []
            while True:
                taken.append(np.ones(1 << 24))
        return train(self, plan, progress)

    Trainer.train = _train
'''


class Cluster:
    """A folder with an experiment, and what is started in it."""

    def __init__(self, folder: Path, models: int, preset: str = "default") -> None:
        self.folder = folder
        drawn = random.Random(0)  # noqa: S311
        rows = [[drawn.gauss(0, 1) for _ in range(3)] for _ in range(60)]
        lines = [f"{a:.3f},{b:.3f},{c:.3f},{'yes' if a + b > 0 else 'no'}" for a, b, c in rows]
        (folder / "table.csv").write_text("\n".join(["a,b,c,y", *lines]) + "\n")
        (folder / "mine.py").write_text(FATAL)
        text = EXPERIMENT.replace("PRESET", preset).replace("MODELS", str(models))
        (folder / "experiment.yml").write_text(text)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, output: str, *settings: str) -> "subprocess.Popen[str]":
        return self.start("deepfeat", "run", "experiment.yml", "-o", output, *settings)

    def root(self, output: str) -> Path:
        return self.folder / output / "chaos"

    def published(self, output: str) -> int:
        return len(list(self.root(output).glob(".deepfeat/records/members-*.json")))

    def results(self, output: str) -> dict[str, bytes]:
        root = self.root(output)
        told = {"run.json", "ro-crate-metadata.json", "report.html"}
        return {
            name: path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
            and (name := path.relative_to(root).as_posix()) not in told
            and not name.startswith((".deepfeat/", "logs/"))
        }


def ended(process: "subprocess.Popen[str]") -> str:
    said, _ = process.communicate(timeout=WAITED)
    return said


def workers(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children():
        try:
            if any("multiprocessing.spawn" in word for word in child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


def test_twenty_workers_are_killed_over_two_hundred_stacks(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, STACKS)
    chance = random.Random(int(os.environ.get("CHAOS_SEED", "0")))  # noqa: S311
    process = cluster.run("killed", "--engine", "dask", "engine.dask.workers=2", "engine.dask.retries=10")
    kills = 0
    while kills < KILLS and process.poll() is None:
        before = cluster.published("killed")
        # some stacks between two kills, so that they are spread over the run
        while process.poll() is None and cluster.published("killed") < before + chance.randrange(1, 9):
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 0.3))
        alive = workers(process)
        if alive and process.poll() is None and cluster.published("killed") < STACKS:
            chance.choice(alive).kill()
            kills += 1
    said = ended(process)
    assert process.returncode == 0, said
    assert kills == KILLS, said
    assert cluster.published("killed") == STACKS
    logs = [path.read_text() for path in cluster.root("killed").glob("logs/workers/*.log")]
    trained = Counter(key for log in logs for key in re.findall(r"trained member ([0-9a-f]{64})", log))
    assert max(trained.values()) == 1
    here = cluster.run("here")
    said = ended(here)
    assert here.returncode == 0, said
    assert cluster.results("killed") == cluster.results("here")


def test_the_scheduler_is_killed(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, 40)
    file = tmp_path / "scheduler.json"
    quiet = ("--dashboard-address", "127.0.0.1:0", "--host", "127.0.0.1", "--port", "0")
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", str(file), *quiet],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    worker = cluster.start("deepfeat", "worker", "--scheduler-file", str(file), "--processes", "1")
    process = cluster.run("out", "--scheduler-file", str(file))
    while cluster.published("out") < 3:
        assert process.poll() is None, ended(process)
        time.sleep(0.1)
    scheduler.send_signal(signal.SIGKILL)
    start = time.monotonic()
    codes: dict[str, Any] = {}
    said = {"run": ended(process), "worker": ended(worker)}
    codes = {"run": process.returncode, "worker": worker.returncode, "seconds": time.monotonic() - start}
    scheduler.wait()
    assert (codes["run"], codes["worker"]) == (75, 75), said
    assert codes["seconds"] < 30
    assert "the scheduler is lost" in said["run"]
    again, here = cluster.run("out"), cluster.run("here")
    assert (ended(again), again.returncode)[1] == 0
    assert (ended(here), here.returncode)[1] == 0
    assert cluster.results("out") == cluster.results("here")


@pytest.mark.parametrize(
    ("how", "why", "setting"),
    [
        ("segfault", "it was ended by SIGSEGV", "engine.dask.retries=1"),
        ("memory", "it took more memory than a worker may (2,048 MiB)", "engine.dask.memory=2 GiB"),
    ],
)
def test_a_stack_that_always_ends_its_worker(tmp_path: Path, how: str, why: str, setting: str) -> None:
    cluster = Cluster(tmp_path, 6, "fatal")
    (tmp_path / "mine.py").write_text(FATAL.replace('HOW = "segfault"', f'HOW = "{how}"'))
    process = cluster.run(
        "out", "--engine", "dask", "engine.dask.workers=2", "engine.dask.retries=1", setting
    )
    said = ended(process)
    assert process.returncode == 3, said
    record = json.loads((cluster.root("out") / "run.json").read_text())
    assert record["failures"] == [f"network 1: it has ended 2 workers; the last time {why}"]
    assert cluster.published("out") == 5
    # where nothing ends it, the same command trains what is missing
    again = cluster.run("out")
    said = ended(again)
    assert again.returncode == 0, said
    assert cluster.published("out") == 6
