r"""Reads a `.env` file: a small language that Docker Compose reads the same way.

One `NAME=value` per line; blank lines and lines that begin with `#` are nothing. A value may stand in
single quotes (taken as it is) or double quotes (with `\n`, `\r`, `\t`, `\"`, `\\` and `\$`); without quotes
it ends at ` #`. Compose would replace `$NAME` in a value and we would not, so that is refused rather than
read in two ways.
"""

import re
from pathlib import Path

from deepfeat.config.textfile import read_text
from deepfeat.config.values import is_text, shown
from deepfeat.errors import InputError, Problem

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_SINGLE = re.compile(r"'(?P<text>[^']*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r'"(?P<text>(?:[^"\\$]|\\[nrt"\\$]|\$(?![A-Za-z_{$]))*)"\s*(?:#.*)?')
# Without quotes, what Compose would replace, or might or might not take for a comment.
_DOUBTFUL = re.compile(r"\$[A-Za-z_{$]|\t#|^#")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(path: Path) -> dict[str, str]:
    """The variables that a `.env` file sets; none if there is no such file.

    Args:
        path: of the file.

    Raises:
        InputError: the file cannot be read; every bad line is named.
    """
    if not path.is_file():
        return {}
    variables: dict[str, str] = {}
    first_line: dict[str, int] = {}
    problems: list[Problem] = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        fault = None
        match = _ASSIGNMENT.fullmatch(line.rstrip())
        if match is None:
            fault = (
                f"expected NAME=value, found '{shown(line.strip())}'; correct it, or begin the line with #"
            )
        elif match["name"] in variables:
            fault = (
                f"{match['name']} is given twice, first on line {first_line[match['name']]}; keep one of them"
            )
        else:
            value = _value(match["value"])
            if value is None:
                fault = f"cannot read the value of {match['name']}; put it in single quotes"
            else:
                variables[match["name"]] = value
                first_line[match["name"]] = number
        if fault:
            problems.append(Problem(str(path), number, 1, fault))
    if problems:
        raise InputError(problems)
    return variables


def _value(text: str) -> str | None:
    """What a value stands for; None if it cannot be read, or would be read differently by Compose."""
    if not is_text(text):
        return None
    if text.startswith("'"):
        match = _SINGLE.fullmatch(text)
        return match["text"] if match else None
    if text.startswith('"'):
        match = _DOUBLE.fullmatch(text)
        if match is None:
            return None
        return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), match["text"])
    text = text.partition(" #")[0].rstrip()
    return None if _DOUBTFUL.search(text) else text
