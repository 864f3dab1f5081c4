"""Pictures and maps in rows, for methods that show images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.data.images.layout import Images
from deepfeat.methods.importance import MethodError
from deepfeat.writing import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Values = NDArray[np.floating]

# inches
_SIDE, _GAP, _HEAD, _LABEL, _LEFT = 1.05, 0.12, 0.72, 0.24, 0.15


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture or a map.

    Attributes:
        values: (height, width, channels) from 0 to 1 of a picture, or (height, width) of a map, which is
            drawn from its smallest to its largest value.
        heading: above it; drawable.
        under: (height, width, channels) a picture below the map, which is then drawn half through.
    """

    values: Values
    heading: str = ""
    under: Values | None = None


def images_of(data: Dataset) -> Images:
    """The images that the rows of a table are.

    Raises:
        MethodError: they are none. A method that says `inputs = ("images",)` is not asked about such a table.
    """
    if data.images is None:
        raise MethodError("the rows of this table are no images")
    return data.images


def panels_figure(rows: Sequence[Sequence[Panel]], title: str, subtitle: str) -> "Figure":
    """Rows of panels; make it inside of `deepfeat.writing.canvas.look`.

    Args:
        rows: of panels; they need not be equally long.
        title: in large letters.
        subtitle: below it, in grey.
    """
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    heat = LinearSegmentedColormap.from_list("deepfeat", canvas.RAMP)
    over = LinearSegmentedColormap.from_list(
        "deepfeat_over", [canvas.INK, canvas.BLUE, canvas.YELLOW, "#ffffff"]
    )
    across = max(len(row) for row in rows)
    band = _SIDE + _LABEL + _GAP
    width = max(2 * _LEFT + across * (_SIDE + _GAP), canvas.head_inches(title, subtitle))
    height = _HEAD + len(rows) * band
    figure = Figure(figsize=(width, height))
    canvas.head(figure, title, subtitle)
    for number, row in enumerate(rows):
        for place, panel in enumerate(row):
            left, top = _LEFT + place * (_SIDE + _GAP), _HEAD + number * band + _LABEL
            axes = figure.add_axes((left / width, 1 - (top + _SIDE) / height, _SIDE / width, _SIDE / height))
            axes.set_axis_off()
            axes.set_title(panel.heading, loc="left", size=7.5, pad=2)
            if panel.under is not None:
                axes.imshow(_shown(panel.under), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
                axes.imshow(panel.values, cmap=over, alpha=0.55, interpolation="nearest")
            elif panel.values.ndim == 2:  # noqa: PLR2004 - a map
                axes.imshow(panel.values, cmap=heat, interpolation="nearest")
            else:
                axes.imshow(_shown(panel.values), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    return figure


def enlarged(maps: Values, height: int, width: int) -> Values:
    """Maps `(..., rows, columns)` at another size, every value where it came from.

    Args:
        maps: such as those of a convolution behind pooling.
        height: wanted.
        width: wanted.
    """
    rows = np.arange(height) * maps.shape[-2] // height
    columns = np.arange(width) * maps.shape[-1] // width
    return maps[..., rows[:, None], columns]


def _shown(picture: Values) -> Values:
    """As matplotlib takes it: without an axis of one channel."""
    clipped: Values = np.clip(picture, 0, 1)
    return clipped[..., 0] if clipped.shape[-1] == 1 else clipped
