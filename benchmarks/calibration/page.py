"""Writes `docs/calibration.md`, and its shares into `README.md`, from the results of the cells."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from cell import Cell, Outcome, Verdict
from machine import describe, machine
from marked import write_marked
from measure import RESULTS, outcomes
from records import Records

from deepfeat.writing import canvas

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "calibration.md"
README = ROOT / "README.md"
FIGURES = ROOT / "docs" / "calibration"
MARK = {True: "yes", False: "**no**", None: ""}
# Points of a curve; a figure with every p-value would have thousands.
POINTS = 120
INTRODUCTION = """\
# Calibration

Do the p-values and intervals keep what they promise? Every design below is drawn again and again with a known
answer, and each method is asked every time. This page is written by one command, which takes an hour or two
on a small machine and goes on where it was interrupted:

    .venv/bin/python benchmarks/calibration

The p-values themselves are in `benchmarks/results/calibration/`. A design is a file in
`benchmarks/calibration/cells/`.

How to read it: a valid test has p < 0.05 for at most one irrelevant feature in twenty. What must hold is
given with a margin of three standard errors (of the share over repetitions, since the p-values of one table
share its rows), so that a valid method would fail one of these lines about once in 700. *Stated* lines demand
nothing. In the figures the p-values of irrelevant features are compared with the uniform distribution: on the
line is exact, above it is cautious, below it finds too much. KS is the largest distance between the two. The
largest p-values of `hrt` are 1, 20/21, 20/22 and so on, because it stops drawing early, which alone is a
distance of nearly 0.05; small p-values are not concerned.
"""


def write_page(cells: Mapping[str, Cell], page: Path = PAGE, figures: Path = FIGURES) -> Path:
    """Write the page from the results there are, and return where it is.

    Args:
        cells: in the order of the page.
        page: where to.
        figures: folder of the figures.
    """
    groups = defaultdict(list)
    pooled: dict[str, dict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    summary, spent = [], {"networks": 0, "cpu_seconds": 0.0}
    for cell in cells.values():
        path = RESULTS / f"{cell.name}.jsonl"
        found = outcomes(cell, Records(path), cell.repetitions)
        if not found:
            summary.append(f"| {cell.title} | 0 of {cell.repetitions} | not measured yet |")
            continue
        verdicts = cell.judge(found)
        demanded = [verdict for verdict in verdicts if verdict.holds is not None]
        held = sum(verdict.holds is True for verdict in demanded)
        groups[cell.group].append(_section(cell, found, verdicts, figures))
        for name, own in found.items():
            if own.tests:
                pooled[cell.group][name].append(own)
        summary.append(
            f"| {cell.title} | {_repetitions(found)} of {cell.repetitions} | {held} of {len(demanded)} |"
        )
        for line in path.read_text(encoding="utf-8").splitlines():
            for name, value in json.loads(line)["spent"].items():
                spent[name] = spent.get(name, 0) + value
    parts = [
        INTRODUCTION,
        "| design | repetitions | demands that hold |\n| --- | --- | --- |\n" + "\n".join(summary) + "\n",
        (
            f"{spent['networks']:,} networks were trained for this page, in {spent['cpu_seconds'] / 60:.0f} "
            f"minutes of processor time, tests included. {describe(machine())}\n"
        ),
    ]
    for group, sections in groups.items():
        parts += [f"## {group}\n", *_together(pooled[group]), *sections]
    page.write_text("\n".join(parts), encoding="utf-8")
    write_marked(README, "calibration", _shares(pooled))
    return page


def _shares(pooled: Mapping[str, Mapping[str, list[Outcome]]]) -> str:
    """A row for each group of several designs, a column per method: the share of p < 0.05."""
    groups = {
        name: methods for name, methods in pooled.items() if any(len(own) > 1 for own in methods.values())
    }
    names = list(next(iter(groups.values())))
    rows = [["p < 0.05 for irrelevant features", *(f"`{name}`" for name in names)]]
    rows.append(["---", *["---:"] * len(names)])
    for group, methods in groups.items():
        shares = [f"{100 * _false_positives(methods[name])[0]:.1f} %" for name in names]
        tables = sum(len(own.shares) for own in methods[names[0]])
        rows.append([f"{group} ({tables:,} tables)", *shares])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _together(methods: Mapping[str, list[Outcome]]) -> list[str]:
    """What all designs of a group say of each method; nothing where there is one design."""
    return [
        f"All {len(own)} designs together, `{name}`: p < 0.05 for {share:.3f} +- {error:.3f} of the "
        "irrelevant features.\n"
        for name, own in methods.items()
        if len(own) > 1
        for share, error in [_false_positives(own)]
    ]


def _false_positives(outcomes: list[Outcome]) -> tuple[float, float]:
    """Share of p < 0.05 over the repetitions of all designs, and its standard error."""
    shares = np.concatenate([own.shares for own in outcomes])
    return float(shares.mean()), float(shares.std(ddof=1) / np.sqrt(len(shares)))


def _repetitions(found: Mapping[str, Outcome]) -> int:
    return len(next(iter(found.values())).p_value)


def _section(cell: Cell, found: Mapping[str, Outcome], verdicts: list[Verdict], figures: Path) -> str:
    lines = [
        f"### {cell.name}\n",
        f"{cell.title[0].upper()}{cell.title[1:]}; {_repetitions(found)} repetitions.\n",
        "| what | found | holds |\n| --- | --- | --- |",
        *(f"| {verdict.claim} | {verdict.found} | {MARK[verdict.holds]} |" for verdict in verdicts),
        "",
    ]
    tests = {name: own for name, own in found.items() if own.tests}
    if tests:
        lines += [
            "| | p < 0.01 | p < 0.05 | p < 0.10 | KS |\n| --- | --- | --- | --- | --- |",
            *(
                f"| `{name}` | {np.mean(own.null < 0.01):.3f} | {np.mean(own.null < 0.05):.3f} | "
                f"{np.mean(own.null < 0.1):.3f} | {own.distance:.3f} |"
                for name, own in tests.items()
            ),
            "",
            (
                f"![p-values of irrelevant features against the uniform distribution, {cell.name}]"
                f"({figures.name}/{cell.name}.svg)\n"
            ),
        ]
        _draw(tests, figures / cell.name)
    return "\n".join(lines)


def _draw(found: Mapping[str, Outcome], path: Path) -> None:
    """Quantiles of the p-values of irrelevant features, a panel per method."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    at = (np.arange(POINTS) + 0.5) / POINTS
    with canvas.look(list(found)) as drawable:
        figure = Figure(figsize=(2.1 * len(found), 2.5), layout="constrained")
        for place, (name, own) in enumerate(found.items(), start=1):
            axes = figure.add_subplot(1, len(found), place)
            axes.plot([0, 1], [0, 1], color=canvas.GREY, linewidth=0.8)
            axes.plot(at, np.quantile(own.null, at), color=canvas.BLUE, linewidth=1.4)
            axes.set(title=drawable(name), xlim=(0, 1), ylim=(0, 1), xlabel="expected", aspect="equal")
            axes.set_xticks([0, 0.5, 1])
            axes.set_yticks([0, 0.5, 1])
            if place == 1:
                axes.set_ylabel("observed")
        path.parent.mkdir(parents=True, exist_ok=True)
        canvas.save(figure, path.with_suffix)
    path.with_suffix(".png").unlink()
