"""What `deepfeat methods` shows: as plain data for programs, and as tables for people."""

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from os import sep
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepfeat.errors import InputError, Problem
from deepfeat.methods.importance import Importance
from deepfeat.methods.method import Method, MethodParams, summary
from deepfeat.methods.plugin import BrokenPlugin
from deepfeat.methods.registry import MethodInfo, Registry

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text


def list_data(registry: Registry) -> dict[str, Any]:
    """The methods and the broken plugins, ready for JSON.

    Args:
        registry: what was found.

    Returns:
        `methods`: a mapping per method with the fields of `MethodInfo`; `broken`: one per broken plugin with
        the fields of `BrokenPlugin`.
    """
    return {
        "methods": [asdict(info) for info in registry.info.values()],
        "broken": [asdict(plugin) for plugin in registry.broken],
    }


def list_view(registry: Registry) -> "RenderableType":
    """The same for people.

    Args:
        registry: what was found.
    """
    from rich.console import Group  # noqa: PLC0415 - loaded only where something is drawn

    parts: list[RenderableType] = []
    if registry.info:
        parts.append(_methods_table(registry.info))
    else:
        parts.append(_text("No method was found; put a file into plugins/."))
    if registry.broken:
        parts += [_text(""), _broken_table(registry.broken)]
    return Group(*parts)


def list_markdown(registry: Registry) -> str:
    """What each method can and cannot see, as a table in Markdown, and the publications below it.

    Args:
        registry: what was found.
    """
    table = ["| method | what it sees | what it cannot see | cost |", "| --- | --- | --- | --- |"]
    papers = []
    for name, method in registry.methods.items():
        cells = (f"`{name}`", method.sees, method.blind_to, method.cost.value)
        table.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
        if method.paper:
            papers.append(f"- `{name}`: {_cell(method.paper)}")
    return "\n".join([*table, *(["", *papers] if papers else [])]) + "\n"


def asked_data(method: type[Method], params: MethodParams, answer: Importance | None) -> dict[str, Any]:
    """What a run records of a method it asked, so that its page needs no plugin; ready for JSON.

    Args:
        method: the class.
        params: what it was asked with.
        answer: what it said; None where it failed.
    """
    told = ("scale", "null_hypothesis", "assumption")
    return {
        "members": 0 if answer is None else len(answer.scores),
        "notes": [] if answer is None else list(answer.notes),
        **{name: "" if answer is None else getattr(answer, name) for name in told},
        "summary": summary(method),
        "sees": method.sees,
        "blind_to": method.blind_to,
        "removes": method.removes,
        "paper": method.paper,
        "kind": method.kind,
        "after_others": method.after_others,
        "cost": str(method.cost),
        "params": params.model_dump(mode="json"),
    }


def show_data(registry: Registry, name: str) -> dict[str, Any]:
    """Everything about one method, ready for JSON.

    Args:
        registry: what was found.
        name: of the method.

    Returns:
        The fields of `MethodInfo`, and `paper`, `sees`, `blind_to`, `trust`, `removes`, the whole docstring
        as `about`, and `parameters`: name, type, default and help of each.

    Raises:
        InputError: there is no such method, or its plugin is broken.
    """
    if problem := registry.missing(name):
        raise InputError(Problem("command line", 0, 0, problem))
    method = registry.methods[name]
    return asdict(registry.info[name]) | {
        "about": _paragraphs(method.__doc__ or ""),
        "paper": method.paper,
        "sees": method.sees,
        "blind_to": method.blind_to,
        "trust": method.trust,
        "removes": method.removes,
        "exempt": dict(method.exempt),
        "parameters": parameters(method.Params),
    }


def show_view(registry: Registry, name: str) -> "RenderableType":
    """The same for people.

    Args:
        registry: what was found.
        name: of the method.

    Raises:
        InputError: as `show_data`.
    """
    from rich.console import Group  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above

    data = show_data(registry, name)
    facts = Table.grid(padding=(0, 2))
    for label, value in (
        ("sees", data["sees"]),
        ("blind to", data["blind_to"]),
        ("trust it", data["trust"]),
        ("removes", data["removes"]),
        ("paper", data["paper"]),
        ("cost", f"{data['cost']}: {registry.methods[name].cost.meaning}"),
        ("source", _short(data["source"])),
        ("version", data["version"]),
        ("sha256", data["sha256"]),
    ):
        if value:
            facts.add_row(_text(label, "dim"), _text(value))
    known = data["parameters"]
    below = _parameters_table(known) if known else _text("It has no parameters.")
    return Group(_text(name, "bold"), _text(data["about"]), _text(""), facts, _text(""), below)


def parameters(params: type[MethodParams]) -> list[dict[str, Any]]:
    """Name, type, default and help of each parameter, in the order of the class.

    Args:
        params: the parameters of a method.
    """
    schema = params.model_json_schema()
    return [
        {
            "name": name,
            "type": type_in_words(field, schema.get("$defs", {})),
            "default": field.get("default"),
            "help": field.get("description", ""),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _paragraphs(doc: str) -> str:
    """A docstring with a line per paragraph, so that it can be broken where the screen ends."""
    paragraphs = inspect.cleandoc(doc).split("\n\n")
    return "\n\n".join(text if "\n " in text else " ".join(text.split()) for text in paragraphs)


def type_in_words(field: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    """A type of JSON schema in words: `integer, at least 1`.

    Args:
        field: the schema of a value.
        shared: the definitions that it may refer to.
    """
    if reference := field.get("$ref"):
        return type_in_words(shared[str(reference).rsplit("/", 1)[-1]], shared)
    if choices := field.get("anyOf"):
        return " or ".join(dict.fromkeys(type_in_words(choice, shared) for choice in choices))
    if "const" in field:
        return str(field["const"])
    if values := field.get("enum"):
        return f"one of: {', '.join(map(str, values))}"
    words = {"null": "nothing", "boolean": "true or false", "string": "text", "object": "mapping"}
    kind = str(field.get("type", "anything"))
    text = words.get(kind, kind)
    if kind == "array":
        items = field.get("items")
        text = f"list of {type_in_words(items, shared)}" if items else "list"
    bounds = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    return ", ".join([text, *(f"{words} {field[key]}" for key, words in bounds.items() if key in field)])


def _methods_table(infos: Mapping[str, MethodInfo]) -> "Table":
    table = _table("method", "cost", "what it measures")
    for column in table.columns[:2]:
        column.no_wrap = True
    for info in infos.values():
        about = _text(info.doc)
        about.append_text(_text(f"\n{_short(info.source)} {info.version}".rstrip(), "dim"))
        table.add_row(_text(info.name, "bold"), _text(info.cost), about)
    return table


def _broken_table(broken: Sequence[BrokenPlugin]) -> "Table":
    table = _table("broken plugin", "why it cannot be used")
    for plugin in broken:
        table.add_row(_text(_short(plugin.source), "red"), _text(plugin.error))
    return table


def _parameters_table(rows: Sequence[Mapping[str, Any]]) -> "Table":
    table = _table("parameter", "type", "default", "meaning")
    for row in rows:
        default = "nothing" if row["default"] is None else json.dumps(row["default"], ensure_ascii=False)
        table.add_row(_text(row["name"], "bold"), _text(row["type"]), _text(default), _text(row["help"]))
    return table


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _short(source: str) -> str:
    """A path as seen from here, if it is below; else as it is."""
    return source.removeprefix(f"{Path.cwd()}{sep}")


def _table(*headers: str) -> "Table":
    from rich import box  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above

    return Table(*headers, box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")


def _text(text: str, style: str = "") -> "Text":
    """Text from a plugin, whose author is a stranger: no markup, no control characters."""
    from rich.text import Text  # noqa: PLC0415 - as above

    return Text(
        "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text), style=style
    )
