"""Writes an experiment as a file that loads back as the same experiment."""

import yaml

from deepfeat.config.environment import escape
from deepfeat.config.schema import Experiment
from deepfeat.config.values import Value, read_scalar


class _Dumper(yaml.SafeDumper):
    """Writes text in quotes where it would be taken for something else, and every line break as an escape."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if read_scalar(text) == text and text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def dump_experiment(experiment: Experiment) -> str:
    """The experiment as YAML, with defaults written out and nothing left to the environment.

    Settings that are left to the preset of the network are left out.

    Args:
        experiment: to write; `load_experiment` gives back an equal one.
    """
    values: dict[str, Value] = experiment.model_dump(exclude_none=True)
    # What was not given is for the preset to decide, also within the split.
    given = experiment.training.model_dump(exclude_none=True, exclude_unset=True)
    values["training"] = {"models": experiment.training.models, **given}
    return yaml.dump(
        {key: _escaped(value) for key, value in values.items()},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=float("inf"),
    )


def dump_value(value: Value) -> str:
    """A value as it is written in one line of an experiment file.

    Args:
        value: text, a number, a list of them.
    """
    text = yaml.dump(
        _escaped(value), Dumper=_Dumper, allow_unicode=True, default_flow_style=True, width=float("inf")
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _escaped(value: Value) -> Value:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        # A new list each time: YAML would write one that occurs twice as an alias.
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return value
