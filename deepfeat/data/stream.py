"""Rows of a file as a trained network takes them, a few at a time: the same columns, the same categories."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepfeat.config.schema import DataConfig
from deepfeat.data.dataset import Dataset
from deepfeat.data.faults import Faults, shorten
from deepfeat.data.images.load import find_images, label_levels, read_images
from deepfeat.data.matrix import column_medians
from deepfeat.data.outline import MEMORY_LIMIT, outline_table
from deepfeat.data.unlike import refuse_unlike
from deepfeat.errors import InputError, Problem

log = logging.getLogger(__name__)

Resolve = Callable[[str], Path]
Warn = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a file.

    Attributes:
        x: (rows, columns) encoded, without gaps.
        numbers: (rows,) their numbers in the file: lines of a table, images from 1.
        labels: (rows,) what is to be predicted, as text; an empty text where it is missing, or a class that
            the training data do not have.
    """

    x: NDArray[np.float32]
    numbers: NDArray[np.int64]
    labels: NDArray[np.str_]


def stream(
    config: DataConfig,
    data: Dataset,
    resolve: Resolve,
    path: Path | None,
    rows: int,
    warn: Warn = log.warning,
) -> Iterator[Rows]:
    """The rows of a file, encoded as those that networks were trained on.

    Args:
        config: the `data` part of the experiment.
        data: what the networks were trained on.
        resolve: the file that a setting means.
        path: other rows than those of the experiment: a table with the same columns, or images.
        rows: at a time, at most.
        warn: told of values that the networks do not know, before the first rows come.

    Raises:
        InputError: the file cannot be used, has other columns, or values that mean nothing to the networks.
    """
    if data.images is not None and config.images is not None:
        yield from _images(config, data, resolve, path, rows)
    else:
        yield from _table(config, data, resolve, path, rows, warn)


def _table(
    config: DataConfig, data: Dataset, resolve: Resolve, path: Path | None, rows: int, warn: Warn
) -> Iterator[Rows]:
    own = resolve(str(config.path))
    names = resolve(config.names) if config.names else None
    chunk_cells = rows * max(1, data.n_features)
    known = outline_table(config, own, names, chunk_cells=chunk_cells)
    other = known if path is None else outline_table(config, path, names, chunk_cells=chunk_cells)
    lacking = [name for name in known.roles.names if name not in other.roles.names]
    if lacking or known.roles.names != other.roles.names:
        reason = f"has no column {shorten(lacking[0])}" if lacking else "has other columns, or another order"
        raise InputError(Problem(str(path), 0, 0, f"{reason}; give a table with the columns of {own}"))
    if path is not None:
        for warning in refuse_unlike(known.encoder, other.chunks, other.roles, Faults(str(path)), own):
            warn(warning)
    places = known.encoder.places
    medians = np.zeros(data.n_columns, dtype=np.float32)
    medians[places] = column_medians(data.x, places, MEMORY_LIMIT)
    for chunk in other.chunks:
        encoded = known.encoder.encode(chunk)
        filled = np.where(np.isnan(encoded), medians, encoded)
        labels = known.target.labels(chunk)
        for start in range(0, len(filled), rows):
            part = slice(start, start + rows)
            yield Rows(filled[part], np.asarray(chunk.lines[part], dtype=np.int64), labels[part])


def _images(
    config: DataConfig, data: Dataset, resolve: Resolve, path: Path | None, rows: int
) -> Iterator[Rows]:
    images = data.images
    if images is None or config.images is None:
        raise AssertionError("images are for experiments with images")
    chosen = config.images.model_copy(
        update={
            "size": [images.height, images.width],
            "channels": "grey" if images.channels == 1 else "rgb",
            **({} if path is None else {"path": str(path)}),
        }
    )
    found = find_images(chosen, resolve(chosen.path), images.pixel_range)
    levels, codes = label_levels(found)
    known = levels != "nan" if data.task == "regression" else np.isin(levels, data.classes)
    labels = np.where(known, levels, "")[codes]
    for start in range(0, len(found), rows):
        numbers = np.arange(start, min(start + rows, len(found)))
        yield Rows(read_images(found, images, numbers), numbers + 1, labels[numbers])
