"""`${NAME}` and `${NAME:-default}` in the values of an experiment, and the environment that they read."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from deepfeat.config.dotenv import read_dotenv
from deepfeat.config.draft import Draft
from deepfeat.config.values import KeyPath, Value, is_text, read_scalar, shown

# An escaped `${`, a reference, or the beginning of something that only looks like one.
_REFERENCE = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^{}]*))?\}|\$\{")


def read_environment(experiment: Path | None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables an experiment can use: those of the `.env` beside it, and the real ones, which win.

    Args:
        experiment: path of the experiment file; None where no `.env` is to be read.
        environ: the real environment; by default that of the process.

    Raises:
        InputError: the `.env` file cannot be read.
    """
    beside = {} if experiment is None else read_dotenv(experiment.parent / ".env")
    return {**beside, **(os.environ if environ is None else environ)}


def expand(draft: Draft, environ: Mapping[str, str]) -> None:
    """Replaces every reference to the environment in a draft.

    A value with a reference is read again by the rules of unquoted text, so that `"${N_MODELS:-100}"` is a
    number and an empty variable is no value. As in the shell, `:-` also stands in for an empty variable, and
    `$${` is a plain `${`.

    Args:
        draft: is changed; a variable that is not set and a reference that cannot be read are its problems.
        environ: the variables.
    """
    draft.tree = _expanded(draft, environ, draft.tree, ())


def escape(text: str) -> str:
    """The text that stands for `text` where references are expanded."""
    return text.replace("${", "$${")


def _expanded(draft: Draft, environ: Mapping[str, str], value: Value, path: KeyPath) -> Value:
    if isinstance(value, dict):
        return {key: _expanded(draft, environ, item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_expanded(draft, environ, item, (*path, index)) for index, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value
    try:
        text = _REFERENCE.sub(lambda match: _replacement(match, environ), value)
    except _Unreadable as error:
        draft.fault(path, str(error))
        return None
    if all(match[0] == "$${" for match in _REFERENCE.finditer(value)):
        return text
    draft.spelled[path] = text
    return read_scalar(text.strip())


class _Unreadable(Exception):  # noqa: N818 - caught right above
    """A reference that stands for nothing."""


def _replacement(match: re.Match[str], environ: Mapping[str, str]) -> str:
    if match[0] == "$${":
        return "${"
    name, default = match["name"], match["default"]
    if name is None:
        rest = shown(match.string[match.start() :])
        raise _Unreadable(
            f"cannot read {rest}; write ${{NAME}} or ${{NAME:-default}}, or $${{ for a plain ${{"
        )
    text = environ.get(name)
    if not text and default is not None:
        return str(default)
    variable = f"the environment variable {shown(name)}"
    if text is None:
        raise _Unreadable(f"{variable} is not set; set it, or write ${{{shown(name)}:-default}}")
    if not is_text(text):
        raise _Unreadable(f"{variable} is not UTF-8 text; set it anew")
    return text
