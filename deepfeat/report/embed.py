"""Figures as parts of the page: those drawn here, and those that methods left as files."""

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from markupsafe import Markup

from deepfeat.report.figures.picture import Picture
from deepfeat.report.results import Results
from deepfeat.report.table import written
from deepfeat.visible import visible
from deepfeat.writing.canvas import signed
from deepfeat.writing.csvfiles import read_table
from deepfeat.writing.labels import number_format

_ROWS = 60
"""Rows of the numbers below a figure."""
_P_VALUES = ("p", "q", "p_value", "q_value")
_LARGEST_SVG = 200_000
"""Bytes; the PNG of a figure with more is shown instead."""
_SCALE = 0.7
"""Pixels of the page for each of a PNG, which has more of them than a screen."""
_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True)
class Cell:
    """A cell of the numbers below a figure."""

    text: str
    is_number: bool


Numbers = tuple[Sequence[str], Sequence[Sequence[Cell]], str]
"""Headings, the first rows, and how many more there are."""


@dataclass(frozen=True)
class Shown:
    """A figure as the template shows it.

    Attributes:
        id: of its element.
        title: a few words.
        caption: how it is read.
        element: the drawing, with its alternative text.
        links: suffix and place of each of its files, seen from the run's directory.
        heads: headings of its numbers.
        rows: the first of its numbers.
        rest: how many more rows its CSV has.
    """

    id: str
    title: str
    caption: str
    element: Markup
    links: Sequence[tuple[str, str]]
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    rest: str = ""


def drawn(results: Results, picture: Picture) -> Shown:
    """A figure that was drawn here.

    Args:
        results: of the run.
        picture: the figure.
    """
    element = Markup('<div class="drawing" role="img" aria-label="{}">{}</div>').format(
        visible(picture.alt),
        Markup(picture.svg),  # noqa: S704 - drawn here; XML of our own
    )
    files = {
        suffix: results.paths.figure(picture.name, f".{suffix.lower()}") for suffix in ("SVG", "PNG", "CSV")
    }
    return Shown(
        f"figure-{picture.name}",
        picture.title,
        picture.caption,
        element,
        [(suffix, link(results, file)) for suffix, file in files.items()],
        *numbers(picture.table),
    )


def link(results: Results, file: Path) -> str:
    """Where a file of the run is, seen from its directory, as it is written in a page."""
    return quote(file.relative_to(results.root).as_posix())


def left_by(results: Results, method: str, id_: str) -> list[Shown]:
    """The figures in a method's folder, those that it describes first.

    Args:
        results: of the run.
        method: its name.
        id_: for the figures' elements.

    Raises:
        InputError: a file is damaged.
    """
    folder = results.paths.artefacts(method)
    if not folder.is_dir():
        return []
    described = results.figures(method)
    files = sorted(file for file in folder.iterdir() if file.suffix in _TYPES)
    stems = dict.fromkeys([*(Path(name).stem for name in described), *(file.stem for file in files)])
    return [
        _left(
            results,
            f"{id_}-figure-{number}",
            {file.suffix: file for file in files if file.stem == stem},
            described,
        )
        for number, stem in enumerate(stems, 1)
        if any(file.stem == stem for file in files)
    ]


def _left(
    results: Results, id_: str, files: Mapping[str, Path], described: Mapping[str, Mapping[str, Any]]
) -> Shown:
    """A figure in a file: an image, in which nothing can be executed."""
    about = next((described[file.name] for file in files.values() if file.name in described), {})
    title = str(about.get("title") or next(iter(files.values())).stem.replace("_", " "))
    alt = str(about.get("alt") or title)
    content = {suffix: file.read_bytes() for suffix, file in files.items()}
    if ".svg" in content and (".png" not in content or len(content[".svg"]) <= _LARGEST_SVG):
        suffix = ".svg"
    else:
        suffix = ".png"
    source = f"data:{_TYPES[suffix]};base64,{base64.b64encode(content[suffix]).decode('ascii')}"
    image = Markup('<img alt="{}" src="{}"{}>').format(visible(alt), source, _size(content[suffix]))
    element = Markup('<div class="drawing">{}</div>').format(image)
    links = [(kind[1:].upper(), link(results, file)) for kind, file in files.items()]
    below: Numbers = ((), (), "")
    if csv := about.get("csv"):
        table = next(iter(files.values())).with_name(csv)
        links.append(("CSV", link(results, table)))
        below = numbers(_mixed(table))
    return Shown(id_, title, "" if alt == title else alt, element, sorted(links), *below)


def _size(png: bytes) -> Markup:
    """Width and height in pixels of the page, from the heading of a PNG; nothing where it is none."""
    if not png.startswith(b"\x89PNG") or len(png) < 24:  # noqa: PLR2004 - where they stand
        return Markup("")
    width, height = (round(length * _SCALE) for length in struct.unpack(">II", png[16:24]))
    return Markup(' width="{}" height="{}"').format(width, height)


def _mixed(path: Path) -> pd.DataFrame:
    """A table whose columns may hold text."""
    heads = pd.read_csv(path, nrows=0, dtype=str).columns
    table = read_table(path, text=heads)
    for name in heads:
        numbers = pd.to_numeric(table[name], errors="coerce")
        if (numbers.notna() | table[name].eq("")).all():
            table[name] = numbers
    return table


def numbers(table: pd.DataFrame) -> Numbers:
    """A table as it is shown.

    Args:
        table: columns of numbers have one format each.
    """
    columns = []
    for name, column in table.head(_ROWS).items():
        if pd.api.types.is_integer_dtype(column):
            texts = ["" if value is pd.NA else signed(f"{value:,}") for value in column]
            columns.append([Cell(text, is_number=True) for text in texts])
        elif pd.api.types.is_float_dtype(column):
            form = "p" if name in _P_VALUES else number_format(column)
            columns.append([Cell(written(float(value), form), is_number=True) for value in column])
        else:
            columns.append([Cell(visible(str(value)), is_number=False) for value in column])
    rest = len(table) - _ROWS
    return list(table.columns), list(zip(*columns, strict=True)), f"{rest:,}" if rest > 0 else ""
