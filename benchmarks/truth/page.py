"""Writes `docs/accuracy.md`, and its means into `README.md`, from what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from cases import CASES, MODELS, NOISE, OURS, REPORT_SEEDS, Case, cell
from marked import write_marked
from records import Records
from rivals import TOOLS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "accuracy.md"
README = ROOT / "README.md"
TOLD = 0.05
NAMED = f"the default ranking ({MODELS} networks, forest, boosted trees and lasso, weighted by `stacking`)"
"""How far behind the best of the others the README tells of a family."""
INTRODUCTION = """\
# Accuracy

Is the default ranking right? Every family below has a known answer: given its relevant features, the target
does not depend on the others. The default experiment (`experiment.yml`, its column `importance`) and what a
user would pick instead rank the features of the same tables; none is told which ones matter. The figure is
the average precision, 1 where every relevant feature stands before all others, in the mean over
{tables} a family {seeds}. The tables are drawn with other seeds than those on which the
defaults of deepfeat were chosen, but for one choice: `gene_expression` of seed 2000 prompted the lasso
([decision 10](decisions/0010-straight-lines-in-the-default.md)). The rivals run with the settings in
`benchmarks/truth/rivals.py`. Of deepfeat {models} networks are trained, not the hundred that the experiment
asks for: it is what can be measured on a small machine; with more it has not been measured.

    .venv/bin/python benchmarks/truth              # goes on where it was, seed by seed
    .venv/bin/python benchmarks/truth --families   # measures nothing, and only writes the pages

The columns of XGBoost and LassoNet need `.venv/bin/pip install xgboost-cpu lassonet`.
"""

Cells = dict[tuple[str, str], list[dict[str, Any]]]


def write_page(records: Records, page: Path = PAGE, readme: Path = README) -> Path:
    """Write the page and the means of the README from the results there are; returns where the page is."""
    seeds = [seed for seed in REPORT_SEEDS if all(_find(records, case, seed, OURS) for case in CASES)]
    if not seeds:
        print("no seed has been measured in full, so the page stays as it is")
        return page
    cells = _cells(records, seeds)
    tools = [tool for tool in (OURS, *TOOLS) if any(name == tool for _, name in cells)]
    parts = [
        INTRODUCTION.format(
            tables=f"{len(seeds)} table{'s' * (len(seeds) > 1)}",
            seeds=f"(seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))})",
            models=MODELS,
        ),
        _table(cells, tools, "average_precision"),
        _lowest(cells, tools),
        "Share of the relevant features among the first as many as there are:",
        _table(cells, tools, "precision"),
        "## The methods of the default experiment, one by one",
        _methods(cells),
        "## Where there is nothing to rank",
        _noise(records),
    ]
    missing = [tool for tool in TOOLS if tool not in tools]
    if missing:
        parts.append(f"Not measured, because not installed: {', '.join(missing)}.")
    page.write_text("\n\n".join(part for part in parts if part) + "\n")
    write_marked(readme, "accuracy", _means(cells, tools, len(seeds)) + "\n")
    return page


def _find(records: Records, case: Case, seed: int, tool: str) -> dict[str, Any] | None:
    return records.get(cell(case, seed, tool))


def _cells(records: Records, seeds: Sequence[int]) -> Cells:
    """What was measured on these seeds, of the tools that were measured on all of them."""
    cells: Cells = {}
    for case in CASES:
        for tool in (OURS, *TOOLS):
            found = [trial for seed in seeds if (trial := _find(records, case, seed, tool)) is not None]
            if len(found) == len(seeds):
                cells[case.family, tool] = found
    return cells


@dataclass(frozen=True)
class Behind:
    """The default experiment and the best of the others in one family, by average precision."""

    family: str
    ours: float
    best: float
    rival: str

    @property
    def by(self) -> float:
        """How far it is behind, by the figures as the pages show them."""
        return round(round(self.best, 3) - round(self.ours, 3), 3)


def _behind(cells: Cells, tools: Sequence[str]) -> list[Behind]:
    """Each family, the one first where the default experiment is furthest behind."""
    found = []
    for case in CASES:
        measured = {tool: _mean(cells.get((case.family, tool), []), "average_precision") for tool in tools}
        ours = measured.pop(OURS) or 0
        rivals = [(value, tool) for tool, value in measured.items() if value is not None]
        if rivals:
            found.append(Behind(case.family, ours, *max(rivals)))
    return sorted(found, key=lambda behind: -behind.by)


def _lowest(cells: Cells, tools: Sequence[str]) -> str:
    """Where the default experiment is furthest behind the best of the others."""
    behind = _behind(cells, tools)
    if not behind:
        return ""
    return (
        f"Behind the best of the others by {behind[0].by:.3f} at most, on `{behind[0].family}`."
        if behind[0].by > 0
        else "In no family behind any of the others."
    )


def _means(cells: Cells, tools: Sequence[str], seeds: int) -> str:
    """The means of the tools that were measured in every family, and where ours is clearly not the best."""
    rows = []
    for tool in tools:
        values = [_mean(cells.get((case.family, tool), []), "average_precision") for case in CASES]
        found = [value for value in values if value is not None]
        if len(found) == len(CASES):
            rows.append((fmean(found), tool))
    tables = f"{len(CASES)} families, {seeds} table{'s' * (seeds > 1)} each"
    shown = [
        [NAMED if tool == OURS else tool, f"{mean:.3f}"]
        for mean, tool in sorted(rows, key=lambda row: -row[0])
    ]
    told = [
        f"`{behind.family}` ({behind.ours:.3f}; {behind.rival} {behind.best:.3f})"
        for behind in _behind(cells, tools)
        if behind.by > TOLD
    ]
    where = (
        f"In {len(told)} families the default ranking is more than {TOLD:g} behind the best of the others: "
        f"{', '.join(told)}."
        if told
        else f"In no family is the default ranking more than {TOLD:g} behind the best of the others."
    )
    return f"{_markdown([tables, 'mean average precision'], shown, right=1)}\n\n{_parts(cells)} {where}"


def _parts(cells: Cells) -> str:
    """What the methods of the default experiment reach alone, best first."""
    names = {name for case in CASES for trial in cells[case.family, OURS] for name in trial["judged"]}
    means = {name: _mean_of(cells, name) for name in names - {"importance"}}
    reached = [
        f"`{name}` {mean:.3f}" for mean, name in sorted(((m, n) for n, m in means.items()), reverse=True)
    ]
    return f"Alone, its parts reach: {', '.join(reached)}."


def _mean_of(cells: Cells, name: str) -> float:
    values = [_mean(cells[case.family, OURS], "average_precision", name) for case in CASES]
    return fmean(value for value in values if value is not None)


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
    rows += [["**mean**", "", *complete], ["seconds of one core a table, in the mean", "", *slowest]]
    return _markdown(["family", "rows x features", *tools], rows, right=2)


def _methods(cells: Cells) -> str:
    trials = {case.family: cells[case.family, OURS] for case in CASES}
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


def _noise(records: Records) -> str:
    trials = [trial for seed in REPORT_SEEDS if (trial := _find(records, NOISE, seed, OURS)) is not None]
    if not trials:
        return "Not measured yet."
    refused = sum(trial["usable"] is False for trial in trials)
    return (
        f"On {refused} of {len(trials)} tables of pure noise ({NOISE.rows} x {NOISE.features}) "
        "the answer said that there is nothing to rank and the order must not be used."
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
