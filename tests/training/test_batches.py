"""The order in which members see their rows."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Split
from deepfeat.nets.network import Network
from deepfeat.training import batches as module
from deepfeat.training.batches import PAD, Batches, EpochOrder, padded, row_weights, stack_key
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import SplitSettings, TrainingSettings

MakePlan = Callable[..., tuple[Dataset, FitPlan]]


@pytest.fixture(scope="module")
def make(make_data: Callable[..., Dataset], make_network: Callable[..., Network]) -> MakePlan:
    def make(
        rows: int = 90, members: int = 3, task: str = "multiclass", method: str = "bootstrap"
    ) -> tuple[Dataset, FitPlan]:
        data = make_data(task, rows=rows)
        return data, build_plan(data, SplitSettings(method=method), members, 0, make_network())  # type: ignore[arg-type]

    return make


def own_rows(batches: Batches, member: int) -> Iterator[list[int]]:
    """The rows of every step, without padding."""
    for first, last in zip(batches.ends[:-1], batches.ends[1:], strict=True):
        present = batches.weight[member, first:last] > 0
        yield batches.rows[member, first:last][present].tolist()


@given(
    rows=st.integers(20, 90), batch=st.integers(1, 70), pad=st.sampled_from([PAD, 1]), epoch=st.integers(0, 3)
)
@settings(max_examples=40, deadline=None)
def test_an_epoch_is_every_training_row_once_in_full_batches_and_a_short_one(
    make: MakePlan, rows: int, batch: int, pad: int, epoch: int
) -> None:
    data, plan = make(rows, members=5)
    keys = [stack_key(split, batch) for split in plan.splits]
    alike = [member for member, key in enumerate(keys) if key == keys[0]]
    plan = plan.select(alike if pad == PAD else [0])
    drawn = EpochOrder(data, plan, TrainingSettings(batch_size=batch), pad).epoch(epoch, np.arange(len(plan)))
    for member, split in enumerate(plan.splits):
        steps = list(own_rows(drawn, member))
        assert sorted(chain.from_iterable(steps)) == sorted(split.train.tolist())
        assert all(len(step) == batch for step in steps[:-1])
        assert 0 < len(steps[-1]) <= batch
    assert not (np.diff(drawn.ends) % pad).any()
    assert drawn.ends[-1] == drawn.rows.shape[1] == drawn.noise.shape[1] == drawn.weight.shape[1]
    assert (drawn.rows[drawn.weight == 0] == 0).all()


def test_steps_can_be_taken_one_by_one(make: MakePlan) -> None:
    drawn = EpochOrder(*make(), TrainingSettings(batch_size=10)).epoch(0, np.arange(3))
    n_steps = len(drawn.ends) - 1
    parts = [drawn.steps(step, step + 1) for step in range(n_steps)]
    np.testing.assert_array_equal(np.concatenate([part.rows for part in parts], axis=1), drawn.rows)
    assert all(part.ends.tolist() == [0, 16] for part in parts)
    assert drawn.steps(1, 3).ends.tolist() == [0, 16, 32]


def test_what_a_member_draws_does_not_depend_on_its_company(make: MakePlan) -> None:
    data, plan = make()
    chosen = TrainingSettings(batch_size=16)
    together, alone = EpochOrder(data, plan, chosen), EpochOrder(data, plan.select([1]), chosen)
    for epoch in range(3):
        # The others leave; member 1 goes on as it would have.
        company = [[0, 1, 2], [1, 2], [1]][epoch]
        both = together.epoch(epoch, np.array(company))
        own = alone.epoch(epoch, np.array([0]))
        for name in ("rows", "noise", "weight"):
            np.testing.assert_array_equal(getattr(both, name)[company.index(1)], getattr(own, name)[0])


def test_every_epoch_has_another_order_and_other_noise(make: MakePlan) -> None:
    order = EpochOrder(*make(), TrainingSettings(batch_size=16))
    first, second = order.epoch(0, np.arange(3)), order.epoch(1, np.arange(3))
    assert not np.array_equal(first.rows[0], second.rows[0])
    assert not np.array_equal(first.noise[0], second.noise[0])
    assert not np.array_equal(first.rows[0], first.rows[1])


@given(train=st.integers(1, 200), valid=st.integers(1, 100), batch=st.integers(1, 64))
def test_members_share_a_stack_only_if_all_their_arrays_have_the_same_shape(
    train: int, valid: int, batch: int
) -> None:
    full, rest, validation = stack_key(Split(np.arange(train), np.arange(valid), np.arange(0)), batch)
    assert full * batch <= train < (full + 1) * batch
    assert rest == padded(train - full * batch)
    assert validation == padded(valid)
    assert padded(train) % PAD == 0
    assert train <= padded(train) < train + PAD


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_balanced_weights_give_every_class_the_same_total(make: MakePlan, task: str) -> None:
    data, plan = make(task=task, method="random")
    balanced = TrainingSettings(class_weight="balanced")
    for member, split in enumerate(plan.splits):
        weights = row_weights(data, plan, member, balanced)[split.train]
        totals = [weights[data.strata[split.train] == code].sum() for code in range(len(data.classes))]
        np.testing.assert_allclose(totals, len(split.train) / len(data.classes), rtol=1e-5)


def test_balanced_weights_are_those_of_the_own_targets(make: MakePlan) -> None:
    data, plan = make(task="binary", method="random")
    own = np.stack([np.roll(data.y, member, axis=0) for member in range(len(plan))])
    shifted = replace(plan, targets=own)
    weights = row_weights(data, shifted, 1, TrainingSettings(class_weight="balanced"))
    train = plan.splits[1].train
    positive = own[1][train, 0] == 1
    assert weights[train][positive].sum() == pytest.approx(weights[train][~positive].sum(), rel=1e-5)


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_there_is_nothing_to_balance_without_classes(make: MakePlan, task: str) -> None:
    data, plan = make(task=task, method="random")
    assert row_weights(data, plan, 0, TrainingSettings(class_weight="balanced")).tolist() == 1


def test_a_large_table_is_read_block_by_block(make: MakePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    data, plan = make(method="random")
    monkeypatch.setattr(module, "BLOCKED_ABOVE", 100)
    monkeypatch.setattr(module, "BLOCK_BYTES", 20 * data.n_columns * 4)
    order = EpochOrder(data, plan, TrainingSettings(batch_size=16))
    sequences = []
    for epoch in range(4):
        drawn = order.epoch(epoch, np.arange(3))
        blocks = [np.array(list(chain.from_iterable(own_rows(drawn, member)))) // 20 for member in range(3)]
        visits = [block[np.flatnonzero(np.diff(block, prepend=-1))].tolist() for block in blocks]
        assert all(sorted(visit) == [0, 1, 2, 3, 4] for visit in visits), "a block is visited once"
        assert visits[0] == visits[1] == visits[2], "by all members at the same time"
        sequences.append(visits[0])
        for member, split in enumerate(plan.splits):
            assert sorted(chain.from_iterable(own_rows(drawn, member))) == split.train.tolist()
    assert len({tuple(sequence) for sequence in sequences}) > 1
