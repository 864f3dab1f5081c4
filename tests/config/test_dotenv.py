from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.config.dotenv import read_dotenv
from deepfeat.errors import InputError


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("  A = 1  ", "1"),
        ("export A=1", "1"),
        ("A=", ""),
        ("A=two words", "two words"),
        ("A=x # a comment", "x"),
        ("A=x#no comment", "x#no comment"),
        ("A=a=b", "a=b"),
        ("A=costs 5$", "costs 5$"),
        ("A=''", ""),
        ("A='$x # ${y}' # comment", "$x # ${y}"),
        ('A="x # y"# comment', "x # y"),
        (r'A="a\tb\"c\\d\$e"', 'a\tb"c\\d$e'),
        (r"A=C:\data\x.csv", r"C:\data\x.csv"),
        ("A=gr\u00fcn", "gr\u00fcn"),
    ],
)
def test_values(line: str, value: str, dotenv: Path) -> None:
    dotenv.write_text(f"# a comment\n\n{line}\r\nB=2\n", encoding="utf-8")
    assert read_dotenv(dotenv) == {"A": value, "B": "2"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A", "expected NAME=value, found 'A'; correct it, or begin the line with #"),
        ("A: 1", "expected NAME=value, found 'A: 1'; correct it, or begin the line with #"),
        ("1A=1", "expected NAME=value, found '1A=1'; correct it, or begin the line with #"),
        ("=1", "expected NAME=value, found '=1'; correct it, or begin the line with #"),
        ("A=$HOME/x", "cannot read the value of A; put it in single quotes"),
        ("A=${B}", "cannot read the value of A; put it in single quotes"),
        ('A="$B"', "cannot read the value of A; put it in single quotes"),
        (r'A="\\$B"', "cannot read the value of A; put it in single quotes"),
        ('A="C:\\data"', "cannot read the value of A; put it in single quotes"),
        ('A="open', "cannot read the value of A; put it in single quotes"),
        ("A='open", "cannot read the value of A; put it in single quotes"),
        ("A='a' b", "cannot read the value of A; put it in single quotes"),
        ("A= # c", "cannot read the value of A; put it in single quotes"),
        ("A=a\0b", "cannot read the value of A; put it in single quotes"),
        ("B=1", "B is given twice, first on line 1; keep one of them"),
    ],
)
def test_lines_that_cannot_be_read(line: str, said: str, dotenv: Path) -> None:
    dotenv.write_text(f"B=2\n{line}\n")
    with pytest.raises(InputError) as caught:
        read_dotenv(dotenv)
    assert str(caught.value) == f"{dotenv}:2:1: {said}"


def test_all_bad_lines_are_said(dotenv: Path) -> None:
    dotenv.write_text("A\nB=1\nC D\n")
    with pytest.raises(InputError) as caught:
        read_dotenv(dotenv)
    assert [problem.line for problem in caught.value.problems] == [1, 3]


def test_no_file_or_a_folder_of_that_name_sets_nothing(dotenv: Path) -> None:
    assert read_dotenv(dotenv) == {}
    dotenv.mkdir()
    assert read_dotenv(dotenv) == {}


@settings(deadline=None)
@given(value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0'\n\r")))
def test_single_quotes_keep_any_line(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "single.env"
    path.write_text(f"A='{value}'\n", encoding="utf-8")
    assert read_dotenv(path) == {"A": value}


@settings(deadline=None)
@given(content=st.binary() | st.text("A=#'\"$\\ \n{}").map(str.encode))
def test_any_file_is_read_or_refused(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.env"
    path.write_bytes(content)
    with suppress(InputError):
        assert all(isinstance(value, str) for value in read_dotenv(path).values())
