"""A figure of the report: saved in every form, and ready for the page."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from deepfeat.report.inline_svg import inline
from deepfeat.report.results import Results
from deepfeat.writing import canvas
from deepfeat.writing.csvfiles import write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOP = 30
"""Features of a figure that has a row for each, at most."""
NAME = 44
"""Letters of a feature's name in a figure."""
SMALL = 8.0
"""Points, for numbers beside what they belong to."""
DOT = " \N{MIDDLE DOT} "


@dataclass(frozen=True)
class Picture:
    """A figure in `figures/` as PNG, SVG and CSV, and as part of the page.

    Attributes:
        name: of its files.
        title: a few words.
        caption: how it is read.
        alt: what is to be seen, for who cannot see it.
        table: the numbers that are drawn.
        svg: an element for the page, whose colours follow its theme.
    """

    name: str
    title: str
    caption: str
    alt: str
    table: pd.DataFrame
    svg: str


class Sketch:
    """Collects what a figure needs besides what is drawn, and saves it; made by `sketch`.

    Args:
        results: of the run that the figure is about.
        name: of the figure's files.
    """

    def __init__(self, results: Results, name: str) -> None:
        self._paths, self._name = results.paths, name

    def finish(self, figure: "Figure", *, title: str, caption: str, alt: str, table: pd.DataFrame) -> Picture:
        """Save the figure as PNG, SVG and CSV.

        Args:
            figure: what is drawn.
            title: see `Picture`; so are the others.
            caption: as above.
            alt: as above.
            table: as above.

        Raises:
            OutputError: a file cannot be written.
        """
        canvas.save(figure, lambda suffix: self._paths.figure(self._name, suffix))
        write_table(self._paths.figure(self._name, ".csv"), table)
        svg = inline(canvas.as_text(figure), self._name)
        return Picture(self._name, title, caption, alt, table, svg)


@contextmanager
def sketch(results: Results, name: str, texts: Iterable[str]) -> Iterator[tuple[Sketch, canvas.Drawable]]:
    """The look of figures while one is made.

    Args:
        results: of the run that the figure is about.
        name: of the figure's files.
        texts: what will be written in it.

    Yields:
        What saves the figure, and what makes a text drawable.
    """
    with canvas.look(texts) as drawable:
        yield Sketch(results, name), drawable
