import math

import numpy as np
import pyarrow as pa
import pytest

from deepfeat.data.cells import MissingMarks, parse
from deepfeat.data.levels import COUNTED_LEVELS, LevelCounts
from deepfeat.data.reading import Chunk
from deepfeat.data.survey import Found, survey_table

MARKS = MissingMarks.of([""])


def chunk(first_line: int, *columns: list[str]) -> Chunk:
    cells = [parse(pa.array(column), MARKS) for column in columns]
    rows = len(columns[0])
    return Chunk(
        lines=np.arange(first_line, first_line + rows, dtype=np.int64),
        numbers=np.stack([cell.numbers for cell in cells], axis=1),
        missing=np.stack([cell.missing for cell in cells], axis=1),
        whole_column=lambda column: cells[column].texts,
        rows=np.arange(rows),
        text_bytes=0,
    )


CHUNKS = [
    chunk(2, ["1", "2", ""], ["5", "6", "7"], ["3", "", "1e40"]),
    chunk(5, ["2.5", "x"], ["8", "9"], ["9007199254740993", "0"]),
]


def test_a_survey_adds_up_over_chunks() -> None:
    survey = survey_table(CHUNKS, 3, [], drop=False)
    assert (survey.rows_read, survey.rows_kept) == (5, 5)
    first = survey.summary(0)
    assert (first.missing, first.first_missing, first.numbers, first.texts) == (1, 4, 3, 1)
    assert first.first_text == Found(6, "x")
    assert (first.low, first.high, first.integral, first.ordered) == (1, 2.5, False, False)
    second = survey.summary(1)
    assert (second.low, second.high, second.integral, second.ordered) == (5, 9, True, True)
    assert second.first_text is None
    assert second.counts is None
    third = survey.summary(2)
    assert third.overflow == Found(4, "1e40")
    assert third.inexact == Found(5, "9007199254740993")


def test_rows_with_gaps_do_not_count_when_they_are_dropped() -> None:
    survey = survey_table(CHUNKS, 3, [1], drop=True)
    assert (survey.rows_read, survey.rows_kept) == (5, 3)
    assert survey.missing.tolist() == [1, 0, 1]
    assert survey.summary(2).overflow is None
    counts = survey.summary(1).counts
    assert counts is not None
    assert counts.rows == {"5": 1, "8": 1, "9": 1}


def test_a_column_that_turns_into_text_late_is_counted_from_its_start() -> None:
    counts = survey_table(CHUNKS, 3, [], drop=False).summary(0).counts
    assert counts is not None
    assert counts.rows == {"1": 1, "2": 1, "2.5": 1, "x": 1}
    assert counts.line == {"1": 2, "2": 3, "2.5": 5, "x": 6}


def test_a_column_without_numbers_has_no_range() -> None:
    summary = survey_table([chunk(2, ["a", "b"])], 1, [], drop=False).summary(0)
    assert math.isnan(summary.low)
    assert not summary.integral


def test_levels_of_numbers_are_merged_and_in_order_of_value() -> None:
    counts = LevelCounts()
    counts.add(pa.array(["10", "9", "1.0", None, "1", "+1"]), np.arange(6))
    levels = counts.levels()
    assert [level.name for level in levels] == ["1", "9", "10"]
    assert levels[0].texts == ("+1", "1", "1.0")
    assert (levels[0].rows, levels[0].line) == (3, 2)


def test_levels_of_texts_are_in_order_of_text() -> None:
    counts = LevelCounts()
    counts.add(pa.array(["b", "10", "9"]), np.arange(3))
    counts.add(pa.array(["a", "b"]), np.arange(3, 5))
    assert [(level.name, level.rows, level.line) for level in counts.levels()] == [
        ("10", 1, 1),
        ("9", 1, 2),
        ("a", 1, 3),
        ("b", 2, 0),
    ]


@pytest.mark.parametrize("pieces", [1, 4])
def test_counting_gives_up_in_time(pieces: int) -> None:
    counts = LevelCounts()
    for texts in np.array_split(np.arange(COUNTED_LEVELS + 1).astype(str), pieces):
        counts.add(pa.array(texts.tolist()), np.arange(len(texts)))
    assert counts.overflow
    assert counts.rows == {}
