"""What the preset search prints."""

from collections.abc import Iterator
from statistics import fmean
from typing import Any

import numpy as np
from known_cases import Case

Rows = list[dict[str, Any]]


def line(name: str, case: Case, seed: int, trial: dict[str, Any], forest: dict[str, Any]) -> str:
    """One trial as it is printed while the search goes on."""
    return (
        f"{name:24} {case.family:22} n={case.n:<5} p={case.p:<5} seed={seed:<4} "
        f"gates {_mean([trial], 'gates_ap', 2)} (best third {_mean([trial], 'gates_ap_best_third', 2)}, "
        f"forest {_mean([forest], 'permutation_ap', 2)})  score {trial['score']:.3f} "
        f"(forest {forest['score']:.3f})  {trial['epochs']:.0f} epochs, {trial['seconds']:.0f} s"
    )


def families_table(results: Rows) -> str:
    """Markdown: per candidate and case the means over seeds, beside the forest."""
    lines = [
        "| candidate | family | n x p | gates AP | best third | forest AP | score | forest score | s |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (name, family, n, p), trials in _grouped(results, "name", "family", "n", "p"):
        forests = [trial["forest"] for trial in trials]
        cells = [
            name,
            family,
            f"{n} x {p}",
            _mean(trials, "gates_ap", 2),
            _mean(trials, "gates_ap_best_third", 2),
            _mean(forests, "permutation_ap", 2),
            _mean(trials, "score", 3),
            _mean(forests, "score", 3),
            _mean(trials, "seconds", 0),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def candidates_table(results: Rows) -> str:
    """Markdown: per candidate and group the mean average precision, and where it is most behind a forest."""
    lines = [
        "| candidate | group | mean gates AP | best third | forest AP | largest lack of score | of | s |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: |",
    ]
    for (name, group), trials in _grouped(results, "name", "group"):
        lacks = {
            family: fmean(trial["forest"]["score"] - trial["score"] for trial in part)
            for (family,), part in _grouped(trials, "family")
        }
        worst = max(lacks, key=lambda family: lacks[family])
        cells = [
            name,
            group,
            _mean(trials, "gates_ap", 3),
            _mean(trials, "gates_ap_best_third", 3),
            _mean([trial["forest"] for trial in trials], "permutation_ap", 3),
            f"{lacks[worst]:+.3f}",
            worst,
            f"{sum(trial['seconds'] for trial in trials):.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _mean(records: Rows, field: str, digits: int) -> str:
    """Mean over the records that have the value; `-` where there is nothing relevant to find."""
    values = [record[field] for record in records if not np.isnan(record[field])]
    return f"{fmean(values):.{digits}f}" if values else "-"


def _grouped(results: Rows, *fields: str) -> Iterator[tuple[tuple[Any, ...], Rows]]:
    groups: dict[tuple[Any, ...], Rows] = {}
    for result in results:
        groups.setdefault(tuple(result[field] for field in fields), []).append(result)
    yield from groups.items()
