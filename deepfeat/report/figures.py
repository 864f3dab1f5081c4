"""The figures of a run, made from its directory alone."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from deepfeat.report.results import Results
from deepfeat.writing import canvas
from deepfeat.writing.labels import number_format, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SMALL = 8.0  # points, for numbers
_DOT = " \N{MIDDLE DOT} "
_NAME = 44  # letters of a name

_SCALES = {
    "sum": "share of the importance of all features",
    "max": "importance, relative to the most important feature of each model",
    "rank": "share of the other features that rank lower",
    "none": "importance, in the units of the methods",
}


def draw_ranking(run: Path, top: int = 30) -> list[Path]:
    """Draw the best features as horizontal bars with their intervals over the models.

    Args:
        run: the directory of a finished run.
        top: features shown at most.

    Returns:
        The files written, `figures/ranking.png` and `.svg`; the same run gives the same bytes.

    Raises:
        InputError: the directory does not hold a finished run.
        OutputError: a file cannot be written.
    """
    results = Results(run)
    shown = results.ranking.head(top)
    names = [shortened(name, _NAME) for name in shown["feature"]]
    title = f"Which features matter in {shortened(results.experiment.name, _NAME)}"
    subtitle = _ranking_subtitle(results, len(shown))
    with canvas.look([*names, title, subtitle]) as drawable:
        page = canvas.Page.with_rows([drawable(name) for name in names], drawable(title), drawable(subtitle))
        _draw_bars(page, shown)
        page.corner.set_xlabel(_ranking_scale(results))
        return canvas.save(page.figure, lambda suffix: results.paths.figure("ranking", suffix))


def draw_spread(run: Path, top: int = 15) -> list[Path]:
    """Draw how far the models agree: for each method, the distribution of the best features' scores.

    Args:
        run: the directory of a finished run.
        top: features shown at most.

    Returns:
        The files written, `figures/spread.png` and `.svg`; the same run gives the same bytes.

    Raises:
        InputError: the directory does not hold a finished run.
        OutputError: a file cannot be written.
    """
    results = Results(run)
    features = results.ranking["feature"].head(top).tolist()
    names = [shortened(name, _NAME) for name in features]
    methods = results.methods
    headings = [shortened(method, 20) for method in methods]
    title = f"How far the models agree in {shortened(results.experiment.name, _NAME)}"
    subtitle = (
        f"{_count(results, len(names))}{_DOT}dot: median model, thick line: half of them, thin line: 90 %"
    )
    with canvas.look([*names, *headings, title]) as drawable:
        page = canvas.Page.with_rows(
            [drawable(name) for name in names],
            drawable(title),
            subtitle,
            headings=[drawable(heading) for heading in headings],
        )
        for method, axes in zip(methods, page.panels, strict=True):
            _draw_distributions(axes, results.scores(method)[features])
        if results.experiment.ranking.normalise != "none":
            reach = max(axes.get_xlim()[1] for axes in page.panels)
            for axes in page.panels:
                axes.set_xlim(0, reach)
        page.corner.set_xlabel(_SCALES[results.experiment.ranking.normalise], loc="left")
        return canvas.save(page.figure, lambda suffix: results.paths.figure("spread", suffix))


def _draw_bars(page: canvas.Page, shown: pd.DataFrame) -> None:
    """Bars, intervals, and the numbers at their right."""
    axes = page.panels[0]
    rows = np.arange(len(shown))
    importance, low, high = (shown[name].to_numpy() for name in ("importance", "ci_low", "ci_high"))
    axes.barh(rows, importance, height=0.66, color=canvas.SKY)
    axes.hlines(rows, low, high, color=canvas.INK, linewidth=1.2)
    for ends in (low, high):
        axes.plot(ends, rows, linestyle="", marker="|", markersize=5, color=canvas.INK)
    axes.axvline(0, color=canvas.GREY, linewidth=0.8)

    form = number_format(importance)
    numbers = [canvas.signed(f"{value:{form}}") for value in importance]
    right = np.fmax(np.fmax(importance, high), 0.0)
    left = min(0.0, float(np.nanmin([importance, low])))
    # the numbers take their part of the width
    taken = max(canvas.text_inches(number, _SMALL) for number in numbers) + 0.12
    reach = (right.max() - left) * page.panel_inches / (page.panel_inches - taken) or 1.0
    axes.set_xlim(left * 1.02, left + reach)
    for row, number in enumerate(numbers):
        axes.annotate(number, (right[row], row), (4, 0), textcoords="offset points", va="center", size=_SMALL)


def _draw_distributions(axes: "Axes", scores: pd.DataFrame) -> None:
    """A dot, a thick and a thin line per feature."""
    rows = np.arange(scores.shape[1])
    lowest, low, median, high, highest = np.quantile(scores.to_numpy(), [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    axes.hlines(rows, lowest, highest, color=canvas.BLUE, linewidth=1.0)
    axes.hlines(rows, low, high, color=canvas.SKY, linewidth=5.0)
    axes.plot(median, rows, linestyle="", marker="o", markersize=3.6, color=canvas.INK)
    left, right = min(0.0, lowest.min()), max(0.0, highest.max())
    margin = 0.04 * (right - left)
    axes.set_xlim(left - margin if left < 0 else 0, (right + margin) or 1.0)


def _ranking_subtitle(results: Results, shown: int) -> str:
    methods = results.methods
    models = len(results.scores(methods[0]))
    parts = [
        _count(results, shown),
        f"mean of {models} models" if models > 1 else "one model",
        f"{len(methods)} methods" if len(methods) > 1 else shortened(methods[0], 30),
    ]
    if results.ranking["ci_low"].notna().any():
        parts.append(f"lines: {results.experiment.ranking.confidence * 100:g} % interval over models")
    return _DOT.join(parts)


def _count(results: Results, shown: int) -> str:
    """How many features are shown, of how many."""
    total = len(results.ranking)
    if total == 1:
        return "the only feature"
    return f"the best {shown} of {total:,} features" if shown < total else f"all {total} features"


def _ranking_scale(results: Results) -> str:
    """What the bars' axis shows."""
    ranking = results.experiment.ranking
    if ranking.across_methods == "mean_rank":
        return _SCALES["rank"] + ", mean over methods"
    return _SCALES[ranking.normalise]
