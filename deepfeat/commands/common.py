"""What all commands have in common."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepfeat.visible import visible

if TYPE_CHECKING:
    from deepfeat.config import LoadedExperiment
    from deepfeat.methods.registry import Registry
    from deepfeat.runs.paths import RunPaths
    from deepfeat.runs.prepare import Prepared

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""How `--help` is asked for, and how wide it is at most."""

DEFAULT = "experiment.yml"
"""The experiment file of whoever names none."""

EXPERIMENT = click.argument("experiment", type=click.Path(), default=DEFAULT)
SETTINGS = click.argument("settings", nargs=-1, metavar="[KEY.PATH=VALUE]...")


def say(text: str, *, err: bool = False) -> None:
    """Print a line; on a terminal, one that is too long is broken between words, and goes on indented.

    Args:
        text: what to print; names in it can neither begin another line nor steer the terminal.
        err: whether it goes to standard error.
    """
    line = visible(text)
    if (sys.stderr if err else sys.stdout).isatty():
        indent = " " * (len(line) - len(line.lstrip(" ")))
        width = shutil.get_terminal_size().columns
        line = click.wrap_text(line.strip(), width, initial_indent=indent, subsequent_indent=f"{indent}  ")
    click.echo(line, err=err)


def experiment_and_overrides(experiment: str, settings: Sequence[str]) -> tuple[Path, list[str]]:
    """What `EXPERIMENT` and `SETTINGS` stand for: `deepfeat run training.models=3` names no file.

    Args:
        experiment: the first argument; a setting too if it can be one and there is no such file.
        settings: the arguments after it.

    Returns:
        The file, and the settings as they were typed.
    """
    key, equals, _ = experiment.partition("=")
    # `Path.exists` raises where a value is longer than a file may be called.
    if equals and "/" not in key and not os.path.exists(experiment):  # noqa: PTH110
        return Path(DEFAULT), [experiment, *settings]
    return Path(experiment), list(settings)


def plugged_in(plugins: Sequence[Path] = (), folder: Path = Path()) -> "Registry":
    """The plugins that an experiment in a folder would find, whose `.env` may name some.

    Args:
        plugins: files and directories that the command line names.
        folder: of the experiment, which need not exist.

    Raises:
        InputError: the `.env` file cannot be read.
    """
    from deepfeat.config import read_environment  # noqa: PLC0415 - commands import what they need
    from deepfeat.methods.registry import load_registry  # noqa: PLC0415

    return load_registry(plugins, environ=read_environment(folder / DEFAULT))


def run_paths(loaded: "LoadedExperiment", output: Path | None) -> "RunPaths":
    """Where the results of an experiment go.

    Args:
        loaded: the experiment.
        output: the directory of results, where the command line names it.
    """
    from deepfeat.config import expand_home  # noqa: PLC0415 - commands import what they need
    from deepfeat.runs.paths import RunPaths  # noqa: PLC0415

    root = expand_home(output or loaded.environ.get("OUTPUT_DIR") or "ExpOutput")
    return RunPaths.of(root, loaded.experiment.name)


def prepared_runs(
    loaded: "LoadedExperiment", overrides: Sequence[str], paths: "RunPaths"
) -> list[tuple[str, "Prepared", "RunPaths"]]:
    """Every run of an experiment, checked: its arm's name, what to do, and where.

    The experiment itself has no name and comes last, because its page tells of the others too.

    Args:
        loaded: the experiment.
        overrides: `key.path=value` settings of the command line, with which it was loaded.
        paths: of its results.

    Raises:
        InputError: with everything that is wrong.
    """
    from deepfeat.runs.prepare import prepare_arms, prepare_loaded  # noqa: PLC0415 - as above

    prepared = prepare_loaded(loaded, paths.scratch)
    arms = prepare_arms(prepared, overrides, paths.scratch)
    return [*((name, arm, paths.arm(name)) for name, arm in arms.items()), ("", prepared, paths)]
