"""What networks answer for rows that they have not learned from."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Split
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.unseen import enough_held_out, unseen_answers
from deepfeat.testing.linear import LinearEnsemble, LinearEnsembles

ROWS = np.arange(40)


def networks(data: Dataset, members: int) -> Ensemble:
    """Half of the rows to learn from, a quarter to stop by, a quarter held out."""
    return LinearEnsembles()(data, members)


def mean_answer(ensemble: Ensemble, row: int, parts: tuple[str, ...]) -> float:
    """Of the networks that have a row in some parts of their splits."""
    asked = [
        member
        for member, split in enumerate(ensemble.plan.splits)
        if any(row in getattr(split, part) for part in parts)
    ]
    return float(ensemble.predict(ensemble.data.x[[row]])[asked].mean())


def test_where_there_are_networks_enough_a_row_is_answered_by_those_that_hold_it_out(
    make_data: Callable[..., Dataset],
) -> None:
    ensemble = networks(make_data(rows=40), 40)
    assert enough_held_out(ensemble, ROWS)
    answers = unseen_answers(ensemble, ROWS)[:, 0]
    wanted = [mean_answer(ensemble, row, ("held_out",)) for row in ROWS]
    np.testing.assert_allclose(answers, wanted, rtol=1e-5)


def test_few_networks_answer_the_rows_too_that_they_were_stopped_by(
    make_data: Callable[..., Dataset],
) -> None:
    ensemble = networks(make_data(rows=40), 10)
    assert not enough_held_out(ensemble, ROWS)
    answers = unseen_answers(ensemble, ROWS)[:, 0]
    wanted = [mean_answer(ensemble, row, ("valid", "held_out")) for row in ROWS]
    np.testing.assert_allclose(answers, wanted, rtol=1e-5)


def test_a_row_that_no_network_holds_out_has_no_answer(make_data: Callable[..., Dataset]) -> None:
    data = make_data(rows=40)
    plan = LinearEnsemble.fit(data, 3).plan
    split = Split(ROWS[:20], ROWS[20:21], ROWS[21:])
    ensemble = LinearEnsembles().refit(data, replace(plan, splits=(split,) * 3))
    assert np.isnan(unseen_answers(ensemble, ROWS[20:])[:, 0]).tolist() == [True, *[False] * 19]
    assert np.isnan(unseen_answers(ensemble, ROWS)[:, 0]).sum() == 20, "too few rows are held out"


def test_no_rows(make_data: Callable[..., Dataset]) -> None:
    assert unseen_answers(networks(make_data(rows=40), 3), ROWS[:0]).shape == (0, 1)


@pytest.mark.parametrize(("count", "enough"), [(10, False), (100, True)])
def test_a_tenth_held_out_is_enough_with_a_hundred_networks(
    make_data: Callable[..., Dataset], count: int, *, enough: bool
) -> None:
    rng = np.random.default_rng(0)
    data = make_data(rows=200)
    orders = [rng.permutation(200) for _ in range(count)]
    splits = tuple(Split(order[:140], order[140:180], order[180:]) for order in orders)
    plan = replace(LinearEnsemble.fit(data, count).plan, splits=splits)
    assert enough_held_out(LinearEnsembles().refit(data, plan), np.arange(200)) is enough
