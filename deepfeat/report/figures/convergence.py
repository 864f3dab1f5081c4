"""Have enough networks been trained?"""

from deepfeat.ranking.convergence import ENOUGH
from deepfeat.report.figures.curve import curve_axes, legend_above
from deepfeat.report.figures.picture import Picture, sketch
from deepfeat.report.results import Results
from deepfeat.writing import canvas


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
    subtitle = "agreement of two ensembles of that many networks each"
    with sketch(results, "convergence", []) as (made, _):
        figure, axes = curve_axes(title, subtitle, "networks", "correlation of the importances")
        models = curve["models"].to_numpy()
        axes.plot(models, curve["agreement"], color=canvas.BLUE, marker="o", markersize=4, label="mean")
        axes.fill_between(
            models, curve["agreement_low"], curve["agreement"], color=canvas.SKY, alpha=0.3, linewidth=0
        )
        axes.plot(models, curve["agreement_low"], color=canvas.SKY, label="what 19 of 20 pairs reach")
        axes.axhline(ENOUGH, color=canvas.ORANGE, linewidth=1.2, linestyle="--", label=f"enough: {ENOUGH:g}")
        axes.set_xscale("log")
        axes.set_xticks(models, [f"{size:g}" for size in models])
        axes.minorticks_off()
        axes.set_ylim(min(0.8, float(curve["agreement_low"].min()) - 0.05), 1.01)
        if averaged:
            axes.axvline(averaged, color=canvas.INK, linewidth=1.0)
            axes.annotate(
                "this run",
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
            "importances. Enough is where 19 of 20 pairs reach the dashed line.",
            alt="Curve of the agreement with the number of networks, from "
            f"{curve['agreement'].iloc[0]:.2f} with {models[0]:g} to "
            f"{curve['agreement'].iloc[-1]:.2f} with {models[-1]:g}.",
            table=curve,
        )
