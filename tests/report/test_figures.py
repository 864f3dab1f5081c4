"""The figures of a run: what is drawn, and that it is the same everywhere."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from deepfeat.errors import InputError
from deepfeat.report.figures import draw_ranking, draw_spread
from deepfeat.runs.paths import RunPaths
from deepfeat.writing import canvas

MakeRun = Callable[..., RunPaths]
DRAW = pytest.mark.parametrize("draw", [draw_ranking, draw_spread])

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


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that would have been saved."""
    figures: list[Figure] = []

    def keep(figure: Figure, path: Callable[[str], Path]) -> list[Path]:
        figure.draw_without_rendering()
        figures.append(figure)
        return [path(".svg")]

    monkeypatch.setattr(canvas, "save", keep)
    return figures


def texts_of(figure: Figure) -> Iterator[Text]:
    """Everything that can be read in a figure."""
    yield from figure.texts
    for axes in figure.axes:
        yield from axes.texts
        yield from (axes.xaxis.label, axes.yaxis.label, axes.title, axes._left_title)
        for axis in (axes.xaxis, axes.yaxis):
            # the ticks that matplotlib makes beyond the ends of an axis are not drawn
            yield from (tick.label1 for tick in axis._update_ticks())


@DRAW
def test_writes_a_png_and_an_svg_that_can_be_read(make_run: MakeRun, draw: Callable) -> None:
    paths = make_run([f"feature {index}" for index in range(13)])
    png, svg = draw(paths.root)
    assert (png.parent, png.suffix, svg.suffix) == (paths.figures, ".png", ".svg")
    with Image.open(png) as image:
        assert image.format == "PNG"
        assert min(image.size) > 400
        assert len(image.getcolors(1 << 20)) > 10
    assert ET.parse(svg).getroot().tag.endswith("svg")  # noqa: S314 (our own file)
    assert sorted(paths.figures.iterdir()) == [png, svg]


@DRAW
def test_the_same_run_gives_the_same_bytes_whatever_the_settings(make_run: MakeRun, draw: Callable) -> None:
    paths = make_run(["age", "sex", "$x$"])
    first = [file.read_bytes() for file in draw(paths.root)]
    with mpl.rc_context({"font.size": 20, "text.usetex": True, "axes.facecolor": "red", "svg.hashsalt": "x"}):
        again = [file.read_bytes() for file in draw(paths.root)]
    assert first == again
    assert not any(word in content for content in first for word in (b"Matplotlib v", b"<dc:date>"))


@DRAW
def test_leaves_the_settings_of_matplotlib_as_they_were(make_run: MakeRun, draw: Callable) -> None:
    before = dict(mpl.rcParams)
    draw(make_run(["age", "sex"]).root)
    assert dict(mpl.rcParams) == before


@DRAW
@pytest.mark.parametrize("methods", [("gate",), tuple("abcdef")])
def test_no_text_overlaps_another_or_leaves_the_page(
    make_run: MakeRun, drawn: list[Figure], draw: Callable, methods: tuple[str, ...]
) -> None:
    draw(make_run(NASTY, methods=methods).root)
    figure = drawn[0]
    with canvas.look(NASTY):
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure) if text.get_text()]
    assert len(boxes) > len(NASTY)
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


def test_names_are_drawn_as_they_are(make_run: MakeRun, drawn: list[Figure]) -> None:
    draw_ranking(make_run(NASTY).root)
    labels = [label.get_text() for label in drawn[0].axes[0].get_yticklabels()]
    assert "$\\alpha_1$ and $x^2" in labels
    assert r"<b>bold</b> & \x1b[31m\ntwo lines" in labels
    assert r"\u202eright to left" in labels
    assert "=cmd|' /C calc'!A0" in labels
    assert not any(label.get_parse_math() for label in drawn[0].axes[0].get_yticklabels())


def test_bars_are_the_ranking(make_run: MakeRun, drawn: list[Figure]) -> None:
    paths = make_run([f"f{index:02d}" for index in range(40)])
    draw_ranking(paths.root)
    axes = drawn[0].axes[0]
    bars = [bar.get_width() for bar in axes.patches]
    assert len(bars) == 30
    assert bars == sorted(bars, reverse=True)
    low, high = np.array([segment[:, 0] for segment in axes.collections[0].get_segments()]).T
    assert (low <= bars).all()
    assert (bars <= high).all()
    subtitle = drawn[0].texts[1].get_text()
    assert "the best 30 of 40 features" in subtitle
    assert "mean of 5 models" in subtitle
    assert "95 % interval" in subtitle


def test_one_model_has_no_interval(make_run: MakeRun, drawn: list[Figure]) -> None:
    draw_ranking(make_run(["a"], members=1, methods=("gate",)).root)
    subtitle = drawn[0].texts[1].get_text()
    assert subtitle.replace(" \N{MIDDLE DOT} ", "|") == "the only feature|one model|gate"


def test_spread_has_a_panel_per_method(make_run: MakeRun, drawn: list[Figure]) -> None:
    draw_spread(make_run(["a", "b", "c"], methods=tuple("uvwxyz")).root)
    assert [axes.get_title(loc="left") for axes in drawn[0].axes] == list("uvwxyz")
    assert len({axes.get_xlim() for axes in drawn[0].axes}) == 1


@DRAW
@pytest.mark.parametrize(
    "case",
    [
        {"normalise": "none", "shift": 3.0},
        {"normalise": "none", "shift": 100.0},
        {"normalise": "none", "scale": 1e250},
        {"normalise": "none", "scale": 0.0},
        {"normalise": "rank", "across_methods": "mean_rank"},
        {"failed": (0, 1, 2, 3)},
    ],
)
def test_unusual_scales_are_drawn(make_run: MakeRun, drawn: list[Figure], draw: Callable, case: dict) -> None:
    draw(make_run(["a", "b", "c"], **case).root)
    for axes in drawn[0].axes:
        left, right = axes.get_xlim()
        assert np.isfinite([left, right]).all()
        assert left <= 0.0 <= right
        assert left < right


@DRAW
def test_what_is_no_run_is_refused(tmp_path: Path, draw: Callable) -> None:
    with pytest.raises(InputError, match="not there"):
        draw(tmp_path)


def test_matplotlib_is_loaded_only_when_something_is_drawn() -> None:
    script = "import sys, deepfeat.report.figures; assert not {'matplotlib', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).resolve().parents[2], check=True)


def test_the_interactive_side_of_matplotlib_is_never_loaded(make_run: MakeRun) -> None:
    script = (
        "import sys; from pathlib import Path; from deepfeat.report.figures import draw_ranking;"
        "draw_ranking(Path(sys.argv[1])); assert 'matplotlib.pyplot' not in sys.modules"
    )
    root = make_run(["a", "b"]).root
    subprocess.run(
        [sys.executable, "-c", script, str(root)], cwd=Path(__file__).resolve().parents[2], check=True
    )
