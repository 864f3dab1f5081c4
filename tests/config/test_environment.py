from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.config.draft import Draft, Place
from deepfeat.config.environment import escape, expand, read_environment
from deepfeat.config.values import Value, read_scalar


def expanded(value: Value, **environ: str) -> Value:
    draft = Draft("e.yml", {"key": value}, {(): Place("e.yml", 1, 1), ("key",): Place("e.yml", 3, 5)})
    expand(draft, environ)
    assert draft.problems == []
    assert isinstance(draft.tree, dict)
    return draft.tree["key"]


def problem(value: str, **environ: str) -> str:
    draft = Draft("e.yml", {"key": [value]}, {("key",): Place("e.yml", 3, 5)})
    expand(draft, environ)
    (found,) = draft.problems
    return str(found)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${N:-100}", 100),
        ("${A}", "x.csv"),
        ("Data/${A}", "Data/x.csv"),
        ("${A}${A}", "x.csvx.csv"),
        ("${EMPTY}", None),
        ("${EMPTY:-7}", 7),
        ("${FIVE:-7}", 5),
        ("${FIVE}e-3", 0.005),
        ("${LATER:-}", None),
        ("${LATER:-true}", True),
        ("${LATER:- spaced }", "spaced"),
        ("${LATER:-a:-b}", "a:-b"),
        ("$A and $ and {A}", "$A and $ and {A}"),
        ("$${A}", "${A}"),
        ("$${A} is ${A}", "${A} is x.csv"),
        ("100", "100"),
    ],
)
def test_references(text: str, value: Value) -> None:
    found = expanded(text, A="x.csv", FIVE="5", EMPTY="")
    assert found == value
    assert type(found) is type(value)


def test_everything_inside_is_expanded_but_keys() -> None:
    assert expanded({"${A}": ["${A}", {"b": "${A}"}]}, A="1") == {"${A}": [1, {"b": 1}]}


def test_a_value_of_the_environment_is_not_expanded_again() -> None:
    assert expanded("${A}", A="${B}") == "${B}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${A}", "the environment variable A is not set; set it, or write ${A:-default}"),
        ("${BAD}", "the environment variable BAD is not UTF-8 text; set it anew"),
        ("x ${A-b}", "cannot read ${A-b}; write ${NAME} or ${NAME:-default}, or $${ for a plain ${"),
    ],
)
def test_problems_are_at_their_key(text: str, said: str) -> None:
    assert problem(text, BAD="caf\udce9") == f"e.yml:3:5: key.0: {said}"


@settings(deadline=None)
@given(st.text(alphabet="${}A:-x"))
def test_escaped_text_stays_as_it_is(text: str) -> None:
    assert expanded(escape(text)) == text


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_variable_is_read_like_unquoted_text(text: str) -> None:
    assert expanded("${A}", A=text) == read_scalar(text.strip())


def test_the_real_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=file\nB=file\n")
    assert read_environment(tmp_path / "experiment.yml", {"A": "real", "C": "real"}) == {
        "A": "real",
        "B": "file",
        "C": "real",
    }


def test_the_process_is_the_default_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPFEAT_TEST", "here")
    assert read_environment(tmp_path / "experiment.yml")["DEEPFEAT_TEST"] == "here"
