"""The records of a delimited text, one by one, with their lines, and the faults of its bytes and quotes.

One parser, the `csv` module in its strict mode, decides what a value is: nothing is repaired in silence.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from deepfeat.data.faults import Faults

ENDS_READING = "broken quotes"
"""Kind of the faults behind which a file is not read further."""

_LONGEST_LINE = 16 * 1024 * 1024
# `surrogateescape` turns the bytes 0x80 to 0xFF into these where they are no UTF-8
_SUSPECT = re.compile("[\0\ufeff\udc80-\udcff]")
_ESCAPED_BYTE = 0xDC00
_LATIN_1_LETTERS = 0xA0


class Record(NamedTuple):
    """One row of a text table.

    Attributes:
        line: where it begins, as an editor counts.
        end: its last line; another one if a quoted value holds line breaks.
        position: characters of the file up to there.
        values: its cells.
    """

    line: int
    end: int
    position: int
    values: list[str]


def read_records(path: Path, delimiter: str, faults: Faults) -> Iterator[Record]:
    """The records of a file, without blank lines and (but for the first record) unreadable ones.

    Reading ends at the first broken quote, because everything behind it would be read wrongly.

    Args:
        path: a text file; a UTF-8 byte-order mark is skipped.
        delimiter: one character.
        faults: where bytes that are not UTF-8, NUL bytes, endless lines and broken quotes go.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as handle:
        lines = _Lines(handle, delimiter, faults)
        reader = csv.reader(
            lines,
            delimiter=delimiter,
            # blanks around values never count, and a quote behind a blank is still a quote
            skipinitialspace=delimiter != " ",
            strict=True,
        )
        line = 1
        is_first = True
        while True:
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                faults.add(ENDS_READING, line, 0, _explain(error))
                return
            is_blank = not values or (len(values) == 1 and not values[0].strip())
            is_readable = lines.last_unreadable < line
            if not is_blank and (is_readable or is_first):
                yield Record(line, reader.line_num, lines.position, values)
            is_first = is_first and is_blank
            line = reader.line_num + 1


class _Lines:
    """The lines of a file; characters that cannot be are reported and replaced.

    Attributes:
        position: characters read.
        last_unreadable: number of the last line with such a character, 0 before the first.
    """

    def __init__(self, handle: TextIO, delimiter: str, faults: Faults) -> None:
        self._handle = handle
        self._delimiter = delimiter
        self._faults = faults
        self._number = 0
        self.position = 0
        self.last_unreadable = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._handle.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        self._number += 1
        self.position += len(line)
        if len(line) == _LONGEST_LINE:
            message = f"found a line of over {_LONGEST_LINE:,} characters; is this a table?"
            self._faults.add(ENDS_READING, self._number, 0, message)
            raise StopIteration
        if not line.isascii() or "\0" in line:
            line = self._readable(line)
        return line

    def _readable(self, line: str) -> str:
        suspect = _SUSPECT.search(line)
        if suspect is None:
            return line
        self.last_unreadable = self._number
        column = line.count(self._delimiter, 0, suspect.start()) + 1
        message = _explain_character(suspect.group())
        self._faults.add("unreadable characters", self._number, column, message)
        return _SUSPECT.sub("\N{REPLACEMENT CHARACTER}", line)


def _explain_character(char: str) -> str:
    if char == "\0":
        return "found a NUL byte; the file is damaged or no text: export it again"
    if char == "\ufeff":
        return "found a byte-order mark inside the file, as after joining files; remove it"
    byte = ord(char) - _ESCAPED_BYTE
    guess = f" ({bytes([byte]).decode('latin-1')!r} in Latin-1)" if byte >= _LATIN_1_LETTERS else ""
    return f"found byte 0x{byte:02X}{guess}, which is not UTF-8; save the file as UTF-8"


def _explain(error: csv.Error) -> str:
    reason = str(error)
    if "unexpected end" in reason:
        return "found a quote that is never closed, in the row that begins here; close it"
    if "field limit" in reason:
        return "found a value of over 131,072 characters, probably a quote that is never closed; close it"
    if "expected after" in reason:
        return "found a stray quote in the row that begins here; close it, or double quotes inside a value"
    return f"found a row that cannot be read ({reason}); mend its quotes"
