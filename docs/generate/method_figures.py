"""`docs/methods/NAME.svg`: what each method said of a table with a known answer."""

import io
from pathlib import Path

import matplotlib as mpl
from known import COLUMNS
from method_pages import known_results

from deepfeat.writing import canvas
from deepfeat.writing.atomic import write_text

FOLDER = Path(__file__).resolve().parents[1] / "methods"
MATTERS, STANDS_IN, NOTHING = canvas.BLUE, canvas.YELLOW, "#b8b8b8"
COLOURS = {
    "straight": MATTERS,
    "curved": MATTERS,
    "together": MATTERS,
    "stands in": STANDS_IN,
    "nothing": NOTHING,
}
LABELS = {
    "line": "line (straight)",
    "weak": "weak (straight)",
    "hill": "hill (both ends)",
    "pair_a": "pair_a (with b)",
    "pair_b": "pair_b (with a)",
    "twin": "twin (copy of line)",
}


def draw(name: str, shares: dict[str, float], spread: dict[str, float]) -> str:
    """The figure of a method as SVG: a bar per feature, what matters in blue.

    Args:
        name: of the method.
        shares: of each feature in the importance, the mean over networks.
        spread: standard deviation over networks, which is drawn as a line.
    """
    names = [LABELS.get(column, column) for column in COLUMNS]
    subtitle = "share of the importance; blue matters, yellow stands in for line, grey is noise"
    with canvas.look([*names, name, subtitle]):
        page = canvas.Page.with_rows(names, name, subtitle)
        axes = page.panels[0]
        values = [shares[column] for column in COLUMNS]
        deviations = [spread[column] for column in COLUMNS]
        axes.barh(range(len(values)), values, height=0.66, color=[COLOURS[way] for way in COLUMNS.values()])
        low = [max(value - deviation, 0) for value, deviation in zip(values, deviations, strict=True)]
        high = [value + deviation for value, deviation in zip(values, deviations, strict=True)]
        axes.hlines(range(len(values)), low, high, color=canvas.INK, linewidth=1)
        axes.set_xlim(0, max(0.3, *high) * 1.05)
        buffer = io.StringIO()
        with mpl.rc_context({"svg.fonttype": "none"}):  # letters as text: a tenth of the size
            page.figure.savefig(
                buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
            )
        return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def write_figures() -> None:
    """Draw those of all methods that gave shares."""
    for name, said in known_results().items():
        if "shares" in said:
            write_text(FOLDER / f"{name}.svg", draw(name, said["shares"], said["spread"]))
