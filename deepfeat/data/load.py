"""From a file to a `Dataset`: survey, then encode, a table that may be larger than memory."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepfeat.config.schema import DataConfig
from deepfeat.data.checks import Checks
from deepfeat.data.dataset import Dataset
from deepfeat.data.digest import fingerprint
from deepfeat.data.faults import Remarks, shorten
from deepfeat.data.groups import GroupCodes
from deepfeat.data.images.load import load_images
from deepfeat.data.matrix import MatrixWriter, column_medians, open_matrix
from deepfeat.data.outline import MEMORY_LIMIT, Outline, outline_table
from deepfeat.data.reading import CHUNK_CELLS
from deepfeat.data.remarks import remark_on_fills
from deepfeat.data.survey import keep_rows


def load_data(
    config: DataConfig, resolve: Callable[[str], Path] = Path, scratch: Path | None = None
) -> Dataset:
    """Read, check and encode the table or the images of an experiment.

    Args:
        config: the `data` part of an experiment.
        resolve: the file that a setting means.
        scratch: as for `load_table`.

    Raises:
        InputError: they cannot be used; every fault that was found, a line each.
    """
    if config.images is not None:
        return load_images(config, resolve, scratch)
    if config.path is None:
        raise AssertionError("an experiment has a table or images")
    names = resolve(config.names) if config.names else None
    return load_table(config, resolve(config.path), names, scratch)


def load_table(
    config: DataConfig,
    path: Path,
    names_path: Path | None = None,
    scratch: Path | None = None,
    *,
    memory_limit: int = MEMORY_LIMIT,
    chunk_cells: int = CHUNK_CELLS,
) -> Dataset:
    """Read, check and encode a table.

    Args:
        config: the `data` part of an experiment.
        path: CSV, TSV or Parquet.
        names_path: names of its columns, for a table without a header.
        scratch: a directory with room. Beyond `memory_limit` the encoded inputs are memory-mapped from a file
            without a name on its disk, which disappears by itself; by default on that of temporary files.
        memory_limit: bytes of the table, and of the encoded inputs, that may be held in memory.
        chunk_cells: cells that are read at once.

    Returns:
        The same data set, bit for bit, whatever the format, the limits and where the file is.

    Raises:
        InputError: the table cannot be used; every fault that was found, a line each.
    """
    outline = outline_table(config, path, names_path, memory_limit=memory_limit, chunk_cells=chunk_cells)
    remarks = Remarks(list(outline.notes), list(outline.warnings))
    drop = config.missing == "drop"
    with open_matrix((outline.n_rows, outline.encoder.n_columns), scratch, memory_limit) as writer:
        y, groups, lines = _encode(outline, writer, remarks, drop=drop)
        if not drop:
            _fill_gaps(outline, writer, memory_limit, remarks)
        target, features = outline.target, outline.features
        sha256 = fingerprint(
            writer.view(), y, task=target.task, features=features, classes=target.classes, groups=groups
        )
        x = writer.finish()
    return Dataset(
        name=path.stem,
        x=x,
        y=y,
        task=target.task,
        features=features,
        classes=target.classes,
        source_rows=lines,
        groups=groups,
        notes=tuple(remarks.notes),
        warnings=tuple(remarks.warnings),
        sha256=sha256,
    )


def _encode(
    outline: Outline, writer: MatrixWriter, remarks: Remarks, *, drop: bool
) -> tuple[NDArray[np.float32], NDArray[np.int64] | None, NDArray[np.int64]]:
    """Write the inputs, chunk by chunk; targets, groups and lines are returned.

    Looks on the way for what only the encoded rows show.
    """
    checks = Checks(outline.target, outline.features)
    codes = GroupCodes()
    targets, groups, lines = [], [], []
    for chunk in outline.chunks:
        kept = keep_rows(chunk, drop=drop)
        if len(kept) == 0:
            continue
        x, y = outline.encoder.encode(kept), outline.target.encode(kept)
        writer.append(x)
        checks.add(x, y)
        targets.append(y)
        lines.append(kept.lines)
        if outline.roles.group is not None:
            groups.append(codes.encode(kept.texts(outline.roles.group).to_pylist()))
    source_rows = np.concatenate(lines)
    remarks.warnings += checks.warnings(source_rows)
    return np.concatenate(targets), np.concatenate(groups) if groups else None, source_rows


def _fill_gaps(outline: Outline, writer: MatrixWriter, memory_limit: int, remarks: Remarks) -> None:
    """Put the median of its column where a number is missing, and say so.

    Categories have their most frequent level there already. The median is that of the encoded numbers, so
    that it does not depend on how the table was cut into chunks.
    """
    encoder, missing = outline.encoder, outline.survey.missing
    gaps = missing[encoder.numbers] > 0
    columns = encoder.places[gaps]
    values = np.zeros(encoder.n_columns, dtype=np.float32)
    if len(columns):
        values[columns] = column_medians(writer.view(), columns, memory_limit)
        writer.replace_nan(values)
    names = outline.roles.names
    fills = {
        used: (names[used], int(missing[used]), f"median {values[place]:.6g}")
        for used, place in zip(encoder.numbers[gaps].tolist(), columns.tolist(), strict=True)
    }
    for category in encoder.categories:
        if missing[category.used]:
            level = category.coding.names[category.fill]
            fills[category.used] = (
                names[category.used],
                int(missing[category.used]),
                f"most frequent category {shorten(level)}",
            )
    remark_on_fills([fills[used] for used in sorted(fills)], remarks)
