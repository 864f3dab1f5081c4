import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.config.values import is_text, read_scalar, shown, shown_path, shown_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("null", None),
        ("~", None),
        ("true", True),
        ("false", False),
        ("0", 0),
        ("-0", 0),
        ("+7", 7),
        ("100", 100),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.25e+2", -125.0),
    ],
)
def test_what_is_no_text(text: str, value: object) -> None:
    read = read_scalar(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("no", "yes", "on", "off", "n", "y", "True", "FALSE", "Null", "NULL", "NA", "nan", "None"),
        *("012", "007.5", "-01", "0x10", "0o17", "0b1", "1_000", "1,5", "12:30", "2024-01-31", "1.2.3"),
        *(".inf", "-.inf", ".nan", ".", "e5", "1e", "+", "--1", "1 ", "<<", "="),
        *("1e400", "9223372036854775808", "9" * 5000, "1" + "0" * 64 + ".5"),
        "\u0661\u0662",  # digits of another script
    ],
)
def test_what_stays_text(text: str) -> None:
    assert read_scalar(text) == text
    assert type(read_scalar(text)) is str


@settings(deadline=None)
@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_values_survive_being_written(value: float) -> None:
    written = str(value).lower() if isinstance(value, bool) else repr(value)
    assert read_scalar(written) == value


@settings(deadline=None)
@given(st.text())
def test_shown_text_is_one_printable_line(text: str) -> None:
    line = shown(text)
    assert line.isprintable()
    assert len(line) <= 64 * len("\\U0010ffff")


def test_text_that_cannot_be_stored() -> None:
    assert is_text("gr\u00fcn \U0001f9ec\n")
    assert not is_text("a\0b")
    assert not is_text("caf\udce9")


def test_shown_values() -> None:
    shown_values = [shown_value(value) for value in (None, True, 3, 0.5, "a\nb", [1], {"a": 1})]
    assert shown_values == ["nothing", "true", "3", "0.5", "'a\\nb'", "a list", "settings (key: value)"]


def test_shown_paths_are_written_like_overrides() -> None:
    assert shown_path(("training", "split", "train")) == "training.split.train"
    assert shown_path(("data", "ignore", 1)) == "data.ignore.1"
    assert shown_path(("methods", 1)) == "methods.1"
    assert shown_path(("methods", 1, "gate", "scale")) == "methods.gate.scale"
