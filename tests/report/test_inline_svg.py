"""SVG files as elements of the page."""

import re
from xml.etree import ElementTree as ET

from matplotlib.figure import Figure

from deepfeat.report.inline_svg import inline
from deepfeat.report.theme import figure_rules
from deepfeat.writing import canvas


def element(prefix: str = "first") -> str:
    with canvas.look(["a"]):
        figure = Figure(figsize=(3, 2))
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=canvas.BLUE)
        axes.text(0.5, 0.5, "<b> & more", weight="bold")
        return inline(canvas.as_text(figure), prefix)


def test_has_no_style_and_no_script() -> None:
    root = ET.fromstring(element())  # noqa: S314 - our own
    assert root.tag == "svg"
    for each in root.iter():
        assert each.tag in {"svg", "g", "defs", "path", "use", "text", "tspan", "rect", "clipPath"}
        assert "style" not in each.attrib
        assert "xlink" not in "".join(each.attrib)
    assert "<b> & more" in [text.text for text in root.iter("text")]


def test_identifiers_of_two_figures_differ_and_are_all_found() -> None:
    both = [element("first"), element("second")]
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in both]
    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, own in zip(both, ids, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) <= own


def test_what_is_repeated_has_the_colours_of_its_repetitions() -> None:
    with canvas.look([]):
        figure = Figure(figsize=(3, 2))
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], linestyle="", marker="|", color=canvas.INK)
        axes.plot([0, 1], [1, 0], linestyle="", marker="o", color=canvas.BLUE, fillstyle="none")
        axes.fill_between([0, 1], [0, 0.2], [1, 0.8], color=canvas.SKY)
        root = ET.fromstring(inline(canvas.as_text(figure), "a"))  # noqa: S314 - our own
    uses = {use.get("href"): use for use in root.iter("use")}
    paths = [path for path in root.iterfind(".//defs/path") if f"#{path.get('id')}" in uses]
    assert len(paths) >= 4  # two ticks, two markers
    for path in paths:
        # the rules of the page colour what a repetition says, not what a path in <defs> says
        assert "stroke" not in path.attrib
        use = uses[f"#{path.get('id')}"]
        assert "stroke" in use.attrib
        assert path.get("fill") != use.get("fill") or "fill" not in path.attrib


def test_every_colour_of_the_figures_has_one_for_the_dark() -> None:
    rules = figure_rules()
    colours = {canvas.SKY, canvas.INK, canvas.GREY, canvas.GRID, canvas.BELOW, canvas.ON_DARK}
    for colour in {*colours, *canvas.SERIES, *canvas.RAMP}:
        assert f'[fill="{colour}"]' in rules
        assert f'[stroke="{colour}"]' in rules
    assert set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', element())) <= set(
        re.findall(r"#[0-9a-f]{6}", rules)
    )
