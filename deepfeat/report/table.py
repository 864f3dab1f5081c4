"""The ranking as the page shows it: a few rows for who has no scripts, and all of it for the script."""

import json
import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from deepfeat.report.results import Results
from deepfeat.report.words import scale_in_words
from deepfeat.visible import visible
from deepfeat.writing.canvas import signed
from deepfeat.writing.labels import number_format, shortened

Kind = Literal["number", "interval", "text", "feature", "bar"]

STATIC_ROWS = 50
"""Rows that are in the page itself."""
NAME_CELLS = 60
"""Cells of a name in the table; what is longer is shown when it is pointed at."""
P_DIGITS = 3

_SHOWN = 9
"""Columns that are shown at first; a group with which there would be more is not."""
_GROUPS = {"stability": "How sure the rank is", "methods": "Methods", "tests": "Tests"}
_ESTIMATES: dict[str, tuple[str, str, Literal["up", "down"]]] = {
    "effect": ("effect", "", "down"),
    "p_value": ("p", "p", "up"),
    "q_value": ("q", "p", "up"),
    "selected": ("selected", "selected", "down"),
}


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        key: how the script calls it.
        label: its heading.
        kind: what its cells are.
        values: a value per feature; of an interval, its two ends.
        group: columns that are shown and hidden together; nothing for those always shown.
        form: how its numbers are written: a format specification, or `p` for p-values.
        first: which way it is sorted at first, `up` or `down`.
    """

    key: str
    label: str
    kind: Kind
    values: Any = ()
    group: str = ""
    form: str = ".0f"
    first: Literal["up", "down"] = "down"

    def text(self, row: int) -> str:
        """A cell as it is shown."""
        if self.kind == "text":
            return str(self.values[row])
        if self.kind == "interval":
            low, high = (written(ends[row], self.form) for ends in self.values)
            return low and f"{low} to {high}"
        return written(float(self.values[row]), self.form)


def written(value: float, form: str) -> str:
    """A number as people read it; an empty text where there is none."""
    if not math.isfinite(value):
        return ""
    if form == "p":
        return "< 0.001" if value < 10**-P_DIGITS else f"{value:.{P_DIGITS}f}"
    return signed(f"{value:,{form}}")


@dataclass(frozen=True)
class Group:
    """Columns that can be shown and hidden together."""

    id: str
    label: str
    shown: bool


@dataclass(frozen=True)
class RankingTable:
    """What the template and the script need.

    Args:
        ranking: a row per feature, best first.
        columns: besides bar and name.
        groups: those of the columns.
        legend: what the numbers mean, a line.
    """

    ranking: pd.DataFrame
    columns: Sequence[Column]
    groups: Sequence[Group]
    legend: str
    _names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        names = [shortened(name, NAME_CELLS) for name in self.ranking["feature"]]
        object.__setattr__(self, "_names", names)

    @property
    def total(self) -> str:
        """How many features there are."""
        return f"{len(self.ranking):,}"

    @property
    def rest(self) -> bool:
        """Whether only the script shows all."""
        return len(self.ranking) > STATIC_ROWS

    @property
    def status(self) -> str:
        """What is shown."""
        return f"Features 1 to {min(len(self.ranking), STATIC_ROWS):,} of {self.total}"

    @property
    def hidden(self) -> str:
        """Classes that hide the groups which are not shown at first."""
        return " ".join(f"hide-{group.id}" for group in self.groups if not group.shown)

    @property
    def rows(self) -> list[list[dict[str, Any]]]:
        """The first rows, as the template writes them."""
        return [self._cells(row) for row in range(min(len(self.ranking), STATIC_ROWS))]

    @property
    def json(self) -> Markup:
        """Everything, safe inside of a script element."""
        full = {
            index: visible(name)
            for index, (name, shown) in enumerate(zip(self.ranking["feature"], self._names, strict=True))
            if visible(name) != shown
        }
        low, high = self.ranking["ci_low"].to_numpy(), self.ranking["ci_high"].to_numpy()
        start, reach = self._extent
        content = {
            "names": self._names,
            "full": full,
            "columns": [
                {
                    "key": column.key,
                    "kind": column.kind,
                    "group": column.group,
                    "form": column.form,
                    "first": column.first,
                    "values": _values(column),
                }
                for column in self.columns
            ],
            "bar": {"low": _rounded(low), "high": _rounded(high), "start": start, "reach": reach},
        }
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        for char, escape in (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
            text = text.replace(char, escape)
        return Markup(text)  # noqa: S704 - no element can begin in it

    def _cells(self, row: int) -> list[dict[str, Any]]:
        cells: list[dict[str, Any]] = []
        for column in self.columns:
            if column.kind == "feature":
                name, shown = visible(self.ranking["feature"].iloc[row]), self._names[row]
                cells.append({"kind": "feature", "text": shown, "title": name if name != shown else ""})
            elif column.kind == "bar":
                cells.append({"kind": "bar", **self._bar(row)})
            else:
                cells.append({"kind": column.kind, "text": column.text(row), "group": column.group})
        return cells

    def _bar(self, row: int) -> dict[str, float | None]:
        start, reach = self._extent
        value, low, high = (self.ranking[name].iloc[row] for name in ("importance", "ci_low", "ci_high"))

        def at(number: float) -> float:
            return round(100 * (number - start) / reach, 2)

        left = at(min(0.0, value))
        ends = (at(low), at(high)) if math.isfinite(low) else (None, None)
        return {"x": left, "width": round(at(max(0.0, value)) - left, 2), "low": ends[0], "high": ends[1]}

    @property
    def _extent(self) -> tuple[float, float]:
        """Where the bars' axis begins, and how long it is."""
        values = self.ranking[["importance", "ci_low", "ci_high"]].to_numpy(dtype=np.float64)
        start = min(0.0, float(np.nanmin(values)))
        return start, (max(0.0, float(np.nanmax(values))) - start) or 1.0


def ranking_table(results: Results) -> RankingTable:
    """The table of a run.

    Args:
        results: of a finished run.
    """
    ranking = results.ranking
    form = number_format(ranking["importance"])
    columns = [
        Column("rank", "Rank", "number", ranking["rank"].to_numpy(), first="up"),
        Column("feature", "Feature", "feature", first="up"),
        Column("importance", "Importance", "number", ranking["importance"].to_numpy(), form=form),
        Column("bar", "", "bar"),
    ]
    if ranking["ci_low"].notna().any():
        level = f"{results.experiment.ranking.confidence * 100:g} % interval"
        ends = (ranking["ci_low"].to_numpy(), ranking["ci_high"].to_numpy())
        columns.append(Column("interval", level, "interval", ends, form=form))
    groups, seen = [], len(columns)
    for part in filter(None, (_stability(results), _tests(results), _methods(results))):
        fits = seen + len(part) <= _SHOWN
        seen += len(part) if fits else 0
        columns += part
        groups.append(Group(part[0].group, _GROUPS[part[0].group], shown=fits))
    return RankingTable(ranking, columns, groups, _legend(results, {group.id for group in groups}))


def _legend(results: Results, groups: Container[str]) -> str:
    """What the numbers mean: their scale, and over what their intervals are."""
    config = results.experiment.ranking
    told = [f"Importance: {scale_in_words(config)}."]
    if results.ranking["ci_low"].notna().any():
        told.append(f"Intervals: {config.confidence * 100:g} %, over {results.varied}; not over new data.")
    if "stability" in groups and "top_share" in results.ranking:
        told.append(f"{_top(results)}: of the networks, how many rank the feature so high.")
    if "tests" in groups:
        with_intervals = [name for name in results.ranking.columns if str(name).endswith(".ci_low")]
        where = "Effects" if results.ranking[with_intervals].notna().any(axis=None) else "Methods"
        told.append(f"Effect, p and q: see {where}.")
    return " ".join(told)


def _top(results: Results) -> str:
    """The heading of the share of networks that put a feature on top."""
    top = results.answer.get("top_k")
    return f"In top {top}, %" if top else "In top, %"


def _stability(results: Results) -> list[Column]:
    """How high and how low each feature could rank."""
    ranking = results.ranking
    if "rank_low" not in ranking or ranking["rank_low"].isna().all():
        return []
    ends = (ranking["rank_low"].to_numpy(), ranking["rank_high"].to_numpy())
    found = [Column("rank interval", "Rank interval", "interval", ends, "stability", first="up")]
    if "top_share" in ranking:
        shares = 100 * ranking["top_share"].to_numpy()
        found.append(Column("top share", _top(results), "number", shares, "stability"))
    return found


def _methods(results: Results) -> list[Column]:
    """What each method says, where there are several."""
    ranking = results.ranking
    if len(results.methods) == 1:
        return []
    return [
        Column(
            f"method {name}",
            name,
            "number",
            ranking[name].to_numpy(),
            "methods",
            number_format(ranking[name]),
        )
        for name in results.methods
    ]


def _tests(results: Results) -> list[Column]:
    """Estimates, p-values and decisions of the methods that do inference."""
    ranking = results.ranking
    found = []
    for column in ranking.columns:
        method, _, estimate = str(column).rpartition(".")
        if not method or estimate not in _ESTIMATES:
            continue
        label, form, first = _ESTIMATES[estimate]
        if estimate == "effect":
            label = _kind(results, method) or label
        values = ranking[column].to_numpy(dtype=np.float64)
        if np.isnan(values).all():
            continue  # a method that tests, but has no single effect
        if form == "selected":
            marks = ["yes" if value == 1 else "" for value in values]
            found.append(Column(column, f"{method}: {label}", "text", marks, "tests", first="down"))
        else:
            form = form or number_format(values)
            found.append(Column(column, f"{method}: {label}", "number", values, "tests", form, first))
    return found


def _kind(results: Results, method: str) -> str:
    """What the effects of a method are, as it said itself, without what they are given for."""
    scale = str(results.record.get("methods", {}).get(method, {}).get("scale") or "")
    return shortened(scale.partition(" per ")[0], NAME_CELLS)


def _values(column: Column) -> Any:  # noqa: ANN401 - what JSON can hold
    if column.kind == "interval":
        return [_rounded(ends) for ends in column.values]  # noqa: PD011 - not of pandas
    if column.kind == "text":
        return list(column.values)
    return _rounded(column.values)


def _rounded(values: NDArray[np.generic] | Sequence[float]) -> list[float | int | None]:
    """Numbers with the digits that matter here; a page of 20,000 features is smaller for it."""
    return [
        None
        if not math.isfinite(value)
        else int(value)
        if float(value).is_integer()
        else float(f"{value:.6g}")
        for value in np.asarray(values).tolist()
    ]
