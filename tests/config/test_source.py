import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.config.draft import Place
from deepfeat.config.source import MAX_DEPTH, parse_yaml

TEXT = """\
name: demo      # a comment
data:
    path: "a # b"
    ignore: [id, 'date']
methods:
  - gate
  - shrink: {rows: 1e2}
"""


def test_values_and_the_place_of_each_key_and_entry() -> None:
    draft = parse_yaml(TEXT, "e.yml")
    assert draft.problems == []
    assert draft.tree == {
        "name": "demo",
        "data": {"path": "a # b", "ignore": ["id", "date"]},
        "methods": ["gate", {"shrink": {"rows": 100.0}}],
    }
    assert {path: (place.line, place.column) for path, place in draft.places.items()} == {
        (): (1, 1),
        ("name",): (1, 1),
        ("data",): (2, 1),
        ("data", "path"): (3, 5),
        ("data", "ignore"): (4, 5),
        ("data", "ignore", 0): (4, 14),
        ("data", "ignore", 1): (4, 18),
        ("methods",): (5, 1),
        ("methods", 0): (6, 5),
        ("methods", 1): (7, 5),
        ("methods", 1, "shrink"): (7, 5),
        ("methods", 1, "shrink", "rows"): (7, 14),
    }
    assert draft.places["name",] == Place("e.yml", 1, 1)


def test_quotes_make_text_and_keys_are_always_text() -> None:
    draft = parse_yaml("{12: '12', true: \"true\", null: 'null', x: 012}", "e.yml")
    assert draft.tree == {"12": "12", "true": "true", "null": "null", "x": "012"}


def test_refused_parts_leave_the_rest_readable() -> None:
    draft = parse_yaml("a: &x 1\nb: *x\nc: !!int '3'\n<<: {d: 4}\na: 5\n[e]: 6\nf: 7\n", "e.yml")
    assert draft.tree == {"a": 1, "b": None, "c": "3", "f": 7}
    assert [(problem.line, problem.message.split(";")[0]) for problem in draft.problems] == [
        (1, "a: anchors are not allowed"),
        (2, "b: aliases are not allowed"),
        (3, "c: tags are not allowed"),
        (4, "merge keys (<<) are not allowed"),
        (5, "a: given twice, first on line 1"),
        (6, "a key is a list or a mapping"),
    ]
    assert draft.faulty == {("b",), ("c",)}


def test_a_quoted_merge_sign_is_a_key_like_any_other() -> None:
    assert parse_yaml('"<<": 1', "e.yml").tree == {"<<": 1}


def test_broken_syntax_leaves_nothing() -> None:
    draft = parse_yaml("a: 1\nb: [2\n", "e.yml")
    assert draft.tree is None
    assert len(draft.problems) == 1


def test_the_depth_is_limited_exactly() -> None:
    assert parse_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH, "e.yml").problems == []
    assert len(parse_yaml("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "e.yml").problems) == 1


@pytest.mark.parametrize("text", ["? {a: {b: 1}}\n: {c: 1}\nd: 2\n", "x: 1\nx: {a: [1, {b: 2}]}\nd: 2\n"])
def test_passing_over_a_value_keeps_the_depth(text: str) -> None:
    deep = "z: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    draft = parse_yaml(text + deep, "e.yml")
    assert len(draft.problems) == 1
    assert list(draft.tree or ()) in (["d", "z"], ["x", "d", "z"])


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0", max_codepoint=0xFFFF)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc<=-#: '", max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(PLAIN)
def test_reads_what_json_can_say(value: object) -> None:
    """JSON quotes all text, so nothing may be taken for something else, and nothing is refused."""
    draft = parse_yaml(json.dumps(value), "e.yml")
    assert draft.problems == []
    assert draft.tree == value
