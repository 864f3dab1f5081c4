"""How fast deepfeat trains, beside the alternatives, on this machine: `python benchmarks/speed.py`.

Every way of training runs in a process of its own, in turn, three times over, so that a slow moment of the
machine does not fall on one of them alone. Prints a table of medians and writes
`benchmarks/results/speed.json`.

jax and torch are optional. Put them into an environment of their own,

    python -m venv extras && extras/bin/pip install numpy jax torch

and name its interpreter with `--extras extras/bin/python` or `BENCHMARK_EXTRAS_PYTHON`. Without them their
rows say that they were skipped. Run on an idle machine; the load before the run is written down.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from machine import machine
from results import add_folder, save

HERE = Path(__file__).resolve().parent
MEASURE = HERE / "baselines" / "measure.py"
NAME = "speed"
OURS, LIMIT = "deepfeat_stack", "matmul_limit"
TIMEOUT = 300


@dataclass(frozen=True)
class Way:
    """One way of training.

    Attributes:
        name: of its module in `baselines`.
        title: in the table.
        extra: whether it needs the interpreter of the optional libraries.
        options: of the measurement.
    """

    name: str
    title: str
    extra: bool = False
    options: tuple[str, ...] = ()


WAYS = (
    Way(OURS, "deepfeat, 100 networks as one stack"),
    Way("keras_plain", "`keras.Model.fit`, one network after the other"),
    Way("keras_2021", "the construction of 2021, one network after the other"),
    Way("jax_vmap", "`jax.vmap`, 100 networks", extra=True),
    Way("jax_vmap", "`jax.vmap`, 10 networks at a time", extra=True, options=("--n-members", "10")),
    Way("torch_func", "`torch.func.vmap`, 100 networks", extra=True),
    Way(LIMIT, "its matrix products alone, at the machine's rate"),
)


def measure(way: Way, python: str) -> dict:
    """One measurement in a new process: what it printed, or why there is none."""
    command = [python, str(MEASURE), way.name, *way.options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    except subprocess.TimeoutExpired:
        return {"name": way.name, "skipped": f"took more than {TIMEOUT} s"}
    except (OSError, subprocess.CalledProcessError) as error:
        lines = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        return {"name": way.name, "skipped": lines[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def summarise(way: Way, lines: list[dict]) -> dict:
    """The measurements of one way: all of them, their median, and what they were made with."""
    times = [line["ms_per_member_epoch"] for line in lines if "skipped" not in line]
    summary = {"title": way.title, **lines[-1], "all_ms": times}
    summary["ms_per_member_epoch"] = median(times) if times else None
    return summary


def compare(rows: list[dict]) -> None:
    """Add to every row how many times as long as ours it takes, and its share of the machine's products."""
    by_name = {row["name"]: row["ms_per_member_epoch"] for row in rows}
    ours, limit = by_name.get(OURS), by_name.get(LIMIT)
    for row in rows:
        time = row["ms_per_member_epoch"]
        row["times_ours"] = time / ours if time and ours else None
        row["share_of_products"] = limit / time if time and limit else None


def table(rows: list[dict]) -> str:
    """Markdown, one line per way."""

    def cell(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    lines = [
        "| way of training | ms per network and epoch | all runs | times ours | share of product rate |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        runs = ", ".join(f"{time:.3g}" for time in row["all_ms"]) or f"skipped: {row['skipped']}"
        cells = [
            row["title"],
            cell(row["ms_per_member_epoch"], ".3g"),
            runs,
            cell(row["times_ours"], ".1f"),
            cell(row["share_of_products"], ".1%"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def markdown(results: dict) -> str:
    """The table of a result file."""
    return table(results["rows"])


def main() -> None:
    """Measure in turn, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--repeats", type=int, default=3, help="rounds, each of which measures every way once"
    )
    parser.add_argument(
        "--extras",
        default=os.environ.get("BENCHMARK_EXTRAS_PYTHON", sys.executable),
        help="interpreter that has jax and torch",
    )
    parser.add_argument(
        "--only", nargs="*", choices=sorted({way.name for way in WAYS}), help="measure just these"
    )
    parser.add_argument("--quick", action="store_true", help="one round of ours alone, to see that it works")
    add_folder(parser)
    options = parser.parse_args()
    rounds, only = (1, [OURS, LIMIT]) if options.quick else (options.repeats, options.only)
    ways = [way for way in WAYS if not only or way.name in only]
    about = machine()
    lines: dict[Way, list[dict]] = {way: [] for way in ways}
    for round_number in range(rounds):
        for way in ways:
            print(f"round {round_number + 1}: {way.title}", file=sys.stderr, flush=True)
            lines[way].append(measure(way, options.extras if way.extra else sys.executable))
    rows = [summarise(way, lines[way]) for way in ways]
    compare(rows)
    results = {"machine": about, "rows": rows}
    save(NAME, results, options.results, is_whole=not only)
    print(markdown(results))


if __name__ == "__main__":
    main()
