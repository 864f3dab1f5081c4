"""Tables that stay on disk: training reads them piece by piece, and to the same bits."""

import tracemalloc
from collections.abc import Iterator
from copy import copy
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

ROWS, COLUMNS = 8_000, 256
PIECE = 1 << 18
"""Bytes of each piece: the table is 30 times as large."""

MEMBERS = 3


@pytest.fixture(scope="module")
def in_memory() -> Dataset:
    """8 MB of numbers, the first of which decides."""
    x = np.random.default_rng(0).standard_normal((ROWS, COLUMNS), dtype=np.float32)
    return Dataset(
        name="large",
        x=x,
        y=(x[:, :1] > np.median(x[:, 0])).astype(np.float32),
        task="binary",
        features=tuple(Feature(f"x{j}", j, j + 1) for j in range(COLUMNS)),
        classes=("no", "yes"),
        source_rows=np.arange(1, ROWS + 1),
    )


@pytest.fixture(scope="module")
def small_blocks() -> Iterator[None]:
    """Shuffle and sum as tables beyond a gigabyte are, wherever they are."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(batches, "BLOCKED_ABOVE", PIECE)
        patched.setattr(batches, "BLOCK_BYTES", PIECE)
        patched.setattr(scaling, "CHUNK_ELEMENTS", PIECE // 4)
        patched.setattr(scaling, "SHIFT_ROWS", 64)
        patched.setattr(loop, "CHUNK_ROWS", 64)
        patched.setattr(ensembles, "SCORED_BYTES", PIECE)
        yield


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a table on disk piece by piece, though it would fit the memory."""
    monkeypatch.setattr(table, "RESIDENT_BYTES", PIECE)
    monkeypatch.setattr(table, "GATHER_BYTES", PIECE)


@pytest.fixture(scope="module")
def from_memory(in_memory: Dataset, small_blocks: None) -> tuple[Trainer, Ensemble]:
    """Networks trained on the table in memory, and what has compiled them."""
    settings = TrainingSettings(loss="cross_entropy", epochs=2, batch_size=64, learning_rate=0.01)
    trainer = Trainer(in_memory, Default(Default.Params(units=(8,))), settings)
    return trainer, train(trainer)


@pytest.fixture
def on_disk(from_memory: tuple[Trainer, Ensemble], tmp_path: Path) -> Trainer:
    """Trains the same networks on the same table, memory-mapped."""
    trainer, _ = from_memory
    np.save(tmp_path / "x.npy", trainer.data.x)
    moved = copy(trainer)
    moved.data, moved._table = replace(trainer.data, x=np.load(tmp_path / "x.npy", mmap_mode="r")), None
    return moved


def train(trainer: Trainer) -> Ensemble:
    plan = build_plan(trainer.data, trainer.settings.split, MEMBERS, 0, trainer.template.network)
    return fit(plan, trainer)


@pytest.mark.usefixtures("in_pieces")
def test_a_table_beyond_memory_trains_in_little_of_it(
    on_disk: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors: list[int] = []
    gather = table.Table.gather

    def watched(self: table.Table, rows: NDArray[np.int32]) -> tuple[Any, NDArray[np.int32]]:
        x, local = gather(self, rows)
        tensors.append(4 * int(np.prod(x.shape)))
        return x, local

    monkeypatch.setattr(table.Table, "gather", watched)
    tracemalloc.start()
    ensemble = train(on_disk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(ensemble.succeeded) == MEMBERS
    assert min(record.scores["auc"] for record in ensemble.records) > 0.95
    assert max(tensors) <= PIECE
    assert sum(tensors) > on_disk.data.x.nbytes, "all of it passed through"
    assert peak < on_disk.data.x.nbytes / 4, f"{peak:,} bytes"


@pytest.mark.usefixtures("in_pieces")
def test_where_the_table_is_does_not_change_a_bit(
    from_memory: tuple[Trainer, Ensemble], on_disk: Trainer
) -> None:
    whole, pieces = from_memory[1], train(on_disk)
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
