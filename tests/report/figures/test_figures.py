"""All figures of a run: they can be read, show names harmlessly, and are the same everywhere."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from deepfeat.errors import InputError
from deepfeat.report.figures.agreement import draw_agreement
from deepfeat.report.figures.classes import draw_classes
from deepfeat.report.figures.convergence import draw_convergence
from deepfeat.report.figures.forest import draw_forests
from deepfeat.report.figures.heatmap import draw_heatmap
from deepfeat.report.figures.history import draw_history
from deepfeat.report.figures.picture import Picture
from deepfeat.report.figures.ranking import draw_ranking
from deepfeat.report.figures.scores import draw_scores
from deepfeat.report.figures.skill import draw_skill
from deepfeat.report.figures.spread import draw_spread
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths
from deepfeat.writing import canvas
from deepfeat.writing.csvfiles import write_table

MakeRun = Callable[..., RunPaths]
Draw = Callable[[Results], Picture]


def draw_forest(results: Results) -> Picture:
    (picture,) = draw_forests(results)
    return picture


ALL: list[Draw] = [
    draw_ranking,
    draw_spread,
    draw_heatmap,
    draw_agreement,
    draw_scores,
    draw_skill,
    draw_history,
    draw_convergence,
    draw_classes,
    draw_forest,
]
OPTIONAL: list[Draw] = [draw_agreement, draw_skill, draw_history, draw_convergence, draw_classes]
DRAW = pytest.mark.parametrize("draw", ALL)

NASTY = [
    "$\\alpha_1$ and $x^2",
    "$",
    "a" * 200,
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED} " * 60,
    "\u202eright to left",
    "血圧 🩺 क्षमा",
    "<b>bold</b> & \x1b[31m\ntwo lines",
    "=cmd|' /C calc'!A0",
    "_private",
    "",
]


def texts_of(figure: Figure) -> Iterator[Text]:
    """Everything that can be read in a figure."""
    yield from figure.texts
    for axes in figure.axes:
        yield from axes.texts
        yield from (axes.get_legend().get_texts() if axes.get_legend() else [])
        yield from (axes.xaxis.label, axes.yaxis.label, axes.title, axes._left_title)
        for axis in (axes.xaxis, axes.yaxis):
            # the ticks that matplotlib makes beyond the ends of an axis are not drawn
            yield from (tick.label1 for tick in axis._update_ticks())


@DRAW
def test_writes_files_that_can_be_read_and_the_same_bytes_whatever_the_settings_which_stay_as_they_were(
    make_run: MakeRun, draw: Draw
) -> None:
    paths = make_run(["age", "sex", "$x$", *(f"feature {index}" for index in range(10))], full=True)
    pictures: list[Picture] = []

    def content() -> list[bytes]:
        picture = draw(Results(paths.root))
        pictures.append(picture)
        return [*(file.read_bytes() for file in sorted(paths.figures.iterdir())), picture.svg.encode()]

    before = dict(mpl.rcParams)
    first = content()
    assert dict(mpl.rcParams) == before
    picture = pictures[0]
    csv, png, svg = (paths.figure(picture.name, suffix) for suffix in (".csv", ".png", ".svg"))
    assert sorted(paths.figures.iterdir()) == [csv, png, svg]
    with Image.open(png) as image:
        assert image.format == "PNG"
        assert min(image.size) > 200
        assert len(image.getcolors(1 << 20)) > 10
    assert ET.parse(svg).getroot().tag.endswith("svg")  # noqa: S314 (our own file)
    assert len(csv.read_text().splitlines()) == len(picture.table) + 1
    assert picture.alt
    assert picture.caption
    with mpl.rc_context({"font.size": 20, "text.usetex": True, "axes.facecolor": "red", "svg.hashsalt": "x"}):
        again = content()
    assert first == again
    assert not any(word in each for each in first for word in (b"Matplotlib v", b"<dc:date>"))


@DRAW
@pytest.mark.parametrize("methods", [tuple("abcdef"), pytest.param(("gate", "shap"), marks=pytest.mark.slow)])
def test_no_text_overlaps_another_or_leaves_the_page(
    make_run: MakeRun, drawn: list[Figure], draw: Draw, methods: tuple[str, ...]
) -> None:
    draw(Results(make_run(NASTY, methods=methods, full=True).root))
    figure = drawn[0]
    with canvas.look(NASTY):
        figure.draw_without_rendering()
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure) if text.get_text()]
    assert len(boxes) > 5
    page = figure.bbox
    for text, box in boxes:
        assert page.x0 <= box.x0, text
        assert box.x1 <= page.x1, text
        assert page.y0 <= box.y0, text
        assert box.y1 <= page.y1, text
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        width = min(first.x1, second.x1) - max(first.x0, second.x0)
        height = min(first.y1, second.y1) - max(first.y0, second.y0)
        # letters with accents or descenders may come as near as the line spacing allows
        assert width <= 0 or height <= 2, f"{one!r} overlaps {other!r}"


@DRAW
def test_what_is_no_run_is_refused(tmp_path: Path, draw: Draw) -> None:
    if draw in OPTIONAL:
        assert draw(Results(tmp_path)) is None
    else:
        with pytest.raises(InputError, match="not there"):
            draw(Results(tmp_path))


@pytest.mark.parametrize("draw", OPTIONAL)
def test_a_run_without_the_file_has_no_such_figure(make_run: MakeRun, draw: Draw) -> None:
    assert draw(Results(make_run(["a", "b"]).root)) is None


def test_one_feature_gives_no_empty_grid(make_run: MakeRun) -> None:
    paths = make_run(["a"], full=True)
    assert draw_agreement(Results(paths.root)) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sign", [-1.0, 0.0])
def test_classes_without_a_positive_score_are_drawn_all_the_same(
    make_run: MakeRun, drawn: list[Figure], sign: float
) -> None:
    paths = make_run(["a", "b"], full=True)
    table = Results(paths.root).optional(paths.per_class, text=["class", "feature"])
    write_table(paths.per_class, table.assign(importance=sign * table["importance"]))
    draw_classes(Results(paths.root))
    cells = [text.get_text() for text in drawn[0].axes[0].texts]
    assert len(cells) == 4
    assert len(drawn[0].axes[0].patches) == 4
    assert not any("-" in cell for cell in cells)


def test_numbers_below_nothing_have_a_minus_sign(make_run: MakeRun, drawn: list[Figure]) -> None:
    draw_heatmap(Results(make_run(["a", "b"], normalise="none", shift=100.0).root))
    assert all(text.get_text().startswith("\N{MINUS SIGN}") for text in drawn[0].axes[0].texts)
