"""How every figure is made: the same look and the same bytes on every machine, whatever the names in it."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepfeat.writing.atomic import write_with

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INDEX = "figures.json"
"""The file of a folder that says what the figures in it show: by file, `title`, `alt` and `csv`."""

# Okabe and Ito's palette: told apart by people with any kind of colour vision, and in print
SKY = "#56b4e9"
BLUE = "#0072b2"
INK = "#1a1a1a"
GREY = "#6b6b6b"
GRID = "#e3e3e3"
ORANGE = "#d55e00"
GREEN = "#009e73"
VIOLET = "#cc79a7"
YELLOW = "#e69f00"
SERIES = (BLUE, ORANGE, GREEN, VIOLET, YELLOW, SKY)
"""Colours of lines and dots that stand beside each other."""

RAMP = ("#f1f6fb", "#dce9f5", "#c2daed", "#a1c8e3", "#7bb2d6", "#549ac7", "#2b76a9", "#1a6399", "#0b4678")
"""From nothing to all, in even steps of lightness."""
BELOW = "#f6d6bf"
"""Less than nothing, where a ramp is for what is above it."""
ON_DARK = "#fdfdfd"
"""Letters on the darker colours of the ramp."""

# inches
_MARGIN, _GAP, _ROW, _HEAD, _HEADING, _FOOT = 0.15, 0.2, 0.225, 0.68, 0.25, 0.55
_PLOT, _PANEL = 5.2, 1.7

_ACROSS = 4  # panels

_TITLE_SIZE = 12.0
_DOTS = 160  # per inch

# matplotlib brings this font along, so figures do not depend on what is installed
_FONT = "DejaVu Sans"
# letters that it lacks are taken from the first of these that is installed
_FALLBACKS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "Malgun Gothic",
    "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Thai", "Nirmala UI", "Arial Unicode MS",
)  # fmt: skip
_MISSING = "\u25a1"  # an empty box

_SETTINGS: Any = {
    "svg.hashsalt": "deepfeat",  # identifiers in the file would be random otherwise
    "svg.fonttype": "path",
    "text.parse_math": False,  # a name with dollars is a name
    "text.usetex": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "ytick.major.pad": 6.0,
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}

# matplotlib would put its version and the date into the files
_FORMATS: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Creator": None, "Date": None, "Format": None, "Type": None},
}


Drawable = Callable[[str], str]
"""Makes a text drawable: letters that no font here has become empty boxes."""


@contextmanager
def look(texts: Iterable[str]) -> Iterator[Drawable]:
    """Use our look for figures made and saved meanwhile; matplotlib's settings are then as they were.

    Args:
        texts: the names that will be drawn.

    Yields:
        What makes a text drawable.
    """
    import matplotlib as mpl  # noqa: PLC0415 (takes half a second)
    from matplotlib import style  # noqa: PLC0415

    fonts, known = _fonts({char for text in texts for char in text})
    with style.context("default"), mpl.rc_context({**_SETTINGS, "font.family": fonts}):
        yield lambda text: "".join(char if char in known or char.isspace() else _MISSING for char in text)


@dataclass(frozen=True)
class Page:
    """A figure of panels that have one row per name.

    Attributes:
        figure: the whole.
        panels: the axes, in reading order; row i is at y = i, from the top.
        panel_inches: width of a panel.
    """

    figure: "Figure"
    panels: list["Axes"]
    panel_inches: float

    @property
    def corner(self) -> "Axes":
        """The panel at the bottom left."""
        return self.panels[(len(self.panels) - 1) // _ACROSS * _ACROSS]

    @classmethod
    def with_rows(
        cls, names: Sequence[str], title: str, subtitle: str, *, headings: Sequence[str] = ("",)
    ) -> "Page":
        """An empty page, as wide as its texts need.

        Args:
            names: of the rows, drawable.
            title: in large letters.
            subtitle: below it, in grey.
            headings: above the panels, one each; panels that do not fit side by side go below.
        """
        from matplotlib.figure import Figure  # noqa: PLC0415

        across = min(len(headings), _ACROSS)
        bands = -(-len(headings) // across)
        panel = max((_PLOT - (across - 1) * _GAP) / across, _PANEL)
        left = _MARGIN + max(text_inches(name) for name in names) + _GAP
        right = left + across * (panel + _GAP) - _GAP
        texts = head_inches(title, subtitle)
        band = (_HEADING if any(headings) else 0.0) + _ROW * len(names) + _FOOT
        width, height = max(right + 2 * _MARGIN, texts), _HEAD + bands * band

        figure = Figure(figsize=(width, height))
        head(figure, title, subtitle)
        panels = []
        for index, heading in enumerate(headings):
            row, column = divmod(index, across)
            x, y = left + column * (panel + _GAP), (bands - row - 1) * band + _FOOT
            axes = figure.add_axes((x / width, y / height, panel / width, _ROW * len(names) / height))
            axes.set_ylim(len(names) - 0.4, -0.6)
            axes.set_yticks(range(len(names)), names if column == 0 else [""] * len(names))
            axes.tick_params(axis="y", length=0)
            axes.set_title(heading, loc="left", weight="bold")
            axes.grid(axis="x", color=GRID, linewidth=0.8)
            axes.locator_params(axis="x", nbins=min(max(round(panel * 1.7), 3), 6))
            axes.xaxis.set_major_formatter(lambda value, _: signed(f"{value:g}"))
            panels.append(axes)
        return cls(figure, panels, panel)


def head(figure: "Figure", title: str, subtitle: str) -> None:
    """Write the title of a figure, and what is shown below it in grey."""
    width, height = figure.get_size_inches()
    figure.text(_MARGIN / width, 1 - 0.13 / height, title, size=_TITLE_SIZE, weight="bold", va="top")
    figure.text(_MARGIN / width, 1 - 0.40 / height, subtitle, color=GREY, va="top")


def head_inches(title: str, subtitle: str) -> float:
    """The width that `head` needs."""
    return 3 * _MARGIN + max(text_inches(title, _TITLE_SIZE, weight="bold"), text_inches(subtitle))


def text_inches(text: str, size: float | None = None, weight: str = "normal") -> float:
    """Width of a text in the fonts of `look`."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    extent = Figure(dpi=100).text(0, 0, text, size=size, weight=weight).get_window_extent()
    return float(extent.width) / 100


def signed(number: str) -> str:
    """A number with a real minus sign, which is easier to see than a hyphen."""
    return number.replace("-", "\N{MINUS SIGN}")


def ramp(share: float) -> str:
    """The colour of the ramp for a share from 0 to 1; what is below 0 has a colour of its own."""
    if share < 0:
        return BELOW
    return RAMP[min(int(share * len(RAMP)), len(RAMP) - 1)]


def letters_on(colour: str) -> str:
    """The colour in which letters on this colour of the ramp are read best."""
    return ON_DARK if colour in RAMP[6:] else INK


def as_text(figure: "Figure") -> str:
    """A figure as SVG whose letters are text, for pages that bring their own font and say its title.

    Args:
        figure: made inside of `look`, which must still be in force; its title and subtitle are left out.
    """
    import matplotlib as mpl  # noqa: PLC0415 - see `look`

    buffer = io.StringIO()
    for text in figure.texts:
        text.set_visible(False)
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata=_FORMATS[".svg"], bbox_inches="tight", pad_inches=0.04)
    for text in figure.texts:
        text.set_visible(True)
    return buffer.getvalue()


def save(figure: "Figure", path: Callable[[str], Path]) -> list[Path]:
    """Save a figure atomically in every format.

    Args:
        figure: made inside of `look`, which must still be in force.
        path: gives the file for a suffix.

    Returns:
        The files.

    Raises:
        OutputError: a file cannot be written.
    """

    def write(temporary: Path) -> None:
        figure.savefig(temporary, dpi=_DOTS, metadata=_FORMATS[temporary.suffix])

    files = [path(suffix) for suffix in _FORMATS]
    for file in files:
        write_with(file, write)
    return files


def _fonts(chars: set[str]) -> tuple[list[str], set[str]]:
    """The fonts to use, and those of the characters that they have."""
    from matplotlib import font_manager  # noqa: PLC0415

    families = [_FONT]
    known = {char for char in chars if _has(_FONT, char)}
    for family in _FALLBACKS:
        if known == chars:
            break
        if family in font_manager.get_font_names():
            more = {char for char in chars - known if _has(family, char)}
            if more:
                families.append(family)
                known |= more
    return families, known


@cache
def _charmap(family: str) -> frozenset[int]:
    from matplotlib import font_manager  # noqa: PLC0415

    return frozenset(font_manager.get_font(font_manager.findfont(family)).get_charmap())


def _has(family: str, char: str) -> bool:
    return ord(char) in _charmap(family)
