"""Pydantic's errors in words: what was expected, what was found, what to write instead."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from deepfeat.config.values import INT64_MAX, KeyPath, shown, shown_value
from deepfeat.errors import did_you_mean

# What was expected, and how it is written.
_NUMBER, _WHOLE, _BOOLEAN = "a number", "a whole number", "true or false"
_TEXT, _LIST, _SETTINGS, _NOTHING = "text", "a list", "settings (key: value)", "nothing"
_EXPECTED = {
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "string_type": _TEXT,
    "string_sub_type": _TEXT,
    "path_type": _TEXT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "dict_type": _SETTINGS,
    "mapping_type": _SETTINGS,
    "model_type": _SETTINGS,
    "model_attributes_type": _SETTINGS,
    "dataclass_type": _SETTINGS,
    "none_required": _NOTHING,
}
_WRITE = {
    _WHOLE: "write one such as 10",
    _NUMBER: "write one such as 0.5",
    _BOOLEAN: "write true or false",
    _TEXT: "put it in quotes",
    _LIST: "write [a, b], or one '- entry' per line",
    _SETTINGS: "write them indented below the key",
    _NOTHING: "leave it out",
}

# Templates over the error's context and `found`.
_LIMITS = {
    "greater_than": "must be greater than {gt}, found {found}",
    "greater_than_equal": "must be at least {ge}, found {found}",
    "less_than": "must be less than {lt}, found {found}",
    "less_than_equal": "must be at most {le}, found {found}",
    "multiple_of": "must be a multiple of {multiple_of}, found {found}",
    "finite_number": "must be a finite number, found {found}",
    "too_short": "must list at least {min_length}, found {actual_length}",
    "too_long": "must list at most {max_length}, found {actual_length}",
    "string_too_short": "must be at least {min_length} long, found {found}",
    "string_too_long": "must be at most {max_length} long, found {found}",
    "string_pattern_mismatch": "found {found}; write it in the form {pattern}",
    "string_unicode": "holds a character that cannot be stored; remove it",
}


def explain(error: ValidationError, model: type[BaseModel], value: object) -> list[tuple[KeyPath, str]]:
    """What is wrong, setting by setting.

    Args:
        error: of validating `value`.
        model: what it was validated against; knows the names that are allowed.
        value: the plain values, as the user wrote them.

    Returns:
        For every faulty setting its path within `value`, and what is wrong; what to do.
    """
    by_path: dict[KeyPath, list[Mapping[str, Any]]] = {}
    for item in error.errors(include_url=False):
        by_path.setdefault(_written_path(item, value), []).append(item)
    return [(path, _message(items, model, path)) for path, items in by_path.items()]


def _written_path(item: Mapping[str, Any], value: object) -> KeyPath:
    """Where an error is in what the user wrote: pydantic adds steps of its own, as in a union."""
    at = item.get("ctx", {}).get("at", ())
    location: Sequence[str | int] = (*item["loc"], *at)
    path: KeyPath = ()
    for key in location:
        try:
            value = value[key]  # type: ignore[index]  # found out by trying
        except (KeyError, IndexError, TypeError):
            # A setting that should be there has its place in the section around it.
            return (*path, location[-1]) if item["type"] == "missing" or (at and key == at[-1]) else path
        path = (*path, key)
    return path


def _message(items: Sequence[Mapping[str, Any]], model: type[BaseModel], path: KeyPath) -> str:
    item = next((item for item in items if item["type"] not in _EXPECTED), None)
    if item is not None:
        return _broken_rule(item, model, path)
    # Each branch of a union has its own error: say what any of them would take.
    expected = list(dict.fromkeys(_EXPECTED[item["type"]] for item in items))
    found = items[0]["input"]
    if isinstance(found, list | dict) and not {_LIST, _SETTINGS} & {*expected}:
        hint = "write a single value"
    else:
        hint = _spelling(found, expected) or _WRITE[expected[0]]
    return f"expected {' or '.join(expected)}, found {shown_value(found)}; {hint}"


def _broken_rule(item: Mapping[str, Any], model: type[BaseModel], path: KeyPath) -> str:
    kind, context, found = item["type"], item.get("ctx", {}), shown_value(item["input"])
    match kind:
        case "fault":
            message = str(context["message"])
        case "missing":
            message = f"missing; add it{_meaning(model, path)}"
        case "extra_forbidden":
            message = f"unknown key; {_nearest_key(model, path)}"
        case "literal_error" | "enum":
            word = shown(item["input"]) if isinstance(item["input"], str) else ""
            message = f"unknown value {found}; {did_you_mean(word, _choices(context['expected']))}"
        case "string_too_short" | "too_short" if context["min_length"] == 1:
            message = "is empty; write at least one" + (" character" if kind == "string_too_short" else "")
        case "value_error" | "assertion_error":
            message = f"found {found}; {shown(str(context.get('error') or item['msg']))}"
        case _ if kind in _LIMITS:
            message = _LIMITS[kind].format_map(
                {**{key: _round(part) for key, part in context.items()}, "found": found}
            )
        case _:
            message = f"found {found}; it {_as_rule(item['msg'])}"
    return message


def _round(limit: object) -> object:
    """`1.0` as `1`: nobody wrote the `.0`."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _spelling(found: object, expected: Iterable[str]) -> str | None:
    """How something that only looks like what was expected is spelled; None if it does not look like it."""
    if isinstance(found, str) and _BOOLEAN in expected:
        word = _LIKE_BOOLEANS.get(found.lower())
        return f"write {word}" if word else None
    if isinstance(found, str) and (_WHOLE in expected or _NUMBER in expected):
        for pattern, spell in _LIKE_NUMBERS:
            if re.fullmatch(pattern, found[:_LONG].strip()):
                return spell(found.strip())
    if isinstance(found, float) and found.is_integer() and abs(found) <= INT64_MAX:
        return f"write {int(found)}"
    return None


_LIKE_BOOLEANS = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}
_LONG = 40  # longer than any number somebody means
_LIKE_NUMBERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r"[-+]?[0-9]{19,}|[-+]?[0-9.]+[eE]\+?[0-9]{3,}", lambda _: "write a smaller number"),
    (r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+", lambda _: "remove the quotes"),
    (r"0x[0-9a-fA-F]{1,15}|0o[0-7]{1,20}|0b[01]{1,35}", lambda text: f"write {int(text, 0)}"),
    (r"0+[1-9][0-9]*", lambda text: f"write {text.lstrip('0')}, without leading zeros"),
    (r"[-+]?[0-9]+,[0-9]+", lambda text: f"write {text.replace(',', '.')}, with a point"),
    (r"[0-9]{1,3}([_' ][0-9]{3})+", lambda text: f"write {re.sub('[^0-9]', '', text)}, without separators"),
    (r"[0-9]{1,3}(\.[0-9]+)? ?%", lambda text: f"write {float(text.rstrip(' %')) / 100:.6g}, without %"),
)


def _meaning(model: type[BaseModel], path: KeyPath) -> str:
    field = _fields(model, path[:-1]).get(str(path[-1]))
    return f" ({field.description})" if field is not None and field.description else ""


def _nearest_key(model: type[BaseModel], path: KeyPath) -> str:
    """The nearest key of this section, or the section that has this very key."""
    wrong, allowed = str(path[-1]), _fields(model, path[:-1])
    elsewhere = [
        f"{name}.{wrong}"
        for name, field in model.model_fields.items()
        for part in _models(field.annotation)
        if wrong in part.model_fields
    ]
    if elsewhere and len(path) == 1:
        return f"did you mean {elsewhere[0]}?"
    return did_you_mean(shown(wrong), allowed)


def _fields(model: type[BaseModel], path: KeyPath) -> Mapping[str, FieldInfo]:
    """The settings of the section at a path; none if it is not a section."""
    fields: Mapping[str, FieldInfo] = model.model_fields
    for key in path:
        if isinstance(key, str):
            parts = _models(fields[key].annotation) if key in fields else []
            fields = parts[0].model_fields if parts else {}
    return fields


def _models(annotation: object) -> list[type[BaseModel]]:
    """The models that a type consists of: `list[Section] | None` has one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _choices(expected: str) -> list[str]:
    """The values in pydantic's `'a', 'b' or 'c'`."""
    return [choice.strip("'") for choice in re.split(r", | or ", expected)]


def _as_rule(message: str) -> str:
    """A message of a kind we have no words for: `Input should be a valid date` -> `must be a valid date`."""
    rule = re.sub(r"^(Input|Value|String|Number) (should|must)\b", "must", message)
    return shown(rule) if rule != message else f"is not valid: {shown(message[:1].lower() + message[1:])}"
