"""leave_out: the fall of the score when a feature is replaced by its mean."""

from collections.abc import Callable

import numpy as np

from deepfeat.methods import Importance
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]


def test_known_answer(ask: Ask) -> None:
    data = planted(task="regression").dataset()
    ensemble = LinearEnsemble.fit(data)
    found = ask("leave_out", ensemble, data).scores
    for member, model in enumerate(ensemble.models()):
        split = ensemble.plan.splits[member]
        x, y = data.x[split.held_out], data.y[split.held_out]
        for feature in range(data.n_features):
            changed = x.copy()
            changed[:, feature] = data.x[split.train, feature].mean()
            rise = np.mean((model(changed) - y) ** 2) - np.mean((model(x) - y) ** 2)
            np.testing.assert_allclose(found[member, feature], rise, rtol=1e-4, atol=1e-7)


def test_r2_is_the_same_relative_to_the_spread(ask: Ask) -> None:
    data = planted(task="regression").dataset()
    ensemble = LinearEnsemble.fit(data)
    error, r2 = (ask("leave_out", ensemble, data, score=score).scores for score in ("squared_error", "r2"))
    spread = [data.y[split.held_out].var() for split in ensemble.plan.splits]
    np.testing.assert_allclose(r2, error / np.array(spread)[:, None], rtol=1e-5)


def test_a_category_is_replaced_by_the_frequencies_of_its_levels(ask: Ask) -> None:
    data = planted(category=True).dataset()
    ensemble = LinearEnsemble.fit(data, 1)
    split = ensemble.plan.splits[0]
    changed = data.x[split.held_out].copy()
    changed[:, 3:6] = data.x[split.train, 3:6].mean(axis=0)
    (model,) = ensemble.models()
    y = data.y[split.held_out]
    rise = np.mean((model(changed) - y) ** 2) - np.mean((model(data.x[split.held_out]) - y) ** 2)
    found = ask("leave_out", ensemble, data, score="squared_error").scores
    np.testing.assert_allclose(found[0, 1], rise, rtol=1e-4)
