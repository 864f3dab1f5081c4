"""The networks beside a constant, a linear model and trees on the same splits."""

import numpy as np

from deepfeat.report.figures.picture import DOT, Picture, sketch
from deepfeat.report.results import Results
from deepfeat.report.words import percent, scored_rows
from deepfeat.writing import canvas
from deepfeat.writing.labels import shortened

_NAMES = {
    "networks": "these networks",
    "averaged": "these networks, averaged",
    "joint": "all models together, as weighted",
    "constant": "a constant",
    "linear": "generalised linear model",
    "forest": "random forest",
    "boosted": "boosted trees",
}
# what a ranking can rest on; the others are there to compare with
_RANKED = ("networks", "averaged", "joint")


def draw_skill(results: Results) -> Picture | None:
    """Draw the mean held-out score of the networks and of the baselines, with their intervals.

    Args:
        results: of a finished run.

    Returns:
        The figure, saved as `figures/skill.*`; None where the run has no such table, or no score in it.

    Raises:
        InputError: the table is damaged.
        OutputError: a file cannot be written.
    """
    skill = results.optional(results.paths.skill, text=["model", "score"])
    if skill is None or skill["mean"].notna().sum() == 0:
        return None
    names = [_NAMES.get(model, shortened(model, 30)) for model in skill["model"]]
    score = shortened(str(skill["score"].iloc[0]).upper(), 30)
    title = "Do the networks predict, and as well as other models?"
    level = percent(results.experiment.ranking.confidence)
    rows_scored = scored_rows(results)
    subtitle = f"{score} on {rows_scored}{DOT}dot: mean, line: {level} interval"
    with sketch(results, "skill", [*names, subtitle]) as (made, drawable):
        page = canvas.Page.with_rows([drawable(name) for name in names], title, drawable(subtitle))
        axes = page.panels[0]
        rows = np.arange(len(skill))
        colours = [canvas.BLUE if model in _RANKED else canvas.GREY for model in skill["model"]]
        axes.hlines(rows, skill["low"], skill["high"], color=colours, linewidth=1.6)
        axes.scatter(skill["mean"], rows, color=colours, s=26, zorder=3)
        ends = skill[["mean", "low", "high"]].to_numpy(dtype=np.float64)
        low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
        margin = 0.06 * (high - low) or 0.05
        axes.set_xlim(low - margin, high + 4 * margin)
        for row, (mean, _, right) in enumerate(ends):
            place = np.nanmax([mean, right])
            if np.isfinite(mean):
                axes.annotate(
                    canvas.signed(f"{mean:.3f}"),
                    (place, row),
                    (6, 0),
                    textcoords="offset points",
                    va="center",
                    size=8.0,
                )
        axes.set_xlabel(drawable(score))
        return made.finish(
            page.figure,
            title=title,
            caption=f"Mean (dot) and {level} interval (line) of the {score} on {rows_scored}; "
            f"{_interval(results)}.",
            alt="Mean scores: "
            + ", ".join(f"{name} {mean:.3f}" for name, mean in zip(names, skill["mean"], strict=True))
            + ".",
            table=skill,
        )


def _interval(results: Results) -> str:
    """What the intervals allow for."""
    if results.answer.get("skill", {}).get("one_split"):
        return (
            "all networks share one split of the rows, so theirs says how far the mean would move with other "
            "networks, not with other rows, and other models have none"
        )
    return "the interval allows for the rows that splits share"
