"""Writes an experiment for a table."""

import os
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from deepfeat.data.glance import Glance, glance_at
from deepfeat.errors import InputError, Problem
from deepfeat.methods.method import Method
from deepfeat.methods.registry import Registry
from deepfeat.starting.draft import draft, suggested
from deepfeat.writing.atomic import make_directory, write_text

FILE = "experiment.yml"
_OPTIONS = {"data.path": "--data", "data.target": "--target", "data.names": "--names"}


@dataclass(frozen=True)
class Written:
    """An experiment that was written.

    Attributes:
        path: of the file.
        glance: what it was written from.
        methods: the methods that it asks.
    """

    path: Path
    glance: Glance
    methods: list[str]


def write_experiment(
    folder: Path, table: Path, target: str, names: Path | None, registry: Registry
) -> Written:
    """Look at a table and write `FOLDER/experiment.yml` for it.

    Args:
        folder: where the file goes; made where it does not exist.
        table: CSV, TSV or Parquet.
        target: the column to predict; `last` is the last one.
        names: a file with the names of its columns, for a table without a header.
        registry: the methods there are.

    Raises:
        InputError: the folder has an experiment already, or the table cannot be used as it is.
        OutputError: the file cannot be written.
    """
    path = folder / FILE
    if folder.exists() and not folder.is_dir():
        is_table = folder == table or folder.suffix
        hint = f"deepfeat init --data {shlex.quote(str(folder))}" if is_table else "deepfeat init DIR"
        raise InputError(Problem(str(folder), 0, 0, f"found a file; for a directory type: {hint}"))
    if path.exists():
        raise InputError(
            Problem(str(path), 0, 0, "found an experiment already; name another directory: deepfeat init DIR")
        )
    try:
        glance = glance_at(table, target, names, _from(folder, table))
    except InputError as error:
        raise InputError(replace(each, message=_as_typed(each.message)) for each in error.problems) from error
    if names is not None:
        config = glance.config.model_copy(update={"names": _from(folder, names)})
        glance = replace(glance, config=config)
    methods: dict[str, type[Method]] = dict(registry.methods)
    make_directory(folder)
    write_text(path, draft(experiment_name(table), glance, methods, path))
    return Written(path, glance, suggested(glance, methods))


def experiment_name(table: Path) -> str:
    """A name for an experiment on a table: that of its file, in characters that a folder can have.

    Args:
        table: the file.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", table.stem).lstrip("._-")
    return name[:100] or "experiment"


def _as_typed(message: str) -> str:
    """A message that speaks of options, as there is no experiment yet that has settings."""
    for setting, option in _OPTIONS.items():
        message = message.replace(setting, option)
    return message


def _from(folder: Path, file: Path) -> str:
    """A path as it is found from the folder of the experiment."""
    if file.is_absolute():
        return str(file)
    return Path(os.path.relpath(file, folder)).as_posix()
