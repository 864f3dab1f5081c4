"""Folds for methods that train again."""

import numpy as np

from deepfeat.methods import fold_plan
from deepfeat.testing.planted import planted


def test_every_row_is_held_out_once() -> None:
    data = planted(task="multiclass").dataset()
    plan = fold_plan(data, 4, 3, "some")
    held_out = np.concatenate([split.held_out for split in plan.splits])
    assert sorted(held_out) == list(range(data.n_rows))
    for split in plan.splits:
        assert len(split.train) == 144
        assert len(split.valid) == 36
        assert not set(split.train) & set(split.held_out)
        assert not set(split.valid) & (set(split.held_out) | set(split.train))
    assert plan.mask.all()
    assert (plan.penalty == 0).all()


def test_folds_follow_from_seed_and_name() -> None:
    data = planted().dataset()

    def first(seed: int, name: str) -> bytes:
        return fold_plan(data, 3, seed, name).splits[0].held_out.tobytes()

    assert first(0, "a") == first(0, "a")
    assert len({first(0, "a"), first(1, "a"), first(0, "b")}) == 3
