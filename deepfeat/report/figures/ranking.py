"""The best features as bars, with their intervals."""

import numpy as np
import pandas as pd

from deepfeat.ranking.skill import NETWORKS
from deepfeat.report.figures.picture import DOT, NAME, SMALL, TOP, Picture, sketch
from deepfeat.report.results import Results
from deepfeat.report.words import count, scale_in_words
from deepfeat.writing import canvas
from deepfeat.writing.labels import counted, number_format, shortened


def draw_ranking(results: Results) -> Picture:
    """Draw the best features as horizontal bars with their intervals over the networks.

    Args:
        results: of a finished run.

    Returns:
        The figure, saved as `figures/ranking.*`; the same run gives the same bytes.

    Raises:
        InputError: the directory does not hold a finished run.
        OutputError: a file cannot be written.
    """
    shown = results.ranking.head(TOP)
    names = [shortened(name, NAME) for name in shown["feature"]]
    title = f"Which features matter in {shortened(results.experiment.name, NAME)}"
    subtitle = _subtitle(results, len(shown))
    with sketch(results, "ranking", [*names, title, subtitle]) as (made, drawable):
        page = canvas.Page.with_rows([drawable(name) for name in names], drawable(title), drawable(subtitle))
        _draw_bars(page, shown)
        page.corner.set_xlabel(scale_in_words(results.experiment.ranking))
        first, last = names[0], names[-1]
        return made.finish(
            page.figure,
            title="The strongest features",
            caption=f"{subtitle[0].upper()}{subtitle[1:].replace(DOT, '; ')}.",
            alt=f"Bars of importance, longest first, from {first} down to {last}, with their intervals.",
            table=shown[["feature", "importance", "ci_low", "ci_high", "rank"]],
        )


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
    taken = max(canvas.text_inches(number, SMALL) for number in numbers) + 0.12
    reach = (right.max() - left) * page.panel_inches / (page.panel_inches - taken) or 1.0
    axes.set_xlim(left * 1.02, left + reach)
    for row, number in enumerate(numbers):
        axes.annotate(number, (right[row], row), (4, 0), textcoords="offset points", va="center", size=SMALL)


def _subtitle(results: Results, shown: int) -> str:
    methods = results.methods
    judge = results.experiment.ranking.weights
    weighed = "" if judge == "equal" else f", weighted by {shortened(judge, 30)}"
    parts = [
        count(len(results.ranking), shown),
        _models(results),
        f"{len(methods)} methods{weighed}" if len(methods) > 1 else shortened(methods[0], 30),
    ]
    if results.ranking["ci_low"].notna().any():
        level = results.experiment.ranking.confidence * 100
        parts.append(f"lines: {level:g} % interval over {results.varied}")
    return DOT.join(parts)


def _models(results: Results) -> str:
    """Whose importances are averaged."""
    networks = results.answer.get("members", {}).get("averaged") or len(results.scores(results.methods[0]))
    others = [model for model in results.carriers if model != NETWORKS]
    if not others:
        return f"mean of {counted(networks, 'network')}" if networks > 1 else "one network"
    if len(others) == len(results.carriers):
        return f"mean of {counted(len(others), 'model')} other than networks"
    return f"mean of {counted(networks, 'network')} and {counted(len(others), 'other model')}"
