"""How good the single networks are."""

import numpy as np
import pandas as pd

from deepfeat.report.figures.picture import DOT, Picture, sketch
from deepfeat.report.results import Results
from deepfeat.report.words import scored_rows
from deepfeat.writing import canvas
from deepfeat.writing.labels import shortened

_JITTER = 0.26


def draw_scores(results: Results) -> Picture | None:
    """Draw the scores of every network as dots, with their median.

    Args:
        results: of a finished run.

    Returns:
        The figure, saved as `figures/scores.*`; None where no network has a score.

    Raises:
        InputError: `models.csv` is missing or damaged.
        OutputError: a file cannot be written.
    """
    scores = results.held_out.dropna(axis=1, how="all")
    if scores.shape[1] == 0:
        return None
    names = [shortened(name, 30) for name in scores.columns]
    rows = scored_rows(results)
    title = "Scores of single networks"
    subtitle = f"on {rows}{DOT}a dot per network, line: median"
    with sketch(results, "scores", names) as (made, drawable):
        page = canvas.Page.with_rows([drawable(name) for name in names], title, subtitle)
        axes = page.panels[0]
        generator = np.random.default_rng(0)
        for row, name in enumerate(scores.columns):
            values = scores[name].dropna().to_numpy()
            offsets = generator.uniform(-_JITTER, _JITTER, len(values))
            axes.plot(
                values, row + offsets, linestyle="", marker="o", markersize=4, color=canvas.BLUE, alpha=0.45,
                markeredgewidth=0,
            )  # fmt: skip
            median = float(np.median(values))
            axes.vlines(median, row - 0.4, row + 0.4, color=canvas.INK, linewidth=1.6)
        low, high = np.nanmin(scores.to_numpy()), np.nanmax(scores.to_numpy())
        margin = 0.05 * (high - low) or 0.05
        axes.set_xlim(low - margin, high + margin)
        return made.finish(
            page.figure,
            title=title,
            caption=f"Each score on {rows}: a dot per network, a line at the median.",
            alt=f"Dots of {len(scores)} networks for the scores {', '.join(names)}.",
            table=pd.concat([results.members[["member"]], results.held_out], axis=1),
        )
