"""Which features matter for which class."""

import numpy as np

from deepfeat.report.figures.grid import draw_grid
from deepfeat.report.figures.picture import DOT, NAME, TOP, Picture, sketch
from deepfeat.report.results import Results
from deepfeat.report.words import count
from deepfeat.writing import canvas
from deepfeat.writing.labels import number_format, shortened

_CLASSES = 12
"""Classes that are drawn; all of them are in the table."""


def draw_classes(results: Results) -> Picture | None:
    """Draw the importance of the best features for each class, as coloured cells.

    Args:
        results: of a finished run.

    Returns:
        The figure, saved as `figures/classes.*`; None where no method answers for each class.

    Raises:
        InputError: the table is damaged.
        OutputError: a file cannot be written.
    """
    table = results.optional(results.paths.per_class, text=["class", "feature"])
    if table is None:
        return None
    features = results.ranking["feature"].head(TOP).tolist()
    classes = table["class"].unique().tolist()[:_CLASSES]
    every = table.pivot_table(index="feature", columns="class", values="importance")[classes]
    wide = every.loc[features]
    values = wide.to_numpy(dtype=np.float64)
    largest = every.abs().max().to_numpy(dtype=np.float64)
    shares = np.divide(values, largest, out=np.zeros_like(values), where=largest > 0)
    form = number_format(values.ravel())
    texts = [[canvas.signed(f"{value:{form}}") for value in line] for line in values]
    names, headings = [shortened(name, NAME) for name in features], [shortened(name, 24) for name in classes]
    title = "Which features matter for which class"
    subtitle = (
        f"{count(len(results.ranking), len(names))}{DOT}colour: relative to the largest value of the class"
    )
    with sketch(results, "classes", [*names, *headings]) as (made, drawable):
        figure = draw_grid(
            shares,
            texts,
            [drawable(name) for name in names],
            [drawable(heading) for heading in headings],
            title=title,
            subtitle=subtitle,
        )
        return made.finish(
            figure,
            title=title,
            caption="Mean over the methods that answer for each class, and over networks; the colour "
            "compares a number with the largest of its class.",
            alt=f"Heat map of {len(names)} features by {len(classes)} classes.",
            table=wide.reset_index(),
        )
