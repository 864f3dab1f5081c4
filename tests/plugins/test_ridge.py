"""ridge: the coefficients that a cross-validated L2 penalty shrinks."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from deepfeat.methods import Importance
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]


def test_known_coefficients(ask: Ask) -> None:
    data = planted(task="regression", rows=600).dataset()
    y = 3 * data.x[:, 0] - data.x[:, 1]
    made = replace(data, y=y[:, None])
    answer = ask("ridge", LinearEnsemble.fit(made, 3), made)
    np.testing.assert_allclose(answer.scores, np.tile([3, 1, 0, 0, 0, 0] / y.std(), (3, 1)), atol=0.06)
    np.testing.assert_array_equal(answer.sign[:, :2], [[1, -1]] * 3)


def test_copies_share_what_one_of_them_weighs(ask: Ask) -> None:
    data = planted(task="regression").dataset()
    x = data.x.copy()
    x[:, 4] = x[:, 1]
    twice = replace(data, x=x)
    alone = ask("ridge", LinearEnsemble.fit(data, 3), data).scores.mean(axis=0)
    shared = ask("ridge", LinearEnsemble.fit(twice, 3), twice).scores.mean(axis=0)
    assert shared[1] == pytest.approx(shared[4], rel=1e-6)
    assert shared[1] == pytest.approx(alone[1] / 2, rel=0.05)


def test_labels_are_found_with_their_signs(ask: Ask) -> None:
    problem = PROBLEMS["additive"](600, 12, 0)
    data = problem.dataset()
    answer = ask("ridge", LinearEnsemble.fit(data, 3), data)
    noise = np.delete(answer.scores, problem.relevant, axis=1)
    assert answer.scores[:, problem.relevant].min() > 2 * noise.max()
    np.testing.assert_array_equal(answer.sign[:, problem.relevant], [[1, -1, 1, -1]] * 3)
