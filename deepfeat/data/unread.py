"""Columns that hold something, but not in a form that can be read: what is wrong with them, and the cure."""

from collections.abc import Mapping
from dataclasses import dataclass

from deepfeat.data.cells import is_number
from deepfeat.data.faults import quote, shorten
from deepfeat.data.hints import Hint, hint_at
from deepfeat.data.remarks import listed
from deepfeat.data.survey import ColumnSummary, Found

_EXAMINED_LEVELS = 50
_AMONG_NUMBERS = "correct it, add it to data.missing_values, or list the column in data.categories"
_TOO_LARGE = "rescale the column or mark the cell as missing"
_DIGITS = "rescale the column unless it holds identifiers"


@dataclass(frozen=True)
class Unread:
    """Why a column cannot be read.

    Attributes:
        kind: what columns of one kind have in common; they are told together.
        found: a cell and what is wrong with it.
        cure: what to do, as an imperative.
    """

    kind: str
    found: str
    cure: str


def gone_wrong(summary: ColumnSummary) -> tuple[Found, Hint] | None:
    """A cell, and what it is, if all texts of a column are dates, decimal commas and the like.

    Such columns are never categories. Numbers among them say nothing: where 1,5 is written, 2 is written too.

    Args:
        summary: what the column holds.
    """
    counts = summary.counts
    if counts is None or summary.first_text is None:
        return None
    texts = [text for text in counts.rows if not is_number(text)][:_EXAMINED_LEVELS]
    cells = [Found(counts.line[text], text) for text in texts] or [summary.first_text]
    found = [(cell, hint) for cell in cells if (hint := hint_at(cell.text)) is not None]
    wrong = [pair for pair in found if pair[1].never_category]
    if len(found) < len(cells) or not wrong:
        return None
    # 1,234 can be two things, and 1,25 beside it says which
    return next((pair for pair in wrong if pair[1].sure), wrong[0])


def why_unread(summary: ColumnSummary) -> Unread | None:
    """Why a feature that is not declared a category cannot be read; None where it can be.

    Args:
        summary: what the column holds.
    """
    text = summary.first_text
    if text is not None and summary.numbers > summary.texts:
        hint = hint_at(text.text)
        if hint is None:
            return Unread(text.text, f"{quote(text.text)} is among its numbers", _AMONG_NUMBERS)
        return Unread(hint.what, f"{quote(text.text)}, {hint.what}, is among its numbers", hint.cure)
    wrong = gone_wrong(summary)
    if wrong is not None:
        cell, hint = wrong
        return Unread(hint.what, f"{quote(cell.text)} is {hint.what}", hint.cure)
    if summary.overflow is not None and summary.texts == 0:
        return Unread("large", f"{shorten(summary.overflow.text)} is infinite or too large", _TOO_LARGE)
    if summary.inexact is not None and summary.texts == 0:
        return Unread(
            "digits", f"{shorten(summary.inexact.text)} has more digits than a float holds", _DIGITS
        )
    return None


def told(columns: Mapping[str, Unread]) -> list[str]:
    """A sentence for each kind of columns that are ignored because they cannot be read.

    Args:
        columns: name of each, and why.
    """
    kinds: dict[tuple[str, str], list[str]] = {}
    for name, why in columns.items():
        kinds.setdefault((why.kind, why.cure), []).append(name)
    sentences = []
    for (_, cure), names in kinds.items():
        first = columns[names[0]].found
        verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
        sentences.append(
            f"{listed(shorten(name) for name in names)} {verb} ignored: {first}; {cure}, "
            f"and take {them} out of data.ignore."
        )
    return sentences
