"""The text of a commented experiment that fits a table."""

import shlex
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from deepfeat.config import dump_value
from deepfeat.config.values import Value
from deepfeat.data.faults import shorten
from deepfeat.data.glance import Glance
from deepfeat.methods.method import Cost, Method
from deepfeat.writing.labels import counted

RARE = 0.1
"""Share of the rows below which a class is called rare."""

_LISTED = 5
_QUICK_LOOK = 5
_COMMENT = 34
_WIDTH = 100
_MOST_CODES = 20


def draft(name: str, glance: Glance, methods: Mapping[str, type[Method]], path: Path) -> str:
    """An experiment file.

    Args:
        name: of the experiment.
        glance: what the table seems to be.
        methods: the methods there are, by name; those that suggest themselves for a table of this size are
            asked, the others that can be are named in a comment.
        path: of the file, for the commands that it tells.
    """
    lines = [
        *_head(glance, path),
        "",
        _setting("", "name", name, "the results go to ExpOutput/<name>/"),
        _setting("", "seed", 0, "the same seed gives the same results"),
        "",
        *_data(glance),
        "",
        *_training(glance),
        "",
        *_methods(glance, methods),
        *_ranking(glance, methods),
    ]
    return "\n".join(lines) + "\n"


def seen(glance: Glance) -> str:
    """What the table is, in a line.

    Args:
        glance: at it.
    """
    outline = glance.outline
    parts = [counted(outline.n_rows, "row"), counted(len(outline.features), "feature"), outline.target.task]
    return ", ".join(parts)


def suggested(glance: Glance, methods: Mapping[str, type[Method]]) -> list[str]:
    """The methods that a table of this size is for, by their own word, cheap ones first; if none is, any.

    Args:
        glance: at the table.
        methods: the methods there are.
    """
    rows, features = glance.outline.n_rows, len(glance.outline.features)
    found = [name for name, method in methods.items() if method.suggested(rows, features)]
    costs = list(Cost)
    return sorted(found, key=lambda name: costs.index(methods[name].cost)) or list(methods)[:1]


def _head(glance: Glance, path: Path) -> Iterator[str]:
    yield f"# {seen(glance)}. Written by `deepfeat init` from what the table"
    yield "# looks like: check the lines that end in `?`. Lines that begin with # are settings"
    yield "# left at their defaults."
    yield "#"
    file = shlex.quote(str(path))
    yield f"#     deepfeat validate {file}    # checks this file, the table and the methods"
    yield f"#     deepfeat run {file} --models {_QUICK_LOOK}    # a quick look"
    yield f"#     deepfeat run {file}    # the experiment"


def _data(glance: Glance) -> Iterator[str]:
    config, target = glance.config, glance.outline.target
    yield "data:"
    yield _setting("  ", "path", config.path, seen(glance))
    if config.names is not None:
        yield _setting("  ", "names", config.names, "names of its columns")
    if config.delimiter is not None:
        yield _setting("  ", "delimiter", config.delimiter, "what stands between its columns")
    yield _setting("  ", "target", glance.outline.roles.names[target.columns[0]], _classes(glance))
    yield _setting("  # ", "task", target.task, "found by itself; say it to have it checked")
    if glance.ignored:
        yield _commented("  ignore:", "neither input nor target?")
        for name, reason in glance.ignored.items():
            yield _commented(f"    - {dump_value(name)}", reason)
    else:
        yield _commented("  # ignore: [column]", "columns that are neither input nor target")
    if glance.groups:
        reason = "its values repeat: rows never to be split?"
        yield _setting("  # ", "group", glance.groups[0], reason)
    if 0 < len(glance.codes) <= max(1, len(glance.outline.features) // 2):  # else they are counts
        reason = "whole numbers, few of them: codes and not amounts?"
        yield _setting("  # ", "categories", list(glance.codes[:_MOST_CODES]), reason)
    if glance.incomplete:
        yield _setting("  ", "missing", config.missing, _gaps(glance))


def _gaps(glance: Glance) -> str:
    rows = counted(glance.incomplete, "row")
    if glance.config.missing == "drop":
        return f"{rows} with gaps, also in the target, are left out"
    return f"{rows} with gaps; drop leaves them out"


def _classes(glance: Glance) -> str:
    target = glance.outline.target
    if target.task == "regression":
        return "to be predicted: a number"
    pairs = list(zip(target.classes, target.rows_per_class, strict=True))
    shown = ", ".join(f"{shorten(name, 20)} ({rows:,})" for name, rows in pairs[:_LISTED])
    return f"to be predicted: {shown}{', ...' if len(pairs) > _LISTED else ''}"


def _training(glance: Glance) -> Iterator[str]:
    target, rows = glance.outline.target, glance.outline.n_rows
    yield "network:"
    yield _setting("  ", "preset", "default", "or another; `deepfeat schema` lists them")
    yield ""
    yield "training:"
    yield _setting("  ", "models", 100, "networks that are trained and averaged")
    if target.rows_per_class and min(target.rows_per_class) < RARE * rows:
        yield _setting("  # ", "class_weight", "balanced", "rare classes count as much as common ones?")


def _methods(glance: Glance, methods: Mapping[str, type[Method]]) -> Iterator[str]:
    chosen = suggested(glance, methods)
    yield _commented("methods:", "`deepfeat methods show NAME` says more of each")
    for name in chosen:
        params = methods[name].suggested(glance.outline.n_rows, len(glance.outline.features))
        told = (
            ", ".join(f"{key}: {value}" for key, value in params.items())
            if isinstance(params, Mapping)
            else ""
        )
        entry = f"{name}: {{{told}}}" if told else name
        yield _commented(f"  - {entry}", methods[name].sees.partition(",")[0])
    others = [
        name
        for name, method in methods.items()
        if name not in chosen and not method.control and not method.after_others
    ]
    if others:
        text = f"others: {', '.join(others)}"
        yield from textwrap.wrap(text, _WIDTH, initial_indent="  # ", subsequent_indent="  # ")


def _ranking(glance: Glance, methods: Mapping[str, type[Method]]) -> Iterator[str]:
    judges = [name for name in suggested(glance, methods) if methods[name].after_others]
    if judges:
        yield ""
        yield "ranking:"
        yield _setting("  ", "weights", judges[0], "methods count by what it finds; or equal, all alike")


def _setting(indent: str, key: str, value: Value, comment: str) -> str:
    return _commented(f"{indent}{key}: {dump_value(value)}", comment)


def _commented(text: str, comment: str) -> str:
    """A line and its comment; where the line is long, the comment stands above it."""
    if not comment:
        return text
    beside = f"{text:<{_COMMENT - 1}} # {comment}"
    if len(beside) <= _WIDTH:
        return beside
    indent = text[: len(text) - len(text.lstrip(" "))]
    return f"{indent}# {comment}\n{text}"
