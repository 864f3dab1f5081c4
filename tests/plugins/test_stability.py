"""stability: how often a feature is among the first on half of the rows, and what that bounds."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from deepfeat.methods import Context, Importance
from deepfeat.methods.registry import Registry
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.linear import LinearEnsemble, LinearEnsembles
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]


@pytest.fixture
def plugin(modules: dict[str, ModuleType]) -> ModuleType:
    return modules["stability"]


def test_what_matters_is_always_selected(ask: Ask, tmp_path: Path) -> None:
    problem = PROBLEMS["additive"](600, 20, 0)
    data = problem.dataset()
    answer = ask("stability", LinearEnsemble.fit(data), data, pairs=10)
    # sqrt(0.8 * 20): as many as let one false selection be expected.
    np.testing.assert_array_equal(answer.scores.sum(axis=1), 4)
    assert set(np.flatnonzero(answer.selected)) == set(problem.relevant)
    assert answer.notes[0].startswith("Among the first 4 in at least 0.9 of 20 half-samples: ")
    assert "at most 1.00 if features without influence are exchangeable" in answer.notes[1]
    table = pd.read_csv(tmp_path / "frequency.csv").set_index("feature")["frequency"]
    np.testing.assert_allclose(table[list(data.feature_names)], answer.scores.mean(axis=0))


def test_on_noise_no_more_is_selected_than_the_bound(ask: Ask, plugin: ModuleType) -> None:
    """Twelve tables of noise with 12 features; at a cutoff of 0.55 at most 0.83 may be expected on each.

    Were it so much, and the number distributed as Poisson's, one of 600 tries would exceed 20 in all.
    """
    worst, _ = plugin.bounds(1, 12, 0.55, 8)
    assert worst == pytest.approx(1 / 12 / 0.1)
    selected = 0
    for seed in range(12):
        data = PROBLEMS["noise"](160, 12, seed).dataset()
        answer = ask("stability", LinearEnsemble.fit(data), data, pairs=8, k=1, cutoff=0.55, repeats=2)
        selected += int(answer.selected.sum())
    assert selected <= 20


def test_bounds_are_those_of_the_papers(plugin: ModuleType) -> None:
    worst, unimodal = plugin.bounds(3, 13, 0.9, 50)
    assert worst == pytest.approx(9 / (0.8 * 13))
    assert unimodal == pytest.approx(4 * (1 - 0.9 + 0.01) / 1.02 * 9 / 13)
    # The two branches of theorem 2 meet at 3/4, for many pairs.
    below, above = (plugin.bounds(10, 100, 0.75 + step, 10**6)[1] for step in (0, 1e-9))
    assert below == pytest.approx(above, rel=1e-5)
    assert plugin.bounds(6, 10, 0.9, 50)[1] is None, "theta is above 1/sqrt(3)"
    assert plugin.bounds(5, 10, 0.6, 50)[1] is None, "the cutoff is too low for it"


def test_of_equal_scores_none_is_selected_and_of_others_the_highest(plugin: ModuleType) -> None:
    scores = np.array([[0.0, 0.0, 0.0], [3, -1, 2], [-3, -1, 0]])
    np.testing.assert_array_equal(plugin.first(scores, 2), [[False] * 3, [True, False, True], [False] * 3])


def test_halves_are_complementary_and_keep_to_their_own_rows(registry: Registry, tmp_path: Path) -> None:
    data = planted().dataset()
    grouped = replace(data, groups=np.arange(data.n_rows) // 2)
    plans = []

    def fit(plan: object, **how: object) -> object:
        plans.append(plan)
        return LinearEnsembles().refit(grouped, plan)

    method = registry.methods["stability"]
    chosen = method(method.Params(pairs=3, seeds=2, patience=5))
    chosen.explain(LinearEnsemble.fit(data), grouped, Context(0, "stability", tmp_path, fit=fit))
    (plan,) = plans
    assert len(plan) == chosen.fits(grouped, 100) == 12
    assert len(set(plan.seeds)) == 12
    for pair in range(3):
        first, again, second, _ = (plan.splits[4 * pair + place] for place in range(4))
        halves = [np.concatenate([split.train, split.valid]) for split in (first, second)]
        assert sorted(np.concatenate(halves)) == list(range(data.n_rows))
        assert len(halves[0]) == data.n_rows // 2
        assert not set(grouped.groups[halves[0]]) & set(grouped.groups[halves[1]])
        assert first is again


def test_only_rows_of_its_own_half_decide_for_a_network(registry: Registry, tmp_path: Path) -> None:
    data = planted().dataset()
    method = registry.methods["stability"]
    chosen, context = method(method.Params(pairs=1)), Context(0, "stability", tmp_path)
    every = np.ones(6, dtype=bool)
    plan = chosen._plan(LinearEnsemble.fit(data).plan, data, every, np.arange(240), context)
    y = data.y.copy()
    other = plan.splits[0].held_out
    y[other] = np.random.default_rng(0).permutation(y[other])
    changed = replace(data, y=y)
    before, after = (
        chosen._rise(LinearEnsembles().refit(table, plan), table, context) for table in (data, changed)
    )
    np.testing.assert_allclose(before[0], after[0], rtol=1e-3, atol=1e-4)
    assert np.abs(before[1] - after[1]).max() > 0.1


def test_wide_tables_are_screened(ask: Ask) -> None:
    problem = PROBLEMS["additive"](800, 300, 0)
    data = problem.dataset()
    answer = ask("stability", LinearEnsemble.fit(data), data, pairs=3, screen=10, k=4, repeats=1)
    assert set(np.flatnonzero(answer.selected)) == set(problem.relevant)
    assert "Screened: 10 of 300" in answer.notes[-1]
