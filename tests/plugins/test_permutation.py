"""permutation: the rise of the loss when a feature is shuffled."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepfeat.methods import Context, Importance, MethodError
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted
from deepfeat.training.replaced import Output, Pair, Replaced

Ask = Callable[..., Importance]


def test_equal_to_shuffling_one_table_after_another(ask: Ask, tmp_path: Path) -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data)
    found = ask("permutation", ensemble, data, repeats=3, score="squared_error").scores
    context = Context(0, "permutation", tmp_path)
    for member, model in enumerate(ensemble.models()):
        rng = context.member_rng(ensemble.plan.seeds[member])
        rows = ensemble.plan.splits[member].held_out
        x, y = data.x[rows], data.y[rows]
        rise = np.zeros(data.n_features)
        for _ in range(3):
            other = data.x[rng.permutation(rows)]
            for feature in range(data.n_features):
                changed = x.copy()
                changed[:, feature] = other[:, feature]
                rise[feature] += np.mean((model(changed) - y) ** 2) - np.mean((model(x) - y) ** 2)
        np.testing.assert_allclose(found[member], rise / 3, rtol=1e-3, atol=1e-7)


def test_a_feature_without_influence_scores_exactly_zero(ask: Ask) -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data)
    kernels = ensemble.kernels.copy()
    kernels[:, 3] = 0
    scores = ask("permutation", replace(ensemble, kernels=kernels), data).scores
    assert (scores[:, 3] == 0).all()
    assert (scores[:, 1] > 0).all()


def test_the_columns_of_a_category_are_shuffled_together(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    data = planted(category=True).dataset()
    seen = []

    def spy(self: LinearEnsemble, pairs: Iterable[Pair], output: Output = "probability") -> list[Replaced]:
        seen.extend(pairs)
        return []

    monkeypatch.setattr(LinearEnsemble, "replaced", spy)
    ask("permutation", LinearEnsemble.fit(data), data, repeats=2)
    assert len(seen) == 2 * 4
    for x, other in seen:
        np.testing.assert_array_equal(other.reshape(len(x), -1, 3).sum(axis=2), 1)
        np.testing.assert_array_equal(
            np.sort(x @ 2.0 ** np.arange(18)), np.sort(other @ 2.0 ** np.arange(18))
        )


def test_more_repeats_come_closer_to_the_expectation(ask: Ask) -> None:
    data = planted(task="regression").dataset()
    ensemble = LinearEnsemble.fit(data, 1)
    rows = ensemble.plan.splits[0].held_out
    # For a linear model, shuffling adds twice the covariance of what is left with the true and own term.
    model = ensemble[0]
    term = data.x[rows, 1] * model.kernel[1, 0]
    left = data.y[rows, 0] - model(data.x[rows])[:, 0]
    expected = 2 * term.var() + 2 * np.cov(term, left, ddof=0)[0, 1]
    far, near = (
        abs(ask("permutation", ensemble, data, repeats=repeats).scores[0, 1] - expected)
        for repeats in (1, 400)
    )
    assert near < 0.02 * expected
    assert near < far


@pytest.mark.parametrize("score", ["log_loss", "squared_error", "auc"])
def test_every_score_finds_the_feature_of_each_class(score: str, ask: Ask) -> None:
    data = planted(task="multiclass").dataset()
    answer = ask("permutation", LinearEnsemble.fit(data), data, score=score)
    assert answer.per_class.shape == (4, 3, 6)
    assert (answer.scores.mean(axis=0).argmax(), answer.sign) == (1, None)
    # The class in the middle is one that no linear model can tell.
    assert (answer.per_class[:, [0, 2]].mean(axis=0).argmax(axis=1) == 1).all()


def test_a_score_of_another_task_is_refused(ask: Ask) -> None:
    data = planted(task="regression").dataset()
    with pytest.raises(MethodError, match="auc is not defined"):
        ask("permutation", LinearEnsemble.fit(data), data, score="auc")


def test_rows_can_be_limited(ask: Ask) -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data)
    few, all_rows = (ask("permutation", ensemble, data, rows=rows).scores for rows in (10, 1000))
    assert not np.array_equal(few, all_rows)
    assert few.mean(axis=0).argmax() == 1
