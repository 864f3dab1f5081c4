"""From the text of cells to numbers, missing marks and what is left over.

What counts as a number is written down in one place, `NUMBER`, and is stricter than what libraries accept:
no `1_000`, no `inf`, no digits of other scripts, no hexadecimal.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
"""The text of a number (a regular expression for RE2 and for `re`)."""

_LARGEST_EXACT_INTEGER = 2**53


@dataclass(frozen=True)
class MissingMarks:
    """Which cells are missing.

    Attributes:
        texts: cells that are missing when they read exactly so (surrounding blanks do not count).
        numbers: numbers that mean missing, so that `-9` also marks `-9.0`.
    """

    texts: tuple[str, ...]
    numbers: tuple[float, ...]

    @classmethod
    def of(cls, marks: Iterable[str]) -> "MissingMarks":
        """From the texts of `data.missing_values`."""
        texts = tuple(sorted({mark.strip() for mark in marks}))
        return cls(texts, tuple(float(mark) for mark in texts if is_number(mark)))


@dataclass(frozen=True)
class Cells:
    """Cells of one or several columns, taken apart.

    Attributes:
        texts: (cells,) strings without surrounding blanks, null where missing.
        numbers: (cells,) float64, NaN where missing or no number.
        missing: (cells,) bool.
    """

    texts: pa.Array
    numbers: NDArray[np.float64]
    missing: NDArray[np.bool_]


def parse(texts: pa.Array, marks: MissingMarks) -> Cells:
    """Take the strings `texts` apart; nulls are missing."""
    trimmed = pc.utf8_trim_whitespace(texts)
    missing = pc.or_(pc.is_null(trimmed), pc.is_in(trimmed, value_set=pa.array(marks.texts, trimmed.type)))
    looks_numeric = pc.fill_null(pc.match_substring_regex(trimmed, NUMBER), fill_value=False)
    numbers = to_float(pc.cast(pc.if_else(looks_numeric, trimmed, None), pa.float64()))
    mask = np.array(missing.to_numpy(zero_copy_only=False), dtype=bool)
    if marks.numbers:
        mask |= np.isin(numbers, marks.numbers)
    numbers[mask] = np.nan
    return Cells(pc.if_else(pa.array(mask), None, trimmed), numbers, mask)


def to_float(values: pa.Array) -> NDArray[np.float64]:
    """A numeric Arrow array as a writable float64 array, NaN for null."""
    return np.array(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def is_number(text: str) -> bool:
    """Whether a cell with this text is a number."""
    return re.match(NUMBER, text) is not None


def is_inexact_integer(text: str) -> bool:
    """Whether `text` is an integer that a 64-bit float cannot hold (identifiers, mostly)."""
    if re.fullmatch(r"[+-]?[0-9]+", text) is None:
        return False
    digits = text.lstrip("+-0")
    return len(digits) > len(str(_LARGEST_EXACT_INTEGER)) or int(digits or "0") > _LARGEST_EXACT_INTEGER


def number_name(value: float) -> str:
    """How a number is written as the name of a class or category: `1` for 1.0, else the shortest text."""
    if value.is_integer() and abs(value) < _LARGEST_EXACT_INTEGER:
        return str(int(value))
    return repr(value)
