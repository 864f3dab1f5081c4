"""conditional_permutation: what a feature says beyond the others."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Importance
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted
from deepfeat.training.replaced import Output, Pair, Replaced

Ask = Callable[..., Importance]


@pytest.fixture
def copies() -> Dataset:
    """The second feature is relevant, and the third nearly the same."""
    data = planted(task="regression", rows=2000).dataset()
    x = data.x.copy()
    x[:, 2] = x[:, 1] + 0.01 * x[:, 2]
    return replace(data, x=x, sha256="copies")


def test_neither_of_two_copies_is_needed(ask: Ask, copies: Dataset) -> None:
    ensemble = LinearEnsemble.fit(copies)
    plain, conditional = (
        ask(name, ensemble, copies).scores.mean(axis=0) for name in ("permutation", "conditional_permutation")
    )
    assert (plain[[1, 2]] > 0.1).all()
    assert (conditional[[1, 2]] < 0.01 * plain[[1, 2]]).all()


def test_equal_to_permutation_where_features_are_independent(ask: Ask) -> None:
    data = planted(task="regression", rows=2000).dataset()
    ensemble = LinearEnsemble.fit(data)
    plain, conditional = (
        ask(name, ensemble, data).scores[:, 1] for name in ("permutation", "conditional_permutation")
    )
    np.testing.assert_allclose(conditional, plain, rtol=0.1)


def test_categories_are_shuffled_as_they_are(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    data = planted(category=True).dataset()
    seen = []

    def spy(self: LinearEnsemble, pairs: Iterable[Pair], output: Output = "probability") -> list[Replaced]:
        seen.extend(pairs)
        return []

    monkeypatch.setattr(LinearEnsemble, "replaced", spy)
    answer = ask("conditional_permutation", LinearEnsemble.fit(data), data, repeats=1)
    for _, other in seen:
        assert set(np.unique(other)) == {0, 1}
        np.testing.assert_array_equal(other.reshape(len(other), -1, 3).sum(axis=2), 1)
    assert any("Categories were shuffled as a whole" in note for note in answer.notes)


def test_the_assumption_is_named(ask: Ask) -> None:
    data = planted().dataset()
    (note,) = ask("conditional_permutation", LinearEnsemble.fit(data), data, repeats=1).notes
    assert "linear regression" in note
