"""Features by methods: where the methods see the same, and where they do not."""

import numpy as np

from deepfeat.report.figures.grid import draw_grid
from deepfeat.report.figures.picture import DOT, NAME, TOP, Picture, sketch
from deepfeat.report.results import Results
from deepfeat.report.words import count
from deepfeat.writing import canvas
from deepfeat.writing.labels import number_format, shortened


def draw_heatmap(results: Results) -> Picture | None:
    """Draw what each method says of the best features, as coloured cells.

    Args:
        results: of a finished run.

    Returns:
        The figure, saved as `figures/methods.*`; None where there is one method only.

    Raises:
        InputError: the directory does not hold a finished run.
        OutputError: a file cannot be written.
    """
    methods = results.methods
    if len(methods) == 1:
        return None
    shown = results.ranking.head(TOP)
    values = shown[methods].to_numpy(dtype=np.float64)
    largest = results.ranking[methods].abs().max().to_numpy(dtype=np.float64)
    shares = np.divide(values, largest, out=np.zeros_like(values), where=largest > 0)
    forms = [number_format(shown[method]) for method in methods]
    texts = [
        [canvas.signed(f"{value:{form}}") for value, form in zip(line, forms, strict=True)] for line in values
    ]
    names = [shortened(name, NAME) for name in shown["feature"]]
    headings = [shortened(method, 24) for method in methods]
    title = "What each method says"
    subtitle = f"{count(len(results.ranking), len(shown))}{DOT}colour: relative to the method's largest value"
    with sketch(results, "methods", [*names, *headings]) as (made, drawable):
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
            caption="The number is the mean over networks, the colour compares it with the method's largest "
            "value: read down a column for a method, across a row for how far methods agree on a feature.",
            alt=f"Heat map of {len(names)} features by {len(methods)} methods.",
            table=shown[["feature", *methods]],
        )
