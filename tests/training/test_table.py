"""The table as the compiled step reads it."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.training import table as module
from deepfeat.training.batches import Batches
from deepfeat.training.table import Table

X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)


def some_batches(members: int, widths: list[int], seed: int) -> Batches:
    ends = np.concatenate([[0], np.cumsum(widths)]).astype(np.int32)
    generator = np.random.default_rng(seed)
    rows = generator.integers(len(X), size=(members, ends[-1]), dtype=np.int32)
    noise = generator.integers(9, size=rows.shape, dtype=np.int32)
    return Batches(rows, noise, np.ones(rows.shape, dtype=np.float32), ends)


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    monkeypatch.setattr(module, "RESIDENT_BYTES", 0)
    return Table(X)  # type: ignore[return-value]


def test_a_table_that_fits_is_read_whole() -> None:
    table, batches = Table(X), some_batches(2, [16, 8], 0)
    ((x, part, local),) = table.parts(batches)
    assert part is batches
    assert local is batches.rows
    np.testing.assert_array_equal(x, X)


@given(
    members=st.integers(1, 3),
    widths=st.lists(st.integers(1, 20), min_size=1, max_size=6),
    room=st.integers(1, 2000),
    seed=st.integers(0, 9),
)
@settings(max_examples=30, deadline=None)
def test_a_table_that_does_not_is_read_in_runs_of_steps_with_the_same_rows(
    members: int, widths: list[int], room: int, seed: int
) -> None:
    batches = some_batches(members, widths, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RESIDENT_BYTES", 0)
        patch.setattr(module, "GATHER_BYTES", room)
        parts = list(Table(X).parts(batches))
    for name in ("rows", "noise", "weight"):
        together = np.concatenate([getattr(part, name) for _, part, _ in parts], axis=1)
        np.testing.assert_array_equal(together, getattr(batches, name))
    assert [int(width) for _, part, _ in parts for width in np.diff(part.ends)] == widths
    for x, part, local in parts:
        np.testing.assert_array_equal(np.asarray(x)[local], X[part.rows])
        assert x.shape[0] * 12 <= room or len(part.ends) == 2, "no more than fits, but at least a step"
        assert local.dtype == np.int32


def test_rows_are_gathered_once(streamed: Table) -> None:
    rows = np.array([[7, 3], [3, 7]], dtype=np.int32)
    x, local = streamed.gather(rows)
    np.testing.assert_array_equal(x, X[[3, 7]])
    np.testing.assert_array_equal(local, [[1, 0], [0, 1]])
