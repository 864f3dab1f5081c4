"""The figure of the convergence."""

import itertools
import json
from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from deepfeat.report.figures.convergence import draw_convergence
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths
from deepfeat.writing import canvas
from deepfeat.writing.csvfiles import write_table


def results(paths: RunPaths, models: list[int], averaged: int) -> Results:
    """A run with such a curve."""
    columns = {"models": models, "agreement": 0.97, "agreement_low": 0.96, "top_overlap": 1.0}
    write_table(paths.convergence, pd.DataFrame({**columns, "interval_width": 0.1}))
    paths.answer.write_text(json.dumps({"members": {"averaged": averaged}}))
    return Results(paths.root)


def test_numbers_of_networks_do_not_overlap(make_run: Callable[..., RunPaths], drawn: list[Figure]) -> None:
    draw_convergence(results(make_run(["a", "b"]), [1, 2, 70, 85, 100, 1000, 1500, 2000, 2100], 85))
    with canvas.look([]):
        drawn[0].draw_without_rendering()
        labels = drawn[0].axes[0].get_xticklabels()
        boxes = [label.get_window_extent() for label in labels]
    assert [label.get_text() for label in labels][:4] == ["1", "2", "70", "1,000"]
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))


def test_more_networks_than_there_are_are_dashed(
    make_run: Callable[..., RunPaths], drawn: list[Figure]
) -> None:
    draw_convergence(results(make_run(["a", "b"]), [1, 5, 10, 20], 5))
    lines = {
        style: [list(line.get_xdata()) for line in drawn[0].axes[0].lines if line.get_linestyle() == style]
        for style in ("-", "--")
    }
    assert [1, 5] in lines["-"]
    assert lines["--"] == [[5, 10, 20], [5, 10, 20]]
