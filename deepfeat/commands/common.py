"""What all commands have in common."""

import shutil
import sys

import click

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""How `--help` is asked for, and how wide it is at most."""


def say(text: str) -> None:
    """Print lines; on a terminal, one that is too long is broken between words, and goes on indented.

    Args:
        text: what to print.
    """
    for line in text.splitlines():
        if sys.stdout.isatty():
            indent = " " * (len(line) - len(line.lstrip(" ")))
            width = shutil.get_terminal_size().columns
            line = click.wrap_text(  # noqa: PLW2901 - the same line, for a terminal
                line.strip(), width, initial_indent=indent, subsequent_indent=f"{indent}  "
            )
        click.echo(line)
