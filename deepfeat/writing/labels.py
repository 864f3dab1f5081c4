"""How names and numbers are shown to people, in a terminal, a log or a figure: short enough for its place."""

import math
from collections.abc import Iterable

from rich.cells import cell_len

from deepfeat.visible import visible

ELLIPSIS = "…"


def shortened(text: str, cells: int) -> str:
    """The visible text in at most that many terminal cells, cut in the middle.

    Names of features often differ in their last letters only, so both ends are kept.

    Args:
        text: any text.
        cells: at least 1; a wide character takes two.
    """
    shown = visible(text)
    if cell_len(shown) <= cells:
        return shown
    tail_cells = (cells - 1) // 2
    head = _first(shown, cells - 1 - tail_cells)
    tail = _first(shown[::-1], tail_cells)[::-1]
    return head + ELLIPSIS + tail


def number_format(values: Iterable[float]) -> str:
    """A format specification that shows the largest of the values with three digits.

    One format for a whole column keeps its decimal points in line.

    Args:
        values: the numbers of the column; those that are not finite do not count.

    Returns:
        For example `.4f`, or `.2e` for very large and very small numbers.
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0.0:
        return ".2f"
    magnitude = math.floor(math.log10(largest))
    return f".{max(2 - magnitude, 0)}f" if -6 <= magnitude <= 6 else ".2e"  # noqa: PLR2004


def counted(number: int, noun: str) -> str:
    """`1 network`, `2,000 networks`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time span as people say it: `0.8 s`, `42 s`, `3 min 05 s`, `2 h 05 min`."""
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _first(text: str, cells: int) -> str:
    """The longest beginning of the text that fits."""
    used = 0
    for index, char in enumerate(text):
        used += cell_len(char)
        if used > cells:
            return text[:index]
    return text
