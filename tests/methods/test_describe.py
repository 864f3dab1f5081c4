"""describe: what `deepfeat methods` shows."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from pydantic import Field, PositiveInt
from rich.console import Console

from deepfeat.errors import InputError
from deepfeat.methods import Importance, MethodParams
from deepfeat.methods.describe import (
    asked_data,
    list_data,
    list_markdown,
    list_view,
    parameters,
    show_data,
    show_view,
)
from deepfeat.methods.registry import Registry

WritePlugin = Callable[..., Path]
Load = Callable[..., Registry]

PLUGIN = """
    from pydantic import Field
    from deepfeat.methods import Cost, Importance, Method, MethodParams

    __version__ = "3.1"

    class Shuffle(Method):
        '''Loss when [a feature] is shuffled.

        Told in a paragraph that
        is broken in two.

        - a list
          stays as it is
        '''
        name = "shuffle"
        cost = Cost.SAMPLING
        paper = "Somebody 2001"
        sees = "what predictions need"
        blind_to = "copies"
        removes = "shuffled among all rows"
        class Params(MethodParams):
            repeats: int = Field(10, ge=1, description="how often")
        def explain(self, ensemble, data, context):
            raise NotImplementedError
"""


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Many(MethodParams):
    repeats: PositiveInt = Field(10, description="how often")
    share: float | None = Field(None, ge=0, lt=1, description="of rows")
    mode: Literal["fast", "exact"] = "fast"
    colour: Colour = Colour.RED
    rows: list[int] = Field([], description="which")
    deep: bool = True
    weights: dict[str, float] = Field({}, description="by name")


def shown(view: object, width: int = 80) -> str:
    console = Console(width=width, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


@pytest.fixture
def registry(write_plugin: WritePlugin, load: Load) -> Registry:
    write_plugin("bad.py", "raise RuntimeError('[bold]out\\x1b[31m of paint')")
    return load(write_plugin("shuffle.py", PLUGIN).parent)


def test_list_data_is_json(registry: Registry) -> None:
    data = json.loads(json.dumps(list_data(registry)))
    (method,) = data["methods"]
    assert method.keys() == {"name", "doc", "kind", "cost", "source", "version", "sha256"}
    assert (method["name"], method["cost"], method["version"]) == ("shuffle", "sampling", "3.1")
    (broken,) = data["broken"]
    assert broken["error"].startswith("RuntimeError: ")
    assert "Traceback" in broken["traceback"]


def test_list_view_shows_methods_and_broken_plugins(registry: Registry) -> None:
    text = shown(list_view(registry), width=200)
    assert "shuffle" in text
    assert "Loss when [a feature] is shuffled." in text
    assert "3.1" in text
    assert "RuntimeError: [bold]out\N{REPLACEMENT CHARACTER}[31m of paint" in text
    assert "\x1b" not in text


def test_list_markdown_says_what_is_seen(registry: Registry) -> None:
    assert list_markdown(registry) == (
        "| method | what it sees | what it cannot see | cost |\n"
        "| --- | --- | --- | --- |\n"
        "| `shuffle` | what predictions need | copies | sampling |\n"
        "\n"
        "- `shuffle`: Somebody 2001\n"
    )


def test_a_bar_does_not_break_the_markdown(write_plugin: WritePlugin, load: Load) -> None:
    text = PLUGIN.replace("what predictions need", "a|b").replace('paper = "Somebody 2001"', "")
    lines = list_markdown(load(write_plugin("bars.py", text))).splitlines()
    assert lines[2:] == ["| `shuffle` | a\\|b | copies | sampling |"]


def test_list_view_fits_a_narrow_terminal(registry: Registry) -> None:
    assert max(len(line) for line in shown(list_view(registry)).splitlines()) <= 80


def test_an_empty_registry_says_what_to_do() -> None:
    assert "put a file into plugins/" in shown(list_view(Registry()))


def test_what_a_run_records_of_a_method_is_json(registry: Registry) -> None:
    method = registry.methods["shuffle"]
    answer = Importance(np.ones((2, 3)), scale="change of y", null_hypothesis="None.", notes=("Slow.",))
    assert json.loads(json.dumps(asked_data(method, method.Params(repeats=3), answer))) == {
        "members": 2,
        "notes": ["Slow."],
        "scale": "change of y",
        "null_hypothesis": "None.",
        "assumption": "",
        "summary": "Loss when [a feature] is shuffled.",
        "sees": "what predictions need",
        "blind_to": "copies",
        "removes": "shuffled among all rows",
        "paper": "Somebody 2001",
        "kind": "member",
        "after_others": False,
        "cost": "sampling",
        "params": {"repeats": 3},
    }
    failed = asked_data(method, method.Params(), None)
    assert (failed["members"], failed["notes"], failed["scale"]) == (0, [], "")


def test_show_data_is_json_and_complete(registry: Registry) -> None:
    data = json.loads(json.dumps(show_data(registry, "shuffle")))
    assert data["parameters"] == [
        {"name": "repeats", "type": "integer, at least 1", "default": 10, "help": "how often"}
    ]
    assert (data["paper"], data["sees"], data["blind_to"], data["removes"]) == (
        "Somebody 2001",
        "what predictions need",
        "copies",
        "shuffled among all rows",
    )
    assert data["about"].splitlines() == [
        "Loss when [a feature] is shuffled.",
        "",
        "Told in a paragraph that is broken in two.",
        "",
        "- a list",
        "  stays as it is",
    ]


def test_show_view_tells_all_of_it(registry: Registry) -> None:
    text = shown(show_view(registry, "shuffle"))
    for part in [
        "Somebody 2001",
        "what predictions need",
        "copies",
        "predicts hundreds",
        "repeats",
        "how often",
    ]:
        assert part in text


@pytest.mark.parametrize("view", [show_data, show_view])
def test_an_unknown_name_is_an_input_error(view: Callable[..., object], registry: Registry) -> None:
    with pytest.raises(InputError, match=r"command line: unknown method shufle; did you mean shuffle\?"):
        view(registry, "shufle")
    with pytest.raises(InputError, match="method bad cannot be used: "):
        view(registry, "bad")


def test_types_are_told_in_words() -> None:
    assert {row["name"]: (row["type"], row["default"]) for row in parameters(Many)} == {
        "repeats": ("integer, more than 0", 10),
        "share": ("number, at least 0, less than 1 or nothing", None),
        "mode": ("one of: fast, exact", "fast"),
        "colour": ("one of: red, blue", "red"),
        "rows": ("list of integer", []),
        "deep": ("true or false", True),
        "weights": ("mapping", {}),
    }
