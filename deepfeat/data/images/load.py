"""From images to a `Dataset`: classes, specimens, and the pixels as columns."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepfeat.config.schema import DataConfig, ImagesConfig
from deepfeat.data.copies import Duplicates
from deepfeat.data.dataset import Dataset, Feature, Task
from deepfeat.data.digest import fingerprint
from deepfeat.data.faults import Faults, shorten
from deepfeat.data.images.arrays import find_in_arrays
from deepfeat.data.images.folders import find_in_folders
from deepfeat.data.images.found import Found
from deepfeat.data.images.keras_sets import PREFIX, find_in_keras
from deepfeat.data.images.layout import Images, Pixels, usual_region
from deepfeat.data.images.picture_files import SUFFIXES, UnreadableError, decode
from deepfeat.data.matrix import open_matrix
from deepfeat.data.outline import MEMORY_LIMIT
from deepfeat.data.remarks import listed
from deepfeat.errors import InputError, Problem
from deepfeat.writing.labels import counted

# A class needs one image to learn from, one to validate on and one to judge by.
LEAST_PER_CLASS = 3
BLOCK_BYTES = 1 << 25
_TWO = 2


@dataclass(frozen=True, eq=False)
class _Target:
    """What is to be predicted: the task, its classes, and (images, outputs) targets."""

    task: Task
    classes: tuple[str, ...]
    y: NDArray[np.float32]
    labels: NDArray[np.str_]


def load_images(
    config: DataConfig,
    resolve: Callable[[str], Path] = Path,
    scratch: Path | None = None,
    *,
    memory_limit: int = MEMORY_LIMIT,
) -> Dataset:
    """Read, check and lay out images.

    Args:
        config: the `data` part of an experiment, with `images`.
        resolve: the file that a setting means.
        scratch: as for `deepfeat.data.load.load_table`.
        memory_limit: bytes of the pixels, as float32, that may be held in memory.

    Returns:
        A row per image, a column per number of it, all from 0 to 1; the specimens are not among the rows.

    Raises:
        InputError: the images cannot be used; every fault that was found, a line each.
    """
    if config.images is None:
        raise AssertionError("a table is for load_table")
    path = resolve(config.images.path)
    found = find_images(config.images, path)
    target = _target(config, found)
    height, width, channels = found.shape
    region = min(config.images.region or usual_region(height, width), max(height, width))
    layout = Images(height, width, channels, region)
    out, others = _specimens(config.images, found, target, layout, resolve)
    kept = np.setdiff1d(np.arange(len(found)), out)
    _check_classes(found, target, kept)
    features = tuple(
        Feature(name, start, stop)
        for name, start, stop in zip(layout.names, (0, *layout.ends[:-1]), layout.ends, strict=True)
    )
    duplicates = Duplicates()
    specimens = np.concatenate([read_images(found, layout, out), others[1]])
    with open_matrix((len(kept), layout.columns), scratch, memory_limit) as writer:
        size = max(1, BLOCK_BYTES // (4 * layout.columns))
        for start in range(0, len(kept), size):
            rows = kept[start : start + size]
            x = read_images(found, layout, rows)
            writer.append(x)
            duplicates.add(x, target.y[rows])
        y = target.y[kept]
        sha256 = fingerprint(
            writer.view(),
            y,
            task=target.task,
            features=features,
            classes=target.classes,
            groups=None,
            images=layout,
        )
        x = writer.finish()
    names = (*(found.names[index] for index in out), *others[0])
    return Dataset(
        name=path.stem if not config.images.path.startswith(PREFIX) else config.images.path,
        x=x,
        y=y,
        task=target.task,
        features=features,
        classes=target.classes,
        source_rows=kept + 1,
        notes=_notes(found, layout, names),
        warnings=_warnings(found, duplicates, kept),
        sha256=sha256,
        images=replace(
            layout,
            specimens=specimens,
            specimen_names=names,
            specimen_classes=(*(str(target.labels[index]) for index in out), *("" for _ in others[0])),
            pixel_range=found.pixel_range,
        ),
    )


def _notes(found: Found, layout: Images, specimens: tuple[str, ...]) -> tuple[str, ...]:
    colours = "grey" if layout.channels == 1 else "coloured"
    size = (
        f"Images of {layout.height} x {layout.width} pixels, {colours}; the features are {layout.grid[0]} x "
        f"{layout.grid[1]} regions of {layout.region} x {layout.region} pixels."
    )
    kept_out = [f"Kept out of training as specimens: {listed(shorten(name) for name in specimens)}."]
    return (size, *found.notes, *(kept_out if specimens else []))


def _warnings(found: Found, duplicates: Duplicates, kept: NDArray[np.int64]) -> tuple[str, ...]:
    copies = duplicates.warning(kept + 1)
    if copies is None:
        return found.warnings
    told = (
        copies.replace("rows", "images")
        .replace("line", "image")
        .replace(", or keep them together with data.group", "")
    )
    return (*found.warnings, told)


def find_images(config: ImagesConfig, path: Path, pixel_range: tuple[float, float] | None = None) -> Found:
    """The images that an experiment names, wherever they are.

    Args:
        config: the `data.images` part of an experiment.
        path: where they are; not looked at for a data set of Keras.
        pixel_range: of the images that these are to be like, which matters for arrays of numbers alone.

    Raises:
        InputError: they cannot be used.
    """
    if config.path.startswith(PREFIX):
        return find_in_keras(config)
    if path.is_dir():
        return find_in_folders(config, path)
    if not path.exists():
        raise InputError(Problem(str(path), 0, 0, "not there; correct data.images"))
    return find_in_arrays(config, path, pixel_range)


def _target(config: DataConfig, found: Found) -> _Target:
    """Classes in order: texts by the alphabet, numbers by size."""
    labels = found.labels
    if config.task == "regression":
        return _Target(
            "regression", ("target",), _numbers(found)[:, None], np.array([f"{v}" for v in labels])
        )
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.rint(labels)):
        message = "has labels that are no whole numbers; set data.task: regression to predict them"
        raise InputError(Problem(found.source, 0, 0, message))
    levels, codes = label_levels(found)
    if len(levels) < _TWO:
        message = f"has images of one class, {shorten(levels[0])}; a second one is needed to tell apart"
        raise InputError(Problem(found.source, 0, 0, message))
    if config.task == "binary" and len(levels) > _TWO:
        message = f"has {len(levels)} classes and data.task is binary; set data.task: multiclass"
        raise InputError(Problem(found.source, 0, 0, message))
    names, shown = tuple(levels.tolist()), levels[codes]
    if len(levels) == _TWO and config.task != "multiclass":
        return _Target("binary", names, codes[:, None].astype(np.float32), shown)
    return _Target("multiclass", names, np.eye(len(levels), dtype=np.float32)[codes], shown)


def label_levels(found: Found) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """What the different labels are called, and (images,) which of them each image has.

    Texts are in the order of the alphabet, numbers by size. A whole number is called the same whatever type
    it is stored as, and a text whether it is stored as bytes or not.
    """
    labels = found.labels
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels.astype(np.bytes_), "utf-8", "replace")
    levels, codes = np.unique(labels, return_inverse=True)
    return np.array([_called(level, found.classes) for level in levels], dtype=np.str_), codes.reshape(-1)


def _called(level: np.generic, classes: tuple[str, ...]) -> str:
    value = level.item()
    if isinstance(value, float):
        if not value.is_integer():
            return str(level)
        value = int(value)
    return classes[value] if isinstance(value, int) and 0 <= value < len(classes) else str(value)


def _numbers(found: Found) -> NDArray[np.float32]:
    try:
        values = found.labels.astype(np.float32)
    except ValueError:
        values = np.array([np.nan], dtype=np.float32)
    if not np.isfinite(values).all():
        message = "has labels that are no numbers; data.task: regression predicts numbers"
        raise InputError(Problem(found.source, 0, 0, message))
    return values


def _specimens(
    config: ImagesConfig, found: Found, target: _Target, layout: Images, resolve: Callable[[str], Path]
) -> tuple[NDArray[np.int64], tuple[tuple[str, ...], Pixels]]:
    """Which images are kept out, and the names and rows of those that come from elsewhere."""
    none = np.empty((0, layout.columns), dtype=np.float32)
    if isinstance(config.specimen, int):
        return _last_of_classes(target, config.specimen), ((), none)
    known = {name: index for index, name in enumerate(found.names)}
    faults = Faults(found.source)
    chosen, names, rows = [], [], []
    for name in config.specimen:
        if name in known:
            chosen.append(known[name])
        elif name.lower().endswith(SUFFIXES) and resolve(name).is_file():
            try:
                picture = decode(
                    resolve(name), 1 if layout.channels == 1 else 3, (layout.height, layout.width)
                )
            except UnreadableError as error:
                faults.add("specimens", 0, 0, f"{error}; replace it", source=name)
                continue
            names.append(name)
            rows.append(layout.to_columns(picture))
        else:
            faults.add(
                "specimens",
                0,
                0,
                f"has no image {shorten(name)} for data.images.specimen; the first is called "
                f"{shorten(found.names[0])}",
            )
    faults.raise_if_any()
    return np.array(sorted(set(chosen)), dtype=np.int64), (tuple(names), np.stack(rows) if rows else none)


def _last_of_classes(target: _Target, count: int) -> NDArray[np.int64]:
    """The last image of the first class, of the second, and so on, then the ones before."""
    queues = [np.flatnonzero(target.labels == name)[::-1] for name in dict.fromkeys(target.classes)]
    if target.task == "regression":
        queues = [np.arange(len(target.labels))[::-1]]
    depth = max(len(queue) for queue in queues)
    order = [int(queue[step]) for step in range(depth) for queue in queues if step < len(queue)]
    return np.array(sorted(order[:count]), dtype=np.int64)


def _check_classes(found: Found, target: _Target, kept: NDArray[np.int64]) -> None:
    faults = Faults(found.source)
    if target.task == "regression":
        return
    of_all, of_kept = (
        {name: int((labels == name).sum()) for name in target.classes}
        for labels in (target.labels, target.labels[kept])
    )
    for name in target.classes:
        if of_kept[name] < LEAST_PER_CLASS:
            what = "folder" if found.by_folder else "class"
            less = "" if of_all[name] == of_kept[name] else ", specimens aside"
            faults.add(
                "classes",
                0,
                0,
                f"{what} {shorten(name)} has {counted(of_kept[name], 'image')}{less}; at least "
                f"{LEAST_PER_CLASS} are needed, to learn from, to validate on and to judge by: add images, "
                f"or remove the {what}",
            )
    faults.raise_if_any()


def read_images(found: Found, layout: Images, rows: NDArray[np.int64]) -> Pixels:
    """Some images as rows, read in runs of neighbours."""
    if len(rows) == 0:
        return np.empty((0, layout.columns), dtype=np.float32)
    runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    return np.concatenate([layout.to_columns(found.read(int(run[0]), int(run[-1]) + 1)) for run in runs])
