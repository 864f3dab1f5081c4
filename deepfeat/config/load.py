"""From an experiment file to an experiment, or to everything that is wrong with it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ValidationError

from deepfeat.config.arms import arm_draft
from deepfeat.config.draft import Draft, Positions
from deepfeat.config.environment import expand, read_environment
from deepfeat.config.home import expand_home
from deepfeat.config.messages import explain
from deepfeat.config.overrides import Override, apply_overrides, parse_overrides
from deepfeat.config.schema import Experiment
from deepfeat.config.source import parse_yaml
from deepfeat.config.textfile import read_text
from deepfeat.config.values import KeyPath, Value, shown_value
from deepfeat.errors import InputError, Problem


@dataclass(frozen=True)
class LoadedExperiment:
    """An experiment, and where each of its settings comes from.

    Attributes:
        experiment: the checked settings.
        positions: where they are written.
        source: the experiment file as the user named it.
        environ: the environment with the `.env` beside the experiment file.
    """

    experiment: Experiment
    positions: Positions
    source: str
    environ: Mapping[str, str] = field(repr=False)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """A problem with a setting, to be raised in an `InputError`.

        Args:
            path: of the setting as it is written in the file, list entries by number:
                `("training", "models")`, `("methods", 2)`, `("methods", 2, "my_method", "rows")`.
            message: what is wrong; what to do.
        """
        return self.positions.place(path).problem(path, message)

    def problems(
        self, path: KeyPath, error: ValidationError, model: type[BaseModel], value: object
    ) -> list[Problem]:
        """The problems of parameters that were checked against a model of their own.

        Args:
            path: of the parameters, as for `problem`.
            error: of validating `value` against `model`.
            model: the model of the parameters.
            value: the parameters as given.
        """
        return [self.problem((*path, *inner), message) for inner, message in explain(error, model, value)]

    def resolve_path(self, text: str) -> Path:
        """The file a setting means.

        Looked for from the current directory first, as the shell does, then from the folder of the experiment
        file; if it is in neither, the path from the current directory. `~` is the home directory.

        Args:
            text: the setting, such as `data.path`.
        """
        path = expand_home(text)
        try:
            beside = Path(self.source).parent / path
            return beside if not path.exists() and beside.exists() else path
        except OSError:
            # A name too long, no permission: opening the file will say it.
            return path


def load_experiment(
    path: str | Path,
    overrides: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
    *,
    arm: str | None = None,
    dotenv: bool = True,
) -> LoadedExperiment:
    """Loads and checks an experiment file.

    Args:
        path: of the file.
        overrides: settings of the command line, `key.path=value`; they win over the file.
        environ: environment variables, by default those of the process; they win over a `.env` file beside
            the experiment file.
        arm: the experiment of one of its arms instead.
        dotenv: whether a `.env` beside the file counts; not beside one that a run has written.

    Raises:
        InputError: with everything that is wrong in the file, in its arms, the overrides and the `.env` file.
    """
    problems: list[Problem] = []
    given: list[Override] = []
    try:
        given = parse_overrides(overrides)
    except InputError as error:
        problems += error.problems
    try:
        variables = read_environment(Path(path) if dotenv else None, environ)
    except InputError as error:
        problems += error.problems
        variables = dict(os.environ if environ is None else environ)
    try:
        draft = parse_yaml(read_text(Path(path)), str(path))
    except InputError as error:
        raise InputError([*problems, *error.problems]) from error
    if isinstance(draft.tree, dict):
        apply_overrides(draft, given)
        expand(draft, variables)
    experiment = _checked(draft)
    chosen = draft
    for name in experiment.arms if experiment is not None else ():
        of_arm = arm_draft(draft, name)
        checked = _checked(of_arm)
        draft.problems += of_arm.problems
        if name == arm:
            experiment, chosen = checked, of_arm
    if experiment is None or problems or draft.problems:
        raise InputError([*problems, *draft.problems])
    return LoadedExperiment(experiment, Positions(chosen.places), str(path), variables)


def _checked(draft: Draft) -> Experiment | None:
    """The experiment that a draft describes; None if there is none, with the reasons among its problems."""
    if draft.tree is None:
        if not draft.problems:
            draft.note((), "the file is empty; write an experiment in it, beginning with name: and data:")
        return None
    if not isinstance(draft.tree, dict):
        draft.fault(
            (), f"expected settings (key: value), found {shown_value(draft.tree)}; begin with name: and data:"
        )
        return None
    try:
        return _validated(draft.tree, draft.spelled)
    except ValidationError as error:
        for path, message in explain(error, Experiment, draft.tree):
            draft.fault(path, message)
        return None


def _validated(tree: dict[str, Value], spelled: Mapping[KeyPath, str]) -> Experiment:
    """The experiment; where text is wanted, what the environment or command line gave is taken as spelled.

    Nobody can put quotes around a column called 12 there: the shell and Compose take them off.
    """
    try:
        return Experiment.model_validate(tree)
    except ValidationError as error:
        wants_text = [item["loc"] for item in error.errors() if item["type"] == "string_type"]
        respelled = [path for path in wants_text if path in spelled]
        if not respelled:
            raise
        for path in respelled:
            _put(tree, path, spelled[path])
        return Experiment.model_validate(tree)


def _put(tree: Value, path: KeyPath, value: Value) -> None:
    for key in path[:-1]:
        tree = tree[key]  # type: ignore[index]  # the path was found in the tree
    tree[path[-1]] = value  # type: ignore[index]
