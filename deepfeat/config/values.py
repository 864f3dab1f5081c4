"""Plain values of an experiment file: which text is a number, and how values are shown in messages.

The rules are narrower than those of YAML, so that text stays what it looks like:

* `true` and `false` are the only booleans; `no`, `yes`, `on`, `off`, `True` are text;
* nothing, `null` and `~` are the only ways to say "no value"; `NULL` and `NA` are text;
* `1e-3` is a number; `012` is text (a sample or a postcode, not the number 10 or 12), and so are `12:30`,
  dates, `0x10`, `1_000`, `.inf` and numbers that would not survive (`1e400`, integers beyond 64 bits).

Where a number is wanted, such text is refused with a hint at the right spelling.
"""

import math
import re
from typing import TypeAlias

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
KeyPath: TypeAlias = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Value] = {"": None, "~": None, "null": None, "true": True, "false": False}
_LONGEST_NUMBER = 64  # characters; also keeps the conversion of hostile digits cheap
_SHOWN = 60  # characters of a value or key that a message repeats

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def read_scalar(text: str) -> Value:
    """The value that unquoted text stands for.

    Args:
        text: as written, without the blanks around it.
    """
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        whole = int(text)
        return whole if INT64_MIN <= whole <= INT64_MAX else text
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def is_text(text: str) -> bool:
    r"""Whether a string can be stored as text: no lone surrogates (bytes that are not UTF-8), no `\0`."""
    return not re.search("[\0\ud800-\udfff]", text)


def shown(text: str) -> str:
    """Text made safe for one line of a terminal: control characters escaped, long text cut."""
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)


def shown_value(value: object) -> str:
    """A value as a message calls it: `'text'`, `12`, `true`, `a list`, `nothing`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{shown(value)}'"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list"
    if isinstance(value, dict):
        return "settings (key: value)"
    return shown(str(value))


def shown_path(path: KeyPath) -> str:
    """A path as a message shows it, which is also how an override is written: `training.split.train`.

    The place of a method in the list is left out before its parameters: `methods.my_method.rows`.
    """
    if path[:1] == ("methods",) and len(path) > 2 and isinstance(path[1], int):  # noqa: PLR2004
        path = (path[0], *path[2:])
    return ".".join(shown(str(key)) for key in path)
