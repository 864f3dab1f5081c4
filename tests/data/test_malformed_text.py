"""Malformed text tables: each is refused with exactly the lines of `malformed_text.toml`, all faults at once.

A case of that file is a table: a `header` (x,z,y), `rows` rows (12) made from `row`, in which `{i}` and the
other names of `_values` stand for what changes from row to row, and lines that are `change`d. Its `settings`
are those of `data`.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CASES = tomllib.loads(Path(__file__).with_name("malformed_text.toml").read_text(encoding="utf-8"))["case"]


def _values(i: int) -> dict[str, object]:
    cycles = {"two": i % 2, "three": i % 3, "four": i % 4, "five": i % 5, "sixty": i % 60}
    numbers = {"x": f"{i * 0.37 % 5:.2f}", "z": f"{i * 1.7 % 3:.2f}", "real": i * 1.37, "day": f"{i + 1:02}"}
    return {"i": i, "ab": "ab"[i % 2], **cycles, **numbers}


def _table(case: dict[str, Any]) -> bytes:
    row = case.get("row", "{x},{z},{ab}")
    lines = [case.get("header", "x,z,y"), *(row.format(**_values(i)) for i in range(case.get("rows", 12)))]
    for line, text in case.get("change", {}).items():
        lines[int(line) - 1] = text
    return "".join(f"{line}\n" for line in lines).encode(case.get("encoding", "utf-8"))


def _expected(case: dict[str, Any], name: str) -> list[str]:
    return [name + (":" if line[0].isdigit() else ": ") + line for line in case["lines"].splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_malformed_table_is_refused(
    case: dict[str, Any], write: Callable[..., Path], faults: Callable[..., list[str]]
) -> None:
    name = case.get("file", "t.csv")
    path = write(name, _table(case))
    assert faults(path, **case.get("settings", {})) == _expected(case, name)
    assert [entry.name for entry in Path().iterdir()] == [name], "nothing is written"


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 60
    assert len({case["id"] for case in CASES}) == len(CASES)


def test_of_many_faults_of_a_kind_the_first_are_shown_and_the_others_counted(
    write: Callable[..., Path], faults: Callable[..., list[str]]
) -> None:
    lines = faults(write("t.csv", _table({"rows": 60, "change": dict.fromkeys(range(2, 40), "1,2")})))
    assert len(lines) == 21
    assert lines[-2:] == [
        "t.csv:21:3: found 2 values where 3 columns are named; add what is missing",
        "t.csv:22: found 18 more rows of another length from here on; mend them likewise",
    ]


def test_a_quote_left_open_for_long_does_not_fill_the_memory(
    write: Callable[..., Path], faults: Callable[..., list[str]]
) -> None:
    content = _table({"change": {5: '1,"' + "2\n" * 80_000}})
    assert faults(write("t.csv", content)) == [
        "t.csv:5: found a value of over 131,072 characters, probably a quote that is never closed; close it"
    ]


def test_a_line_without_end_does_not_fill_the_memory(
    write: Callable[..., Path], faults: Callable[..., list[str]]
) -> None:
    content = _table({"change": {5: "1," * (9 * 1024 * 1024)}})
    lines = faults(write("t.csv", content))
    assert lines[0] == "t.csv:5: found a line of over 16,777,216 characters; is this a table?"


def test_an_endless_name(write: Callable[..., Path], faults: Callable[..., list[str]]) -> None:
    content = _table({"header": "x" * 10_000 + ",z,y"})
    assert faults(write("t.csv", content)) == [
        "t.csv:1:1: found a name of 10,000 characters; use at most 1,000"
    ]


def test_free_text_is_no_category(write: Callable[..., Path], faults: Callable[..., list[str]]) -> None:
    content = _table({"row": "text " * 60 + "{two},{z},{ab}"})
    assert faults(write("t.csv", content)) == [
        "t.csv:2:1: found a text of 301 characters in 'x'; list the column in data.ignore"
    ]
