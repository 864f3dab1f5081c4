import json
import re
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from deepfeat.config import json_schema


class Nothing(BaseModel):
    """No parameters."""


class Inner(BaseModel):
    depth: int = 1


class Params(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rows: int = Field(10, ge=1, description="how many rows")
    type: str = "x"
    enum: Inner | None = None


class Units(BaseModel):
    """A network of units."""

    model_config = ConfigDict(extra="forbid")

    units: int = 64


SCHEMA = json_schema(
    methods={"gate": Nothing.model_json_schema(), "shrink": Params.model_json_schema()},
    networks={"default": Units.model_json_schema(), "wide": Params.model_json_schema()},
)


def every(part: Any, key: str) -> list[Any]:  # noqa: ANN401
    """Every value of a key anywhere in a piece of JSON."""
    if isinstance(part, list):
        return [found for item in part for found in every(item, key)]
    if not isinstance(part, dict):
        return []
    here = [part[key]] if key in part else []
    return here + [found for item in part.values() for found in every(item, key)]


@pytest.mark.parametrize("schema", [json_schema(), SCHEMA])
def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    references = [reference for reference in every(schema, "$ref") if isinstance(reference, str)]
    assert references
    for reference in references:
        assert reference.removeprefix("#/$defs/") in schema["$defs"]
    json.dumps(schema)


def test_every_setting_has_a_title_and_a_description() -> None:
    for section in ("DataConfig", "TrainingConfig", "SplitConfig", "RankingConfig"):
        for name, setting in SCHEMA["$defs"][section]["properties"].items():
            assert setting.get("title") or "$ref" in json.dumps(setting), name
            assert setting["description"], name
        assert SCHEMA["$defs"][section]["additionalProperties"] is False


def test_numbers_and_choices_may_come_from_the_environment() -> None:
    training = SCHEMA["$defs"]["TrainingConfig"]["properties"]
    environment = {"$ref": "#/$defs/FromEnvironment"}
    assert training["models"]["anyOf"] == [
        {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        {"const": "auto", "type": "string"},
        environment,
    ]
    assert environment in training["loss"]["anyOf"]
    assert environment in training["learning_rate"]["anyOf"]
    assert environment in SCHEMA["$defs"]["method.shrink"]["properties"]["rows"]["anyOf"]
    pattern = re.compile(SCHEMA["$defs"]["FromEnvironment"]["pattern"])
    assert pattern.search("${N_MODELS:-100}")
    assert pattern.search("${N}0")
    assert not pattern.search("100")


def test_methods_are_the_known_names_with_their_parameters() -> None:
    names, gate, shrink, environment = SCHEMA["$defs"]["MethodEntry"]["anyOf"]
    assert names == {"enum": ["gate", "shrink"]}
    assert environment == {"$ref": "#/$defs/FromEnvironment"}
    assert list(gate["properties"]) == ["gate"]
    assert shrink["properties"]["shrink"]["anyOf"][0] == {"$ref": "#/$defs/method.shrink"}
    assert SCHEMA["$defs"]["method.shrink"]["properties"]["rows"]["description"] == "how many rows"
    assert "method.shrink.Inner" in SCHEMA["$defs"]


def test_parameters_called_like_keywords_stay_parameters() -> None:
    properties = SCHEMA["$defs"]["method.shrink"]["properties"]
    assert list(properties) == ["rows", "type", "enum"]
    assert properties["type"]["type"] == "string"


def test_a_network_is_its_preset_and_its_parameters() -> None:
    default, wide = (SCHEMA["$defs"][f"network.{name}"] for name in ("default", "wide"))
    assert list(default["properties"]) == ["preset", "units"]
    assert "preset" not in default.get("required", [])
    assert wide["required"] == ["preset"]
    assert SCHEMA["$defs"]["NetworkConfig"]["anyOf"] == [
        {"$ref": "#/$defs/network.default"},
        {"$ref": "#/$defs/network.wide"},
    ]


def test_without_plugins_every_method_and_network_is_taken() -> None:
    schema = json_schema()
    assert {"type": "string"} in schema["$defs"]["MethodEntry"]["anyOf"]
    assert schema["$defs"]["NetworkConfig"]["additionalProperties"] == {}


def test_the_schemas_given_are_not_changed() -> None:
    given = Params.model_json_schema()
    json_schema(methods={"shrink": given}, networks={"wide": given})
    assert given == Params.model_json_schema()
