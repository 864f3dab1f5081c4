"""The names of the columns: from the header or from a names file, and what may be wrong with them."""

import csv
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from deepfeat.data.cells import is_number
from deepfeat.data.faults import Faults, quote
from deepfeat.data.sniff import first_bytes, sniff
from deepfeat.errors import InputError, Problem

TARGET_NAME = "target"
"""What the last column is called when a names file names the features only."""

_LONGEST_NAME = 1000
_LONGEST_NAMES_FILE = 64 * 1024 * 1024
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")


def control_character(text: str) -> str | None:
    """The first character of `text` that could act on a terminal instead of being shown.

    Line breaks and tabs are let through: they occur in real names, and are escaped wherever names are shown.
    """
    found = _CONTROL.search(text)
    return found.group() if found else None


def canonical(name: str) -> str:
    """What two names must not share: `name` without case, blanks and differences of Unicode form."""
    return "".join(unicodedata.normalize("NFC", name).casefold().split())


def read_names(path: Path) -> tuple[str, ...]:
    """The names in a names file: one line, separated by commas (or one name a line).

    Raises:
        InputError: the file is missing, not text, or holds a name that is blank, repeated or unprintable.
    """
    if sniff(path, "data.names") != "text":
        raise InputError(Problem(str(path), 0, 0, "found a Parquet file; give a text file in data.names"))
    faults = Faults(str(path))
    try:
        text = first_bytes(path, _LONGEST_NAMES_FILE).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            Problem(
                str(path),
                1,
                0,
                f"found byte 0x{error.object[error.start]:02X}, not UTF-8; save the file as UTF-8",
            )
        ) from error
    try:
        lines = text.splitlines(keepends=True)
        rows = [row for row in csv.reader(lines, skipinitialspace=True, strict=True) if row]
    except csv.Error as error:
        raise InputError(
            Problem(str(path), 1, 0, f"found broken quoting ({error}); mend the quotes")
        ) from error
    if len(rows) > 1 and any(len(row) > 1 for row in rows):
        faults.add("lines", 2, 0, f"found {len(rows)} lines of names; put all names on one line")
        faults.raise_if_any()
    names = tuple(name.strip() for row in rows for name in row)
    check_names(names, 1, faults)
    faults.raise_if_any()
    return names


def check_names(names: Sequence[str], line: int, faults: Faults, source: str | None = None) -> None:
    """Add the faults of column names: blank, unprintable, endless, repeated (or nearly so).

    Args:
        names: as in the file, surrounding blanks removed.
        line: where they are.
        faults: where faults go.
        source: the file they are in, if it is not the table itself.
    """

    def add(kind: str, column: int, message: str) -> None:
        faults.add(kind, line, column, message, source=source)

    first: dict[str, int] = {}
    for column, name in enumerate(names, start=1):
        if not name:
            add("columns without a name", column, _explain_blank(column, len(names)))
            continue
        if len(name) > _LONGEST_NAME:
            add(
                "endless names",
                column,
                f"found a name of {len(name):,} characters; use at most {_LONGEST_NAME:,}",
            )
        control = control_character(name)
        if control is not None:
            code = f"U+{ord(control):04X}"
            add(
                "unprintable names",
                column,
                f"found the control character {code} in {quote(name)}; remove it",
            )
        key = canonical(name)
        if key in first:
            other = names[first[key] - 1]
            message = f"found the name {quote(name)} of column {first[key]} again; rename one of them"
            if other != name:
                same = (
                    f"the same as {quote(other)} in column {first[key]} but for case, blanks or Unicode form"
                )
                message = f"found the name {quote(name)}, {same}; rename one of them"
            add("repeated names", column, message)
        else:
            first[key] = column


def looks_like_data(names: Sequence[str]) -> bool:
    """Whether a header holds nothing but numbers."""
    return all(is_number(name) for name in names if name) and any(names)


def _explain_blank(column: int, width: int) -> str:
    """A column without a name, which in the first place is nearly always a row index."""
    if column == 1 and width > 1:
        return "found a column without a name, probably row numbers; name it and list it in data.ignore"
    return "found a column without a name; name it or delete it"
