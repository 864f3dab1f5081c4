"""Rows that a member has not seen, and the rise of a measure on them."""

from dataclasses import replace

import numpy as np

from deepfeat.data.dataset import Dataset
from deepfeat.methods import held_out_rows, measure, rise_when_replaced, sample
from deepfeat.testing.linear import LinearEnsemble


def test_validation_rows_stand_in_where_none_are_held_out(data: Dataset, ensemble: LinearEnsemble) -> None:
    assert held_out_rows(ensemble, 1) is ensemble.plan.splits[1].held_out
    split = replace(ensemble.plan.splits[0], held_out=np.array([], dtype=np.int64))
    plan = replace(ensemble.plan, splits=(split, *ensemble.plan.splits[1:]))
    assert held_out_rows(replace(ensemble, plan=plan), 0) is split.valid


def test_a_sample_is_part_of_the_rows() -> None:
    rng = np.random.default_rng(0)
    rows = np.array([7, 3, 9, 1])
    assert sample(rows, 4, rng) is rows
    some = sample(rows, 2, rng)
    assert len(set(some.tolist()) & set(rows.tolist())) == 2
    assert list(some) == sorted(some)


def test_rise_is_that_of_asking_twice(data: Dataset, ensemble: LinearEnsemble) -> None:
    rows = [split.held_out[: 10 + member] for member, split in enumerate(ensemble.plan.splits)]
    others = [data.x[own[::-1]] for own in rows]
    wrongness = measure("auto", data.task)
    rise = rise_when_replaced(ensemble, data, rows, others, wrongness)
    changed = data.x[rows[2]].copy()
    changed[:, 4] = others[2][:, 4]
    before, after = (ensemble.predict(x)[2] for x in (data.x[rows[2]], changed))
    target = data.y[rows[2]]
    np.testing.assert_allclose(rise[2, :, 4], wrongness(target, after) - wrongness(target, before))
    assert rise.shape == (len(ensemble), data.n_outputs, data.n_features)


def test_members_are_judged_by_targets_of_their_own(data: Dataset, ensemble: LinearEnsemble) -> None:
    turned = np.stack([1 - data.y] * len(ensemble))
    own = replace(ensemble, plan=replace(ensemble.plan, targets=turned))
    rows = [split.held_out for split in ensemble.plan.splits]
    others = [np.zeros_like(data.x[one]) for one in rows]
    wrongness = measure("squared_error", data.task)
    usual = rise_when_replaced(ensemble, data, rows, others, wrongness)
    inverted = rise_when_replaced(own, data, rows, others, wrongness)
    assert usual[:, 0, 1].mean() > 0 > inverted[:, 0, 1].mean()
