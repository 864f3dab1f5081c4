"""Another table, held against what networks were trained on: values that they could only take for others."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.columns import Roles
from deepfeat.data.encode import Category, Encoder
from deepfeat.data.faults import Faults, quote, shorten
from deepfeat.data.reading import Chunk
from deepfeat.data.remarks import listed
from deepfeat.data.survey import Found


@dataclass
class _Strange:
    """The values of one column that networks do not know.

    Attributes:
        values: cells that are not missing.
        strange: those of them that are not known.
        first: the first of these.
    """

    values: int = 0
    strange: int = 0
    first: Found | None = None

    def add(self, chunk: Chunk, used: int, is_strange: NDArray[np.bool_]) -> None:
        self.values += len(chunk) - int(chunk.missing[:, used].sum())
        self.strange += int(is_strange.sum())
        if self.first is None and is_strange.any():
            row = int(is_strange.argmax())
            self.first = Found(int(chunk.lines[row]), chunk.texts(used)[row].as_py())


def refuse_unlike(
    encoder: Encoder, chunks: Iterable[Chunk], roles: Roles, faults: Faults, trained_on: Path
) -> tuple[str, ...]:
    """Refuse a table of whose columns some mean nothing to the networks.

    Missing values are none of them: they are filled in, as they were for the networks.

    Args:
        encoder: of the table that the networks were trained on.
        chunks: the rows of the other table.
        roles: its columns.
        faults: of this table; gets a line for each column of texts that was one of numbers, or in which no
            category is known.
        trained_on: what the networks were trained on.

    Returns:
        Warnings, one for each column with some categories that are not known.

    Raises:
        InputError: there are faults.
    """
    found: defaultdict[int, _Strange] = defaultdict(_Strange)
    for chunk in chunks:
        for used in encoder.numbers.tolist():
            found[used].add(chunk, used, chunk.is_text[:, used])
        for category in encoder.categories:
            codes = category.coding.encode(chunk.texts(category.used))
            found[category.used].add(chunk, category.used, (codes < 0) & ~chunk.missing[:, category.used])
    for used in encoder.numbers.tolist():
        _judge_number(roles, used, found[used], faults, trained_on)
    warnings = [
        _judge_category(roles, each, found[each.used], faults, trained_on) for each in encoder.categories
    ]
    faults.raise_if_any()
    return tuple(warning for warning in warnings if warning)


def _judge_number(roles: Roles, used: int, seen: _Strange, faults: Faults, trained_on: Path) -> None:
    if seen.first is None:
        return
    more = f" ({seen.strange:,} such cells)" if seen.strange > 1 else ""
    faults.add(
        "columns of texts that were numbers",
        seen.first.line,
        roles.column(used),
        f"found {quote(seen.first.text)} in {quote(roles.names[used])}{more}, a column of numbers in "
        f"{trained_on}; write numbers, or leave the cell empty",
    )


def _judge_category(
    roles: Roles, category: Category, seen: _Strange, faults: Faults, trained_on: Path
) -> str | None:
    """A fault where nothing is known, a warning where some is."""
    if seen.first is None:
        return None
    names, name = category.coding.names, roles.names[category.used]
    if seen.strange == seen.values:
        faults.add(
            "columns of unknown categories",
            seen.first.line,
            roles.column(category.used),
            f"found {quote(seen.first.text)} in {quote(name)}, in which no value is one of the categories in "
            f"{trained_on}; write them as there: {listed(shorten(known) for known in names)}",
        )
        return None
    are = "is a category" if seen.strange == 1 else "are categories"
    return (
        f"{shorten(name)}: {seen.strange:,} of {seen.values:,} values {are} that the networks do not know "
        f"(first: {quote(seen.first.text)} in line {seen.first.line}), taken as "
        f"{shorten(names[category.fill])}, the most frequent category that they know."
    )
