"""Where the pixels of an image are among the columns of a table, and which of them make a feature."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Box = tuple[int, int, int, int]

# Regions along the longer side where nobody says how large they are.
REGIONS = 8


@dataclass(frozen=True, eq=False)
class Images:
    """That the rows of a table are images: their size, their features, and the images kept out of it.

    A feature is a square region of the image, cut off at its edges. The columns of a region stand side by
    side in the table, as those of any feature do: regions row by row, in each its pixels row by row, of each
    pixel its channels.

    Attributes:
        height: in pixels.
        width: in pixels.
        channels: 1 for grey, 3 for red, green and blue.
        region: side of a region in pixels.
        specimens: (images, columns) images that are in no row of the table, to be looked at closely.
        specimen_names: what each is called.
        specimen_classes: the class of each; an empty text where it is not known.
        pixel_range: as of `Found`; other images that the networks are to see are scaled by it, too.
    """

    height: int
    width: int
    channels: int
    region: int = 1
    specimens: Pixels = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    specimen_names: tuple[str, ...] = ()
    specimen_classes: tuple[str, ...] = ()
    pixel_range: tuple[float, float] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self.height, self.width, self.channels

    @property
    def columns(self) -> int:
        """Numbers in an image."""
        return self.height * self.width * self.channels

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """Each region: its first row of pixels, one past its last, and the same of its columns of pixels."""
        return tuple(
            (top, min(top + self.region, self.height), left, min(left + self.region, self.width))
            for top in range(0, self.height, self.region)
            for left in range(0, self.width, self.region)
        )

    @property
    def grid(self) -> tuple[int, int]:
        """Regions from top to bottom, and from left to right."""
        return -(-self.height // self.region), -(-self.width // self.region)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What each region is called: its rows and columns of pixels, counted from 0 at the top left."""
        digits = len(str(max(self.height, self.width) - 1))

        def span(letter: str, first: int, end: int) -> str:
            last = f"-{end - 1:0{digits}}" if end - first > 1 else ""
            return f"{letter}{first:0{digits}}{last}"

        return tuple(
            f"{span('y', top, bottom)} {span('x', left, right)}" for top, bottom, left, right in self.boxes
        )

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """One past the last column of each region."""
        sizes = [(bottom - top) * (right - left) for top, bottom, left, right in self.boxes]
        return tuple((np.cumsum(sizes) * self.channels).tolist())

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """(columns,) for each column its number in an image that is laid out row by row, channels last."""
        plain = np.arange(self.columns).reshape(self.shape)
        return np.concatenate([plain[t:b, left:r].reshape(-1) for t, b, left, r in self.boxes])

    def to_columns(self, pictures: Pixels) -> Pixels:
        """Images `(..., height, width, channels)` as rows `(..., columns)`."""
        return pictures.reshape(*pictures.shape[:-3], self.columns)[..., self.order]

    def to_pictures(self, rows: NDArray[np.floating]) -> NDArray[np.floating]:
        """Rows `(..., columns)` as images `(..., height, width, channels)`."""
        pictures = np.empty_like(rows)
        pictures[..., self.order] = rows
        return pictures.reshape(*rows.shape[:-1], *self.shape)


def usual_region(height: int, width: int) -> int:
    """The side of a region where nobody says it: an eighth of the longer side."""
    return -(-max(height, width) // REGIONS)
