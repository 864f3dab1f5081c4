"""How far the networks agree about each feature."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from deepfeat.report.figures.picture import DOT, NAME, Picture, sketch
from deepfeat.report.results import Results
from deepfeat.report.words import count, scale
from deepfeat.writing import canvas
from deepfeat.writing.labels import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TOP = 15
"""Features that are drawn, at most: each has a row for every method."""
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_ALONE = " A ring is the only answer of its method, of which no spread is known."
_COLUMNS = ("lowest", "low", "median", "high", "highest")


def draw_spread(results: Results) -> Picture:
    """Draw, for each method, how the best features' scores are distributed over the networks.

    Args:
        results: of a finished run.

    Returns:
        The figure, saved as `figures/spread.*`; the same run gives the same bytes.

    Raises:
        InputError: the directory does not hold a finished run.
        OutputError: a file cannot be written.
    """
    features = results.ranking["feature"].head(_TOP).tolist()
    names = [shortened(name, NAME) for name in features]
    methods = results.methods
    scores = {method: _averaged(results, method) for method in methods}
    headings = [_heading(method, len(scores[method])) for method in methods]
    alone = results.asks_networks(methods)
    who = "networks" if alone else "networks and other models"
    title = f"How far the {who} agree in {shortened(results.experiment.name, NAME)}"
    how = "dot: median answer, thick line: half of them, thin line: 90 %"
    subtitle = f"{count(len(results.ranking), len(names))}{DOT}{how}"
    with sketch(results, "spread", [*names, *headings, title]) as (made, drawable):
        page = canvas.Page.with_rows(
            [drawable(name) for name in names],
            drawable(title),
            subtitle,
            headings=[drawable(heading) for heading in headings],
        )
        tables = []
        for method, axes in zip(methods, page.panels, strict=True):
            quantiles = _quantiles(scores[method][features])
            _draw_distributions(axes, quantiles, alone=len(scores[method]) == 1)
            tables.append(quantiles.assign(method=method, feature=features))
        normalise = results.experiment.ranking.normalise
        if normalise != "none":
            reach = max(axes.get_xlim()[1] for axes in page.panels)
            for axes in page.panels:
                axes.set_xlim(0, reach)
        page.corner.set_xlabel(scale(normalise), loc="left")
        return made.finish(
            page.figure,
            title="Every network by itself" if alone else "Every network or other model by itself",
            caption=f"How the answers of the {who} that count are spread, method by method; {how}."
            + (_ALONE if any(len(each) == 1 for each in scores.values()) else ""),
            alt=f"For {len(methods)} methods, the spread of the importance of {len(names)} features over the "
            f"{who}, as a dot with a thick and a thin line.",
            table=pd.concat(tables)[["method", "feature", *_COLUMNS]],
        )


def _averaged(results: Results, method: str) -> pd.DataFrame:
    """A method's scores without those of networks that are left out of every mean."""
    scores, members = results.scores(method), results.members
    if "averaged" not in members or not results.asks_networks([method]):
        return scores
    kept = scores[scores.index.isin(members.loc[members["averaged"] == 1, "member"])]
    return scores if kept.empty else kept


def _heading(method: str, answers: int) -> str:
    """Above the panel of a method; one that answers once is told from one whose answers are all the same."""
    return shortened(method, 20) if answers > 1 else f"{shortened(method, 12)} (1 answer)"


def _quantiles(scores: pd.DataFrame) -> pd.DataFrame:
    """A row per feature."""
    values = np.quantile(scores.to_numpy(), _QUANTILES, axis=0)
    return pd.DataFrame(dict(zip(_COLUMNS, values, strict=True)))


def _draw_distributions(axes: "Axes", quantiles: pd.DataFrame, *, alone: bool) -> None:
    """A dot, a thick and a thin line per feature; a ring where there is no more than one answer."""
    rows = np.arange(len(quantiles))
    lowest, low, median, high, highest = (quantiles[name].to_numpy() for name in _COLUMNS)
    axes.hlines(rows, lowest, highest, color=canvas.BLUE, linewidth=1.0)
    axes.hlines(rows, low, high, color=canvas.SKY, linewidth=5.0)
    face = "white" if alone else canvas.INK
    axes.plot(median, rows, linestyle="", marker="o", markersize=3.6, color=canvas.INK, markerfacecolor=face)
    left, right = min(0.0, lowest.min()), max(0.0, highest.max())
    margin = 0.04 * (right - left)
    axes.set_xlim(left - margin if left < 0 else 0, (right + margin) or 1.0)
