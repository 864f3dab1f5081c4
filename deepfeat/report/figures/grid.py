"""A table of numbers as coloured cells: what heat maps and matrices share."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepfeat.report.figures.picture import SMALL
from deepfeat.writing import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# inches
_MARGIN, _GAP, _ROW, _CELL, _HEAD, _SLANT = 0.15, 0.12, 0.25, 0.62, 0.7, 0.5


def draw_grid(
    values: NDArray[np.float64],
    texts: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    subtitle: str,
) -> "Figure":
    """Draw cells with their numbers in them; column headings stand upright where they are long.

    Args:
        values: (rows, columns) from 0 to 1, which decide the colour; NaN for an empty cell.
        texts: what stands in each cell.
        rows: their names, drawable.
        columns: as `rows`.
        title: in large letters.
        subtitle: below it, in grey.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes half a second
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - as above

    upright = max(canvas.text_inches(name) for name in columns) > _CELL - 0.08
    heading = (max(canvas.text_inches(name) for name in columns) if upright else 0.15) + 0.15
    left = _MARGIN + max(canvas.text_inches(name) for name in rows) + _GAP
    wide, high = _CELL * len(columns), _ROW * len(rows)
    width = max(left + wide + 2 * _MARGIN, canvas.head_inches(title, subtitle))
    height = _HEAD + heading + high + _MARGIN
    figure = Figure(figsize=(width, height))
    canvas.head(figure, title, subtitle)
    axes = figure.add_axes((left / width, _MARGIN / height, wide / width, high / height))
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(rows), 0)
    axes.spines[:].set_visible(False)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=90 if upright else 0)
    axes.tick_params(length=0, top=False, labeltop=True, labelbottom=False, bottom=False)
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            if not np.isfinite(value):
                continue
            colour = canvas.ramp(float(value))
            axes.add_patch(Rectangle((column + 0.02, row + 0.04), 0.96, 0.92, facecolor=colour, linewidth=0))
            axes.text(
                column + 0.5, row + 0.53, texts[row][column], ha="center", va="center", size=SMALL,
                color=canvas.letters_on(colour),
            )  # fmt: skip
    return figure
