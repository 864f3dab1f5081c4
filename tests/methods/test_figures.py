"""Figures of methods: files, description and bytes."""

import json
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from deepfeat.methods import Context, MethodError
from deepfeat.methods.figures import describe_figure, save_figure
from deepfeat.writing import canvas
from deepfeat.writing.csvfiles import read_table

TABLE = pd.DataFrame({"feature": ["=age", "<b>$x$</b>\n"], "score": [0.5, 0.25]})


def draw(context: Context, name: str = "path") -> list[Path]:
    with canvas.look(TABLE["feature"]) as drawable:
        figure = Figure(figsize=(3, 2))
        figure.add_subplot().barh([drawable(text) for text in TABLE["feature"]], TABLE["score"])
        return save_figure(context, name, figure, title="Scores of <x>", alt='Two "bars".', table=TABLE)


def test_a_figure_is_saved_in_three_forms_and_described(tmp_path: Path) -> None:
    context = Context(seed=0, method="made", folder=tmp_path / "made")
    png, svg, csv = draw(context)
    assert [file.name for file in (png, svg, csv)] == ["path.png", "path.svg", "path.csv"]
    with Image.open(png) as image:
        assert image.format == "PNG"
    assert svg.read_text().startswith("<?xml")
    assert read_table(csv, text=["feature"]).equals(TABLE.astype({"feature": "str"}))
    assert csv.read_text().splitlines()[1].startswith("'=age")
    described = json.loads((context.folder / "figures.json").read_text())
    assert described == {"path.png": {"title": "Scores of <x>", "alt": 'Two "bars".', "csv": "path.csv"}}


def test_the_same_figure_gives_the_same_bytes(tmp_path: Path) -> None:
    files = [draw(Context(seed=0, method="made", folder=tmp_path / name)) for name in "ab"]
    one, other = ([file.read_bytes() for file in group] for group in files)
    assert one == other


def test_descriptions_of_several_figures_stand_together(tmp_path: Path) -> None:
    context = Context(seed=0, method="made", folder=tmp_path)
    draw(context, "second")
    describe_figure(context, "first.png", title="First", alt="Of a library.")
    described = json.loads((tmp_path / "figures.json").read_text())
    assert list(described) == ["first.png", "second.png"]
    assert described["first.png"]["csv"] is None


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="plain file name"):
        draw(Context(seed=0, method="made", folder=tmp_path / "made"), "../path")
    assert not list(tmp_path.glob("*.*"))
