"""The console that everything with styles is printed on."""

import os
from typing import TextIO

from rich.console import Console


def styled_console(file: TextIO | None = None, *, width: int | None = None) -> Console:
    """A console that takes no text for markup, and writes no escape code where `NO_COLOR` is set.

    What is no terminal gets none either, unless `FORCE_COLOR` asks for them.

    Args:
        file: where to print; standard output by default.
        width: cells per line; by default those of the terminal, or 80.
    """
    return Console(
        file=file,
        width=width,
        # by itself rich leaves out the colours alone, and goes on writing what is bold or dim
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        markup=False,
        emoji=False,
    )
