"""`deepfeat init` and `deepfeat demo`: the way to a first experiment."""

import shlex
from pathlib import Path

import click

from deepfeat.commands.common import CONTEXT, plugged_in, say

_NAMED = 5


@click.command(context_settings=CONTEXT)
@click.argument("directory", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="The table: CSV, TSV or Parquet."
)
@click.option(
    "--target", default="last", show_default=True, help="The column to predict; `last` is the last one."
)
@click.option(
    "--names",
    type=click.Path(path_type=Path),
    help="For a table without header: a file with the names of its columns in one line.",
)
def init(directory: Path, data: Path, target: str, names: Path | None) -> None:
    """Look at a table, and write an experiment that fits it.

    Writes DIR/experiment.yml [default: here] with a comment for every setting: the task that the target
    makes, columns that can be no features, missing values, and methods for a table of this size. Trains
    nothing, and never overwrites a file.

    \b
      deepfeat init --data Data/mine.csv --target outcome
      deepfeat init heart --data Data/heart.data --names Data/attributes
    """
    from deepfeat.config import dump_value  # noqa: PLC0415 - commands import what they need
    from deepfeat.starting.draft import seen  # noqa: PLC0415 - commands import what they need
    from deepfeat.starting.init import write_experiment  # noqa: PLC0415

    written = write_experiment(directory, data, target, names, plugged_in((), directory))
    glance, found = written.glance, written.glance.outline.target
    say(f"{written.path}: {seen(glance)}")
    for warning in glance.unread:
        say(f"  warning: {warning}")
    for column, reason in glance.ignored.items():
        say(f"  ignored  {column}: {reason}")
    if found.task == "binary":
        negative, positive = found.classes
        say(f"  positive {positive} (not {negative}): the last in order; recode the column to change that")
    say(f"  asked    {', '.join(written.methods)}")
    if glance.groups:
        columns, line = " or ".join(glance.groups[:_NAMED]), f"`group: {dump_value(glance.groups[0])}`"
        say(
            f"  warning: where rows of one value of {columns} belong together, take the # away before {line} "
            "in data: no split parts them then"
        )
    for warning in glance.warnings:
        say(f"  warning: {warning}")
    click.echo(f"Look at it, then: deepfeat run {shlex.quote(str(written.path))} --models 5")


def _examples(_context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Examples that the shell can complete a word to."""
    from deepfeat.starting.demo import examples, shipped  # noqa: PLC0415 - commands import what they need

    return [name for name in examples(shipped()) if name.startswith(begun)]


@click.command(context_settings=CONTEXT)
@click.argument("name", required=False, shell_complete=_examples)
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def demo(name: str | None, folder: Path | None) -> None:
    """Write an example with its data into FOLDER [default: a folder of its name]; without NAME, list them."""
    from deepfeat.starting.demo import EXPERIMENT, examples, shipped, write_demo  # noqa: PLC0415

    if name is None:
        listing = click.HelpFormatter(width=click.get_current_context().terminal_width)
        listing.write_dl(list(examples(shipped()).items()))
        click.echo(listing.getvalue(), nl=False)
        return
    target = Path(name) if folder is None else folder
    for line in write_demo(name, target, shipped()):
        say(line)
    click.echo(f"Next: deepfeat run {shlex.quote(str(target / EXPERIMENT))}")
