"""Malformed experiment files: for each, exactly what the user reads."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.config import load_experiment
from deepfeat.errors import InputError


def _cases() -> dict[str, tuple[str, list[str]]]:
    """Name -> (file, lines said of it), from `malformed.txt` beside this test."""
    cases = {}
    text = Path(__file__).with_name("malformed.txt").read_text(encoding="utf-8")
    for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        name, *lines = [line for line in part.split("\n") if line and not line.startswith("######")]
        said = [line.removeprefix(">>> ") for line in lines if line.startswith(">>> ")]
        content = [line for line in lines if not line.startswith(">>> ")]
        cases[name] = ("".join(f"{line}\n" for line in content), said)
    return cases


CASES = _cases()
SaidOf = Callable[[bytes], list[str]]


@pytest.fixture
def said_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SaidOf:
    monkeypatch.chdir(tmp_path)

    def lines(content: bytes) -> list[str]:
        Path("experiment.yml").write_bytes(content)
        with pytest.raises(InputError) as caught:
            load_experiment("experiment.yml", environ={})
        return str(caught.value).splitlines()

    return lines


@pytest.mark.parametrize("case", CASES)
def test_every_fault_of_a_text_is_said(case: str, said_of: SaidOf) -> None:
    text, expected = CASES[case]
    assert said_of(text.encode()) == [f"experiment.yml:{line}" for line in expected]


def test_there_are_many_cases() -> None:
    assert len(CASES) > 100
    assert all(expected for _, expected in CASES.values())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"name: d\xe9mo\n", "1:8: byte 0xe9 at offset 7 is not UTF-8; save the file as UTF-8"),
        ("name: demo\n".encode("utf-16"), "1:1: byte 0xff at offset 0 is not UTF-8; save the file as UTF-8"),
        (b"a: 1\nb: \xff\n", "2:4: byte 0xff at offset 8 is not UTF-8; save the file as UTF-8"),
        (b"\x1f\x8b\x08\x00", "1:2: byte 0x8b at offset 1 is not UTF-8; save the file as UTF-8"),
        (b"name: demo\nseed: 0\x07\n", "2:8: control character U+0007; remove it"),
        (b"name: demo\x00\n", "1:11: control character U+0000; remove it"),
        (b"PK\x03\x04", "1:3: control character U+0003; remove it"),
    ],
)
def test_bytes_that_are_no_text(content: bytes, expected: str, said_of: SaidOf) -> None:
    assert said_of(content) == [f"experiment.yml:{expected}"]


def test_a_file_beyond_the_limit_is_not_read(said_of: SaidOf) -> None:
    content = b"#" * (2**20 + 1)
    assert said_of(content) == ["experiment.yml: is larger than 1 MiB; this cannot be the right file"]


def test_a_document_of_too_many_values_is_not_read(said_of: SaidOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepfeat.config.source.MAX_EVENTS", 100)
    (line,) = said_of(b"name: demo\nplugins: [" + b"a," * 1000 + b"]\n")
    assert line.endswith("the file holds more than 100 values; this cannot be an experiment")


def test_unknown_keys_by_the_thousand_are_all_said(said_of: SaidOf) -> None:
    content = "".join(f"key_{number}: 1\n" for number in range(3000)).encode()
    assert sum("unknown key" in line for line in said_of(content)) == 3000
