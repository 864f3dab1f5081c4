"""A pair of axes for curves, in the look of the other figures."""

from typing import TYPE_CHECKING

from deepfeat.writing import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# inches
_WIDTH, _HEIGHT, _HEAD = 7.0, 3.8, 0.95


def curve_axes(title: str, subtitle: str, across: str, up: str) -> tuple["Figure", "Axes"]:
    """An empty figure with axes.

    Args:
        title: in large letters.
        subtitle: below it, in grey.
        across: what the horizontal axis shows.
        up: what the vertical axis shows.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes half a second

    width = max(_WIDTH, canvas.head_inches(title, subtitle))
    figure = Figure(figsize=(width, _HEIGHT))
    canvas.head(figure, title, subtitle)
    axes = figure.add_axes(
        (0.75 / width, 0.55 / _HEIGHT, (_WIDTH - 0.95) / width, (_HEIGHT - _HEAD - 0.55) / _HEIGHT)
    )
    axes.grid(color=canvas.GRID, linewidth=0.8)
    axes.tick_params(length=0)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: canvas.signed(f"{value:g}"))
    return figure, axes


def legend_above(axes: "Axes") -> None:
    """What the lines are, where no line can run into it."""
    axes.legend(
        frameon=False,
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=4,
        borderaxespad=0.2,
        columnspacing=1.6,
    )
