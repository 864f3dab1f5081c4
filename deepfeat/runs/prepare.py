"""Everything that can be checked before work starts: the experiment, its plugins and its data."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from deepfeat.config import Experiment, LoadedExperiment, load_experiment
from deepfeat.config.sizes import parse_size
from deepfeat.data.dataset import Dataset
from deepfeat.data.load import load_data
from deepfeat.errors import InputError, Problem, did_you_mean
from deepfeat.methods.cheapest import cheapest_member_methods
from deepfeat.methods.method import Input, Method, MethodParams
from deepfeat.methods.registry import Registry, load_plugins
from deepfeat.nets.network import Network
from deepfeat.training.plan import FitPlan, build_plan, check_plan, folds_fault
from deepfeat.training.settings import TrainingSettings, merge_settings

MOST_MODELS = 500
"""Networks that `training.models: auto` trains at most, unless the experiment says otherwise."""

CONTROLLED_FROM = 20
"""Networks from which on controls are asked by themselves: with fewer there is little to control."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """An experiment that can be run as it is.

    Attributes:
        loaded: the experiment and where its settings are written.
        registry: the plugins.
        data: the table.
        network: the network with its parameters.
        settings: how members are trained.
        plan: what each member of the main ensemble is trained on; for `training.models: auto` as many as may
            be trained.
        methods: the methods asked for, with their parameters.
    """

    loaded: LoadedExperiment
    registry: Registry
    data: Dataset
    network: Network
    settings: TrainingSettings
    plan: FitPlan
    methods: list[tuple[type[Method], MethodParams]]

    @property
    def memory(self) -> int | None:
        """Bytes that one stack may take; None leaves the choice to the trainer."""
        text = self.loaded.experiment.training.memory
        return None if text is None else parse_size(text)

    def settings_for(
        self, network: Network, data: Dataset, changes: Mapping[str, Any] = MappingProxyType({})
    ) -> TrainingSettings:
        """How members of another network, or on another table, are trained in this experiment.

        Args:
            network: its defaults hold where the experiment does not say otherwise.
            data: its task decides on the loss where nobody does.
            changes: settings that differ from all of that.

        Raises:
            pydantic.ValidationError: a change that is not a setting.
        """
        return _settings(self.loaded.experiment, network, data, changes)


def prepare(path: Path, overrides: Iterable[str] = ()) -> Prepared:
    """Load and check an experiment; see `prepare_loaded`.

    Args:
        path: the experiment file.
        overrides: `key.path=value` settings of the command line.

    Raises:
        InputError: with everything that is wrong: first in the experiment file, then in its methods, network
            and data together.
    """
    return prepare_loaded(load_experiment(path, overrides))


def prepare_loaded(
    loaded: LoadedExperiment, scratch: Path | None = None, beside: Prepared | None = None
) -> Prepared:
    """Check an experiment that was loaded, with its plugins and data; leaves no file.

    Args:
        loaded: the experiment, or one of its arms.
        scratch: as for `deepfeat.data.load.load_table`.
        beside: of an arm the experiment, whose plugins and data it has too unless it names others.

    Raises:
        InputError: with everything that is wrong in its methods, network and data together.
    """
    experiment = loaded.experiment
    registry = _registry(loaded, beside)
    problems: list[Problem] = _missing_trackers(loaded)
    methods: list[tuple[type[Method], MethodParams]] = []
    network, data = None, None
    try:
        methods = registry.resolve(experiment.methods, loaded)
    except InputError as error:
        problems += error.problems
    else:
        problems += _unjudged(loaded, registry, methods)
        problems += _of_the_other_kind(loaded, methods)
        methods = methods + _controls(experiment, registry, methods)
    try:
        network = _network(loaded, registry)
    except InputError as error:
        problems += error.problems
    try:
        data = _data(loaded, beside, scratch)
    except InputError as error:
        problems += error.problems
    if data is not None:
        problems += _unknown_in_groups(loaded, data)
    if experiment.training.models == "auto" and not cheapest_member_methods(method for method, _ in methods):
        reason = "auto needs a method that answers for each network; add one, or write a number"
        problems.append(loaded.problem(("training", "models"), reason))
    if problems or network is None or data is None:
        raise InputError(problems)
    settings = _settings(experiment, network, data, {})
    return Prepared(
        loaded, registry, data, network, settings, _plan(loaded, data, network, settings), methods
    )


def _registry(loaded: LoadedExperiment, beside: Prepared | None) -> Registry:
    if beside is not None and beside.loaded.experiment.plugins == loaded.experiment.plugins:
        return beside.registry
    return load_plugins(loaded)


def _data(loaded: LoadedExperiment, beside: Prepared | None, scratch: Path | None) -> Dataset:
    if beside is not None and beside.loaded.experiment.data == loaded.experiment.data:
        return beside.data
    return load_data(loaded.experiment.data, loaded.resolve_path, scratch)


def prepare_arms(
    prepared: Prepared, overrides: Iterable[str], scratch: Path | None = None
) -> dict[str, Prepared]:
    """The arms of an experiment, by name in its order.

    Args:
        prepared: the experiment itself, as it was loaded from its file.
        overrides: `key.path=value` settings of the command line.
        scratch: as for `prepare_loaded`.

    Raises:
        InputError: with everything that is wrong in any of them.
    """
    given = list(overrides)
    arms: dict[str, Prepared] = {}
    problems: list[Problem] = []
    for name in prepared.loaded.experiment.arms:
        try:
            arm = load_experiment(prepared.loaded.source, given, arm=name)
            arms[name] = prepare_loaded(arm, scratch, prepared)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return arms


def _plan(loaded: LoadedExperiment, data: Dataset, network: Network, settings: TrainingSettings) -> FitPlan:
    """The plan of the main ensemble, which can be trained."""
    if fault := folds_fault(settings.split, data):
        raise InputError(loaded.problem(("training", "split", "folds"), fault))
    training = loaded.experiment.training
    most = training.most_models or MOST_MODELS if training.models == "auto" else training.models
    plan = build_plan(data, settings.split, most, loaded.experiment.seed, network)
    try:
        check_plan(plan, data)
    except InputError as error:
        where = ("training", "split")
        raise InputError(loaded.problem(where, problem.message) for problem in error.problems) from error
    return plan


def _settings(
    experiment: Experiment, network: Network, data: Dataset, changes: Mapping[str, Any]
) -> TrainingSettings:
    chosen = experiment.training.model_dump(exclude_none=True, exclude_unset=True)
    settings = merge_settings(network.training, {**chosen, **changes}, data.task)
    # merge_settings leaves out what is not a setting, which here can only be a mistake of a method's author
    return TrainingSettings.model_validate({**settings.model_dump(), **changes})


def _controls(
    experiment: Experiment, registry: Registry, methods: list[tuple[type[Method], MethodParams]]
) -> list[tuple[type[Method], MethodParams]]:
    """The methods that control the others, but for those that are asked anyway."""
    models = experiment.training.models
    enough = models == "auto" or models >= CONTROLLED_FROM
    if experiment.controls == "never" or (experiment.controls == "auto" and not enough):
        return []
    named = {method.name for method, _ in methods}
    return [
        (method, method.Params())
        for name, method in registry.methods.items()
        if method.control and name not in named and _kind(experiment) in method.inputs
    ]


def _kind(experiment: Experiment) -> Input:
    return "table" if experiment.data.images is None else "images"


def _of_the_other_kind(
    loaded: LoadedExperiment, methods: list[tuple[type[Method], MethodParams]]
) -> list[Problem]:
    """Methods that are asked about images and want a table, or the other way round."""
    own = _kind(loaded.experiment)
    other = {"table": "images", "images": "tables"}[own]
    return [
        loaded.problem(
            ("methods", index),
            f"{method.name} is for {other} and data {'are images' if own == 'images' else 'is a table'}; "
            "remove it (`deepfeat methods` lists the others)",
        )
        for index, (method, _) in enumerate(methods)
        if own not in method.inputs
    ]


def _unjudged(
    loaded: LoadedExperiment, registry: Registry, methods: list[tuple[type[Method], MethodParams]]
) -> list[Problem]:
    """What is wrong where methods are to be weighed and none of them does it."""
    judge = loaded.experiment.ranking.weights
    if judge == "equal" or any(method.name == judge and method.after_others for method, _ in methods):
        return []
    known = [name for name, method in registry.methods.items() if method.after_others and not method.control]
    if judge in known:
        reason = f"{judge} is not asked; add it to methods, or set ranking.weights: equal"
    else:
        reason = f"{judge!r} is no method that judges the others; use one of: {', '.join(('equal', *known))}"
    return [loaded.problem(("ranking", "weights"), reason)]


def _missing_trackers(loaded: LoadedExperiment) -> list[Problem]:
    """Trackers that are asked for and not installed."""
    wanted = loaded.experiment.logging.model_dump(exclude_none=True)
    return [
        loaded.problem(
            ("logging", name), f'needs the library {name}; in deepfeat\'s folder: pip install -e ".[{name}]"'
        )
        for name in wanted
        if find_spec(name) is None
    ]


def _unknown_in_groups(loaded: LoadedExperiment, data: Dataset) -> list[Problem]:
    """Features that `ranking.groups` names and the table does not have."""
    known = set(data.feature_names)
    return [
        loaded.problem(
            ("ranking", "groups", group, index),
            f"{feature!r} is no feature of {data.name}; {did_you_mean(feature, data.feature_names)}",
        )
        for group, features in loaded.experiment.ranking.groups.items()
        for index, feature in enumerate(features)
        if feature not in known
    ]


def _network(loaded: LoadedExperiment, registry: Registry) -> Network:
    config = loaded.experiment.network
    if problem := registry.missing(config.preset, "network"):
        raise InputError(loaded.problem(("network", "preset"), problem))
    kind = registry.networks[config.preset]
    if kind.takes_images and loaded.experiment.data.images is None:
        reason = f"{kind.name} takes images and data is a table; choose another, or give data.images"
        raise InputError(loaded.problem(("network", "preset"), reason))
    try:
        return kind(kind.Params.model_validate_json(json.dumps(config.params)))
    except ValidationError as error:
        raise InputError(loaded.problems(("network",), error, kind.Params, config.params)) from error
