"""Forest plots: estimates with their intervals, the no-effect line, and the numbers beside them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.methods.features import STEPS
from deepfeat.ranking.multiplicity import adjusted
from deepfeat.report.figures.picture import NAME, TOP, Picture, sketch
from deepfeat.report.results import Results
from deepfeat.report.words import count, listed
from deepfeat.writing import canvas
from deepfeat.writing.labels import counted, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG_ODDS = "log odds ratio"
"""Scales that begin with it are drawn as odds ratios, on a logarithmic axis."""

_EFFECT = "change of"
"""Scales that begin with it, or with `LOG_ODDS`, are effects; rises of a loss come behind them."""

_DIRECTION = "; on its right, what stands above the panel grows with the feature"
_MULTIPLICITY = {"bh": "Benjamini-Hochberg", "holm": "Holm", "by": "Benjamini-Yekutieli"}
_LONG = 60  # letters of a scale
_ACROSS = 2  # panels of a figure
_TEXT = 7.5  # points
_MANY = 100.0  # a span of ratios in which powers of ten are enough
_MOST = 1000.0  # the largest ratio that is drawn where it is, and the inverse of the smallest
_TICKS = 5
_WIDER = 1.5  # an axis may become so much longer before intervals are cut off
_DECIMALS = 6
_SUPERSCRIPT = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)
# inches
_MARGIN, _GAP, _LINE, _AIR, _HEAD, _HEADING, _FOOT, _PANEL, _BESIDE, _COLUMN = (
    0.15,
    0.15,
    0.165,
    0.07,
    0.68,
    0.5,
    0.5,
    1.9,
    0.16,
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
        everything: per method, its estimates, a row per feature, in the order of the ranking.
        top: how many of them are drawn.
    """

    scale: str
    everything: dict[str, pd.DataFrame]
    top: int

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """What is drawn of them."""
        return {method: table.head(self.top) for method, table in self.everything.items()}

    @property
    def is_ratio(self) -> bool:
        """Whether estimates are logarithms of ratios."""
        return self.scale.startswith(LOG_ODDS)

    @property
    def is_effect(self) -> bool:
        """Whether estimates have a direction."""
        return self.scale.startswith((_EFFECT, LOG_ODDS))

    @property
    def null(self) -> float:
        """Where there is no effect."""
        return 1.0 if self.is_ratio else 0.0

    @property
    def heading(self) -> str:
        """The scale as it is drawn."""
        return shortened(self.scale.removeprefix("log ") if self.is_ratio else self.scale, _LONG)


def draw_forests(results: Results, top: int = TOP) -> list[Picture]:
    """Draw the estimates of the methods that do inference.

    Methods on the same scale share a panel, two scales stand side by side, and more of them in further
    figures. The features are the best of the ranking; the CSV has all.

    Args:
        results: of a finished run.
        top: features shown at most.

    Returns:
        The figures, saved as `figures/forest*.*`; none where no method has estimates with intervals.

    Raises:
        InputError: a file is missing or damaged.
        OutputError: a file cannot be written.
    """
    panels = _panels(results, top)
    parts = [panels[start : start + _ACROSS] for start in range(0, len(panels), _ACROSS)]
    return [
        _draw(results, "forest" if number == 1 else f"forest_{number}", part, alone=len(parts) == 1)
        for number, part in enumerate(parts, 1)
    ]


def _panels(results: Results, top: int) -> list[_Panel]:
    features = pd.Index(results.ranking["feature"], name="feature")
    by_scale: dict[str, dict[str, pd.DataFrame]] = {}
    for method, told in results.record.get("methods", {}).items():
        table = results.optional(results.paths.estimates(method), text=["feature"])
        if table is None or not {"effect", "ci_low", "ci_high"} <= set(table.columns):
            continue
        ranked = table.set_index("feature").reindex(features).reset_index()
        if ranked["effect"].head(top).notna().any():
            by_scale.setdefault(told.get("scale") or "effect", {})[method] = ranked
    effects_first = sorted(by_scale, key=lambda scale: not scale.startswith((_EFFECT, LOG_ODDS)))
    return [_Panel(scale, by_scale[scale], top) for scale in effects_first]


def _tests(results: Results, tables: Sequence[tuple[str, pd.DataFrame]]) -> list[str]:
    """What `p` and `q` are, a sentence for the methods that test the same in the same way."""
    asked: Mapping[str, Mapping[str, Any]] = results.record.get("methods", {})
    methods: dict[str, list[str]] = {}
    for method, table in tables:
        if "p_value" not in table:
            continue
        null = str(asked.get(method, {}).get("null_hypothesis") or "no effect").rstrip(".")
        how = f"; q: {_adjusted(results, table)}" if "q_value" in table else ""
        methods.setdefault(f"{null}{how}.", []).append(method)
    return [f"What p speaks against ({listed(names)}): {told}" for told, names in methods.items()]


def _adjusted(results: Results, table: pd.DataFrame) -> str:
    """How p-values became q-values; a method that gives both has its own way."""
    how = results.experiment.ranking.multiplicity
    p, q = (table[name].to_numpy(dtype=np.float64) for name in ("p_value", "q_value"))
    features = counted(int(np.isfinite(p).sum()), "feature")
    if np.allclose(adjusted(p, how), q, rtol=1e-3, equal_nan=True):
        return f"p adjusted for {features} by {_MULTIPLICITY[how]}"
    return f"p adjusted for {features} by the method"


def _steps(results: Results, methods: Sequence[str]) -> list[str]:
    """Which levels are compared where an effect is the step between two, as the methods note."""
    asked = results.record.get("methods", {})
    notes = [str(note) for method in methods for note in asked.get(method, {}).get("notes", [])]
    return [note for note in dict.fromkeys(notes) if note.startswith(STEPS)]


def _draw(results: Results, name: str, panels: Sequence[_Panel], *, alone: bool) -> Picture:
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes half a second

    features = next(iter(panels[0].tables.values()))["feature"].tolist()
    names = [shortened(feature, NAME) for feature in features]
    methods = [method for panel in panels for method in panel.tables]
    title = "Effects with their 95 % intervals" + ("" if alone else f": {listed(methods)}")
    subtitle = f"{count(len(results.ranking), len(names))}, in the order of the ranking"
    with sketch(results, name, [*names, *methods, *(panel.heading for panel in panels)]) as (made, drawable):
        lines = max(len(panel.tables) for panel in panels)
        row = _LINE * lines + _AIR
        texts = [_texts(panel) for panel in panels]
        widths = [[_column_inches(part, head) for head in _heads(part)] for part in texts]
        left = _MARGIN + max(canvas.text_inches(drawable(text)) for text in names) + _GAP
        beside = [
            max(
                _PANEL + sum(width + _COLUMN for width in each) + _BESIDE,
                canvas.text_inches(drawable(panel.heading), weight="bold"),
            )
            for panel, each in zip(panels, widths, strict=True)
        ]
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
            caption=" ".join(
                [
                    f"{subtitle[0].upper()}{subtitle[1:]}. The line is where there is no effect"
                    + (f"{_DIRECTION}." if any(panel.is_effect for panel in panels) else "."),
                    *_steps(results, methods),
                    "Methods share a panel only on the same scale; odds ratios stand on a logarithmic axis.",
                    *_tests(results, [table for panel in panels for table in panel.everything.items()]),
                ]
            ),
            alt=f"Forest plot of {len(names)} features: estimates of {', '.join(methods)}, with intervals.",
            table=pd.concat(
                [
                    table.assign(method=method, scale=panel.scale)
                    for panel in panels
                    for method, table in panel.everything.items()
                ],
                ignore_index=True,
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
    """Ends of the axis: all estimates, and the intervals but for the widest, where these would take over."""
    ends = np.concatenate([np.concatenate(each) for each in drawn])
    ends = ends[np.isfinite(ends) & (ends > 0)] if panel.is_ratio else ends[np.isfinite(ends)]
    estimates = np.concatenate([each[0] for each in drawn])
    estimates = estimates[np.isfinite(estimates)]
    low, high = np.quantile(ends, [0.03, 0.97]).tolist()
    low, high = min(low, panel.null, *estimates), max(high, panel.null, *estimates)
    every = min(low, float(ends.min())), max(high, float(ends.max()))
    spans = [math.log(b / a) if panel.is_ratio else b - a for a, b in (every, (low, high))]
    if spans[0] <= _WIDER * spans[1]:
        low, high = every
    if panel.is_ratio:
        # beyond it a ratio says no more than that there is no telling; an arrow stands for it
        low, high = max(low, 1 / _MOST), min(high, _MOST)
        margin = (high / low) ** 0.06 if high > low else 1.5
        return low / margin, high * margin
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _ratio_ticks(low: float, high: float) -> list[float]:
    """Round ratios that fit, at most five, 1 among them."""
    steps = (1.0,) if high / low > _MANY else (1.0, 2.0, 5.0)
    ticks = [step * 10.0**power for power in range(-4, 5) for step in steps]
    ticks = [tick for tick in ticks if low <= tick <= high]
    every = max(1, -(-len(ticks) // _TICKS))
    return ticks[ticks.index(1.0) % every :: every]


def _texts(panel: _Panel) -> dict[str, dict[str, list[str]]]:
    """Per method, the columns of text at the right of the panel."""
    found = {}
    for method, table in panel.tables.items():
        estimate, low, high = _on_axis(panel, table)
        written = _three_digits if panel.is_ratio else _decimals(high - low)
        columns = {
            "estimate (95 % interval)": [
                _interval(written, *ends) for ends in zip(estimate, low, high, strict=True)
            ]
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
        x = _PANEL + _BESIDE
        for head, width in zip(_heads(texts), widths, strict=True):
            for row, text in enumerate(texts[method][head]):
                axes.annotate(
                    text, (0, row + offset), (72 * (x + width), 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", va="center", ha="right", size=_TEXT, annotation_clip=False,
                )  # fmt: skip
            x += width + _COLUMN
    x = _PANEL + _BESIDE
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


def _interval(written: Callable[[float], str], estimate: float, low: float, high: float) -> str:
    if not math.isfinite(estimate):
        return ""
    if not (math.isfinite(low) and math.isfinite(high)):
        return written(estimate)
    return f"{written(estimate)} ({written(low)} to {written(high)})"


def _decimals(widths: _Array) -> Callable[[float], str]:
    """Writes numbers with the decimals that give half of a typical interval three digits."""
    known = widths[np.isfinite(widths) & (widths > 0)]
    decimals = 2 - math.floor(math.log10(float(np.median(known)) / 2)) if len(known) else 2
    if decimals > _DECIMALS:  # where zeros would take over
        return _three_digits
    return lambda value: _plain(value, max(0, decimals))


def _three_digits(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    if not 1e-3 <= size < 1e4:  # noqa: PLR2004 - as above
        digits, _, power = f"{value:.1e}".partition("e")
        return canvas.signed(digits) + f"\u00d710{str(int(power)).translate(_SUPERSCRIPT)}"
    return _plain(value, max(0, 2 - math.floor(math.log10(size))))


def _plain(value: float, decimals: int) -> str:
    """A number without the sign of a zero."""
    text = f"{value:.{decimals}f}"
    return canvas.signed(text if text.strip("-0.") else text.lstrip("-"))


def _p(value: float) -> str:
    if not math.isfinite(value):
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004
