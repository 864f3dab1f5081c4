"""Which penalty of a path is believed, and by which losses."""

from collections.abc import Callable

import numpy as np
import pytest

from deepfeat.methods import Ensemble, FitPlan, fold_plan
from deepfeat.methods.penalties import PenaltyCurve, refitted_losses
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.linear import LinearEnsembles


def test_the_strongest_penalty_within_one_standard_error() -> None:
    # Means 5, 2.5, 2, 2.2; the standard error of the third is 0.5 or 1.
    losses = np.array([[5.0, 2.5, 1.5, 2.2], [5.0, 2.5, 2.5, 2.2]])
    penalties = np.array([4.0, 3.0, 2.0, 1.0])
    assert PenaltyCurve(penalties, losses).chosen == 1
    assert PenaltyCurve(penalties, losses + np.array([0, 0.2, 0, 0])).chosen == 2


def test_what_is_kept_is_judged_without_penalty_and_once() -> None:
    problem = PROBLEMS["additive"](400, 6, 0)
    data, plans = problem.dataset(), []
    folds = fold_plan(data, 2, 0, "path")
    relevant = np.isin(np.arange(6), problem.relevant)
    # Nothing, half of what matters, all of it twice; the second fold keeps everything at the third.
    half = relevant & (np.cumsum(relevant) <= 2)
    keeps = np.array([[np.zeros(6, dtype=bool), half, relevant, relevant]] * 2)
    keeps[1, 2] = True

    def fit(plan: FitPlan) -> Ensemble:
        plans.append(plan)
        return LinearEnsembles().refit(data, plan)

    losses = refitted_losses(keeps, folds, data, fit)
    (plan,) = plans
    assert (plan.name, len(plan)) == ("path/refit", 2 + 3)
    assert not plan.penalty.any()
    assert losses[:, 0] == pytest.approx(np.log(2), abs=0.05)
    assert (losses[:, 0] > losses[:, 1]).all()
    assert (losses[:, 1] > losses[:, 2]).all()
    assert losses[0, 2] == losses[0, 3]
    assert losses[1, 2] != losses[1, 3]


def test_where_nothing_is_kept_nothing_is_trained() -> None:
    data = PROBLEMS["noise"](100, 3, 0).dataset()
    fit: Callable[[FitPlan], Ensemble] = pytest.fail
    losses = refitted_losses(np.zeros((2, 4, 3), dtype=bool), fold_plan(data, 2, 0, "path"), data, fit)
    assert losses == pytest.approx(np.log(2), abs=0.05)
