"""How the networks learnt."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.report.figures.curve import curve_axes, legend_above
from deepfeat.report.figures.picture import DOT, Picture, sketch
from deepfeat.report.results import Results
from deepfeat.writing import canvas

_DRAWN = 30
"""Networks whose curves are drawn at most."""


def draw_history(results: Results) -> Picture | None:
    """Draw the losses of every network over its epochs, and their median.

    Args:
        results: of a finished run.

    Returns:
        The figure, saved as `figures/training.*`; None where the run has kept no losses.

    Raises:
        InputError: the table is damaged.
        OutputError: a file cannot be written.
    """
    history = results.optional(results.paths.history)
    if history is None or history.empty:
        return None
    members = history["member"].unique()[:_DRAWN]
    history = history[history["member"].isin(members)]
    title = "How the networks learnt"
    subtitle = f"a thin line per network{DOT}thick: the median of those still training"
    with sketch(results, "training", []) as (made, _):
        figure, axes = curve_axes(title, subtitle, "epoch", "loss")
        kinds = (
            ("train_loss", "training rows", canvas.ORANGE),
            ("valid_loss", "validation rows", canvas.BLUE),
        )
        for column, label, colour in kinds:
            for _, curve in history.groupby("member"):
                axes.plot(curve["epoch"], curve[column], color=colour, linewidth=0.6, alpha=0.25)
            epochs = np.arange(1, int(history["epoch"].max()) + 1)
            axes.plot(epochs, _median(history, column, epochs), color=colour, linewidth=2.0, label=label)
        values = history[["train_loss", "valid_loss"]].to_numpy(dtype=np.float64)
        values = values[np.isfinite(values)]
        if len(values) and values.min() > 0 and values.max() > 20 * np.median(values):
            axes.set_yscale("log")
        legend_above(axes)
        return made.finish(
            figure,
            title=title,
            caption="Loss on the rows each network learns from and on those it stops by; a thin line per "
            "network, the thick line is the median of those that were still training.",
            alt=f"Training and validation loss of {len(members)} networks over {epochs[-1]} epochs.",
            table=history,
        )


def _median(history: pd.DataFrame, column: str, epochs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Median over networks at each epoch; epochs that were not kept are interpolated."""
    curves = [
        np.interp(epochs, curve["epoch"], curve[column], right=np.nan)
        for _, curve in history.groupby("member")
    ]
    found: NDArray[np.float64] = np.nanmedian(np.stack(curves), axis=0)
    return found
