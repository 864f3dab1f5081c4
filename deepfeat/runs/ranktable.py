"""The ranking as a table for the terminal, as wide as the terminal and no wider."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.cells import cell_len
from rich.text import Text

from deepfeat.ranking.table import method_columns
from deepfeat.writing.labels import number_format, shortened

_GAP = "  "
_NARROW = 60  # a terminal with fewer cells has no room for the interval
_BAR = (16, 40)  # shortest and longest bar, in cells
_NAME = 24  # cells of a long name that a method's column may not take away
_METHOD = 16  # widest column of a method
_FULL = "█"
_PARTS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


@dataclass(frozen=True)
class _Column:
    """A heading and its cells, as text."""

    heading: str
    cells: Sequence[Text]
    width: int
    right: bool = True

    @classmethod
    def of(cls, heading: str, cells: Sequence[str], *, right: bool = True) -> "_Column":
        """A column as wide as its widest cell."""
        width = max(cell_len(text) for text in (heading, *cells))
        return cls(heading, [Text(cell) for cell in cells], width, right)

    def line(self, index: int) -> Text:
        """The heading (index -1) or a cell, padded to the width."""
        text = Text(self.heading, style="dim") if index < 0 else self.cells[index].copy()
        missing = self.width - text.cell_len
        if self.right:
            text.pad_left(missing)
        else:
            text.pad_right(missing)
        return text


def ranking_lines(
    ranking: pd.DataFrame, *, width: int, top: int = 20, confidence: float = 0.95, ascii_only: bool = False
) -> list[Text]:
    """The best features with their importance as a bar, its interval, and the methods that fit.

    A solid bar reaches to the importance, a thin line goes on from there to the upper end of the interval.

    Args:
        ranking: as `build_ranking` returns it.
        width: cells of the terminal, at least 40.
        top: rows shown.
        confidence: of the interval, for its heading.
        ascii_only: draw the bars with ASCII characters alone.

    Returns:
        A heading, a line per feature and, where some are left out, how many; none wider than `width`.
    """
    shown = ranking.head(top)
    fixed = _fixed_columns(shown, confidence, with_interval=width >= _NARROW)
    # what is left for the name, the bar and the methods, with a gap in front of each column
    room = width - sum(column.width + len(_GAP) for column in fixed) - 2 * len(_GAP)
    longest = max(cell_len(shortened(name, width)) for name in ("feature", *shown["feature"]))
    methods: list[_Column] = []
    for column in _method_columns(shown):
        if room - min(longest, _NAME) - _BAR[0] < column.width + len(_GAP):
            break
        room -= column.width + len(_GAP)
        methods.append(column)
    # one very long name must not squeeze every bar
    name_width = min(longest, max(_NAME, room // 2), max(room - _BAR[0], _NAME // 2))
    names = [shortened(name, name_width) for name in shown["feature"]]
    columns = [
        fixed[0],
        _Column("feature", [Text(name) for name in names], name_width, right=False),
        _bars(shown, min(room - name_width, _BAR[1]), ascii_only=ascii_only),
        *fixed[1:],
        *methods,
    ]
    lines = [_joined(columns, index) for index in range(-1, len(shown))]
    if len(ranking) > len(shown):
        lines.append(Text(f"{_GAP}and {len(ranking) - len(shown):,} more in ranking.csv", style="dim"))
    return lines


def _joined(columns: Sequence[_Column], index: int) -> Text:
    line = Text(no_wrap=True, end="")
    for column in columns:
        line.append(_GAP).append_text(column.line(index))
    line.rstrip()
    return line


def _fixed_columns(shown: pd.DataFrame, confidence: float, *, with_interval: bool) -> list[_Column]:
    """Rank, importance and interval: as wide as they are."""
    columns = [
        _Column.of("rank", [str(rank) for rank in shown["rank"]]),
        _Column.of("importance", _numbers(shown["importance"])),
    ]
    if with_interval and shown["ci_low"].notna().any():
        form = number_format(shown["importance"])
        bounds = zip(shown["ci_low"], shown["ci_high"], strict=True)
        texts = [f"{low:{form}} to {high:{form}}" for low, high in bounds]
        columns.append(_Column.of(f"{confidence * 100:g} % interval", texts))
    return columns


def _method_columns(shown: pd.DataFrame) -> list[_Column]:
    names = method_columns(shown)
    if len(names) == 1:
        return []  # it is the importance
    return [_Column.of(shortened(name, _METHOD), _numbers(shown[name])) for name in names]


def _numbers(values: "pd.Series[float]") -> list[str]:
    form = number_format(values)
    return [f"{value:{form}}" for value in values]


def _bars(shown: pd.DataFrame, width: int, *, ascii_only: bool) -> _Column:
    width = max(width, 0)
    ends = shown[["importance", "ci_high"]].to_numpy(dtype=np.float64)
    largest = float(np.nanmax(ends, initial=0.0)) or 1.0
    cells = []
    for importance, high in zip(shown["importance"], shown["ci_high"], strict=True):
        eighths = max(round(8 * width * importance / largest), 0)
        full, part = divmod(eighths, 8)
        solid = "#" * round(eighths / 8) if ascii_only else _FULL * full + _PARTS[part]
        reach = round(width * high / largest) if math.isfinite(high) else 0
        tail = ("-" if ascii_only else "─") * (reach - len(solid))
        cells.append(Text.assemble((solid, "cyan"), (tail, "dim cyan")))
    return _Column("", cells, width, right=False)
