"""Collecting what is wrong with a table: everything at once, but never a thousand lines of it."""

from collections import Counter
from dataclasses import dataclass, field

from deepfeat.errors import InputError, Problem

SHOWN_PER_KIND = 20
"""Faults of one kind that are shown one by one; the others are counted."""


class Faults:
    """The faults of one table, each a line `file:row:column: found ...; do ...`.

    Args:
        source: the file as the user wrote it.

    Attributes:
        source: the same.
        header: line for faults of a column as a whole, 0 if the names are in no line of the file.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.header = 0
        self._shown: dict[str, list[Problem]] = {}
        self._count: Counter[str] = Counter()
        self._first_hidden: dict[str, int] = {}

    def __len__(self) -> int:
        """How many faults were found."""
        return self._count.total()

    def add(self, kind: str, line: int, column: int, message: str, *, source: str | None = None) -> None:
        """Add one fault.

        Args:
            kind: faults of one kind are cut off together after `SHOWN_PER_KIND`; also what the count of
                the remaining ones is called, so a plural noun.
            line: line of the file as an editor shows it (row of a Parquet file), 0 where there is none.
            column: 1-based column of the table, left out where there is no line.
            message: `found ...; do ...`.
            source: another file than the table (its names file).
        """
        self._count[kind] += 1
        if self._count[kind] <= SHOWN_PER_KIND:
            self._shown.setdefault(kind, []).append(
                Problem(source or self.source, line, column if line else 0, message)
            )
        else:
            self._first_hidden.setdefault(kind, line)

    def count(self, kind: str) -> int:
        """How many faults of one kind were found."""
        return self._count[kind]

    def drop(self, kind: str) -> None:
        """Forget every fault of one kind, because a better explanation was found."""
        self._shown.pop(kind, None)
        self._first_hidden.pop(kind, None)
        del self._count[kind]

    def problems(self) -> list[Problem]:
        """Every fault, and one line for each kind of which not all are shown."""
        rest = [
            Problem(
                self.source,
                line,
                0,
                f"found {self._count[kind] - SHOWN_PER_KIND:,} more {kind} from here on; mend them likewise",
            )
            for kind, line in self._first_hidden.items()
        ]
        return [problem for shown in self._shown.values() for problem in shown] + rest

    def raise_if_any(self) -> None:
        """Raise an `InputError` of all faults, if there are any."""
        if self:
            raise InputError(self.problems())


def quote(text: str) -> str:
    """`text` in quotes for a message."""
    return f"'{shorten(text)}'"


def shorten(text: str, width: int = 60) -> str:
    """`text` on one line, control characters escaped, cut to `width` characters for a message."""
    plain = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return plain if len(plain) <= width else plain[: width - 3] + "..."


@dataclass
class Remarks:
    """What is told about a table that can be used.

    Attributes:
        notes: what was done to it.
        warnings: what looks wrong.
    """

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
