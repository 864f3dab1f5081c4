"""How time and memory grow with networks, features and rows: `python benchmarks/scaling.py`.

Every configuration trains the default network in a process of its own, one after the other. Time is per
network and epoch, without the first epoch; memory is the most that the process held. The exponent of a curve
is the slope of a least-squares line through the logarithms: 1 means twice as many take twice as long. Memory
is fitted without what the libraries took before there was a table. Prints the tables and writes
`benchmarks/results/scaling.json`.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine
from results import add_folder, save

HERE = Path(__file__).resolve().parent
NAME = "scaling"
TIMEOUT = 3600
MEMORY_GIB = 8
"""What every configuration must fit in."""
POINT_HEAD = (
    "curve",
    "networks",
    "features",
    "rows",
    "stacks",
    "ms per network and epoch",
    "s in all",
    "epochs",
    "peak MiB",
    "of it for training",
)
SHOWN = {"members": "networks"}
"""What a curve is called where it is not its own name."""
EXPONENT_HEAD = (
    "curve",
    "exponent of time per network and epoch",
    "of the two largest",
    "exponent of memory",
    "of the two largest",
)


@dataclass(frozen=True)
class Point:
    """One configuration."""

    members: int
    features: int
    rows: int

    @property
    def epochs(self) -> int:
        """Epochs to time: as many as make small configurations last long enough to be timed."""
        return int(min(30, max(3, 5 * 10**8 // (self.members * self.rows * (self.features + 100)))))


def curves(*, quick: bool) -> dict[str, list[Point]]:
    """The configurations of each curve; `quick` ones only show that everything works."""
    if quick:
        return {
            "members": [Point(n, 13, 100) for n in (1, 2, 4)],
            "features": [Point(3, n, 100) for n in (13, 200)],
            "rows": [Point(3, 13, n) for n in (100, 300)],
        }
    return {
        "members": [Point(n, 13, 300) for n in (1, 10, 100, 1000)],
        "features": [Point(100, n, 200) for n in (13, 200, 2000, 20_000)],
        "rows": [Point(100, 13, n) for n in (300, 3000, 30_000, 300_000)],
    }


def measure(point: Point) -> dict[str, Any]:
    """One configuration in a new process: what it printed, or why there is nothing."""
    options = [f"--{name}={value}" for name, value in (asdict(point) | {"epochs": point.epochs}).items()]
    command = [sys.executable, str(HERE / "train_once.py"), *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    except subprocess.TimeoutExpired:
        return asdict(point) | {"failed": f"took more than {TIMEOUT} s"}
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines()
        return asdict(point) | {"failed": lines[-1] if lines else f"exit code {error.returncode}"}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def exponent(sizes: list[float], values: list[float]) -> float | None:
    """Slope of the least-squares line through the logarithms; None for fewer than two points."""
    if len(sizes) < 2 or min(values) <= 0:
        return None
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def fit_curve(name: str, points: list[dict[str, Any]]) -> dict[str, float | None]:
    """Exponents of time and memory over all points of a curve, and over its two largest."""
    done = [point for point in points if "failed" not in point]
    sizes = [point[name] for point in done]
    times = [point["ms_per_member_epoch"] for point in done]
    memory = [point["peak_mib"] - point["start_mib"] for point in done]
    return {
        "time": exponent(sizes, times),
        "time_of_largest": exponent(sizes[-2:], times[-2:]),
        "memory": exponent(sizes, memory),
        "memory_of_largest": exponent(sizes[-2:], memory[-2:]),
    }


def markdown(results: dict[str, Any]) -> str:
    """The points of all curves, their exponents, and whether the memory sufficed."""
    points = [(name, point) for name, curve in results["curves"].items() for point in curve["points"]]
    lines = [*_head(POINT_HEAD), *(_row(name, point) for name, point in points), "", *_head(EXPONENT_HEAD)]
    for name, curve in results["curves"].items():
        cells = ["-" if value is None else f"{value:.2f}" for value in curve["exponents"].values()]
        lines.append(f"| {SHOWN.get(name, name)} | {' | '.join(cells)} |")
    peaks = [point["peak_mib"] for _, point in points if "failed" not in point]
    if peaks:
        verdict = "stayed below" if max(peaks) < 1024 * MEMORY_GIB else "went beyond"
        lines += ["", f"The largest took {max(peaks):,.0f} MiB: it {verdict} {MEMORY_GIB} GiB."]
    return "\n".join(lines)


def _head(columns: tuple[str, ...]) -> list[str]:
    return [f"| {' | '.join(columns)} |", f"| --- |{' ---: |' * (len(columns) - 1)}"]


def _row(curve: str, point: dict[str, Any]) -> str:
    cells = [SHOWN.get(curve, curve), *(f"{point[name]:,}" for name in ("members", "features", "rows"))]
    if "failed" in point:
        cells += ["-", f"failed: {point['failed']}", "-", "-", "-", "-"]
    else:
        cells += [
            f"{point['stacks']}",
            f"{point['ms_per_member_epoch']:{'.3g' if point['ms_per_member_epoch'] < 100 else ',.0f'}}",
            f"{point['seconds_in_all']:.0f}",
            f"{point['epochs'] + 1}",
            f"{point['peak_mib']:,.0f}",
            f"{point['peak_mib'] - point['start_mib']:,.0f}",
        ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure in turn, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="tiny configurations, to see that it works")
    parser.add_argument("--only", nargs="*", choices=sorted(curves(quick=False)), help="these curves")
    parser.add_argument("--largest", action="store_true", help="only the largest point of each curve")
    add_folder(parser)
    options = parser.parse_args()
    about, measured = machine(), {}
    for name, points in curves(quick=options.quick).items():
        if options.only and name not in options.only:
            continue
        lines = []
        for point in points[-1:] if options.largest else points:
            print(f"{name}: {asdict(point)}", file=sys.stderr, flush=True)
            lines.append(measure(point))
        measured[name] = {"points": lines, "exponents": fit_curve(name, lines)}
    results = {"machine": about, "curves": measured}
    save(NAME, results, options.results, is_whole=not (options.quick or options.only or options.largest))
    print(markdown(results))


if __name__ == "__main__":
    main()
