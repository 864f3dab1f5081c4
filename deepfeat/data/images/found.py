"""Images that were found, wherever they are: what is known of them before they are encoded."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.images.layout import Pixels


@dataclass(frozen=True, eq=False)
class Found:
    """Images of one size, read when they are asked for.

    Attributes:
        source: where they come from, for messages.
        shape: height, width and channels of each.
        labels: (images,) texts or numbers, one for each.
        names: what each is called, for messages and to choose specimens by.
        read: `read(first, last) -> (images, height, width, channels)` float32 from 0 to 1.
        notes: what was done to them.
        warnings: what looks wrong.
        classes: names of classes that are numbers, by their number.
        by_folder: whether the labels are names of folders.
        pixel_range: the values that became 0 and 1, where they are the least and the largest of these images;
            None where any images of the kind have the same ones.
    """

    source: str
    shape: tuple[int, int, int]
    labels: NDArray[np.generic]
    names: tuple[str, ...]
    read: Callable[[int, int], Pixels]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    by_folder: bool = False
    pixel_range: tuple[float, float] | None = None

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)
