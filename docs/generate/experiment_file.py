"""`docs/experiment-file.md`: every setting of an experiment, from the schema that checks it."""

import json
from collections.abc import Mapping
from typing import Any

from deepfeat.config import Experiment
from deepfeat.methods.describe import parameters, type_in_words
from deepfeat.methods.registry import Registry
from deepfeat.nets.network import Network

INTRODUCTION = """\
# The experiment file

Every setting of an experiment, made from the schema that checks it (`make docs` writes this page). `deepfeat init` writes
a first file, `deepfeat validate FILE` checks one, and `deepfeat schema > experiment.schema.json` is this page for editors,
which then complete and explain while you type:

    # yaml-language-server: $schema=experiment.schema.json

Only `name`, `data.path` (or `data.images`) and `methods` have to be given. Any setting can be overruled on the command line
(`deepfeat run training.models=20`), and `${NAME}` or `${NAME:-default}` in a value reads the environment, or the file
`.env` beside the experiment. Paths are looked for from the current directory, then from the folder of the file. A key
without a value counts as left out. What is unknown, misspelt, of the wrong type or out of bounds is told with line and
column, all of it at once.

YAML is read strictly: no key twice, `1e-3` is a number, `no` and `on` are texts (write `true` and `false`).
"""
METHODS = """\
Each entry is the name of a method, or its name with parameters below it:

    methods:
      - gate
      - permutation: {repeats: 20}

`deepfeat methods` lists them; [methods.md](methods.md) has a page for each, with its parameters.
"""


def experiment_file(registry: Registry) -> str:
    """The text of the page.

    Args:
        registry: the networks there are.
    """
    schema = Experiment.model_json_schema()
    shared: Mapping[str, Any] = schema["$defs"]
    parts = [INTRODUCTION, "## The file\n", _table(schema, shared)]
    parts += _sections(schema, shared, "")
    parts.append(
        "## Networks\n\nParameters that can stand beside `network.preset`, for each of the networks.\n"
    )
    for name, network in sorted(registry.networks.items()):
        parts += [f"### `{name}`\n", _network(network)]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _sections(schema: Mapping[str, Any], shared: Mapping[str, Any], path: str) -> list[str]:
    parts = []
    for key, field in schema["properties"].items():
        name = _section(field)
        if name is None:
            continue
        if name == "MethodEntry":
            parts += [f"## `{path}{key}`\n", METHODS]
            continue
        section = shared[str(name)]
        parts += [
            f"## `{path}{key}`\n",
            f"{section['description'].split(chr(10) * 2)[0]}\n",
            _table(section, shared),
        ]
        parts += _sections(section, shared, f"{path}{key}.")
    return parts


def _section(field: Mapping[str, Any]) -> str | None:
    """The definition that a field, or its entries, or one of its alternatives refers to."""
    if reference := field.get("$ref"):
        return str(reference).rsplit("/", 1)[-1]
    inner = [*field.get("anyOf", []), *([field["items"]] if isinstance(field.get("items"), dict) else [])]
    return next((name for part in inner if (name := _section(part))), None)


def _table(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    lines = ["| setting | type | default | what it is |", "| --- | --- | --- | --- |"]
    required = schema.get("required", [])
    for key, field in schema.get("properties", {}).items():
        name = _section(field)
        kind = "list, see below" if name in {"MethodEntry", "PluginEntry"} else "see below" if name else ""
        default = "**required**" if key in required else _default(field)
        words = kind or type_in_words(field, shared).removesuffix(" or nothing")
        lines.append(f"| `{key}` | {_cell(words)} | {default} | {_cell(field.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def _default(field: Mapping[str, Any]) -> str:
    if field.get("default") is None:
        return ""
    return f"`{json.dumps(field['default'], ensure_ascii=False)}`"


def _network(network: type[Network]) -> str:
    about = " ".join((network.__doc__ or "").split("\n\n")[0].split())
    lines = [about, "", "| parameter | type | default | what it is |", "| --- | --- | --- | --- |"]
    for row in parameters(network.Params):
        default = "" if row["default"] is None else f"`{json.dumps(row['default'])}`"
        lines.append(f"| `{row['name']}` | {_cell(row['type'])} | {default} | {_cell(row['help'])} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
