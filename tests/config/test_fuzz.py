"""Whatever a file, an argument or a variable holds: an experiment, or an `InputError` of plain lines."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deepfeat.config import Experiment, load_experiment
from deepfeat.errors import InputError

Bounded = Callable[[], AbstractContextManager[None]]
VALID = (Path(__file__).parents[2] / "experiment.yml").read_text(encoding="utf-8")
PIECES = st.sampled_from(
    [
        *(
            "name",
            "data",
            "path",
            "training",
            "models",
            "split",
            "train",
            "methods",
            "gate",
            "network",
            "preset",
        ),
        *(
            ": ",
            ":",
            "\n",
            "\n  ",
            "\n    ",
            "- ",
            "[",
            "]",
            "{",
            "}",
            ",",
            "'",
            '"',
            "#",
            "|",
            ">",
            "? ",
            "\t",
        ),
        *(
            "&a ",
            "*a",
            "!!int ",
            "!x ",
            "<<",
            "---\n",
            "...\n",
            "%YAML 1.2\n",
            "null",
            "~",
            "true",
            "no",
            "012",
        ),
        *(
            "1",
            "-1",
            "0.5",
            "1e-3",
            "1e400",
            "9" * 30,
            "${A}",
            "${A:-1}",
            "${",
            "$${",
            "\\",
            "\\u0000",
            "\x00",
        ),
        *("\x85", "\u2028", "\ufeff", "\U0001f9ec", "\r", "\r\n", "x" * 200, "=", "@", "`", "../..", "~root"),
    ]
)
SOUP = st.lists(PIECES | st.text(max_size=3), max_size=30).map("".join)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The shipped experiment with pieces cut out, replaced or put in."""
    text = VALID
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(SOUP) + text[start + draw(st.integers(0, 40)) :]
    return text


def read(path: Path, *overrides: str, **environ: str) -> None:
    refused = None
    try:
        assert isinstance(load_experiment(path, overrides, environ=environ).experiment, Experiment)
    except InputError as error:
        refused = error
    if refused:
        lines = str(refused).split("\n")
        assert len(lines) == len(refused.problems)
        assert all(line.isprintable() for line in lines)
        assert {problem.source for problem in refused.problems} <= {str(path), "command line"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "experiment.yml"


@settings(deadline=None, max_examples=50)
@given(content=st.binary(max_size=200))
def test_any_bytes(content: bytes, path: Path, little_memory: Bounded) -> None:
    path.write_bytes(content)
    with little_memory():
        read(path)


@settings(deadline=None, max_examples=100)
@given(text=SOUP)
@example(text="{[a, b]: 1}")
@example(text='"\\U00110000"')
@example(text="%YAML 1." + "1" * 5000 + "\n---\n")
def test_any_text(text: str, path: Path, little_memory: Bounded) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with little_memory():
        read(path)


@settings(deadline=None, max_examples=75)
@given(text=damaged())
def test_a_damaged_experiment(text: str, path: Path, little_memory: Bounded) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with little_memory():
        read(path, A="1")


@settings(deadline=None, max_examples=50)
@given(
    keys=st.lists(
        st.sampled_from(["data", "methods", "training", "split", "gate", "0", "7", "path"]) | SOUP, max_size=4
    ),
    value=SOUP,
    variable=SOUP,
)
def test_any_override_and_variable(
    keys: list[str], value: str, variable: str, path: Path, little_memory: Bounded
) -> None:
    path.write_text(VALID, encoding="utf-8")
    with little_memory():
        read(path, f"{'.'.join(keys)}={value}", A=variable, N_MODELS=variable, TARGET=variable)
