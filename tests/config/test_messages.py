"""Errors of parameter models as plugin authors may write them; the core's own are in `malformed.txt`."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from deepfeat.config import explain


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    depth: int = Field(description="how deep")


class Params(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    rows: int = 10
    share: float = Field(0.5, gt=0, le=1)
    fast: bool = False
    label: str = "x"
    code: str = Field("ab", min_length=2, max_length=3, pattern="^[a-z]+$")
    kind: Literal["sum", "mean"] = "sum"
    size: Literal[1, 2] = 1
    colour: Colour = Colour.RED
    either: int | str | None = None
    nested: list[Inner] | Inner = Field(default_factory=list)
    table: dict[str, int] = Field(default_factory=dict)
    names: list[str] = Field(default_factory=lambda: ["a", "b"], min_length=2, max_length=3)
    pair: tuple[int, int] = (1, 2)
    step: int = Field(2, multiple_of=2)
    day: date = date(2024, 1, 1)
    late: date = Field(date(2024, 1, 1), ge=date(2024, 1, 1))
    exact: Decimal = Decimal(1)
    odd: int = 1
    even: Annotated[int, BeforeValidator(lambda value: value + 1)] = 2

    @field_validator("odd")
    @classmethod
    def _is_odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("odd numbers only,\nplease")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Params":
        if self.label == "both" and self.fast:
            raise ValueError("fast has no label")
        return self


def said(**value: Any) -> list[str]:  # noqa: ANN401
    with pytest.raises(ValidationError) as caught:
        Params.model_validate(value)
    found = explain(caught.value, Params, value)
    return [f"{'.'.join(map(str, path))}: {message}" for path, message in found]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("rows", "x", "expected a whole number, found 'x'; write one such as 10"),
        ("rows", None, "expected a whole number, found nothing; write one such as 10"),
        ("rows", 2.0, "expected a whole number, found 2.0; write 2"),
        ("rows", "1 000", "expected a whole number, found '1 000'; write 1000, without separators"),
        ("rows", "-3", "expected a whole number, found '-3'; remove the quotes"),
        ("share", "0.5", "expected a number, found '0.5'; remove the quotes"),
        ("share", 1.5, "must be at most 1, found 1.5"),
        ("share", float("nan"), "must be a finite number, found nan"),
        ("fast", "yes", "expected true or false, found 'yes'; write true"),
        ("fast", "Off", "expected true or false, found 'Off'; write false"),
        ("fast", 1, "expected true or false, found 1; write true or false"),
        ("label", 3, "expected text, found 3; put it in quotes"),
        ("label", {}, "expected text, found settings (key: value); write a single value"),
        ("code", "a", "must be at least 2 long, found 'a'"),
        ("code", "abcd", "must be at most 3 long, found 'abcd'"),
        ("code", "A1", "found 'A1'; write it in the form ^[a-z]+$"),
        ("kind", "sums", "unknown value 'sums'; did you mean sum?"),
        ("kind", 3, "unknown value 3; use one of: mean, sum"),
        ("size", 3, "unknown value 3; use one of: 1, 2"),
        ("either", 1.5, "expected a whole number or text, found 1.5; write one such as 10"),
        (
            "nested",
            3,
            "expected a list or settings (key: value), found 3; write [a, b], or one '- entry' per line",
        ),
        ("table", [1], "expected settings (key: value), found a list; write them indented below the key"),
        ("names", ["a"], "must list at least 2, found 1"),
        ("names", list("abcd"), "must list at most 3, found 4"),
        ("names", "a", "expected a list, found 'a'; write [a, b], or one '- entry' per line"),
        ("step", 3, "must be a multiple of 2, found 3"),
        ("late", date(2023, 1, 1), "must be at least 2024-01-01, found 2023-01-01"),
        ("odd", 2, "found 2; odd numbers only,\\nplease"),
    ],
)
def test_one_parameter(key: str, value: object, message: str) -> None:
    assert said(**{key: value}) == [f"{key}: {message}"]


def test_several_parameters_at_once_and_their_places() -> None:
    assert said(rowz=1, table={"a": 1, "b": "x"}, names=["a", 2, None]) == [
        "table.b: expected a whole number, found 'x'; write one such as 10",
        "names.1: expected text, found 2; put it in quotes",
        "names.2: expected text, found nothing; put it in quotes",
        "rowz: unknown key; did you mean rows?",
    ]


def test_parts_of_parts() -> None:
    class Outer(BaseModel):
        model_config = ConfigDict(extra="forbid")
        inner: list[Inner] | None = None

    value = {"inner": [{}, {"depth": 1, "dept": 2}]}
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(value)
    assert explain(caught.value, Outer, value) == [
        (("inner", 0, "depth"), "missing; add it (how deep)"),
        (("inner", 1, "dept"), "unknown key; did you mean depth?"),
    ]


def test_a_rule_over_several_parameters_is_said_of_them_together() -> None:
    value = {"label": "both", "fast": True}
    with pytest.raises(ValidationError) as caught:
        Params.model_validate(value)
    ((path, message),) = explain(caught.value, Params, value)
    assert path == ()
    assert message.endswith("; fast has no label")


@pytest.mark.parametrize(
    ("key", "value"),
    [("day", "x"), ("colour", "green"), ("exact", "x"), ("pair", (1,)), ("table", {"a": {}})],
)
def test_kinds_without_words_of_their_own_still_speak_no_pydantic(key: str, value: object) -> None:
    (line,) = said(**{key: value})
    assert "\n" not in line
    for jargon in ("Input should", "input_value", "type=", "pydantic", "Value error", "validation"):
        assert jargon not in line
