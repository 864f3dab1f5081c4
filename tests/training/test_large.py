"""Tables that stay on disk: training reads them piece by piece, and to the same bits."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import deepfeat.ensemble as ensembles
from deepfeat.data.dataset import Dataset, Feature
from deepfeat.ensemble import Ensemble, fit
from deepfeat.nets.default import Default
from deepfeat.training import batches, loop, scaling, table
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer

ROWS, COLUMNS = 20_000, 256
PIECE = 1 << 19
"""Bytes of each piece: the table is 40 times as large."""

MEMBERS = 3


@pytest.fixture(scope="module")
def in_memory() -> Dataset:
    """20 MB of numbers, the first of which decides."""
    x = np.random.default_rng(0).standard_normal((ROWS, COLUMNS), dtype=np.float32)
    return Dataset(
        name="large",
        x=x,
        y=(x[:, :1] > 0).astype(np.float32),
        task="binary",
        features=tuple(Feature(f"x{j}", j, j + 1) for j in range(COLUMNS)),
        classes=("no", "yes"),
        source_rows=np.arange(1, ROWS + 1),
    )


@pytest.fixture
def on_disk(in_memory: Dataset, tmp_path: Path) -> Dataset:
    """The same table, memory-mapped."""
    np.save(tmp_path / "x.npy", in_memory.x)
    return replace(in_memory, x=np.load(tmp_path / "x.npy", mmap_mode="r"))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shuffle and sum as tables beyond a gigabyte are, wherever they are."""
    monkeypatch.setattr(batches, "BLOCKED_ABOVE", PIECE)
    monkeypatch.setattr(batches, "BLOCK_BYTES", PIECE)
    monkeypatch.setattr(scaling, "CHUNK_ELEMENTS", PIECE // 4)
    monkeypatch.setattr(scaling, "SHIFT_ROWS", 64)
    monkeypatch.setattr(loop, "CHUNK_ROWS", 128)
    monkeypatch.setattr(ensembles, "SCORED_BYTES", PIECE)


def trainer(data: Dataset) -> Trainer:
    settings = TrainingSettings(loss="cross_entropy", epochs=2, batch_size=256, learning_rate=0.01)
    return Trainer(data, Default(Default.Params(units=(8,))), settings)


def train(compiled: Trainer) -> Ensemble:
    plan = build_plan(compiled.data, compiled.settings.split, MEMBERS, 0, compiled.template.network)
    return fit(plan, compiled)


def test_a_table_beyond_memory_trains_in_little_of_it(
    on_disk: Dataset, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "RESIDENT_BYTES", PIECE)
    monkeypatch.setattr(table, "GATHER_BYTES", PIECE)
    tensors: list[int] = []
    gather = table.Table.gather

    def watched(self: table.Table, rows: NDArray[np.int32]) -> tuple[Any, NDArray[np.int32]]:
        x, local = gather(self, rows)
        tensors.append(4 * int(np.prod(x.shape)))
        return x, local

    monkeypatch.setattr(table.Table, "gather", watched)
    compiled = trainer(on_disk)
    train(compiled)
    tensors.clear()
    tracemalloc.start()
    ensemble = train(compiled)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(ensemble.succeeded) == MEMBERS
    assert min(record.scores["auc"] for record in ensemble.records) > 0.95
    assert max(tensors) <= PIECE
    assert sum(tensors) > on_disk.x.nbytes, "all of it passed through"
    assert peak < on_disk.x.nbytes / 4, f"{peak:,} bytes"


def test_where_the_table_is_does_not_change_a_bit(
    in_memory: Dataset, on_disk: Dataset, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(trainer(in_memory))
    monkeypatch.setattr(table, "RESIDENT_BYTES", PIECE)
    monkeypatch.setattr(table, "GATHER_BYTES", PIECE)
    pieces = train(trainer(on_disk))
    for one, other in zip(whole.records, pieces.records, strict=True):
        np.testing.assert_array_equal(one.history, other.history)
        assert one.scores == other.scores
    for one, other in zip(weights(whole), weights(pieces), strict=True):
        np.testing.assert_array_equal(one, other)


def weights(ensemble: Ensemble) -> Iterator[Any]:
    for values, inputs, targets in ensemble.members.chunks(MEMBERS):
        yield from [*values, inputs, targets]


def test_the_blocks_of_an_epoch_come_one_after_another(in_memory: Dataset, small_blocks: None) -> None:
    settings = TrainingSettings(batch_size=256)
    plan = build_plan(in_memory, settings.split, 2, 0, Default())
    order = batches.EpochOrder(in_memory, plan, settings)
    first, second = (order.epoch(epoch, np.arange(2)) for epoch in range(2))
    block_rows = PIECE // (4 * COLUMNS)
    for drawn in (first, second):
        for member in range(2):
            real = drawn.weight[member] > 0
            blocks = drawn.rows[member, real] // block_rows
            changes = np.count_nonzero(np.diff(blocks))
            assert changes == len(np.unique(blocks)) - 1
            np.testing.assert_array_equal(
                np.sort(drawn.rows[member, real]), np.sort(plan.splits[member].train)
            )
    assert not np.array_equal(first.rows, second.rows)
