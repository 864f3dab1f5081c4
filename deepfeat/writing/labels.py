"""How names and numbers are shown to people, in a terminal, a log or a figure.

Names are chosen by others; here they become text that is safe to show anywhere.
"""

import math
import unicodedata
from collections.abc import Iterable

from rich.cells import cell_len

ELLIPSIS = "…"

# two formatting characters are part of how some scripts are spelt (Persian, Hindi, joined emoji)
_JOINERS = "\u200c\u200d"


def visible(text: str) -> str:
    r"""The text on one line, with what cannot be seen written out.

    Control characters (a newline becomes `\n`, an escape `\x1b`), characters that change the direction of the
    text around them, and other invisible ones could forge lines of a log, or repaint a terminal. Letters of
    every script stay.
    """
    return "".join(_written_out(char) if _is_invisible(char) else char for char in text)


def on_own_lines(text: str) -> str:
    """A text of several lines, visible, all but the first indented: none can pose as another message."""
    return "\n    ".join(visible(line) for line in text.split("\n"))


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


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in _JOINERS


def _written_out(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
