"""What work by many workers costs: the figures of `docs/scaling.md`.

    python benchmarks/cluster.py [--parts speed overhead simulation operations] [--quick]

`speed` runs one experiment in this process and by one and two workers of this machine. `overhead` trains two
hundred stacks of one small network, where nearly everything is overhead. `simulation` is dask's own scheduler
with up to a thousand workers, all in this process, whose tasks sleep as long as a stack takes. `operations`
counts, with strace, what one stack asks of the file system. Writes `benchmarks/results/cluster.json` and the
figures in the page.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster, as_completed
from machine import describe, machine
from marked import write_marked
from results import add_folder, load, save

from deepfeat.runs.engines.cluster import LOOPBACK, SETTINGS

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "scaling.md"
NAME = "cluster"
# What a thousand workers of one process do to watch over themselves, each would do on a processor of its own.
UNWATCHED = {
    "distributed.admin.tick.interval": "1h",
    "distributed.admin.system-monitor.interval": "1h",
    "distributed.worker.memory.monitor-interval": "1h",
}
# Seconds that a task sleeps, tasks for each worker, and how many workers.
SIMULATED = ((1.0, 5, (1, 10, 100, 300, 1000)), (10.0, 2, (100, 1000)))
TRAINED = re.compile(r"(\d+) of \d+ networks trained in (?:(\d+) min )?([\d.]+) s")
STACK = """
import json, sys
from pathlib import Path
from deepfeat.runs.prepare import prepare
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.engines.notes import Notes
from deepfeat.runs.engines import tasks
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.ledger.keys import training_work
prepared = prepare(Path(sys.argv[1]), ["training.models=50", "training.epochs=2", "ranking.weights=equal"])
paths = RunPaths(Path(sys.argv[2]))
notes = Notes(paths.ledger)
work = training_work(prepared.data, prepared.network, prepared.settings)
training = notes.training(prepared.data, prepared.network, prepared.settings, work, prepared.registry)
tasks._trainer(notes, training)
(paths.root / "begin").write_text("")
plan = notes.plan(prepared.plan)
(paths.root / "given").write_text("")
told = {"root": str(paths.root), "training": training, "plan": plan}
name = json.loads(tasks.train(json.dumps(told)))["record"]
(paths.root / "done").write_text("")
Ledger(paths.ledger).adopt(name)
(paths.root / "seen").write_text("")
"""


def deepfeat(folder: Path, *words: str) -> tuple[float, float, Path]:
    """Seconds of a whole run and of its training, and where it is."""
    output = Path(tempfile.mkdtemp(dir=folder))
    command = [
        sys.executable,
        "-m",
        "deepfeat",
        "run",
        str(HERE.parent / "experiment.yml"),
        "-o",
        str(output),
    ]
    start = time.perf_counter()
    done = subprocess.run(
        [*command, "methods=[gate]", "controls=never", "ranking.weights=equal", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    assert done.returncode == 0, done.stdout + done.stderr
    found = TRAINED.search(done.stdout)
    assert found is not None, done.stdout
    return seconds, 60 * float(found[2] or 0) + float(found[3]), output / "breast_cancer"


def engines(workers: int | None) -> list[str]:
    """The words of the command line for an engine."""
    return [] if workers is None else ["--engine", "dask", f"engine.dask.workers={workers}"]


def speed(folder: Path, models: int) -> list[dict[str, Any]]:
    """One experiment by each engine; what every stack took is in its record."""
    rows = []
    for workers in (None, 1, 2):
        settings = [f"training.models={models}", "training.epochs=60"]
        whole, training, run = deepfeat(folder, *settings, *engines(workers))
        stacks = _stack_seconds(run)
        rows.append(
            {
                "workers": workers,
                "models": models,
                "stacks": len(stacks),
                "whole": whole,
                "training": training,
                "stack": sum(stacks) / len(stacks),
            }
        )
        print(rows[-1], flush=True)
    return rows


def overhead(folder: Path, stacks: int) -> list[dict[str, Any]]:
    """Many stacks in which there is nearly nothing to train."""
    rows = []
    small = [f"training.models={stacks}", "training.stack_size=1", "training.epochs=1", "network.units=[4]"]
    for workers in (None, 1, 2):
        whole, training, run = deepfeat(folder, *small, *engines(workers))
        own = _stack_seconds(run)
        rows.append(
            {"workers": workers, "stacks": stacks, "whole": whole, "training": training, "own": sum(own)}
        )
        print(rows[-1], flush=True)
    return rows


def _stack_seconds(run: Path) -> list[float]:
    records = (run / ".deepfeat" / "records").glob("members-*.json")
    return [json.loads(path.read_bytes())["record"]["made"]["seconds"] for path in records]


def nap(told: str) -> str:
    """What a task does here: nothing, for as long as a stack takes."""
    time.sleep(json.loads(told)["seconds"])
    return told


async def simulated(workers: int, each: int, seconds: float) -> dict[str, Any]:
    """Seconds for so many tasks by so many workers, all in this process."""
    with dask.config.set({**SETTINGS, **UNWATCHED}):
        start = time.perf_counter()
        async with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=False,
                asynchronous=True,
                memory_limit=0,
                dashboard_address=f"{LOOPBACK}:0",
                worker_dashboard_address=f"{LOOPBACK}:0",
                silence_logs=50,
            ) as cluster,
            Client(cluster, asynchronous=True, set_as_default=False) as client,
        ):
            await client.wait_for_workers(workers)
            ready = time.perf_counter()
            told = json.dumps({"root": "x" * 60, "training": "x" * 70, "plan": "x" * 70, "seconds": seconds})
            futures = [client.submit(nap, told, key=f"nap-{n}", pure=False) for n in range(workers * each)]
            async for future in as_completed(futures, loop=client.loop):
                await future
            end = time.perf_counter()
    wall = end - ready
    row = {
        "workers": workers,
        "tasks": workers * each,
        "seconds": seconds,
        "wall": wall,
        "start": ready - start,
        "efficiency": each * seconds / wall,
    }
    print(row, flush=True)
    return row


def simulation(*, quick: bool) -> list[dict[str, Any]]:
    """One row for each length of tasks and number of workers."""
    return [
        asyncio.run(simulated(workers, each, length))
        for length, each, counts in (SIMULATED[:1] if quick else SIMULATED)
        for workers in counts[: 2 if quick else None]
    ]


def operations(folder: Path) -> dict[str, Any]:
    """What one stack of fifty members asks of the file system, in the three places where it is handled."""
    root = Path(tempfile.mkdtemp(dir=folder))
    trace = folder / "trace"
    command = [
        "strace",
        "-f",
        "-y",
        "-qq",
        "-e",
        "trace=%file,%desc",
        "-o",
        str(trace),
        sys.executable,
        "-c",
        STACK,
    ]
    subprocess.run([*command, str(HERE.parent / "experiment.yml"), str(root)], check=True, env={**os.environ})
    phases: dict[str, Counter[str]] = {"given out": Counter(), "computed": Counter(), "noticed": Counter()}
    marks = {"begin": "given out", "given": "computed", "done": "noticed", "seen": None}
    phase: str | None = None
    for line in trace.read_text(errors="replace").splitlines():
        mark = re.search(rf'{re.escape(str(root))}/(begin|given|done|seen)"', line)
        if mark:
            phase = marks[mark[1]]
            continue
        call = re.match(r"\d+ +(\w+)\(", line)
        # moving about in a file that is open asks nothing of the disk
        if (
            phase
            and call
            and f"{root}/.deepfeat" in line
            and call[1] not in {"lseek", "ioctl", "fcntl", "mmap"}
        ):
            phases[phase][call[1]] += 1
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and "/objects/" in str(path))
    return {"phases": {name: dict(counts) for name, counts in phases.items()}, "bytes": size}


def page(results: dict[str, Any]) -> str:
    """The tables of the page."""
    lines = [describe(results["machine"]), ""]
    names = {None: "in this process", 1: "1 worker", 2: "2 workers"}
    if rows := results.get("speed"):
        base = rows[0]["training"]
        lines += [
            f"**Speed.** {rows[0]['models']} networks of the shipped experiment: {rows[0]['stacks']} stacks.",
            "",
            "| engine | training | speed-up | one stack | whole run |",
            "| --- | ---: | ---: | ---: | ---: |",
            *(
                f"| {names[row['workers']]} | {row['training']:.1f} s | {base / row['training']:.2f} | "
                f"{row['stack']:.1f} s | {row['whole']:.1f} s |"
                for row in rows
            ),
            "",
        ]
    if rows := results.get("overhead"):
        lines += [
            f"**Overhead.** {rows[0]['stacks']} stacks of one small network and one epoch.",
            "",
            "| engine | training | in the stacks themselves | overhead per stack and worker |",
            "| --- | ---: | ---: | ---: |",
            *(
                f"| {names[row['workers']]} | {row['training']:.1f} s | {row['own']:.1f} s | "
                f"{1000 * (row['training'] * (row['workers'] or 1) - row['own']) / row['stacks']:.0f} ms |"
                for row in rows
            ),
            "",
        ]
    if rows := results.get("simulation"):
        lines += [
            "**Simulation.** Scheduler, client and all workers in one process.",
            "",
            "| workers | tasks | length of one | wall | efficiency |",
            "| ---: | ---: | ---: | ---: | ---: |",
            *(
                f"| {row['workers']:,} | {row['tasks']:,} | {row['seconds']:g} s | {row['wall']:.1f} s | "
                f"{100 * row['efficiency']:.1f} % |"
                for row in rows
            ),
            "",
        ]
    if found := results.get("operations"):
        total = sum(sum(counts.values()) for counts in found["phases"].values())
        lines += [
            f"**Operations.** One stack of fifty networks: {total} in all, {found['bytes'] / 1e6:.1f} MB.",
            "",
            "| while it is | operations | of them |",
            "| --- | ---: | --- |",
            *(
                f"| {name} | {sum(counts.values())} | "
                f"{', '.join(f'{call} {n}' for call, n in sorted(counts.items(), key=lambda kv: -kv[1]))} |"
                for name, counts in found["phases"].items()
            ),
            "",
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure what was asked for, and write it down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    every = ("speed", "overhead", "simulation", "operations")
    parser.add_argument("--parts", nargs="+", choices=every, default=every)
    parser.add_argument("--quick", action="store_true", help="everything small; nothing is written")
    add_folder(parser)
    chosen = parser.parse_args()
    results: dict[str, Any] = (load(NAME) or {}) | {"machine": machine()}
    with tempfile.TemporaryDirectory() as scratch:
        folder, quick = Path(scratch), chosen.quick
        measures: dict[str, Callable[[], Any]] = {
            "speed": lambda: speed(folder, 20 if quick else 200),
            "overhead": lambda: overhead(folder, 10 if quick else 200),
            "simulation": lambda: simulation(quick=quick),
            "operations": lambda: operations(folder),
        }
        for part in chosen.parts:
            results[part] = measures[part]()
            save(NAME, results, chosen.results, is_whole=not quick)
    print(page(results))
    if not chosen.quick and chosen.results is None and PAGE.exists():
        write_marked(PAGE, "figures", page(results))


if __name__ == "__main__":
    main()
