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

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_COLUMNS = ("lowest", "low", "median", "high", "highest")


def draw_spread(results: Results, top: int = 15) -> Picture:
    """Draw, for each method, how the best features' scores are distributed over the networks.

    Args:
        results: of a finished run.
        top: features shown at most.

    Returns:
        The figure, saved as `figures/spread.*`; the same run gives the same bytes.

    Raises:
        InputError: the directory does not hold a finished run.
        OutputError: a file cannot be written.
    """
    features = results.ranking["feature"].head(top).tolist()
    names = [shortened(name, NAME) for name in features]
    methods = results.methods
    headings = [shortened(method, 20) for method in methods]
    title = f"How far the networks agree in {shortened(results.experiment.name, NAME)}"
    how = "dot: median network, thick line: half of them, thin line: 90 %"
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
            quantiles = _quantiles(results.scores(method)[features])
            _draw_distributions(axes, quantiles)
            tables.append(quantiles.assign(method=method, feature=features))
        normalise = results.experiment.ranking.normalise
        if normalise != "none":
            reach = max(axes.get_xlim()[1] for axes in page.panels)
            for axes in page.panels:
                axes.set_xlim(0, reach)
        page.corner.set_xlabel(scale(normalise), loc="left")
        return made.finish(
            page.figure,
            title="Every network by itself",
            caption=f"How the networks' answers are spread, method by method; {how}.",
            alt=f"For {len(methods)} methods, the spread of the importance of {len(names)} features over the "
            "networks, as a dot with a thick and a thin line.",
            table=pd.concat(tables)[["method", "feature", *_COLUMNS]],
        )


def _quantiles(scores: pd.DataFrame) -> pd.DataFrame:
    """A row per feature."""
    values = np.quantile(scores.to_numpy(), _QUANTILES, axis=0)
    return pd.DataFrame(dict(zip(_COLUMNS, values, strict=True)))


def _draw_distributions(axes: "Axes", quantiles: pd.DataFrame) -> None:
    """A dot, a thick and a thin line per feature."""
    rows = np.arange(len(quantiles))
    lowest, low, median, high, highest = (quantiles[name].to_numpy() for name in _COLUMNS)
    axes.hlines(rows, lowest, highest, color=canvas.BLUE, linewidth=1.0)
    axes.hlines(rows, low, high, color=canvas.SKY, linewidth=5.0)
    axes.plot(median, rows, linestyle="", marker="o", markersize=3.6, color=canvas.INK)
    left, right = min(0.0, lowest.min()), max(0.0, highest.max())
    margin = 0.04 * (right - left)
    axes.set_xlim(left - margin if left < 0 else 0, (right + margin) or 1.0)
