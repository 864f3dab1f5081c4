"""What others chose, such as names of files and features, as text that is safe to show anywhere."""

import unicodedata

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


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in _JOINERS


def _written_out(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
