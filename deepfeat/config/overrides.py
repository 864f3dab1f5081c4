"""Settings of the command line: `training.models=5`, `data.ignore=[id, date]`, `methods.my_method.rows=2`."""

from collections.abc import Iterable
from dataclasses import dataclass

from deepfeat.config.draft import COMMAND_LINE, Draft
from deepfeat.config.engine import ENGINES
from deepfeat.config.source import MAX_DEPTH, parse_yaml
from deepfeat.config.values import KeyPath, Value, is_text, read_scalar, shown, shown_path
from deepfeat.errors import InputError, Problem, did_you_mean


@dataclass(frozen=True)
class Override:
    """One setting given on the command line.

    Attributes:
        keys: the way to the setting.
        value: read by the rules of the experiment file.
        spelled: the value as it was given.
    """

    keys: tuple[str, ...]
    value: Value
    spelled: str


def parse_overrides(arguments: Iterable[str]) -> list[Override]:
    """Reads `key.path=value` arguments.

    A value is a number, true or false, or text, as in the experiment file; one that begins with a bracket or
    a quote is a list, a mapping or quoted text.

    Args:
        arguments: as given.

    Raises:
        InputError: some of them cannot be read.
    """
    found, problems = [], []
    for argument in arguments:
        key, equals, text = argument.partition("=")
        keys = tuple(part.strip() for part in key.split("."))
        if not equals or not all(keys):
            message = (
                f"expected key.path=value, found '{shown(argument)}'; write for example training.models=5"
            )
            problems.append(COMMAND_LINE.problem((), message))
        elif len(keys) > MAX_DEPTH:
            problems.append(
                COMMAND_LINE.problem((), f"'{shown(key)}' has too many levels; no setting is that deep")
            )
        elif not is_text(argument):
            problems.append(COMMAND_LINE.problem(keys, "the value is not UTF-8 text; correct it"))
        else:
            value, faults = _read_value(keys, text)
            problems += faults
            found.append(Override(keys, value, text))
    if problems:
        raise InputError(problems)
    return found


def apply_overrides(draft: Draft, overrides: Iterable[Override]) -> None:
    """Puts overrides into a draft; of two for the same setting the later wins.

    An unknown key is put in like any other: checking the draft finds it.

    Args:
        draft: is changed; an override that leads nowhere is one of its problems.
        overrides: in the order given.
    """
    for override in overrides:
        try:
            _apply(draft, override)
        except _LeadsNowhere as error:
            draft.problems.append(COMMAND_LINE.problem(override.keys, str(error)))


class _LeadsNowhere(Exception):  # noqa: N818 - caught right above
    """The keys of an override lead through something that has no keys."""


def _read_value(keys: KeyPath, text: str) -> tuple[Value, list[Problem]]:
    if not text.lstrip().startswith(("[", "{", '"', "'")):
        return read_scalar(text.strip()), []
    draft = parse_yaml(text, COMMAND_LINE.source)
    # The place within the argument would be taken for one in a file.
    return draft.tree, [COMMAND_LINE.problem(keys, problem.message) for problem in draft.problems]


def _apply(draft: Draft, override: Override) -> None:
    node: Value = draft.tree
    path: KeyPath = ()
    for key in override.keys[:-1]:
        node, path = _enter(draft, node, path, key)
    last = override.keys[-1]
    if isinstance(node, dict):
        node[last] = override.value
        path = (*path, last)
    elif isinstance(node, list):
        index = _entry(node, path, last)
        is_method = path == ("methods",) and not last.isdecimal()
        node[index] = {last: override.value} if is_method else override.value
        path = (*path, index)
    else:
        raise _LeadsNowhere(f"{shown_path(path)} is a single value; write {shown_path(path)}=...")
    draft.place_at(path, COMMAND_LINE)
    draft.faulty = {known for known in draft.faulty if known[: len(path)] != path}
    if not isinstance(override.value, dict | list):
        draft.spelled[path] = override.spelled


def _enter(draft: Draft, node: Value, path: KeyPath, key: str) -> tuple[Value, KeyPath]:
    """Goes one key down, and makes a section where there is nothing yet."""
    if isinstance(node, list):
        index = _entry(node, path, key)
        here = (*path, index)
        if path != ("methods",) or key.isdecimal():
            return node[index], here
        if isinstance(node[index], str):
            node[index] = {key: None}
        node, path = node[index], here
    if not isinstance(node, dict):
        raise _LeadsNowhere(f"{shown_path(path)} is a single value; write {shown_path(path)}=...")
    here = (*path, key)
    # An engine by its name alone is one with default settings, so that one of them can be given.
    by_name = here == ("engine",) and node.get(key) in ENGINES
    if node.get(key) is None or by_name:
        node[key] = {}
        draft.place_at(here, COMMAND_LINE)
    return node[key], here


def _entry(entries: list[Value], path: KeyPath, key: str) -> int:
    """The place in a list that a key names: its number from 0, or the name of a method."""
    if key.isdecimal() and len(key) < len("1000000") and int(key) < len(entries):
        return int(key)
    if path == ("methods",) and not key.isdecimal():
        names = [next(iter(entry), "") if isinstance(entry, dict) else str(entry) for entry in entries]
        if key in names:
            return names.index(key)
        raise _LeadsNowhere(f"the experiment asks no method of that name; {did_you_mean(key, names)}")
    raise _LeadsNowhere(f"{shown_path(path)} has {len(entries)} entries; name one by its number, from 0")
