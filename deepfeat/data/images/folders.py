"""A directory with a folder of PNG and JPEG files for every class."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np

from deepfeat.config.schema import ImagesConfig
from deepfeat.data.faults import Faults, shorten
from deepfeat.data.images.found import Found
from deepfeat.data.images.layout import Pixels
from deepfeat.data.images.picture_files import SUFFIXES, Kind, UnreadableError, decode, inspect
from deepfeat.data.remarks import listed
from deepfeat.writing.labels import counted

_SHOWN = 5


def find_in_folders(config: ImagesConfig, root: Path) -> Found:
    """The images of a directory, decoded once to know that all of them can be.

    Args:
        config: size, channels, and what to do with files that cannot be read.
        root: the directory.

    Raises:
        InputError: there are no class folders or images, files cannot be read, or the images have different
            sizes and `size` is not given; every fault, a line each.
    """
    faults = Faults(str(root))
    paths, strangers = _files(root, faults)
    kinds: dict[Path, Kind] = {}
    unreadable: list[Path] = []
    for path in paths:
        try:
            kinds[path] = inspect(path)
        except UnreadableError as error:
            unreadable.append(path)
            if config.unreadable == "refuse":
                faults.add(
                    "files that cannot be read",
                    0,
                    0,
                    f"{error}; replace or remove it, or set data.images.unreadable: skip",
                    source=str(path),
                )
    paths = list(kinds)
    size = None if config.size is None else (config.size[0], config.size[1])
    if size is None:
        _refuse_mixed_sizes(root, kinds, faults)
    faults.raise_if_any()
    if not paths:
        faults.add("folders", 0, 0, f"none of its {counted(len(unreadable), 'image')} can be read")
        faults.raise_if_any()
    height, width = size or (kinds[paths[0]].height, kinds[paths[0]].width)
    channels = _channels(config, kinds.values())

    def read(first: int, last: int) -> Pixels:
        return np.stack([decode(path, channels, (height, width)) for path in paths[first:last]])

    return Found(
        source=str(root),
        shape=(height, width, channels),
        labels=np.array([path.parent.name for path in paths]),
        names=tuple(path.relative_to(root).as_posix() for path in paths),
        read=read,
        notes=tuple(_notes(kinds, channels, size)),
        warnings=tuple(_warnings(root, unreadable, strangers)),
        by_folder=True,
    )


def _files(root: Path, faults: Faults) -> tuple[list[Path], int]:
    """The image files of all class folders in order, and how many other files there are."""
    try:
        folders = sorted(
            entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")
        )
        found: list[Path] = []
        strangers = 0
        for folder in folders:
            own = sorted(
                entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith(".")
            )
            images = [entry for entry in own if entry.suffix.lower() in SUFFIXES]
            strangers += len(own) - len(images)
            found += images
            if not images:
                faults.add(
                    "empty folders",
                    0,
                    0,
                    "has no PNG or JPEG file; add images, or remove it",
                    source=str(folder),
                )
    except OSError as error:
        faults.add("folders", 0, 0, f"cannot be read ({error.strerror or error}); check its permissions")
        faults.raise_if_any()
    if not folders:
        faults.add("folders", 0, 0, "has no folders; put the images of each class into a folder of its own")
    faults.raise_if_any()
    return found, strangers


def _refuse_mixed_sizes(root: Path, kinds: dict[Path, Kind], faults: Faults) -> None:
    sizes = Counter((kind.height, kind.width) for kind in kinds.values())
    if len(sizes) < 2:  # noqa: PLR2004
        return
    (height, width), usual = sizes.most_common(1)[0]
    odd = next(path for path, kind in kinds.items() if (kind.height, kind.width) != (height, width))
    faults.add(
        "sizes",
        0,
        0,
        f"images of {len(sizes)} sizes: {usual:,} of {sum(sizes.values()):,} have {height} x {width} pixels, "
        f"{shorten(odd.relative_to(root).as_posix())} has {kinds[odd].height} x {kinds[odd].width}; "
        f"set data.images.size: [{height}, {width}] to resize them all",
    )


def _channels(config: ImagesConfig, kinds: Iterable[Kind]) -> Literal[1, 3]:
    if config.channels == "auto":
        return 1 if all(kind.is_grey for kind in kinds) else 3
    return 1 if config.channels == "grey" else 3


def _notes(kinds: dict[Path, Kind], channels: int, size: tuple[int, int] | None) -> list[str]:
    notes = []
    resized = sum((kind.height, kind.width) != size for kind in kinds.values()) if size else 0
    if size and resized:
        notes.append(f"{counted(resized, 'image')} resized to {size[0]} x {size[1]} pixels.")
    grey = sum(kind.is_grey for kind in kinds.values())
    if channels > 1 and grey:
        notes.append(f"{counted(grey, 'grey image')} taken as coloured ones, all channels alike.")
    if channels == 1 and grey < len(kinds):
        notes.append(f"{counted(len(kinds) - grey, 'coloured image')} turned grey.")
    alpha = sum(kind.has_alpha for kind in kinds.values())
    if alpha:
        notes.append(f"{counted(alpha, 'image')} with transparency laid over black.")
    return notes


def _warnings(root: Path, unreadable: list[Path], strangers: int) -> list[str]:
    found = []
    if unreadable:
        names = listed([shorten(path.relative_to(root).as_posix()) for path in unreadable])
        found.append(f"{counted(len(unreadable), 'file')} skipped that cannot be read: {names}.")
    if strangers:
        files = counted(strangers, "file")
        found.append(f"Left out in the folders of classes: {files} without the name of a PNG or JPEG.")
    return found
