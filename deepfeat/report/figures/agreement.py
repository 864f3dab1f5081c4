"""How far the methods agree on the order of the features."""

import numpy as np

from deepfeat.report.figures.grid import draw_grid
from deepfeat.report.figures.picture import Picture, sketch
from deepfeat.report.results import Results
from deepfeat.writing import canvas
from deepfeat.writing.labels import shortened


def draw_agreement(results: Results) -> Picture | None:
    """Draw the rank correlations of each pair of methods as coloured cells.

    Args:
        results: of a finished run.

    Returns:
        The figure, saved as `figures/agreement.*`; None where the run has no such table, or no two
        methods whose orders could be compared.

    Raises:
        InputError: the table is damaged.
        OutputError: a file cannot be written.
    """
    table = results.optional(results.paths.agreement, text=["method"])
    if table is None:
        return None
    methods = table["method"].tolist()
    values = table[methods].to_numpy(dtype=np.float64)
    if not np.isfinite(values[~np.eye(len(methods), dtype=np.bool_)]).any():
        return None
    texts = [["" if np.isnan(value) else canvas.signed(f"{value:.2f}") for value in line] for line in values]
    names = [shortened(method, 24) for method in methods]
    title = "How far the methods agree"
    how = "rank correlation over all features"
    with sketch(results, "agreement", names) as (made, drawable):
        drawn = [drawable(name) for name in names]
        figure = draw_grid(values, texts, drawn, drawn, title=title, subtitle=how)
        return made.finish(
            figure,
            title=title,
            caption=f"{how.capitalize()}: 1 is the same order, 0 no relation, below 0 the reverse order.",
            alt=f"Matrix of the {how} of {len(methods)} methods.",
            table=table,
        )
