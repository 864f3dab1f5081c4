"""random_forest: the rise of a forest's loss when a feature is shuffled."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from deepfeat.methods import Importance
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]
FEW = {"trees": 30, "repeats": 3}


def test_a_feature_without_spread_changes_nothing(ask: Ask) -> None:
    data = planted().dataset()
    x = data.x.copy()
    x[:, 3] = 2
    constant = replace(data, x=x)
    scores = ask("random_forest", LinearEnsemble.fit(constant, 2), constant, **FEW).scores
    assert (scores[:, 3] == 0).all()
    assert (scores.argmax(axis=1) == 1).all()


def test_it_sees_what_no_straight_line_does(ask: Ask) -> None:
    problem = PROBLEMS["orange_skin"](1000, 8, 0)
    data = problem.dataset()
    scores = ask("random_forest", LinearEnsemble.fit(data, 4), data, **FEW).scores.mean(axis=0)
    assert set(np.argsort(-scores)[:4]) == set(problem.relevant)


def test_every_forest_is_judged_on_all_rows_that_its_network_has_not_learned_from(ask: Ask) -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data, 1)
    before = ask("random_forest", ensemble, data, **FEW)
    train = ensemble.plan.splits[0].train
    assert np.isfinite(before.predictions).all(axis=1).nonzero()[0].tolist() == sorted(
        set(range(data.n_rows)) - set(train.tolist())
    )
    y = 1 - data.y
    y[train] = data.y[train]
    after = ask("random_forest", ensemble, replace(data, y=y), **FEW)
    np.testing.assert_array_equal(after.predictions, before.predictions)
    assert after.scores[0, 1] < 0 < before.scores[0, 1], "shuffling helps where the truth is turned around"


def test_a_feature_the_network_may_not_use_is_not_used(ask: Ask) -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data, 2)
    mask = ensemble.plan.mask.copy()
    mask[:, 1] = False
    without = replace(ensemble, plan=replace(ensemble.plan, mask=mask))
    assert (ask("random_forest", without, data, **FEW).scores[:, 1] == 0).all()


def test_several_labels_with_one_that_never_varies(ask: Ask) -> None:
    data = planted().dataset()
    y = np.concatenate([data.y, np.ones_like(data.y), 1 - data.y], axis=1)
    labels = replace(data, y=y, task="multilabel", classes=("yes", "always", "no"))
    answer = ask("random_forest", LinearEnsemble.fit(labels, 2), labels, **FEW)
    assert answer.per_class.shape == (2, 3, 6)
    assert (answer.per_class[:, 1] == 0).all()
    assert (answer.per_class[:, [0, 2]].argmax(axis=2) == 1).all()


def test_values_with_the_r2_lost(ask: Ask) -> None:
    data = planted(task="regression").dataset()
    answer = ask("random_forest", LinearEnsemble.fit(data, 2), data, score="r2", splits=1, **FEW)
    assert answer.scores.shape == (1, 6)
    # Shuffling costs twice the explained variance: the forest then explains another row.
    assert 1.2 < answer.scores[0, 1] < 2.5
    assert np.abs(np.delete(answer.scores[0], 1)).max() < 0.2
