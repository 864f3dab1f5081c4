"""The figure of the training."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from deepfeat.report.figures.history import draw_history
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.csvfiles import write_table


@pytest.fixture
def results(make_run: Callable[..., RunPaths]) -> Results:
    """40 networks: the first 30 train for 4 epochs with a loss of 1, the others for 10 with a loss of 3."""
    paths = make_run(["a", "b"])
    lengths = [4] * 30 + [10] * 10
    parts = [
        pd.DataFrame(
            {"member": member, "epoch": np.arange(1, epochs + 1), "loss": 1.0 if epochs == 4 else 3.0}
        )
        for member, epochs in enumerate(lengths)
    ]
    table = pd.concat(parts)
    losses = {"train_loss": table["loss"], "valid_loss": table["loss"]}
    write_table(paths.history, table[["member", "epoch"]].assign(**losses))
    return Results(paths.root)


def test_the_median_is_of_all_networks_and_ends_where_few_still_train(
    results: Results, drawn: list[Figure]
) -> None:
    draw_history(results)
    (axes,) = drawn[0].axes
    (thick, _) = [line for line in axes.lines if line.get_linewidth() == 2]
    values = np.asarray(thick.get_ydata())
    assert values[:4].tolist() == [1] * 4
    assert np.isnan(values[4:]).all()
    assert len(values) == 10


def test_says_whose_curves_are_drawn_and_of_which_loss(results: Results, drawn: list[Figure]) -> None:
    picture = draw_history(results)
    assert picture is not None
    assert "Thin lines: the first 30 of 40 networks." in picture.caption
    assert picture.table["member"].nunique() == 30
    assert drawn[0].axes[0].get_ylabel() == "loss (soft f1)"
