"""The JSON schema of the experiment file, for editors and for `deepfeat schema`."""

from collections.abc import Mapping
from typing import Any

from deepfeat.config.engine import ENGINES
from deepfeat.config.schema import Experiment, MethodEntry, NetworkConfig

Schema = dict[str, Any]

_FROM_ENVIRONMENT = {"$ref": "#/$defs/FromEnvironment"}


def json_schema(
    methods: Mapping[str, Schema] | None = None, networks: Mapping[str, Schema] | None = None
) -> Schema:
    """The schema of an experiment file (JSON Schema 2020-12).

    Args:
        methods: for every known method the schema of its parameters (`Params.model_json_schema()`); without
            any the schema takes every method.
        networks: the same for the network presets.
    """
    schema = Experiment.model_json_schema()
    definitions: Schema = schema["$defs"]
    definitions["FromEnvironment"] = {
        "title": "From the environment",
        "description": "a value that ${NAME} or ${NAME:-default} takes from the environment or the .env file",
        "type": "string",
        "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^{}]*)?\}",
    }
    if methods:
        definitions["MethodEntry"] = _method_entry(methods, definitions)
    else:
        definitions["MethodEntry"] = _any_method()
    pinned = definitions["PluginEntry"]
    about = {key: pinned[key] for key in ("title", "description")}
    definitions["PluginEntry"] = {**about, "anyOf": [{"type": "string", "minLength": 1}, pinned]}
    engine = definitions["EngineConfig"]
    engine["properties"]["dask"] = {"anyOf": [{"$ref": "#/$defs/DaskConfig"}, {"type": "null"}]}
    about = {key: engine[key] for key in ("title", "description")}
    definitions["EngineConfig"] = {**about, "anyOf": [{"enum": list(ENGINES)}, engine]}
    if networks:
        definitions["NetworkConfig"] = _network(definitions["NetworkConfig"], networks, definitions)
    for name, section in schema["properties"].items():
        if name != "data" and "$ref" in section:  # a section may be there with nothing in it
            about = {key: value for key, value in section.items() if key != "$ref"}
            schema["properties"][name] = {**about, "anyOf": [{"$ref": section["$ref"]}, {"type": "null"}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_open_to_environment(schema),
        "title": "deepfeat experiment",
    }


def _any_method() -> Schema:
    parameters = {"type": ["object", "null"]}
    return {
        "title": "Method",
        "description": MethodEntry.__doc__,
        "anyOf": [
            {"type": "string"},
            {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": parameters},
        ],
    }


def _method_entry(methods: Mapping[str, Schema], definitions: Schema) -> Schema:
    alternatives: list[Schema] = [{"enum": sorted(methods)}]
    for name, parameters in sorted(methods.items()):
        reference = _define(f"method.{name}", parameters, definitions)
        alternatives.append(
            {
                "type": "object",
                "properties": {name: {"anyOf": [reference, {"type": "null"}]}},
                "required": [name],
                "additionalProperties": False,
            }
        )
    return {"title": "Method", "description": MethodEntry.__doc__, "anyOf": alternatives}


def _network(section: Schema, networks: Mapping[str, Schema], definitions: Schema) -> Schema:
    """One alternative per preset: the preset, and beside it the parameters of its network."""
    preset = section["properties"]["preset"]
    default = NetworkConfig.model_fields["preset"].default
    alternatives = []
    for name, parameters in sorted(networks.items()):
        reference = _define(f"network.{name}", parameters, definitions)
        definition = definitions[reference["$ref"].removeprefix("#/$defs/")]
        definition["properties"] = {"preset": {**preset, "enum": [name]}, **definition.get("properties", {})}
        if name != default:
            definition["required"] = [*definition.get("required", []), "preset"]
        alternatives.append(reference)
    return {"title": section["title"], "description": section["description"], "anyOf": alternatives}


def _define(name: str, schema: Schema, definitions: Schema) -> Schema:
    """Makes a foreign schema, with its own definitions, a definition of ours; returns the reference to it."""
    own = schema.get("$defs", {})
    for inner, definition in own.items():
        definitions[f"{name}.{inner}"] = _with_prefix(definition, name)
    definitions[name] = _with_prefix({key: part for key, part in schema.items() if key != "$defs"}, name)
    return {"$ref": f"#/$defs/{name}"}


def _with_prefix(part: Any, name: str) -> Any:  # noqa: ANN401 - any piece of JSON
    if isinstance(part, dict):
        return {
            key: f"#/$defs/{name}.{value.removeprefix('#/$defs/')}"
            if key == "$ref" and isinstance(value, str)
            else _with_prefix(value, name)
            for key, value in part.items()
        }
    if isinstance(part, list):
        return [_with_prefix(item, name) for item in part]
    return part


def _open_to_environment(schema: Schema) -> Schema:
    """Lets every number, boolean and choice also be `${NAME}`, which stands for one."""
    if any(_is_closed(part) for part in schema.get("anyOf", [])):
        return {**schema, "anyOf": [*schema["anyOf"], _FROM_ENVIRONMENT]}
    if _is_closed(schema):
        about: Schema = {key: schema[key] for key in ("title", "description", "default") if key in schema}
        rule = {key: value for key, value in schema.items() if key not in about}
        return {**about, "anyOf": [rule, _FROM_ENVIRONMENT]}
    opened = dict(schema)
    for key, part in schema.items():
        if key in {"$defs", "properties"}:
            opened[key] = {name: _open_to_environment(inner) for name, inner in part.items()}
        elif key in {"anyOf", "oneOf", "allOf", "prefixItems"}:
            opened[key] = [_open_to_environment(inner) for inner in part]
        elif key in {"items", "additionalProperties"} and isinstance(part, dict):
            opened[key] = _open_to_environment(part)
    return opened


def _is_closed(schema: Schema) -> bool:
    """Whether a schema takes no text, or not any text."""
    return schema.get("type") in ("integer", "number", "boolean") or "enum" in schema or "const" in schema
