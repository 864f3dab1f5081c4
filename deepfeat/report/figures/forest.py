"""Forest plots: estimates with their intervals, the no-effect line, and the numbers beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.report.figures.picture import NAME, Picture, sketch
from deepfeat.report.results import Results
from deepfeat.report.words import count
from deepfeat.writing import canvas
from deepfeat.writing.labels import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG_ODDS = "log odds ratio"
"""Scales that begin with it are drawn as odds ratios, on a logarithmic axis."""

_ACROSS = 2  # panels of a figure
_TEXT = 7.5  # points
_MANY = 100.0  # a span of ratios in which powers of ten are enough
# inches
_MARGIN, _GAP, _LINE, _AIR, _HEAD, _HEADING, _FOOT, _PANEL, _COLUMN = (
    0.15,
    0.15,
    0.165,
    0.07,
    0.68,
    0.5,
    0.5,
    1.9,
    0.12,
)


_Array = NDArray[np.float64]
_Ends = tuple[_Array, _Array, _Array]
"""Estimates, and the lower and upper ends of their intervals."""


@dataclass(frozen=True, eq=False)
class _Panel:
    """What is drawn on one scale.

    Attributes:
        scale: in words.
        tables: per method, its estimates, a row per feature shown, in their order.
    """

    scale: str
    tables: dict[str, pd.DataFrame]

    @property
    def is_ratio(self) -> bool:
        """Whether estimates are logarithms of ratios."""
        return self.scale.startswith(LOG_ODDS)

    @property
    def null(self) -> float:
        """Where there is no effect."""
        return 1.0 if self.is_ratio else 0.0

    @property
    def heading(self) -> str:
        """The scale as it is drawn."""
        return self.scale.removeprefix("log ") if self.is_ratio else self.scale


def draw_forests(results: Results, top: int = 30) -> list[Picture]:
    """Draw the estimates of the methods that do inference.

    Methods on the same scale share a panel, two scales stand side by side, and more of them in further
    figures. The features are the best of the ranking.

    Args:
        results: of a finished run.
        top: features shown at most.

    Returns:
        The figures, saved as `figures/forest*.*`; none where no method has estimates with intervals.

    Raises:
        InputError: a file is missing or damaged.
        OutputError: a file cannot be written.
    """
    panels = _panels(results, results.ranking["feature"].head(top).tolist())
    parts = [panels[start : start + _ACROSS] for start in range(0, len(panels), _ACROSS)]
    return [
        _draw(results, "forest" if number == 1 else f"forest_{number}", part)
        for number, part in enumerate(parts, 1)
    ]


def _panels(results: Results, features: Sequence[str]) -> list[_Panel]:
    by_scale: dict[str, dict[str, pd.DataFrame]] = {}
    for method, told in results.record.get("methods", {}).items():
        table = results.optional(results.paths.estimates(method), text=["feature"])
        if table is None or not {"effect", "ci_low", "ci_high"} <= set(table.columns):
            continue
        shown = table.set_index("feature").reindex(pd.Index(features, name="feature")).reset_index()
        if shown["effect"].notna().any():
            by_scale.setdefault(told.get("scale") or "effect", {})[method] = shown
    return [_Panel(scale, tables) for scale, tables in by_scale.items()]


def _draw(results: Results, name: str, panels: Sequence[_Panel]) -> Picture:
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes half a second

    features = next(iter(panels[0].tables.values()))["feature"].tolist()
    names = [shortened(feature, NAME) for feature in features]
    methods = [method for panel in panels for method in panel.tables]
    title = "Effects with their 95 % intervals"
    subtitle = f"{count(len(results.ranking), len(names))}, in the order of the ranking"
    with sketch(results, name, [*names, *methods, *(panel.heading for panel in panels)]) as (made, drawable):
        lines = max(len(panel.tables) for panel in panels)
        row = _LINE * lines + _AIR
        texts = [_texts(panel) for panel in panels]
        widths = [[_column_inches(part, head) for head in _heads(part)] for part in texts]
        left = _MARGIN + max(canvas.text_inches(drawable(text)) for text in names) + _GAP
        beside = [_PANEL + sum(width + _COLUMN for width in each) + 0.1 for each in widths]
        width = max(left + sum(beside) + _GAP * len(panels), canvas.head_inches(title, subtitle))
        height = _HEAD + _HEADING + row * len(names) + _FOOT
        figure = Figure(figsize=(width, height))
        canvas.head(figure, title, subtitle)
        x = left
        for index, panel in enumerate(panels):
            axes = figure.add_axes((x / width, _FOOT / height, _PANEL / width, row * len(names) / height))
            axes.set_ylim(len(names) - 0.5, -0.5)
            axes.set_yticks(
                range(len(names)), [drawable(text) for text in names] if index == 0 else [""] * len(names)
            )
            axes.tick_params(length=0)
            _draw_estimates(axes, panel)
            _write_numbers(axes, panel, texts[index], widths[index], drawable)
            x += beside[index] + _GAP
        return made.finish(
            figure,
            title=title,
            caption=f"{subtitle[0].upper()}{subtitle[1:]}. The line is where there is no effect. Methods "
            "share a panel only on the same scale; odds ratios stand on a logarithmic axis.",
            alt=f"Forest plot of {len(names)} features: estimates of {', '.join(methods)}, with intervals.",
            table=pd.concat(
                [
                    table.assign(method=method, scale=panel.scale)
                    for panel in panels
                    for method, table in panel.tables.items()
                ]
            ),
        )


def _offsets(panel: _Panel) -> dict[str, float]:
    """Where each method's line is, within a row of height 1."""
    lines = len(panel.tables)
    step = _LINE / (_LINE * lines + _AIR)
    return {method: (number - (lines - 1) / 2) * step for number, method in enumerate(panel.tables)}


def _draw_estimates(axes: "Axes", panel: _Panel) -> None:
    drawn = {method: _on_axis(panel, table) for method, table in panel.tables.items()}
    low, high = _limits(panel, list(drawn.values()))
    if panel.is_ratio:
        axes.set_xscale("log")
        axes.minorticks_off()
    else:
        axes.locator_params(axis="x", nbins=4)
    axes.set_xlim(low, high)
    axes.xaxis.set_major_formatter(lambda value, _: canvas.signed(f"{value:g}"))
    if panel.is_ratio:
        axes.set_xticks(_ratio_ticks(low, high))
    axes.axvline(panel.null, color=canvas.GREY, linewidth=1.0)
    axes.grid(axis="x", color=canvas.GRID, linewidth=0.8)
    for (method, offset), colour in zip(_offsets(panel).items(), canvas.SERIES * 9, strict=False):
        estimate, start, end = drawn[method]
        rows = np.arange(len(estimate)) + offset
        axes.hlines(rows, np.clip(start, low, high), np.clip(end, low, high), color=colour, linewidth=1.3)
        axes.plot(estimate, rows, linestyle="", marker="s", markersize=3.6, color=colour, clip_on=True)
        for beyond, edge, marker in ((start < low, low, "<"), (end > high, high, ">")):
            if beyond.any():
                at = np.full(beyond.sum(), edge)
                axes.plot(at, rows[beyond], linestyle="", marker=marker, markersize=4, color=colour)


def _on_axis(panel: _Panel, table: pd.DataFrame) -> _Ends:
    """Estimates and the ends of their intervals as they are drawn."""
    values = table[["effect", "ci_low", "ci_high"]].to_numpy(dtype=np.float64).T
    if panel.is_ratio:
        values = np.exp(np.clip(values, -700, 700))
    return values[0], values[1], values[2]


def _limits(panel: _Panel, drawn: Sequence[_Ends]) -> tuple[float, float]:
    """Ends of the axis: all estimates, and the intervals but for the widest."""
    ends = np.concatenate([np.concatenate(each) for each in drawn])
    ends = ends[np.isfinite(ends) & (ends > 0)] if panel.is_ratio else ends[np.isfinite(ends)]
    low, high = np.quantile(ends, [0.03, 0.97]).tolist()
    estimates = np.concatenate([each[0] for each in drawn])
    estimates = estimates[np.isfinite(estimates)]
    low, high = min(low, panel.null, *estimates), max(high, panel.null, *estimates)
    if panel.is_ratio:
        margin = (high / low) ** 0.06 if high > low else 1.5
        return low / margin, high * margin
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _ratio_ticks(low: float, high: float) -> list[float]:
    """Round ratios that fit, at most five."""
    steps = (1.0,) if high / low > _MANY else (1.0, 2.0, 5.0)
    ticks = [step * 10.0**power for power in range(-300, 300) for step in steps]
    ticks = [tick for tick in ticks if low <= tick <= high]
    return ticks[:: max(1, -(-len(ticks) // 5))]


def _texts(panel: _Panel) -> dict[str, dict[str, list[str]]]:
    """Per method, the columns of text at the right of the panel."""
    found = {}
    for method, table in panel.tables.items():
        estimate, low, high = _on_axis(panel, table)
        columns = {
            "estimate (95 % interval)": [_interval(*ends) for ends in zip(estimate, low, high, strict=True)]
        }
        for column, head in (("p_value", "p"), ("q_value", "q")):
            if column in table:
                columns[head] = [_p(value) for value in table[column]]
        if "selected" in table:
            columns["selected"] = ["yes" if value == 1 else "" for value in table["selected"]]
        found[method] = columns
    heads = list(dict.fromkeys(head for columns in found.values() for head in columns))
    return {
        method: {head: columns.get(head, [""] * len(panel.tables[method])) for head in heads}
        for method, columns in found.items()
    }


def _heads(texts: dict[str, dict[str, list[str]]]) -> list[str]:
    return list(next(iter(texts.values())))


def _column_inches(texts: dict[str, dict[str, list[str]]], head: str) -> float:
    cells = [head, *(cell for columns in texts.values() for cell in columns[head])]
    return max(canvas.text_inches(cell, _TEXT) for cell in cells)


def _write_numbers(
    axes: "Axes",
    panel: _Panel,
    texts: dict[str, dict[str, list[str]]],
    widths: Sequence[float],
    drawable: canvas.Drawable,
) -> None:
    """The text columns, and above the panel its scale and which colour is which method."""
    colours = dict(zip(panel.tables, canvas.SERIES * 9, strict=False))
    for method, offset in _offsets(panel).items():
        x = _PANEL + 0.1
        for head, width in zip(_heads(texts), widths, strict=True):
            for row, text in enumerate(texts[method][head]):
                axes.annotate(
                    text, (0, row + offset), (72 * (x + width), 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", va="center", ha="right", size=_TEXT, annotation_clip=False,
                )  # fmt: skip
            x += width + _COLUMN
    x = _PANEL + 0.1
    for head, width in zip(_heads(texts), widths, strict=True):
        place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right"}
        axes.annotate(head, (0, 1), (72 * (x + width), 4), size=_TEXT, color=canvas.GREY, **place)
        x += width + _COLUMN
    axes.annotate(
        drawable(panel.heading),
        (0, 1),
        (0, 17),
        xycoords="axes fraction",
        textcoords="offset points",
        weight="bold",
    )
    x = 0.0
    for method, colour in colours.items():
        label = f"\u25a0 {drawable(method)}"
        axes.annotate(
            label,
            (0, 1),
            (72 * x, 4),
            xycoords="axes fraction",
            textcoords="offset points",
            size=_TEXT,
            color=colour,
        )
        x += canvas.text_inches(label, _TEXT) + 0.12


def _interval(estimate: float, low: float, high: float) -> str:
    if not math.isfinite(estimate):
        return ""
    if not (math.isfinite(low) and math.isfinite(high)):
        return _three_digits(estimate)
    return f"{_three_digits(estimate)} ({_three_digits(low)} to {_three_digits(high)})"


def _three_digits(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    if not 1e-3 <= size < 1e4:  # noqa: PLR2004 - where zeros would take over
        return canvas.signed(f"{value:.1e}")
    return canvas.signed(f"{value:.{max(0, 2 - math.floor(math.log10(size)))}f}")


def _p(value: float) -> str:
    if not math.isfinite(value):
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004
