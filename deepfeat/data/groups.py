"""The column whose equal rows are never split: patients, families, batches."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.columns import Roles
from deepfeat.data.faults import Faults, Remarks, quote
from deepfeat.data.survey import Survey
from deepfeat.writing.labels import counted

LEAST_GROUPS = 3
"""One each for training, validation and test."""


class GroupCodes:
    """Numbers the groups 0, 1, ... in the order in which they are first seen."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """(rows,) codes."""
        codes = self._codes
        return np.array([codes.setdefault(text, len(codes)) for text in texts], dtype=np.int64)


def judge_groups(survey: Survey, roles: Roles, faults: Faults, remarks: Remarks, *, drop: bool) -> None:
    """Add a fault if groups are missing or too few, a warning if every row is a group of its own.

    Args:
        survey: a survey of the whole table, with the values of the group column counted.
        roles: the group column, or None.
        faults: where faults go.
        remarks: where warnings go.
        drop: whether rows without a group were left out.
    """
    if roles.group is None:
        return
    summary = survey.summary(roles.group)
    name, column = quote(roles.names[roles.group]), roles.column(roles.group)
    if summary.missing and not drop:
        faults.add(
            "rows without a group",
            summary.first_missing,
            column,
            f"found no group {name} in {counted(summary.missing, 'row')}, first here; "
            "fill it in, remove such rows or set data.missing: drop",
        )
    elif summary.counts is not None and not summary.counts.overflow:
        groups = len(summary.counts.rows)
        if groups < LEAST_GROUPS:
            faults.add(
                "too few groups",
                faults.header,
                column,
                f"found {counted(groups, 'group')} in {name}; training, validation and test need 3",
            )
        elif groups == survey.rows_kept:
            remarks.warnings.append(
                f"Every row is a group of its own in {name}, so that data.group changes nothing."
            )
