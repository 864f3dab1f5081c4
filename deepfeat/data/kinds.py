"""Number or category: what each feature is, and which columns cannot be either."""

from collections.abc import Mapping

from deepfeat.data.columns import Roles
from deepfeat.data.faults import Faults, quote, shorten
from deepfeat.data.header import control_character
from deepfeat.data.hints import hint_at
from deepfeat.data.levels import COUNTED_LEVELS, Level
from deepfeat.data.persons import is_called_person
from deepfeat.data.survey import ColumnSummary, Survey
from deepfeat.data.unread import gone_wrong

MOST_LEVELS = 50
"""Levels of a text column beyond which it is taken for an identifier or free text."""

_LONGEST_LEVEL = 200
_NEARLY_ALL = 0.9


def judge_features(survey: Survey, roles: Roles, faults: Faults) -> Mapping[int, tuple[Level, ...]]:
    """The levels of each feature that is a category; features that are not in the answer are numbers.

    Args:
        survey: a survey of the whole table.
        roles: the features.
        faults: gets a line for each column that is empty, mixes numbers with texts, holds identifiers, dates,
            free text, or numbers that do not fit a float.
    """
    categories: dict[int, tuple[Level, ...]] = {}
    judge = _Judge(survey.rows_kept, survey.rows_read, faults)
    for used in roles.features:
        summary = survey.summary(used)
        levels = judge.feature(
            roles.names[used], roles.column(used), summary, declared=used in roles.categories
        )
        if levels:
            categories[used] = levels
    return categories


def check_number(
    name: str, column: int, summary: ColumnSummary, faults: Faults, *, target: bool = False
) -> None:
    """Add the faults of a column of numbers: texts among them, infinite, too large, or losing digits.

    Args:
        name: of the column.
        column: where it is.
        summary: what it holds.
        faults: where faults go.
        target: whether it is a target, whose cells can neither be missing nor ignored.
    """
    if summary.first_text is not None:
        _add_mixed(name, column, summary, faults, target=target)
    if summary.overflow is not None:
        cure = "remove the row" if target else "mark the cell as missing"
        faults.add(
            "columns with overflowing numbers",
            summary.overflow.line,
            column,
            f"found {shorten(summary.overflow.text)} in {quote(name)}, infinite or too large for a float; "
            f"rescale the column or {cure}",
        )
    if summary.inexact is not None:
        cure = "rescale the column" if target else "list an identifier in data.ignore, or rescale the column"
        faults.add(
            "columns with inexact integers",
            summary.inexact.line,
            column,
            f"found {shorten(summary.inexact.text)} in {quote(name)}, an integer beyond 2^53, which no float "
            f"can hold; {cure}",
        )


def _add_mixed(name: str, column: int, summary: ColumnSummary, faults: Faults, *, target: bool) -> None:
    """Texts in a column that is mostly numbers."""
    if summary.first_text is None:
        return
    hint = hint_at(summary.first_text.text)
    cure = "correct it, add it to data.missing_values, or list the column in data.categories"
    if hint is not None:
        cure = hint.cure
    elif target:
        cure = "correct it or remove the row; classes need data.task: multiclass"
    what = f", {hint.what}," if hint else ""
    more = f" ({summary.texts:,} such cells)" if summary.texts > 1 else ""
    faults.add(
        "columns that mix numbers and texts",
        summary.first_text.line,
        column,
        f"found {quote(summary.first_text.text)}{what} among the numbers of {quote(name)}{more}; {cure}",
    )


class _Judge:
    """Tells numbers from categories, one column at a time."""

    def __init__(self, rows_kept: int, rows_read: int, faults: Faults) -> None:
        self._rows_kept = rows_kept
        self._rows_read = rows_read
        self._faults = faults

    def feature(self, name: str, column: int, summary: ColumnSummary, *, declared: bool) -> tuple[Level, ...]:
        """The levels of a category; nothing for a number or a fault."""
        if summary.missing == self._rows_read:
            self._add(
                "columns without any value",
                column,
                f"found no value in {quote(name)} (all {self._rows_read:,} missing); list it in data.ignore",
            )
            return ()
        is_number = summary.texts == 0 or summary.numbers > summary.texts
        if is_number and not declared:
            check_number(name, column, summary, self._faults)
            return ()
        if summary.counts is None:  # nothing but missing cells was left
            return ()
        if not declared and self._is_number_gone_wrong(name, column, summary):
            return ()
        return self._levels(name, column, summary, declared=declared)

    def _is_number_gone_wrong(self, name: str, column: int, summary: ColumnSummary) -> bool:
        """Whether the texts are all dates, decimal commas and the like, which are never categories."""
        wrong = gone_wrong(summary)
        if wrong is None:
            return False
        cell, hint = wrong
        self._faults.add(
            "columns of texts that should be numbers",
            cell.line,
            column,
            f"found {quote(cell.text)}, {hint.what}, in {quote(name)}; {hint.cure}, "
            "or list the column in data.ignore",
        )
        return True

    def _levels(self, name: str, column: int, summary: ColumnSummary, *, declared: bool) -> tuple[Level, ...]:
        """The levels of a category, if they can be one-hot encoded."""
        counts = summary.counts
        if counts is None:
            return ()
        levels = () if counts.overflow else counts.levels()
        most = COUNTED_LEVELS if declared else MOST_LEVELS
        if counts.overflow or len(levels) > most:
            number = f"more than {COUNTED_LEVELS:,}" if counts.overflow else f"{len(levels):,}"
            self._add_identifier(
                name, column, f"{number} different texts (at most {most:,} can be categories)"
            )
        elif not declared and len(levels) > _NEARLY_ALL * self._rows_kept:
            self._add_identifier(name, column, f"{len(levels):,} different texts in {self._rows_kept:,} rows")
        elif not self._has_bad_text(name, column, levels):
            return levels
        return ()

    def _add_identifier(self, name: str, column: int, what: str) -> None:
        cure = "name it in data.group, or list it" if is_called_person(name) else "list it"
        self._add(
            "columns of identifiers or free text",
            column,
            f"found {what} in {quote(name)}, identifiers or free text; {cure} in data.ignore",
        )

    def _has_bad_text(self, name: str, column: int, levels: tuple[Level, ...]) -> bool:
        return any(check_text(level.name, level.line, name, column, self._faults) for level in levels)

    def _add(self, kind: str, column: int, message: str) -> None:
        self._faults.add(kind, self._faults.header, column, message)


def check_text(text: str, line: int, name: str, column: int, faults: Faults) -> bool:
    """Add a fault if a category or class cannot be shown: too long, or with control characters.

    Returns:
        Whether there was one.
    """
    control = control_character(text)
    if control is not None:
        message = f"found the control character U+{ord(control):04X} in {quote(name)}; remove it"
    elif len(text) > _LONGEST_LEVEL:
        message = f"found a text of {len(text):,} characters in {quote(name)}; list the column in data.ignore"
    else:
        return False
    faults.add("unprintable texts", line, column, message)
    return True
