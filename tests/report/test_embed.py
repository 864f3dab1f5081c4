"""Figures that methods left as files."""

import base64
import json
import re
from collections.abc import Callable

import pandas as pd
import pytest
from matplotlib.figure import Figure

from deepfeat.methods import Context, describe_figure, save_figure
from deepfeat.report.embed import left_by, numbers
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths
from deepfeat.writing import canvas

MakeRun = Callable[..., RunPaths]


def test_a_figure_of_a_method_is_shown_with_its_words_and_numbers(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"])
    context = Context(seed=0, method="gate", folder=paths.artefacts("gate"))
    table = pd.DataFrame({"step": [1, 2], "feature": ["=a", "<b>"], "score": [0.5, 0.25]})
    with canvas.look([]):
        save_figure(context, "path", Figure(figsize=(2, 1)), title="The path", alt='Of "a".', table=table)
    (shown,) = left_by(Results(paths.root), "gate", "method-1")
    assert (shown.title, shown.caption, shown.heads) == ("The path", 'Of "a".', ["step", "feature", "score"])
    assert [[cell.text for cell in row] for row in shown.rows] == [
        ["1", "=a", "0.500"],
        ["2", "<b>", "0.250"],
    ]
    assert [suffix for suffix, _ in shown.links] == ["CSV", "PNG", "SVG"]
    assert dict(shown.links)["CSV"] == "methods/gate/path.csv"
    (source,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', shown.element)
    assert base64.b64decode(source) == paths.artefacts("gate").joinpath("path.svg").read_bytes()
    assert 'alt="Of &#34;a&#34;."' in shown.element


def test_a_plot_that_nobody_describes_is_shown_all_the_same(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"])
    context = Context(seed=0, method="gate", folder=paths.artefacts("gate"))
    Figure(figsize=(2, 1)).savefig(context.artefact("bee_swarm.png"), dpi=100)
    (shown,) = left_by(Results(paths.root), "gate", "m")
    assert (shown.title, shown.rows) == ("bee swarm", ())
    assert 'width="140" height="70"' in shown.element
    describe_figure(context, "bee_swarm.png", title="Bees", alt="A swarm.")
    assert left_by(Results(paths.root), "gate", "m")[0].title == "Bees"


@pytest.mark.parametrize("csv", ["gone.csv", "swarm.png", "..", "../../ranking.csv"])
def test_numbers_that_are_not_there_are_left_out(make_run: MakeRun, csv: str) -> None:
    paths = make_run(["a", "b"])
    context = Context(seed=0, method="gate", folder=paths.artefacts("gate"))
    Figure(figsize=(2, 1)).savefig(context.artefact("swarm.png"), dpi=100)
    describe_figure(context, "swarm.png", title="Bees", alt="A swarm.", csv=csv)
    (shown,) = left_by(Results(paths.root), "gate", "m")
    assert ([suffix for suffix, _ in shown.links], shown.rows) == (["PNG"], ())


def test_the_png_stands_for_a_drawing_of_many_parts(make_run: MakeRun) -> None:
    paths = make_run(["a"])
    folder = paths.artefacts("gate")
    folder.mkdir(parents=True)
    Figure(figsize=(2, 1)).savefig(folder / "plot.png")
    (folder / "plot.svg").write_text("<svg>" + " " * 300_000 + "</svg>")
    (shown,) = left_by(Results(paths.root), "gate", "m")
    assert "data:image/png" in shown.element


def test_descriptions_of_files_that_are_not_there_are_passed_over(make_run: MakeRun) -> None:
    paths = make_run(["a"])
    paths.artefacts("gate").mkdir(parents=True)
    paths.artefacts("gate").joinpath("figures.json").write_text(json.dumps({"gone.png": {"title": "Gone"}}))
    assert left_by(Results(paths.root), "gate", "m") == []


def test_a_small_p_is_not_nothing() -> None:
    _, rows, _ = numbers(pd.DataFrame({"p_value": [1e-9, 0.25], "score": [1e-9, 0.25]}))
    assert [[cell.text for cell in row] for row in rows] == [["< 0.001", "0.000"], ["0.250", "0.250"]]


def test_numbers_of_thousands_are_easy_to_read() -> None:
    table = pd.DataFrame({"whole": pd.array([141280, None], dtype="Int64"), "part": [12345.5, 1.0]})
    texts = [[cell.text for cell in row] for row in numbers(table)[1]]
    assert texts == [["141,280", "12,346"], ["", "1"]]


@pytest.mark.parametrize(("rows", "rest"), [(60, ""), (2061, "2,001")])
def test_long_tables_are_cut(rows: int, rest: str) -> None:
    heads, shown, more = numbers(pd.DataFrame({"x": range(rows)}))
    assert (list(heads), len(shown), more) == (["x"], 60, rest)
