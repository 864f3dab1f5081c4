"""Have enough networks been trained?"""

import math

import numpy as np
from numpy.typing import NDArray

from deepfeat.ranking.convergence import ENOUGH
from deepfeat.report.figures.curve import curve_axes, legend_above
from deepfeat.report.figures.picture import Picture, sketch
from deepfeat.report.results import Results
from deepfeat.writing import canvas

_BETWEEN = 0.1
"""Inches between two numbers on an axis."""


def draw_convergence(results: Results) -> Picture | None:
    """Draw how far two ensembles of a size would agree, for sizes below and above that of the run.

    Args:
        results: of a finished run.

    Returns:
        The figure, saved as `figures/convergence.*`; None where there are too few networks to tell.

    Raises:
        InputError: the table is damaged.
        OutputError: a file cannot be written.
    """
    curve = results.optional(results.paths.convergence)
    if curve is None or curve.empty:
        return None
    averaged = results.answer.get("members", {}).get("averaged")
    title = "Are there enough networks?"
    subtitle = "agreement of two ensembles of that many networks each; dashed: more than this run has"
    with sketch(results, "convergence", []) as (made, _):
        figure, axes = curve_axes(title, subtitle, "networks", "correlation of the importances")
        models = curve["models"].to_numpy()
        axes.plot(models, curve["agreement"], linestyle="", color=canvas.BLUE, marker="o", markersize=4)
        axes.fill_between(
            models, curve["agreement_low"], curve["agreement"], color=canvas.SKY, alpha=0.3, linewidth=0
        )
        for column, colour, label in (
            ("agreement", canvas.BLUE, "mean"),
            ("agreement_low", canvas.SKY, "what 19 of 20 pairs reach"),
        ):
            known = models <= (averaged or models[-1])
            axes.plot(models[known], curve[column][known], color=colour, label=label)
            # from the last that is known: more networks than there are were drawn from these
            beyond = ~known | np.append(~known[1:], [False])
            axes.plot(models[beyond], curve[column][beyond], color=colour, linestyle="--")
        axes.axhline(ENOUGH, color=canvas.ORANGE, linewidth=1.2, label=f"enough: {ENOUGH:g}")
        axes.set_xscale("log")
        axes.minorticks_off()
        axes.set_xlim(models[0] / 1.15, models[-1] * 1.15)
        ticks = _ticks(models, axes.get_position().width * figure.get_size_inches()[0], axes.get_xlim())
        axes.set_xticks(ticks, [f"{size:,g}" for size in ticks])
        axes.set_ylim(min(0.8, float(curve["agreement_low"].min()) - 0.05), 1.01)
        if averaged:
            axes.axvline(averaged, color=canvas.INK, linewidth=1.0)
            axes.annotate(
                f"this run: {averaged:,}",
                (averaged, 0.04),
                (4, 0),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
            )
        legend_above(axes)
        return made.finish(
            figure,
            title=title,
            caption="How well two ensembles of that many networks each agree, as the correlation of both "
            f"importances. Enough is where 19 of 20 pairs reach {ENOUGH:g}: the importances are then nearly "
            "the same. Dashed: more networks than this run has, drawn from its own.",
            alt="Curve of the agreement with the number of networks, from "
            f"{curve['agreement'].iloc[0]:.2f} with {models[0]:g} to "
            f"{curve['agreement'].iloc[-1]:.2f} with {models[-1]:g}.",
            table=curve,
        )


def _ticks(models: NDArray[np.int64], inches: float, limits: tuple[float, float]) -> list[int]:
    """The numbers of networks whose labels fit beside each other on a logarithmic axis, the first always."""
    decade = inches / math.log10(limits[1] / limits[0])
    ticks: list[int] = []
    end = -math.inf
    for size in models.tolist():
        half = canvas.text_inches(f"{size:,g}") / 2
        place = decade * math.log10(size)
        if place - half >= end:
            ticks.append(size)
            end = place + half + _BETWEEN
    return ticks
