"""What PyYAML says about broken YAML, in words that tell what to do."""

import re

from yaml.error import Mark, MarkedYAMLError

# Fragment of PyYAML's "context | problem", what we say, and whether the place is where the construct begins.
_EXPLANATIONS: tuple[tuple[str, str, bool], ...] = (
    (r"found character '\\t' that cannot", "a tab stands where only spaces may; replace it by spaces", False),
    (r"found character '([^']*)'", "text cannot begin with {0}; put it in quotes", False),
    (
        r"scanning an (?:alias|anchor).*expected alphabetic",
        "text that begins with & or * needs quotes; put it in quotes",
        True,
    ),
    (
        r"mapping values are not allowed",
        "this ':' cannot stand here; check the indentation, or put text with a colon in quotes",
        False,
    ),
    (
        r"sequence entries are not allowed",
        "a '-' stands where no list can begin; begin the list on its own line",
        False,
    ),
    (
        r"expected ':'|mapping keys are not allowed",
        "a ': ' is missing after a key; write key: value, and check the line before",
        False,
    ),
    (
        r"block mapping.*expected <block end>",
        "the line fits no section; check the indentation and the quotes",
        False,
    ),
    (
        r"block collection.*expected <block end>",
        "the line fits no list; check the indentation and the '-'",
        False,
    ),
    (
        r"quoted scalar.*(?:end of stream|document separator)",
        "the quote that opens here is never closed; close it",
        True,
    ),
    (
        r"flow sequence",
        "the [ of line {line} is not closed before this; add a ] or a comma",
        False,
    ),
    (
        r"flow mapping",
        "the {{ of line {line} is not closed before this; add a }} or a comma",
        False,
    ),
    (
        r"unknown escape character '(.*)'",
        "\\{0} means nothing in double quotes; use single quotes, or / in paths",
        False,
    ),
    (
        r"hexadecimal numbers",
        "an escape in double quotes is cut short; use single quotes, or / in paths",
        False,
    ),
    (r"YAML directive|YAML document", "lines that begin with % are not for experiments; remove it", False),
    (r"directive|document start", "text follows what looks like the end of the document; remove it", False),
    (r"block scalar", "text after | or > must begin on the next line; or put it in quotes", True),
    (r"tag", "tags (!name) are not allowed; put text that begins with ! in quotes", True),
)


def explain(error: MarkedYAMLError, end: Mark) -> tuple[Mark, str]:
    """Where the YAML is broken, and what to do about it.

    Args:
        error: as raised by PyYAML's scanner or parser.
        end: how far it had read, used where the error does not say.
    """
    said = f"{error.context or ''} | {error.problem or ''}"
    for fragment, message, at_start in _EXPLANATIONS:
        if match := re.search(fragment, said):
            mark = error.context_mark if at_start else error.problem_mark
            line = (error.context_mark or end).line + 1
            return mark or end, message.format(*match.groups(), line=line)
    return error.problem_mark or end, f"this is not valid YAML ({error.problem}); check the lines around it"
