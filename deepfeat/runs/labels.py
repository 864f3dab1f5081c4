"""Names that others chose, as text that is safe to show in a terminal, a log or a figure."""

import unicodedata

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
