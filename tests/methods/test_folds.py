"""Folds for methods that train again."""

import numpy as np

from deepfeat.methods import fold_plan, plan_like, with_rows
from deepfeat.testing.linear import LinearEnsemble
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


def test_a_plan_for_some_rows_is_like_that_for_all() -> None:
    data = planted().dataset()
    plan = LinearEnsemble.fit(data, 2).plan
    plan.mask[1, 0] = False
    plan.penalty[1] = 0.5
    made = plan_like(plan, with_rows(data, np.arange(0, 240, 2)), 5, 3, "some")
    for split in made.splits:
        assert (len(split.train), len(split.valid), len(split.held_out)) == (60, 30, 30)
        assert sorted(np.concatenate([split.train, split.valid, split.held_out])) == list(range(120))
    assert len({split.train.tobytes() for split in made.splits}) == 5
    assert made.mask[:, 0].tolist() == [True, False, True, False, True]
    assert made.penalty.tolist() == [0, 0.5, 0, 0.5, 0]
