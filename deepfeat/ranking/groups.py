"""Features that belong together, ranked as one: correlated clusters, one-hot columns, named groups."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.ranking.table import build_ranking

Kind = Literal["given", "cluster", "one_hot"]

# Rows of a long table that are looked at, at a time or at all.
_ROWS = 2000


class Group(NamedTuple):
    """Some features.

    Attributes:
        name: for people.
        kind: where it comes from: `given` by the user, a `cluster` of correlated features, or the columns of
            one `one_hot` coding.
        members: indices of its features, ascending.
    """

    name: str
    kind: Kind
    members: tuple[int, ...]


def given_groups(groups: Mapping[str, Sequence[str]], features: Sequence[str]) -> list[Group]:
    """Named groups; a feature may be in several.

    Raises:
        KeyError: a feature that does not exist.
    """
    place = {name: index for index, name in enumerate(features)}
    return [
        Group(name, "given", tuple(sorted({place[feature] for feature in members})))
        for name, members in groups.items()
    ]


def cluster_groups(clusters: Sequence[tuple[int, ...]], features: Sequence[str]) -> list[Group]:
    """Clusters of features as groups, each named after its first feature.

    Args:
        clusters: what `correlated_clusters` finds.
        features: names of all features.
    """
    return [Group(_cluster_name(members, features), "cluster", members) for members in clusters]


def one_hot_groups(
    x: NDArray[np.floating], column_feature: NDArray[np.int64], features: Sequence[str]
) -> list[Group]:
    """Neighbouring features of 0 and 1 of which exactly one is 1 in every row, and that share a beginning.

    Categories that deepfeat encodes are one feature already; these were encoded before they came here. Of a
    long table some rows say which features may be such a group, and all rows whether they are.

    Args:
        x: (rows, columns) encoded inputs.
        column_feature: (columns,) the feature of each column.
        features: their names.

    Returns:
        The groups, named after what their features' names share.
    """
    single = np.bincount(column_feature, minlength=len(features)) == 1
    column = np.searchsorted(column_feature, np.arange(len(features)))
    binary = np.zeros(len(features), dtype=bool)
    some = np.asarray(x[:: -(-len(x) // _ROWS) or 1])
    for feature in np.flatnonzero(single):
        values = some[:, column[feature]]
        binary[feature] = bool(np.all((values == 0) | (values == 1)))
    found, start = [], 0
    while start < len(features):
        stop = _one_hot_stop(some, column, binary, features, start)
        if stop is None or not _is_one_hot(x, column[start:stop]):
            start += 1
            continue
        shared = _shared_beginning(features[start:stop])
        found.append(Group(shared.rstrip("_-. =:") or shared, "one_hot", tuple(range(start, stop))))
        start = stop
    return found


def rank_groups(
    groups: Sequence[Group],
    features: Sequence[str],
    scores: Mapping[str, NDArray[np.float64]],
    **how: object,
) -> pd.DataFrame:
    """Rank groups of each kind as if each were one feature, whose share is the sum of its features' shares.

    Args:
        groups: what to rank.
        features: names of all features.
        scores: per method, (members, features) normalised scores.
        how: `across`, `confidence`, `resamples`, `seed`, `weights`, `networks` of `build_ranking`.

    Returns:
        As `build_ranking`, but `group`, `kind`, `size` and `features` (a list of names) in front; the groups
        of one kind after another, each ranked by itself.
    """
    parts = []
    for kind in dict.fromkeys(group.kind for group in groups):
        own = [group for group in groups if group.kind == kind]
        names = _distinct([group.name for group in own])
        summed = {
            method: np.stack([values[:, list(group.members)].sum(axis=1) for group in own], axis=1)
            for method, values in scores.items()
        }
        table = build_ranking(names, summed, normalisation="none", **how)  # type: ignore[arg-type]
        by_name = dict(zip(names, own, strict=True))
        chosen = [by_name[name] for name in table["feature"]]
        table = table.rename(columns={"feature": "group"})
        table.insert(1, "kind", kind)
        table.insert(2, "size", [len(group.members) for group in chosen])
        table.insert(
            3, "features", pd.Series([[features[i] for i in g.members] for g in chosen], dtype=object)
        )
        parts.append(table)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _cluster_name(members: Sequence[int], features: Sequence[str]) -> str:
    first = features[members[0]]
    return first if len(members) == 1 else f"{first} and {len(members) - 1} more"


def _distinct(names: Sequence[str]) -> list[str]:
    """Names that differ: a group may be called like another."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def _one_hot_stop(
    x: NDArray[np.floating],
    column: NDArray[np.int64],
    binary: NDArray[np.bool_],
    features: Sequence[str],
    start: int,
) -> int | None:
    """Where the one-hot columns end that begin at a feature; None where none begin."""
    total = np.zeros(len(x))
    for index in range(start, len(features)):
        if not binary[index] or not _shared_beginning(features[start : index + 1]):
            return None
        total += x[:, column[index]]
        if total.max() > 1:
            return None
        if index > start and total.min() == 1:
            return index + 1
    return None


def _is_one_hot(x: NDArray[np.floating], columns: NDArray[np.int64]) -> bool:
    """Whether one of the columns is 1 in every row, and all others 0."""
    for start in range(0, len(x), _ROWS):
        block = np.asarray(x[start : start + _ROWS])[:, columns]
        if not (np.isin(block, (0, 1)).all() and (block.sum(axis=1) == 1).all()):
            return False
    return True


def _shared_beginning(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]
