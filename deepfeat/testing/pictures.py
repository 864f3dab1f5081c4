"""Made images whose answer is known: a class decided by a corner, by a colour, or by a shape."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.data.digest import fingerprint
from deepfeat.data.images.layout import Images

Pictures = NDArray[np.float32]


def corner(side: int, label: NDArray[np.int64], rng: np.random.Generator) -> Pictures:
    """Noise in colour; where the label is 1 the upper left quarter of each side is bright."""
    pictures = _noise(side, len(label), rng)
    pictures[label == 1, : side // 4, : side // 4] += 0.5
    return pictures


def colour(side: int, label: NDArray[np.int64], rng: np.random.Generator) -> Pictures:
    """Noise in colour; where the label is 1 the green channel is a little brighter everywhere."""
    pictures = _noise(side, len(label), rng)
    pictures[label == 1, :, :, 1] += 0.15
    return pictures


def shape(side: int, label: NDArray[np.int64], rng: np.random.Generator) -> Pictures:
    """A bright square or, where the label is 1, a cross of as many pixels, anywhere in the lower half."""
    pictures = _noise(side, len(label), rng)
    square = np.zeros((5, 5), dtype=bool)
    square[1:4, 1:4] = True
    cross = np.zeros((5, 5), dtype=bool)
    cross[2, :] = cross[:, 2] = True
    for picture, code in zip(pictures, label, strict=True):
        top, left = rng.integers(side // 2, side - 4), rng.integers(0, side - 4)
        picture[top : top + 5, left : left + 5][cross if code else square] += 0.5
    return pictures


KINDS: dict[str, Callable[[int, NDArray[np.int64], np.random.Generator], Pictures]] = {
    "corner": corner,
    "colour": colour,
    "shape": shape,
}


def pictures(
    kind: str, count: int = 200, side: int = 12, region: int = 3, *, seed: int = 0, shuffled: bool = False
) -> Dataset:
    """A table of made images with two classes, equally often, and two specimens, one of each class.

    Args:
        kind: one of `KINDS`.
        count: images.
        side: of an image in pixels.
        region: side of a feature in pixels.
        seed: of everything random.
        shuffled: whether the labels are shuffled afterwards, so that there is nothing to learn.
    """
    rng = np.random.default_rng(seed)
    label = np.arange(count + 2) % 2
    made = np.clip(KINDS[kind](side, label, rng), 0, 1)
    if shuffled:
        label = rng.permutation(label)
    layout = Images(side, side, 3, region)
    rows = layout.to_columns(made)
    bounds = zip(layout.names, (0, *layout.ends[:-1]), layout.ends, strict=True)
    features = tuple(Feature(*bound) for bound in bounds)
    x, y, classes = rows[:-2], label[:-2, None].astype(np.float32), ("no", "yes")
    images = Images(
        side, side, 3, region, rows[-2:], ("one", "two"), tuple(classes[code] for code in label[-2:])
    )
    return Dataset(
        name=kind,
        x=x,
        y=y,
        task="binary",
        features=features,
        classes=classes,
        source_rows=np.arange(count, dtype=np.int64) + 1,
        sha256=fingerprint(
            x, y, task="binary", features=features, classes=classes, groups=None, images=images
        ),
        images=images,
    )


def _noise(side: int, count: int, rng: np.random.Generator) -> Pictures:
    return (rng.random((count, side, side, 3)) * 0.5).astype(np.float32)
