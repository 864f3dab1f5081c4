"""Guessing what a text in place of a number was meant to be, and how to mend it."""

import re
from typing import NamedTuple

_DATE = (
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})( .*)?"
    r"|\d{1,2}[- ](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[- ]\d{2,4}"
)
_MARKS = r"[-.*]{1,3}|n/?\.?a\.?|#n/?a|nan|nil|none|null|missing|unknown|not available|-?1\.#(ind|qnan)|<na>"
_SHEET_ERROR = r"#(value|ref|div/0|name|num|null)[!?]?"


class Hint(NamedTuple):
    """What a text looks like.

    Attributes:
        what: a phrase for `found 'x', <what>`.
        cure: what to do, as an imperative.
        never_category: whether a column of such texts is numbers or times gone wrong, never categories.
        sure: whether it can be nothing else.
    """

    what: str
    cure: str
    never_category: bool = True
    sure: bool = True


def _rule(
    pattern: str, what: str, cure: str, *, never_category: bool = True, sure: bool = True
) -> tuple[re.Pattern[str], Hint]:
    return re.compile(pattern, re.IGNORECASE), Hint(what, cure, never_category, sure)


_RULES = (
    _rule(
        r"[+-]?inf(inity)?",
        "an infinite number",
        "mark such cells as missing (data.missing_values) or remove the rows",
    ),
    _rule(
        _MARKS,
        "perhaps a mark for missing",
        "add it to data.missing_values if it is one",
        never_category=False,
    ),
    _rule(_SHEET_ERROR, "a spreadsheet error", "mend the sheet, or add it to data.missing_values"),
    _rule(
        r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?",
        "a number with thousands separators (or a decimal comma)",
        "write plain numbers such as 1234.5",
        sure=False,
    ),
    _rule(
        r"[+-]?\d{1,3}([.' \u00a0\u202f]\d{3})+(,\d+)?",
        "a number with thousands separators",
        "write plain numbers such as 1234.5",
    ),
    _rule(
        r"[+-]?(\d*,\d+|\d+,)(e[+-]?\d+)?", "a number with a decimal comma", "write it with a decimal point"
    ),
    _rule(r"[+-]?\d+(_\d+)+(\.\d*)?", "a number with underscores", "write plain numbers such as 1234.5"),
    _rule(r"[+-]?[\d.]+\s*%", "a percentage", "remove the percent signs"),
    _rule(r"[$€£¥]\s*[\d.,]+|[\d.,]+\s*[$€£¥]", "an amount of money", "remove the currency signs"),
    _rule(_DATE, "a date", "turn dates into numbers (days since a start)"),
    _rule(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(am|pm)?", "a time", "turn times into numbers (minutes)"),
    _rule(
        r"[<>≤≥~≈]=?\s*[\d.]+", "a bound instead of a number", "decide for a number, or mark it as missing"
    ),
    _rule(
        r"[\u2212\u2013\u2014]\s*[\d.]+(e.*)?",
        "a number with a typographic minus",
        "write an ordinary minus sign",
    ),
    _rule(r"0x[0-9a-f]+", "a hexadecimal number", "write decimal numbers"),
    _rule(
        r"[+-]?[\d.]+(e[+-]?\d+)?\s*[a-zµ°/²³]{1,6}",
        "a number with a unit",
        "remove the unit",
        never_category=False,
    ),
    _rule(r"(?=.*[^\x00-\x7f])[+-]?[\d.]+", "digits of another script", "write the digits 0 to 9"),
    _rule(r"[+-]?\d+ \d+/\d+|\d+/\d+", "a fraction", "write it as a decimal number", never_category=False),
)


def hint_at(text: str) -> Hint | None:
    """What a text that is no number looks like, if that can be told."""
    for pattern, hint in _RULES:
        if pattern.fullmatch(text):
            return hint
    return None
