"""The figure of the spread over networks."""

from collections.abc import Callable

import pytest
from matplotlib.figure import Figure

from deepfeat.report.figures.spread import draw_spread
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths


def test_there_is_a_panel_per_method(make_run: Callable[..., RunPaths], drawn: list[Figure]) -> None:
    results = Results(make_run(["a", "b", "c"], methods=tuple("uvwxyz")).root)
    table = draw_spread(results).table
    assert [axes.get_title(loc="left") for axes in drawn[0].axes] == list("uvwxyz")
    assert len({axes.get_xlim() for axes in drawn[0].axes}) == 1
    medians = table[table["method"] == "v"].set_index("feature")["median"]
    assert medians["b"] == pytest.approx(results.scores("v")["b"].median())
