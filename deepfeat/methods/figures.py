"""Figures that a method leaves in its folder, for the report to show."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepfeat.methods.context import Context
from deepfeat.writing import canvas
from deepfeat.writing.atomic import write_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def save_figure(
    context: Context, name: str, figure: "Figure", *, title: str, alt: str, table: "pd.DataFrame"
) -> list[Path]:
    """Save a figure as PNG and SVG with the numbers it shows as CSV, and tell the report about it.

    The same figure gives the same bytes. Make it with `matplotlib.figure.Figure`, without pyplot, inside of
    `deepfeat.writing.canvas.look`:

        with canvas.look(names) as drawable:
            figure = Figure(figsize=(6, 4))
            figure.add_subplot().barh([drawable(name) for name in names], values)
            save_figure(context, "path", figure, title="Order of selection", alt="Bars of ...", table=table)

    Args:
        context: of the method; the files go into its folder.
        name: of the files, without a suffix; each figure of a method has its own.
        figure: what is drawn.
        title: a few words, shown above the figure.
        alt: a sentence or two that say what is to be seen, for who cannot see it.
        table: the numbers that are drawn; its index is left out.

    Returns:
        The three files.

    Raises:
        MethodError: the name would lead out of the folder.
        OutputError: a file cannot be written.
    """
    from deepfeat.writing.csvfiles import write_table  # noqa: PLC0415 - loads pandas

    csv = context.artefact(f"{name}.csv")
    drawn = canvas.save(figure, lambda suffix: context.artefact(name + suffix))
    write_table(csv, table)
    describe_figure(context, f"{name}.png", title=title, alt=alt, csv=csv.name)
    return [*drawn, csv]


def describe_figure(context: Context, file: str, *, title: str, alt: str, csv: str | None = None) -> None:
    """Tell the report about a figure that a library drew and saved by itself.

    Args:
        context: of the method.
        file: its name in the method's folder, such as `beeswarm.png`.
        title: as in `save_figure`.
        alt: as in `save_figure`.
        csv: name of the file with the numbers it shows, where there is one.
    """
    index = context.artefact(canvas.INDEX)
    known: dict[str, Any] = json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}
    known[file] = {"title": title, "alt": alt, "csv": csv}
    write_text(index, json.dumps(dict(sorted(known.items())), indent=2, ensure_ascii=False) + "\n")
