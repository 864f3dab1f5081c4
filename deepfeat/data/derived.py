"""Tables made from a table, for methods that add columns of their own to compare with."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.data.digest import fingerprint


def with_features(
    data: Dataset, names: Sequence[str], values: ArrayLike, like: Sequence[Feature] | None = None
) -> Dataset:
    """The same rows and targets with more features, such as knockoffs or shuffled copies.

    Args:
        data: the table.
        names: of the new features, which follow those of the table.
        values: (rows, new columns), encoded as those of the table are.
        like: per new feature one of as many columns, and of the same levels; by default each is a number.

    Returns:
        A table of its own, with its own digest.

    Raises:
        ValueError: `values` has another shape, or a name is taken.
    """
    added = np.asarray(values, dtype=np.float32)
    kinds = [Feature(name, 0, 1) for name in names] if like is None else list(like)
    stops = data.n_columns + np.cumsum([0, *(kind.stop - kind.start for kind in kinds)])
    wanted = (data.n_rows, int(stops[-1]) - data.n_columns)
    if added.shape != wanted:
        raise ValueError(f"values have shape {added.shape}, expected {wanted}")
    if taken := sorted(set(names) & set(data.feature_names)) or len(set(names)) < len(names):
        raise ValueError(f"feature names are not distinct: {taken}")
    new = [
        Feature(name, int(start), int(stop), kind.levels)
        for name, kind, start, stop in zip(names, kinds, stops, stops[1:], strict=False)
    ]
    return _changed(data, np.concatenate([data.x, added], axis=1), (*data.features, *new))


def with_rows(data: Dataset, rows: ArrayLike) -> Dataset:
    """Some rows of a table, such as those that a method may learn from.

    Args:
        data: the table.
        rows: numbers of rows, in the order wanted.

    Returns:
        A table of its own, with its own digest.
    """
    chosen = np.asarray(rows, dtype=np.int64)
    return digested(
        replace(
            data,
            x=np.asarray(data.x[chosen]),
            y=data.y[chosen],
            groups=None if data.groups is None else data.groups[chosen],
            source_rows=data.source_rows[chosen],
        )
    )


def by_columns(data: Dataset) -> Dataset:
    """The same table with every encoded column as a feature of its own, named `feature = level`."""
    features = tuple(
        Feature(
            f"{feature.name} = {feature.levels[j]}" if feature.is_category else feature.name,
            column,
            column + 1,
        )
        for feature in data.features
        for j, column in enumerate(range(feature.start, feature.stop))
    )
    return _changed(data, data.x, features)


def _changed(data: Dataset, x: NDArray[np.float32], features: tuple[Feature, ...]) -> Dataset:
    return digested(replace(data, x=x, features=features, images=None))


def digested(data: Dataset) -> Dataset:
    """The same table with the digest of what it holds, whatever digest it came with."""
    sha256 = fingerprint(
        data.x,
        data.y,
        task=data.task,
        features=data.features,
        classes=data.classes,
        groups=data.groups,
        images=data.images,
    )
    return replace(data, sha256=sha256)


def reordered(data: Dataset, order: ArrayLike) -> Dataset:
    """The same table with its features in another order.

    Args:
        data: the table.
        order: (features,) the number that each feature has now, in the order wanted.

    Returns:
        A table of its own, with its own digest; `data` itself where nothing changes.

    Raises:
        ValueError: `order` does not name each feature once.
    """
    wanted = np.asarray(order, dtype=np.int64)
    if not np.array_equal(np.sort(wanted), np.arange(data.n_features)):
        raise ValueError("order does not name each feature once")
    if np.array_equal(wanted, np.arange(data.n_features)):
        return data
    chosen = [data.features[index] for index in wanted]
    columns = np.concatenate([np.arange(feature.start, feature.stop) for feature in chosen])
    stops = np.cumsum([feature.stop - feature.start for feature in chosen]).tolist()
    features = tuple(
        replace(feature, start=stop - (feature.stop - feature.start), stop=stop)
        for feature, stop in zip(chosen, stops, strict=True)
    )
    return _changed(data, data.x[:, columns], features)
