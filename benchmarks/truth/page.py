"""Writes `docs/accuracy.md` from what was measured."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from cases import CASES, NOISE, REPORT_SEEDS
from records import Records
from rivals import TOOLS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "accuracy.md"
INTRODUCTION = """\
# Accuracy

Is the default ranking right? Every family below has a known answer: given its relevant features, the target
does not depend on the others. The default experiment (`experiment.yml` as it is) and what a user would pick
instead rank the features of the same tables; none is told which ones matter. The figure is the average
precision, 1 where every relevant feature stands before all others, in the mean over {seeds} tables a family.
The tables are drawn with other seeds than those on which the defaults of deepfeat were chosen; the rivals run
with the settings in `benchmarks/truth/rivals.py`.

    python benchmarks/truth        # resumes where it was; hours on a small machine
"""

Cells = dict[tuple[str, str], list[dict[str, Any]]]


def write_page(records: Records, page: Path = PAGE) -> Path:
    """Write the page from the results there are, and return where it is."""
    cells = _cells(records)
    tools = [tool for tool in ("deepfeat", *TOOLS) if any(name == tool for _, name in cells)]
    parts = [
        INTRODUCTION.format(seeds=max(len(trials) for trials in cells.values())),
        _table(cells, tools, "average_precision"),
        "Share of the relevant features among the first as many as there are:",
        _table(cells, tools, "precision"),
        "## The methods of the default experiment, one by one",
        _methods(cells),
        "## Where there is nothing to rank",
        _noise(cells),
    ]
    missing = [tool for tool in TOOLS if tool not in tools]
    if missing:
        parts.append(f"Not measured, because not installed: {', '.join(missing)}.")
    page.write_text("\n\n".join(parts) + "\n")
    return page


def _cells(records: Records) -> Cells:
    cells: Cells = {}
    for case in (*CASES, NOISE):
        for seed in REPORT_SEEDS:
            for tool in ("deepfeat", *TOOLS):
                key = {"family": case.family, "n": case.rows, "p": case.features, "seed": seed, "tool": tool}
                found = records.get(key)
                if found is not None:
                    cells.setdefault((case.family, tool), []).append(found)
    return cells


def _table(cells: Cells, tools: Sequence[str], figure: str) -> str:
    rows, means = [], {tool: [] for tool in tools}
    for case in CASES:
        row = [f"{case.family}: {case.about}", f"{case.rows} x {case.features}"]
        for tool in tools:
            value = _mean(cells.get((case.family, tool), []), figure)
            if value is not None:
                means[tool].append(value)
            row.append("" if value is None else f"{value:.3f}")
        rows.append(row)
    complete = [f"**{fmean(found):.3f}**" if len(found) == len(CASES) else "" for found in means.values()]
    slowest = [_seconds(cells, tool) for tool in tools]
    rows += [["**mean**", "", *complete], ["seconds a table, in the mean", "", *slowest]]
    return _markdown(["family", "rows x features", *tools], rows, right=2)


def _methods(cells: Cells) -> str:
    trials = {case.family: cells.get((case.family, "deepfeat"), []) for case in CASES}
    names = list(dict.fromkeys(name for found in trials.values() for t in found for name in t["judged"]))
    rows, means = [], {name: [] for name in names}
    for family, found in trials.items():
        row = [family]
        for name in names:
            value = _mean(found, "average_precision", name)
            if value is not None:
                means[name].append(value)
            row.append("" if value is None else f"{value:.3f}")
        rows.append(row)
    rows.append(["**mean**", *(f"**{fmean(found):.3f}**" for found in means.values())])
    return _markdown(["family", *names], rows, right=1)


def _noise(cells: Cells) -> str:
    answers = [trial["answer"] for trial in cells.get((NOISE.family, "deepfeat"), []) if trial["answer"]]
    if not answers:
        return "Not measured yet."
    refused = sum(not answer.get("usable", True) for answer in answers)
    return (
        f"On {len(answers)} tables of pure noise ({NOISE.rows} x {NOISE.features}) the answer said "
        f"{refused} times that the ranking must not be used."
    )


def _mean(trials: Sequence[dict[str, Any]], figure: str, name: str = "importance") -> float | None:
    values = [trial["judged"][name][figure] for trial in trials if name in trial["judged"]]
    return fmean(values) if values else None


def _seconds(cells: Cells, tool: str) -> str:
    times = [trial["seconds"] for (_, name), found in cells.items() if name == tool for trial in found]
    return f"{fmean(times):.0f}" if times else ""


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]], right: int) -> str:
    rule = ["---"] * right + ["---:"] * (len(head) - right)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
