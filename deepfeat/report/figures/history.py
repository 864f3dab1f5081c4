"""How the networks learnt."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.report.figures.curve import curve_axes, legend_above
from deepfeat.report.figures.picture import DOT, Picture, sketch
from deepfeat.report.results import Results
from deepfeat.writing import canvas
from deepfeat.writing.labels import counted

_DRAWN = 30
"""Networks whose curves are drawn at most."""


def draw_history(results: Results) -> Picture | None:
    """Draw the losses of the first networks over their epochs, and the median of all.

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
    members = history["member"].unique()
    drawn = history[history["member"].isin(members[:_DRAWN])]
    title = "How the networks learnt"
    thin = _which(len(members))
    subtitle = f"thin: {thin}{DOT}thick: the median of all, while half of them or more still train"
    with sketch(results, "training", []) as (made, _):
        figure, axes = curve_axes(title, subtitle, "epoch", _loss(results))
        kinds = (
            ("train_loss", "training rows", canvas.ORANGE),
            ("valid_loss", "validation rows", canvas.BLUE),
        )
        for column, label, colour in kinds:
            for _, curve in drawn.groupby("member"):
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
            caption="Loss on the rows each network learns from and on those it stops by. "
            f"Thin lines: {thin}. Thick line: the median of those of all networks that still train, "
            "as far as that is half of them or more.",
            alt=f"Training and validation loss of {counted(len(members), 'network')} over {epochs[-1]:,} "
            "epochs.",
            table=drawn,
        )


def _which(networks: int) -> str:
    """Whose curves are drawn."""
    if networks == 1:
        return "the only network"
    return f"the first {_DRAWN} of {networks:,} networks" if networks > _DRAWN else f"all {networks} networks"


def _loss(results: Results) -> str:
    """The loss by its name, where the run has recorded it."""
    name = results.record.get("training", {}).get("loss", "")
    return f"loss ({name.replace('_', ' ')})" if name else "loss"


def _median(history: pd.DataFrame, column: str, epochs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Median over networks at each epoch; epochs that were not kept are interpolated.

    NaN where fewer than half of the networks still train: those that learn longest are not like the others.
    """
    by_member = history.groupby("member")
    curves = np.stack(
        [np.interp(epochs, curve["epoch"], curve[column], right=np.nan) for _, curve in by_member]
    )
    told = 2 * np.isfinite(curves).sum(axis=0) >= len(curves)
    found = np.full(len(epochs), np.nan)
    found[told] = np.nanmedian(curves[:, told], axis=0)
    return found
