"""planted: one strong feature among noise."""

import numpy as np
import pytest

from deepfeat.data.dataset import Task
from deepfeat.testing.planted import planted


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("category", [False, True])
@pytest.mark.parametrize("position", [0, 3])
def test_only_the_planted_feature_tells_the_target(task: Task, category: bool, position: int) -> None:  # noqa: FBT001
    problem = planted(task=task, category=category, position=position, features=5, rows=1000)
    data = problem.dataset()
    assert problem.relevant == (position,)
    assert (data.task, data.n_features, data.n_columns) == (task, 5, 15 if category else 5)
    target = data.y @ np.arange(1, data.n_outputs + 1)
    for feature in data.features:
        strength = max(
            abs(np.corrcoef(data.x[:, column], target)[0, 1]) for column in range(feature.start, feature.stop)
        )
        if feature.name == f"feature {position}":
            assert strength > 0.6
        else:
            assert strength < 0.12


def test_constant_features_come_last() -> None:
    data = planted(features=2, constant=True).dataset()
    number, category = data.features[2:]
    assert (data.n_features, category.levels) == (4, ("a",))
    assert np.ptp(data.x[:, number.start : category.stop], axis=0).max() == 0


def test_the_signal_is_the_same_wherever_it_is() -> None:
    first, last = planted(position=0), planted(position=5)
    np.testing.assert_array_equal(first.x[:, 0], last.x[:, 5])
    np.testing.assert_array_equal(first.x[:, 1:], last.x[:, :5])
    np.testing.assert_array_equal(first.y, last.y)


def test_seeds_differ_and_repeat() -> None:
    np.testing.assert_array_equal(planted(seed=1).x, planted(seed=1).x)
    assert not np.array_equal(planted(seed=1).x, planted(seed=2).x)


def test_one_feature_alone() -> None:
    assert planted(features=1, position=0).dataset().n_features == 1
