"""What a survey shows that is worth telling: gaps, columns that cannot matter, columns of identifiers."""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from deepfeat.data.columns import Roles
from deepfeat.data.faults import Remarks, shorten
from deepfeat.data.levels import Level, spelled_alike
from deepfeat.data.persons import is_called_person
from deepfeat.data.survey import ColumnSummary, Survey
from deepfeat.writing.labels import counted

_LISTED = 10
_HALF = 0.5
_RARE_LEVEL = 5
_IDENTIFIER = re.compile(
    r"(?i:(.*[_ .-])?(id|ids|idx|index|uuid|guid|nr|no|row|rows|rowid|rownames?)|unnamed: ?\d+)|.*[a-z]I[Dd]"
)


def listed(items: Iterable[str]) -> str:
    """The first items for a sentence, and how many more there are."""
    everything = list(items)
    more = f" and {len(everything) - _LISTED:,} more" if len(everything) > _LISTED else ""
    return ", ".join(everything[:_LISTED]) + more


def remark_on_missing(survey: Survey, roles: Roles, remarks: Remarks, *, drop: bool) -> None:
    """Say which rows were dropped, and in which columns most values are missing."""
    gaps = dict(zip(roles.names, survey.missing.tolist(), strict=True))
    rows = survey.rows_read
    if drop and survey.rows_kept < rows:
        where = listed(f"{shorten(name)}: {count:,}" for name, count in gaps.items() if count)
        remarks.notes.append(
            f"Dropped {rows - survey.rows_kept:,} of {rows:,} rows with missing values ({where})."
        )
    mostly = [name for name, count in gaps.items() if count > _HALF * rows]
    if mostly and not drop:
        remarks.warnings.append(
            f"More than half of the values are missing, and were filled in, in: {_names(mostly)}."
        )


def remark_on_fills(fills: Sequence[tuple[str, int, str]], remarks: Remarks) -> None:
    """Say what was filled in, one note for each column.

    Args:
        fills: name of a feature, how many of its cells were missing, and what stands there now.
        remarks: gets the notes.
    """
    for name, count, value in fills[:_LISTED]:
        cells = "missing value was" if count == 1 else "missing values were"
        remarks.notes.append(
            f"{shorten(name)}: {count:,} {cells} filled in with the {value} (taken over all rows)."
        )
    if len(fills) > _LISTED:
        total = sum(count for _, count, _ in fills[_LISTED:])
        remarks.notes.append(
            f"{len(fills) - _LISTED:,} more columns: {total:,} missing values were filled in with the median "
            "or the most frequent category (taken over all rows)."
        )


def remark_on_features(
    survey: Survey,
    roles: Roles,
    categories: Mapping[int, tuple[Level, ...]],
    persons: Sequence[int],
    remarks: Remarks,
) -> None:
    """Warn of columns that cannot matter or that should not, and note tables with more features than rows.

    Args:
        survey: a survey of the whole table.
        roles: the features.
        categories: the levels of those that are categories.
        persons: the features that say whom a row is about, where some have several rows.
        remarks: gets the warnings and notes.
    """
    summaries = {used: survey.summary(used) for used in roles.features}
    numbers = {used: summary for used, summary in summaries.items() if used not in categories}

    constant = [used for used, levels in categories.items() if len(levels) == 1]
    constant += [used for used, summary in numbers.items() if summary.low == summary.high]
    _warn(remarks, roles, constant, "Constant columns, which cannot matter and are kept", "")

    narrow = [used for used, summary in numbers.items() if _is_narrow(summary)]
    _warn(
        remarks,
        roles,
        narrow,
        "Columns whose values differ by less than a 32-bit float can tell well",
        "; subtract a constant from them",
    )

    identifiers = [
        used
        for used, summary in numbers.items()
        if used not in persons and is_identifier(roles.names[used], summary, survey.rows_kept)
    ]
    _warn(
        remarks,
        roles,
        identifiers,
        "Columns that look like row numbers or identifiers",
        "; list them in data.ignore unless their value means something",
    )

    if roles.group is None:
        _warn(
            remarks,
            roles,
            persons,
            "Columns that say whom a row is about, of whom some have several rows",
            "; rows of one patient belong together: name the column in data.group, which keeps them on one "
            "side of every split, and it is no feature then",
        )

    mixed = [used for used in categories if used not in roles.categories and summaries[used].numbers]
    _warn(remarks, roles, mixed, "Columns of texts and some numbers, taken as categories", "")

    rare = [
        f"{shorten(roles.names[used])} = {shorten(level.name)} ({counted(level.rows, 'row')})"
        for used, levels in sorted(categories.items())
        if len(levels) > 1
        for level in levels
        if level.rows < _RARE_LEVEL
    ]
    if rare:
        remarks.warnings.append(
            f"Levels of fewer than {_RARE_LEVEL} rows: {listed(rare)}; effects and intervals of levels with "
            "so few rows say little."
        )

    if len(roles.features) > survey.rows_kept:
        remarks.notes.append(
            f"More features ({len(roles.features):,}) than rows ({survey.rows_kept:,}): some features will "
            "look important by chance; trust a ranking only with its intervals."
        )


def remark_on_spellings(columns: Mapping[str, Sequence[str]], remarks: Remarks) -> None:
    """Warn of levels and classes that differ in nothing but case and space.

    Args:
        columns: levels of each column that is a category or a target of classes, by its name.
        remarks: gets the warning.
    """
    alike = []
    for name, levels in columns.items():
        same = spelled_alike(levels)
        if same:
            alike.append(f"{shorten(name)} ({listed(same)})")
    if alike:
        remarks.warnings.append(
            f"Levels that differ only in case or space, and are taken for different: {listed(alike)}; "
            "write them alike in the table if they mean the same."
        )


def _warn(remarks: Remarks, roles: Roles, columns: Sequence[int], what: str, cure: str) -> None:
    if columns:
        remarks.warnings.append(f"{what}: {_names(roles.names[used] for used in sorted(columns))}{cure}.")


def _names(names: Iterable[str]) -> str:
    return listed(shorten(name) for name in names)


def _is_narrow(summary: ColumnSummary) -> bool:
    """Whether single precision merges values: their range is below a thousand of its steps."""
    spread = summary.high - summary.low
    step = float(np.finfo(np.float32).eps) * max(abs(summary.low), abs(summary.high))
    return 0 < spread < 1000 * step and not (summary.integral and step <= 1)


def is_identifier(name: str, summary: ColumnSummary, rows: int) -> bool:
    """Integers that go strictly up or down with the rows, or that are called and look like identifiers.

    What says whom a row is about is one if its values may all differ.

    Args:
        name: of the column.
        summary: what it holds.
        rows: how many there are.
    """
    if not summary.integral:
        return False
    could_be = summary.high - summary.low + 1 >= rows
    return summary.ordered or (could_be and (is_called_identifier(name) or is_called_person(name)))


def is_called_identifier(name: str) -> bool:
    """Whether a column is called like one of identifiers.

    Args:
        name: of the column.
    """
    return _IDENTIFIER.fullmatch(name) is not None
