"""Which column of the file plays which part: the settings of `data` held against the names that are there."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from deepfeat.config.schema import DataConfig
from deepfeat.data.faults import Faults, quote, shorten
from deepfeat.data.header import canonical
from deepfeat.errors import did_you_mean

LAST = "last"
"""What `data.target` says for the last column."""


@dataclass(frozen=True)
class Roles:
    """The used columns and their parts.

    All but `file_columns` count among the used columns, which keep the order of the file.

    Attributes:
        file_columns: (used,) index of each in the file.
        names: (used,) name of each.
        features: the inputs.
        targets: one column, or one for each label; empty if the file has no such column.
        group: the column whose equal rows are never split, or None.
        categories: the features that are categories because the user said so.
    """

    file_columns: tuple[int, ...]
    names: tuple[str, ...]
    features: tuple[int, ...]
    targets: tuple[int, ...]
    group: int | None
    categories: frozenset[int]

    def column(self, used: int) -> int:
        """1-based column of the file, for messages."""
        return self.file_columns[used] + 1

    def without(self, refused: Collection[int]) -> "Roles":
        """The roles without some used columns, for a table that is only checked further."""
        kept = [used for used in range(len(self.names)) if used not in refused]
        place = {used: new for new, used in enumerate(kept)}
        return Roles(
            file_columns=tuple(self.file_columns[used] for used in kept),
            names=tuple(self.names[used] for used in kept),
            features=tuple(place[used] for used in self.features if used in place),
            targets=tuple(place[used] for used in self.targets if used in place),
            group=None if self.group is None else place.get(self.group),
            categories=frozenset(place[used] for used in self.categories if used in place),
        )


def assign_roles(config: DataConfig, names: Sequence[str], faults: Faults) -> Roles:
    """Find the columns that the settings name.

    A name that is not there is a fault; the name it was probably meant to be takes its part, so that the rest
    of the table can be checked as well.

    Args:
        config: the `data` part of an experiment.
        names: every column of the file.
        faults: where faults go.
    """
    return _Search(names, faults).roles(config)


class _Search:
    """Looks names up in a header and takes note of those that are not there."""

    def __init__(self, names: Sequence[str], faults: Faults) -> None:
        self._names = names
        self._faults = faults
        self._index: dict[str, int] = {}
        for column, name in enumerate(names):
            self._index.setdefault(_composed(name), column)

    def roles(self, config: DataConfig) -> Roles:
        targets = self._targets(config)
        group = None if config.group is None else self._find(config.group, "data.group")
        ignored = self._find_all(config.ignore, "data.ignore")
        categories = self._find_all(config.categories, "data.categories")
        self._check_overlap(targets, "the target", ignored, "in data.ignore")
        self._check_overlap(targets, "the target", categories, "in data.categories")
        self._check_overlap(categories, "a category", ignored, "in data.ignore")
        if group is not None:
            self._check_overlap([group], "the group", targets, "as the target")
        special = {*targets, *ignored, *({group} if group is not None else ())}
        features = [column for column in range(len(self._names)) if column not in special]
        if not features:
            self._fault(0, "found no feature: every column is target, group or ignored; shorten data.ignore")
        used = sorted({*features, *targets, *({group} if group is not None else ())})
        position = {column: place for place, column in enumerate(used)}
        return Roles(
            file_columns=tuple(used),
            names=tuple(self._names[column] for column in used),
            features=tuple(position[column] for column in features),
            targets=tuple(position[column] for column in targets),
            group=None if group is None else position[group],
            categories=frozenset(position[column] for column in categories if column not in special),
        )

    def _targets(self, config: DataConfig) -> list[int]:
        """Target columns, in the order of the settings."""
        if config.targets is not None:
            return self._find_all(config.targets, "data.targets")
        if config.target == LAST and LAST not in self._index:
            return [len(self._names) - 1]
        found = self._find(config.target, "data.target")
        return [] if found is None else [found]

    def _find_all(self, wanted: Iterable[str], setting: str) -> list[int]:
        """Columns of several names, each once."""
        found = [self._find(name, setting) for name in wanted]
        return list(dict.fromkeys(column for column in found if column is not None))

    def _find(self, name: str, setting: str) -> int | None:
        """The column called `name`; a fault, and the nearest name's column, if there is none."""
        key = _composed(name.strip())
        if key in self._index:
            return self._index[key]
        same = [column for column, other in enumerate(self._names) if canonical(other) == canonical(name)]
        names = [shorten(other) for other in self._names]
        hint = f"did you mean {names[same[0]]}?" if same else did_you_mean(shorten(name), names)
        self._fault(0, f"found no column {quote(name)}, which {setting} names; {hint}")
        return next((column for column, other in enumerate(names) if hint == f"did you mean {other}?"), None)

    def _check_overlap(self, columns: Iterable[int], what: str, others: Iterable[int], where: str) -> None:
        for column in sorted({*columns} & {*others}):
            self._fault(
                column + 1,
                f"found {quote(self._names[column])} as {what} and also {where}; remove one of them",
            )

    def _fault(self, column: int, message: str) -> None:
        self._faults.add("settings that do not fit the table", self._faults.header, column, message)


def _composed(name: str) -> str:
    """A name in one Unicode form, so that files written on different systems agree."""
    return unicodedata.normalize("NFC", name)
