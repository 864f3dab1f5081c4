"""What is to be predicted: the task, the classes and the target matrix."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.coding import Coding
from deepfeat.data.columns import Roles
from deepfeat.data.dataset import Task
from deepfeat.data.faults import Faults, Remarks, quote, shorten
from deepfeat.data.kinds import check_number, check_text
from deepfeat.data.levels import COUNTED_LEVELS, Level, spelled_alike
from deepfeat.data.reading import Chunk
from deepfeat.data.survey import ColumnSummary, Survey
from deepfeat.data.unread import gone_wrong
from deepfeat.writing.labels import counted

MOST_NUMERIC_CLASSES = 20
"""Different integers up to which a numeric target is taken for classes."""

_SMALL_CLASS = 10
_TWO = 2
_LISTED = 5


@dataclass(frozen=True)
class Target:
    """The task, and how the target columns are turned into the outputs of a network.

    Attributes:
        task: binary, multiclass, multilabel or regression.
        classes: as in `Dataset.classes`.
        columns: the used columns it is made of.
        codings: one for each column; None for a number.
        rows_per_class: how many rows each class (or positive label) has; empty for regression.
    """

    task: Task
    classes: tuple[str, ...]
    columns: tuple[int, ...]
    codings: tuple[Coding | None, ...]
    rows_per_class: tuple[int, ...] = ()

    def encode(self, chunk: Chunk) -> NDArray[np.float32]:
        """(rows, outputs) float32 targets of some rows, none of which is missing or unknown."""
        if self.task == "regression":
            return chunk.numbers[:, list(self.columns)].astype(np.float32)
        codes = self._codes(chunk)
        if self.task == "multiclass":
            return np.eye(len(self.classes), dtype=np.float32)[codes[:, 0]]
        return codes.astype(np.float32)

    def labels(self, chunk: Chunk) -> NDArray[np.str_]:
        """(rows,) the class of each row, its labels one after another, or its number, as text.

        An empty text where a target is missing, or is none of the classes.
        """
        if self.task == "regression":
            values = chunk.numbers[:, self.columns[0]]
            return np.array(["" if np.isnan(value) else f"{value:.9g}" for value in values], dtype=np.str_)
        codes = self._codes(chunk)
        if self.task == "multilabel":
            texts = [
                " ".join(name for name, code in zip(self.classes, row, strict=True) if code > 0)
                for row in codes
            ]
        else:
            texts = [self.classes[code] for code in codes[:, 0]]
        return np.where((codes < 0).any(axis=1), "", np.array(texts, dtype=np.str_))

    def _codes(self, chunk: Chunk) -> NDArray[np.int64]:
        """(rows, columns) codes of classes or labels, -1 where one is missing or unknown."""
        codes = [
            coding.encode(chunk.texts(column))
            for column, coding in zip(self.columns, self.codings, strict=True)
            if coding
        ]
        return np.stack(codes, axis=1)


def judge_target(
    survey: Survey, roles: Roles, task: str, faults: Faults, remarks: Remarks, *, drop: bool
) -> Target | None:
    """Find out the task and the classes.

    Args:
        survey: a survey of the whole table, with the values of the targets counted.
        roles: the target columns.
        task: `data.task`.
        faults: gets what is wrong with the targets.
        remarks: gets the positive class, and classes that are small.
        drop: whether rows without a target were left out.

    Returns:
        The target, or None where there are faults.
    """
    judge = _Judge(survey, roles, faults, remarks, drop=drop)
    usable = [judge.is_complete(used) for used in roles.targets]
    if not roles.targets or not all(usable):
        return None
    if len(roles.targets) > 1 or task == "multilabel":
        return judge.labels()
    return judge.single(roles.targets[0], task)


class _Judge:
    """Looks at target columns."""

    def __init__(self, survey: Survey, roles: Roles, faults: Faults, remarks: Remarks, *, drop: bool) -> None:
        self._survey = survey
        self._roles = roles
        self._faults = faults
        self._remarks = remarks
        self._drop = drop

    def is_complete(self, used: int) -> bool:
        """Whether a target has a value in every row that is used."""
        summary = self._survey.summary(used)
        name = quote(self._roles.names[used])
        if summary.missing == self._survey.rows_read:
            self._add(used, f"found no value in the target {name}; choose another data.target")
            return False
        if summary.missing and not self._drop:
            self._add(
                used,
                f"found no target {name} in {counted(summary.missing, 'row')}, first here; "
                "targets are never imputed: remove such rows or set data.missing: drop",
                summary.first_missing,
            )
            return False
        return True

    def labels(self) -> Target | None:
        """Several columns of two values each."""
        codings: list[Coding] = []
        positives: list[int] = []
        for used in self._roles.targets:
            levels = _levels(self._survey.summary(used))
            if len(levels) != _TWO:
                shown = _listed(levels) if levels else f"more than {COUNTED_LEVELS:,} values"
                name = quote(self._roles.names[used])
                self._add(used, f"found {shown} in the label {name}; a label has two values, such as 0 and 1")
                continue
            codings.append(Coding.of(levels))
            positives.append(levels[1].rows)
            if {level.name for level in levels} != {"0", "1"}:
                self._remarks.notes.append(
                    f"Label {quote(self._roles.names[used])}: {quote(levels[1].name)} is the positive class."
                )
        if len(codings) < len(self._roles.targets):
            return None
        classes = tuple(self._roles.names[used] for used in self._roles.targets)
        self._warn_of_small(classes, positives)
        return Target("multilabel", classes, self._roles.targets, tuple(codings), tuple(positives))

    def single(self, used: int, wanted: str) -> Target | None:
        """One target column."""
        summary = self._survey.summary(used)
        levels = _levels(summary)
        is_numeric = summary.texts == 0 or summary.numbers > summary.texts
        if summary.texts and is_numeric and wanted in {"auto", "regression"}:
            return self._number(used, summary)  # which says what is wrong with it
        if wanted in {"auto", "regression"} and self._is_number_gone_wrong(used, summary, levels):
            return None
        if len(levels) == 1:
            self._add(
                used,
                f"found {quote(levels[0].name)} in every row of the target "
                f"{quote(self._roles.names[used])}; a target needs at least two values",
            )
            return None
        task = _detect(summary, levels, is_numeric=is_numeric) if wanted == "auto" else wanted
        if task == "regression":
            return self._number(used, summary)
        return self._classes(used, summary, levels, task)

    def _is_number_gone_wrong(self, used: int, summary: ColumnSummary, levels: tuple[Level, ...]) -> bool:
        """Whether a target holds numbers that are written as none; `<5` and `>5` may well be two classes."""
        wrong = gone_wrong(summary)
        if wrong is None or 0 < len(levels) <= MOST_NUMERIC_CLASSES:
            return False
        cell, hint = wrong
        self._add(
            used,
            f"found {quote(cell.text)}, {hint.what}, in the target {quote(self._roles.names[used])}; "
            f"{hint.cure}",
            cell.line,
        )
        return True

    def _number(self, used: int, summary: ColumnSummary) -> Target | None:
        """A target that is a number."""
        name = self._roles.names[used]
        before = len(self._faults)
        if summary.first_text is not None and summary.texts >= summary.numbers:
            self._add(
                used,
                f"found the text {quote(summary.first_text.text)} in the target {quote(name)}; "
                "set data.task: multiclass, or choose a target of numbers",
                summary.first_text.line,
            )
        else:
            check_number(name, self._roles.column(used), summary, self._faults, target=True)
        if len(self._faults) > before:
            return None
        return Target("regression", (name,), (used,), (None,))

    def _classes(
        self, used: int, summary: ColumnSummary, levels: tuple[Level, ...], task: str
    ) -> Target | None:
        """A target that is a class."""
        name = quote(self._roles.names[used])
        before = len(self._faults)
        example = levels[len(levels) // 2].name if levels else ""
        is_continuous = summary.texts == 0 and not summary.integral and len(levels) > MOST_NUMERIC_CLASSES
        if not levels:
            cure = "set data.task: regression" if summary.texts == 0 else "choose another data.target"
            self._add(used, f"found more than {COUNTED_LEVELS:,} classes in the target {name}; {cure}")
        elif is_continuous:
            self._add(
                used,
                f"found {len(levels):,} different numbers such as {example} in the target {name}, "
                f"too continuous for a {task} task; set data.task: regression",
            )
        elif task == "binary" and len(levels) != _TWO:
            self._add(
                used,
                f"found {_listed(levels)} in the target {name} of a binary task; set data.task: multiclass",
            )
        else:
            self._check_levels(used, levels)
        if len(self._faults) > before:
            return None
        classes = tuple(level.name for level in levels)
        rows = tuple(level.rows for level in levels)
        self._warn_of_small(classes, rows)
        if task == "binary":
            self._remarks.notes.append(
                f"Target {quote(self._roles.names[used])}: {quote(classes[1])} is the positive class."
            )
        detected: Task = "binary" if task == "binary" else "multiclass"
        return Target(detected, classes, (used,), (Coding.of(levels),), rows)

    def _check_levels(self, used: int, levels: Sequence[Level]) -> None:
        """Class names that can be shown, and no class of a single row."""
        name, column = self._roles.names[used], self._roles.column(used)
        single = sum(level.rows == 1 for level in levels)
        if 2 * single > len(levels) > _TWO:
            alike = spelled_alike(level.name for level in levels)
            cure = f"write {alike[0]} alike" if alike else "choose another data.target, or merge classes"
            self._add(
                used,
                f"found {single:,} of {len(levels):,} classes with one row only in the target {quote(name)}; "
                f"{cure}",
            )
            return
        for level in levels:
            if check_text(level.name, level.line, name, column, self._faults):
                continue
            if level.rows == 1:
                self._faults.add(
                    "classes of one row",
                    level.line,
                    column,
                    f"found one row only of the class {quote(level.name)} of {quote(name)}; "
                    "remove the row or merge the class with another",
                )

    def _warn_of_small(self, classes: Sequence[str], rows: Sequence[int]) -> None:
        small = [
            f"{shorten(name)} ({count})"
            for name, count in zip(classes, rows, strict=True)
            if count < _SMALL_CLASS
        ]
        if small:
            self._remarks.warnings.append(
                f"Classes with fewer than {_SMALL_CLASS} rows: {', '.join(small[:_LISTED])}"
                f"{', ...' if len(small) > _LISTED else ''}; what is found about them may be chance."
            )

    def _add(self, used: int, message: str, line: int | None = None) -> None:
        self._faults.add(
            "targets that cannot be learnt",
            self._faults.header if line is None else line,
            self._roles.column(used),
            message,
        )


def _levels(summary: ColumnSummary) -> tuple[Level, ...]:
    """The different values of a target; none if there are too many."""
    counts = summary.counts
    return () if counts is None or counts.overflow else counts.levels()


def _detect(summary: ColumnSummary, levels: Sequence[Level], *, is_numeric: bool) -> str:
    """The task that `auto` stands for."""
    if len(levels) == _TWO:
        return "binary"
    if not is_numeric:
        return "multiclass"
    is_classes = (
        summary.integral
        and 0 < len(levels) <= MOST_NUMERIC_CLASSES
        and min(level.rows for level in levels) > 1
    )
    return "multiclass" if is_classes else "regression"


def _listed(levels: Sequence[Level]) -> str:
    """`3 values (a, b, c)` for a message."""
    names = ", ".join(shorten(level.name, 20) for level in levels[:_LISTED])
    more = ", ..." if len(levels) > _LISTED else ""
    return f"{len(levels)} {'value' if len(levels) == 1 else 'values'} ({names}{more})"
