"""The experiment of an earlier run, as that run has written it: data, of which nothing is executed."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from deepfeat.config import LoadedExperiment, load_experiment
from deepfeat.errors import InputError
from deepfeat.methods.discovery import plugin_files
from deepfeat.runs import provenance
from deepfeat.runs.inside import is_inside
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import Prepared, prepare_loaded


def loaded_again(paths: RunPaths, overrides: Iterable[str] = ()) -> LoadedExperiment:
    """The experiment of a run; paths in it are looked for where its own file was, too.

    A `.env` in the run directory does not count: the variables were filled in when the run began, and
    `DEEPFEAT_PLUGINS` in it would name programs.

    Args:
        paths: the run.
        overrides: `key.path=value` settings that are different now.

    Raises:
        InputError: the file is not there, or damaged.
    """
    loaded = load_experiment(paths.experiment, overrides, dotenv=False)
    folder = (provenance.earlier(paths.provenance) or {}).get("folder")
    if isinstance(folder, str):
        loaded = replace(loaded, source=str(Path(folder) / paths.experiment.name))
    return loaded


def prepared_again(paths: RunPaths, overrides: Iterable[str] = ()) -> Prepared:
    """The experiment of a run with its data and its plugins, so that its networks can be built again.

    Args:
        paths: the run.
        overrides: `key.path=value` settings that are different now.

    Raises:
        InputError: it cannot be prepared any more, or a plugin lies in the run directory.
    """
    loaded = loaded_again(paths, overrides)
    whole = paths.ledger.parent
    reason = "lies in the run directory, of which nothing is executed; if you trust it, move it elsewhere"
    problems = [
        loaded.problem(("plugins", index), f"{file} {reason}")
        for index, entry in enumerate(loaded.experiment.plugins)
        for file in plugin_files([loaded.resolve_path(entry.path)])
        if is_inside(file.parent, whole) or is_inside(file, whole)
    ]
    if problems:
        raise InputError(problems)
    return prepare_loaded(loaded, paths.scratch)
