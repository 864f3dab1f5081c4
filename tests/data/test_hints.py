import pytest

from deepfeat.data.hints import hint_at


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("inf", "an infinite number"),
        ("-Infinity", "an infinite number"),
        ("-", "perhaps a mark for missing"),
        ("N/A", "perhaps a mark for missing"),
        ("unknown", "perhaps a mark for missing"),
        ("#VALUE!", "a spreadsheet error"),
        ("#N/A", "perhaps a mark for missing"),
        ("1,234", "a number with thousands separators (or a decimal comma)"),
        ("1,234,567.8", "a number with thousands separators (or a decimal comma)"),
        ("1.234,5", "a number with thousands separators"),
        ("1 234", "a number with thousands separators"),
        ("1'234", "a number with thousands separators"),
        ("1,5", "a number with a decimal comma"),
        ("-0,335", "a number with a decimal comma"),
        (",5", "a number with a decimal comma"),
        ("1_000", "a number with underscores"),
        ("12.5 %", "a percentage"),
        ("€12.50", "an amount of money"),
        ("2020-01-31", "a date"),
        ("2020-01-31T12:00:00Z", "a date"),
        ("31.01.2020", "a date"),
        ("1/31/20", "a date"),
        ("31-Jan-2020", "a date"),
        ("12:30", "a time"),
        ("<0.5", "a bound instead of a number"),
        ("\u22121.5", "a number with a typographic minus"),
        ("0xFF", "a hexadecimal number"),
        ("12 mg/dl", "a number with a unit"),
        ("\u0663", "digits of another script"),
        ("1/2", "a fraction"),
    ],
)
def test_what_a_text_looks_like(text: str, what: str) -> None:
    hint = hint_at(text)
    assert hint is not None
    assert hint.what == what


@pytest.mark.parametrize("text", ["abc", "A1", "stage 2", "male", "1A2", "x-y", "", "3rd degree burn"])
def test_nothing_is_guessed_of_ordinary_texts(text: str) -> None:
    assert hint_at(text) is None


@pytest.mark.parametrize("text", ["12 mg", "unknown", "1/2"])
def test_texts_that_may_well_be_categories(text: str) -> None:
    hint = hint_at(text)
    assert hint is not None
    assert not hint.never_category
