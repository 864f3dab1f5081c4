"""What the ledger costs: `python benchmarks/ledger.py [--members 1000] [--models 100] [--epochs 0]`.

The first figure is the time from opening a ledger to knowing that every network of a plan is there and whole:
keys, records, and the sha256 of every object, in a new process, with the files in the cache of the system as
after a run that was just stopped. The second adds up everything that a run of the shipped experiment does in
the ledger (looking up, packing, hashing, writing with fsync, reading back) and sets it against the run's wall
time. `--epochs` shortens the training, for a trial.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
from machine import machine
from results import add_folder, save

from deepfeat.runs import answers, fitting, refits
from deepfeat.runs.console import RunConsole
from deepfeat.runs.fitting import LOSSES, PLAN, WEIGHTS
from deepfeat.runs.ledger.keys import entries, member_keys, training_work
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.ledger.packing import histories, plan_arrays, to_npz, training_result
from deepfeat.runs.ledger.records import Record
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare
from deepfeat.runs.runner import run
from deepfeat.training.loop import MemberRecord
from deepfeat.training.members import stack_arrays
from deepfeat.training.trainer import STACK_SIZE, Trainer

P, R = ParamSpec("P"), TypeVar("R")

HERE = Path(__file__).resolve().parent
EXPERIMENT = HERE.parent / "experiment.yml"

SCAN = """
import sys, time
from pathlib import Path
from deepfeat.runs.prepare import prepare
from deepfeat.runs.ledger.keys import member_keys, training_work
from deepfeat.runs.ledger.ledger import Ledger
prepared = prepare(Path(sys.argv[1]), [f"training.models={sys.argv[3]}"])
start = time.perf_counter()
work = training_work(prepared.data, prepared.network, prepared.settings)
keys = member_keys(prepared.plan, work)
keyed = time.perf_counter()
ledger = Ledger(Path(sys.argv[2]), mend=False)
ledger.refresh()
found = sum(ledger.find(key) is not None for key in keys)
assert found == len(keys), found
print(keyed - start, time.perf_counter() - keyed)
"""


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=0, help="0 leaves them to the experiment")
    parser.add_argument("--only", choices=["scan", "share"])
    parser.add_argument("--quick", action="store_true")
    add_folder(parser)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.members, chosen.models, chosen.epochs = 100, 10, 20
    results: dict[str, Any] = {"machine": machine()}
    if chosen.only != "share":
        results["scan"] = scan(chosen.members)
    if chosen.only != "scan":
        results["share"] = share(chosen.models, chosen.epochs)
    whole = not chosen.quick and chosen.only is None and chosen.epochs == 0
    save("ledger", results, chosen.results, is_whole=whole)


def scan(members: int) -> dict[str, Any]:
    """Seconds to find committed members; they are as large as those of the shipped experiment."""
    prepared = prepare(EXPERIMENT, [f"training.models={members}"])
    trainer = Trainer(prepared.data, prepared.network, prepared.settings)
    work = training_work(prepared.data, prepared.network, prepared.settings)
    rng = np.random.default_rng(0)
    columns, outputs = prepared.data.n_columns, prepared.data.n_outputs
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder))
        for first in range(0, members, STACK_SIZE):
            plan = prepared.plan.select(list(range(first, min(first + STACK_SIZE, members))))
            size = len(plan)
            values = [
                rng.normal(size=(size, *variable.shape)).astype(np.float32)
                for variable in trainer.template.variables
            ]
            loaded = values, rng.normal(size=(2, size, columns)), rng.normal(size=(2, size, outputs))
            records = [
                MemberRecord(seed, 300, 200, 0.1, 0.2, None, rng.normal(size=(300, 2)), {"auc": 0.9})
                for seed in plan.seeds
            ]
            ledger.publish(
                Record(
                    kind="members",
                    keys=tuple(member_keys(plan, work)),
                    work=work,
                    about=entries(plan),
                    results=[training_result(record) for record in records],
                    made={"seconds": 1.0},
                ),
                {
                    WEIGHTS: to_npz(stack_arrays(loaded)),
                    PLAN: to_npz(plan_arrays(plan)),
                    LOSSES: to_npz(histories(records)),
                },
            )
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        times = [_scanned(folder, members) for _ in range(5)]
    keyed, looked = (float(np.median(column)) for column in zip(*times, strict=True))
    print(f"{members} members, {size / 2**20:.0f} MiB in the ledger, median of 5 new processes:")
    print(f"  keys {keyed:.3f} s, records and objects {looked:.3f} s, together {keyed + looked:.3f} s")
    return {"members": members, "bytes": size, "keys_s": keyed, "find_s": looked, "all": times}


def _scanned(folder: str, members: int) -> tuple[float, float]:
    command = [sys.executable, "-c", SCAN, str(EXPERIMENT), folder, str(members)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    keyed, looked = done.stdout.split()
    return float(keyed), float(looked)


def share(models: int, epochs: int) -> dict[str, Any]:
    """Seconds that a run spends in the ledger, and its wall time."""
    clock = Clock()
    for owner, names in (
        (Ledger, ("refresh", "find", "publish")),
        (fitting, ("member_keys", "entries", "training_work", "stack_files", "from_npz")),
        (fitting.LedgerFit, ("missing", "_ensemble")),
        (refits, ("training_work",)),
        (answers, ("asking_work", "answer_key", "to_npz", "from_npz", "unanswered")),
        (answers.LedgerAnswers, ("_assemble",)),
    ):
        for name in names:
            setattr(owner, name, clock.timed(getattr(owner, name)))
    overrides = [f"training.models={models}", *([f"training.epochs={epochs}"] if epochs else [])]
    prepared = prepare(EXPERIMENT, overrides)
    with tempfile.TemporaryDirectory() as folder:
        paths = RunPaths.of(Path(folder), prepared.loaded.experiment.name)
        start = time.perf_counter()
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            run(prepared, paths, RunConsole(nowhere))
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in paths.ledger.rglob("*") if path.is_file())
    print(f"run of {models} networks: {seconds:.1f} s, of which in the ledger {clock.seconds:.2f} s:")
    print(f"  {100 * clock.seconds / seconds:.2f} %, {size / 2**20:.1f} MiB written and synced")
    return {"models": models, "run_s": seconds, "ledger_s": clock.seconds, "bytes": size}


def markdown(results: dict[str, Any]) -> str:
    """Both figures, beside what is wanted of them."""
    found, spent = results["scan"], results["share"]
    scanned = f"finding {found['members']:,} networks ({found['bytes'] / 2**20:.0f} MiB), s"
    shared = f"the ledger's share of a run of {spent['models']} networks ({spent['run_s']:.0f} s), %"
    return "\n".join(
        [
            "| what | measured | at most |",
            "| --- | ---: | ---: |",
            f"| {scanned} | {found['keys_s'] + found['find_s']:.2f} | 2 |",
            f"| {shared} | {100 * spent['ledger_s'] / spent['run_s']:.2f} | 2 |",
        ]
    )


class Clock:
    """Adds up the time inside of some functions; one that is called by another of them counts once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    def timed(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, with its time taken."""

        @wraps(function)
        def counted(*arguments: P.args, **named: P.kwargs) -> R:
            self._depth += 1
            start = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self.seconds += time.perf_counter() - start

        return counted


if __name__ == "__main__":
    main()
