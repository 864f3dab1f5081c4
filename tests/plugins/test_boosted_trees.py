"""boosted_trees: the rise of their loss when a feature is shuffled."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from deepfeat.methods import Importance
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]
FEW = {"trees": 20, "repeats": 2}


def test_it_sees_a_bent_curve_without_a_slope(ask: Ask) -> None:
    problem = PROBLEMS["nonlinear_additive"](1000, 10, 0)
    data = problem.dataset()
    scores = ask("boosted_trees", LinearEnsemble.fit(data, 4), data).scores.mean(axis=0)
    assert set(np.argsort(-scores)[:4]) == set(problem.relevant)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_task(ask: Ask, task: str) -> None:
    data = planted(task=task).dataset()
    answer = ask("boosted_trees", LinearEnsemble.fit(data, 2), data, **FEW)
    assert (answer.scores.argmax(axis=1) == 1).all()
    assert (np.delete(answer.scores, 1, axis=1) < 0.2 * answer.scores[:, [1]]).all()


def test_several_labels_with_one_that_never_varies(ask: Ask) -> None:
    data = planted().dataset()
    y = np.concatenate([data.y, np.ones_like(data.y), 1 - data.y], axis=1)
    labels = replace(data, y=y, task="multilabel", classes=("yes", "always", "no"))
    answer = ask("boosted_trees", LinearEnsemble.fit(labels, 2), labels, **FEW)
    assert (answer.per_class[:, 1] == 0).all()
    assert (answer.per_class[:, [0, 2]].argmax(axis=2) == 1).all()


def test_a_feature_the_network_may_not_use_is_not_used(ask: Ask) -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data, 2)
    mask = ensemble.plan.mask.copy()
    mask[:, 1] = False
    without = replace(ensemble, plan=replace(ensemble.plan, mask=mask))
    assert (ask("boosted_trees", without, data, **FEW).scores[:, 1] == 0).all()


def test_predictions_are_of_rows_that_were_not_learned_from(ask: Ask) -> None:
    data = planted(rows=300).dataset()
    ensemble = LinearEnsemble.fit(data, 2)
    answer = ask("boosted_trees", ensemble, data, **FEW)
    seen_by_all = np.intersect1d(*(split.train for split in ensemble.plan.splits))
    unseen = np.setdiff1d(np.arange(300), seen_by_all)
    assert np.isnan(answer.predictions[seen_by_all]).all()
    right = (answer.predictions[unseen] > 0.5) == (data.y[unseen] > 0.5)
    assert right.mean() > 0.85
