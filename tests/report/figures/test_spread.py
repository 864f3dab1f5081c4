"""The figure of the spread over networks."""

import json
from collections.abc import Callable

import pytest
from matplotlib.figure import Figure

from deepfeat.report.figures.spread import draw_spread
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths
from deepfeat.writing import canvas
from deepfeat.writing.csvfiles import write_table


def test_there_is_a_panel_per_method(make_run: Callable[..., RunPaths], drawn: list[Figure]) -> None:
    results = Results(make_run(["a", "b", "c"], methods=tuple("uvwxyz")).root)
    table = draw_spread(results).table
    assert [axes.get_title(loc="left") for axes in drawn[0].axes] == list("uvwxyz")
    assert len({axes.get_xlim() for axes in drawn[0].axes}) == 1
    medians = table[table["method"] == "v"].set_index("feature")["median"]
    assert medians["b"] == pytest.approx(results.scores("v")["b"].median())


def test_networks_that_are_left_out_of_every_mean_are_not_drawn(
    make_run: Callable[..., RunPaths], drawn: list[Figure]
) -> None:
    paths = make_run(["a", "b"], methods=("gate", "trees"))
    record = json.loads(paths.provenance.read_text())
    record["methods"]["trees"]["kind"] = "experiment"
    paths.provenance.write_text(json.dumps(record))
    write_table(paths.members, Results(paths.root).members.assign(averaged=[1, 1, 1, 0, 0]))
    results = Results(paths.root)
    picture = draw_spread(results)
    medians = picture.table.set_index(["method", "feature"])["median"]
    assert medians["gate", "a"] == pytest.approx(results.scores("gate")["a"].iloc[:3].median())
    assert medians["trees", "a"] == pytest.approx(results.scores("trees")["a"].median())
    assert picture.title == "Every network or other model by itself"
    assert len(drawn) == 1


def test_a_method_that_answers_once_does_not_look_certain(
    make_run: Callable[..., RunPaths], drawn: list[Figure]
) -> None:
    paths = make_run(["a", "b"], methods=("gate", "glm"))
    write_table(paths.method("glm"), Results(paths.root).optional(paths.method("glm")).head(1))
    assert "A ring is the only answer" in draw_spread(Results(paths.root)).caption
    gate, glm = drawn[0].axes
    assert glm.get_title(loc="left") == "glm (1 answer)"
    assert gate.get_title(loc="left") == "gate"
    assert [axes.lines[0].get_markerfacecolor() for axes in (gate, glm)] == [canvas.INK, "white"]
