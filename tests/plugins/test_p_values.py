"""Where p-values come from: rows, never the spread over networks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import reordered
from deepfeat.methods import Context, MethodError
from deepfeat.methods.registry import load_registry
from deepfeat.testing.families.encoding import encode
from deepfeat.testing.linear import LinearEnsemble, LinearEnsembles
from deepfeat.testing.planted import planted

Infer = Any  # see conftest.py
METHODS = load_registry(environ={}).methods
# Those of kind `member` are asked stack by stack, and estimates per feature cannot be joined over stacks.
# Those that do not answer about tables are about images alone.
EXPERIMENTS = [
    name for name, method in METHODS.items() if method.kind == "experiment" and "answers" not in method.exempt
]
LONG = {"shap", "sparse_path"}
WITH_P_VALUES = {"cpi", "effect", "glm", "hrt", "loco", "permfit"}
TABLES, FEATURES, NETWORKS = 60, 5, 60


def noise(number: int) -> Dataset:
    rng = np.random.default_rng([17, number])
    return encode(
        "noise",
        rng.normal(size=(200, FEATURES)),
        rng.normal(size=200),
        "regression",
        tuple(f"x{j}" for j in range(FEATURES)),
    )


@pytest.mark.parametrize("name", sorted(WITH_P_VALUES - {"glm"}))
def test_the_order_of_columns_changes_no_bit(name: str, infer: Infer) -> None:
    data = planted(task="binary", features=4).dataset()
    order = np.array([2, 0, 3, 1])
    straight, turned = (infer(name, table) for table in (data, reordered(data, order)))
    np.testing.assert_array_equal(turned.p_value, straight.p_value[order])
    np.testing.assert_array_equal(turned.scores, straight.scores[:, order])


def test_a_t_test_over_networks_finds_significance_in_noise(tmp_path: Path, infer: Infer) -> None:
    """The same importance of the same tables: once tested over networks, once over rows.

    It is about 17 % with 60 networks, and grows with their number. A share of 0.05 of 300 tests has a
    standard error of 0.013, one of 0.17 of 0.022; each side fails by chance once in 700.
    """
    over_networks, over_rows = [], []
    for number in range(TABLES):
        data = noise(number)
        networks = LinearEnsemble.fit(data, NETWORKS)
        method = METHODS["permutation"]
        scores = method(method.Params(repeats=2)).explain(networks, data, Context(0, "permutation", tmp_path))
        over_networks.append(stats.ttest_1samp(scores.scores, 0, alternative="greater").pvalue)
        over_rows.append(infer("permfit", data, repeats=5).p_value)
    assert np.mean(np.array(over_networks) < 0.05) == pytest.approx(0.17, abs=0.066)
    assert np.mean(np.array(over_rows) < 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / (TABLES * FEATURES))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in EXPERIMENTS],
)
def test_more_networks_make_nothing_more_significant(name: str, tmp_path: Path) -> None:
    data = planted(task="regression", rows=120, features=4).dataset()
    found = []
    # one answer is enough where there is no p-value to compare
    for members in (2, 6) if name in WITH_P_VALUES else (2,):
        method, fit = METHODS[name], LinearEnsembles().refit
        context = Context(
            0, name, tmp_path, fit=lambda plan, *, data=data, fit=fit, **how: fit(data, plan, **how)
        )
        try:
            found.append(method().explain(LinearEnsemble.fit(data, members), data, context))
        except MethodError:
            pytest.skip("has no answer here")
    few, many = found[0], found[-1]
    assert (few.p_value is not None) == (name in WITH_P_VALUES)
    if few.p_value is not None:
        assert few.null_hypothesis
        np.testing.assert_array_equal(few.p_value, many.p_value)
        np.testing.assert_array_equal(few.std_error, many.std_error)
