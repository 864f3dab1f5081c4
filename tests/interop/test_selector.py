"""The selector as scikit-learn uses it."""

from unittest import SkipTest

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

from deepfeat import DeepFeatureSelector

pytestmark = pytest.mark.usefixtures("compiled_once", "shipped_once")

SMALL = {"network": {"units": [8]}, "training": {"epochs": 40, "batch_size": 32}}
TINY = {"models": 2, "network": {"units": [2]}, "training": {"epochs": 1}}

# Checks of scikit-learn that cannot be passed, and why.
EXPECTED_FAILURES: dict[str, str] = {}


def table(task: str) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(size=(200, 5)), columns=["a", "b", "signal", "c", "d"])
    y = x["signal"].to_numpy()
    if task == "classes":
        return x, np.where(y > 0, "yes", "no")
    return x, np.stack([y > 0, y > 0.5], axis=1).astype(int) if task == "labels" else y * 3 + 100


@pytest.mark.parametrize(
    "task",
    [
        "classes",
        pytest.param("labels", marks=pytest.mark.slow),
        pytest.param("number", marks=pytest.mark.slow),
    ],
)
def test_it_keeps_the_feature_that_matters(task: str) -> None:
    x, y = table(task)
    selector = DeepFeatureSelector(3, n_features_to_select=1, **SMALL).fit(x, y)
    assert selector.get_feature_names_out().tolist() == ["signal"]
    assert selector.get_support().tolist() == [False, False, True, False, False]
    assert selector.feature_importances_.sum() == pytest.approx(1)
    assert selector.ranking_["feature"][0] == "signal"
    assert selector.transform(x).shape == (200, 1)


def test_how_many_are_kept() -> None:
    selector = DeepFeatureSelector(**TINY)
    selector.n_features_in_ = 4
    selector.feature_importances_ = np.array([0.5, 0.1, 0.3, 0.1])
    selector._ranks = np.array([1, 3, 2, 4])
    assert selector.get_support().tolist() == [True, False, True, False]
    for count, kept in ((1, 1), (3, 3), (0.5, 2), (0.01, 1), (1.0, 4)):
        assert selector.set_params(n_features_to_select=count).get_support().sum() == kept


def test_it_works_in_a_pipeline_and_can_be_cloned() -> None:
    x, y = table("classes")
    steps = make_pipeline(DeepFeatureSelector(2, n_features_to_select=2, **SMALL), LogisticRegression())
    assert clone(steps).fit(x, y).score(x, y) > 0.9


def test_what_cannot_be_done_is_said() -> None:
    x, y = table("classes")
    with pytest.raises(ValueError, match="did you mean gate"):
        DeepFeatureSelector(methods=["gat"], **TINY).fit(x, y)
    with pytest.raises(ValueError, match=r"cannot be trained \(n_samples=2\)"):
        DeepFeatureSelector(**TINY).fit(x[:2], ["a", "b"])
    with pytest.raises(ValueError, match="one class only"):
        DeepFeatureSelector(**TINY).fit(x, np.zeros(200, int))


@pytest.mark.slow
def test_check_estimator() -> None:
    """Every check of scikit-learn; networks so small that they learn next to nothing, which none asks for."""
    failed = {}
    for estimator, check in estimator_checks_generator(DeepFeatureSelector(**TINY), mark="skip"):
        name = check.func.__name__
        try:
            check(estimator)
        except (pytest.skip.Exception, SkipTest):  # the second is how scikit-learn says so itself
            continue
        except Exception as error:  # noqa: BLE001 - all of them are to be seen together
            failed[name] = f"{type(error).__name__}: {error}"
    assert set(failed) == set(EXPECTED_FAILURES), failed


FAST = {
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_estimators_unfitted",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_get_params_invariance",
    "check_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_requires_y_none",
    "check_fit1d",
    "check_fit2d_1sample",
    "check_fit_score_takes_y",
    "check_estimators_empty_data_messages",
    "check_estimators_nan_inf",
}


def test_the_checks_that_train_next_to_nothing() -> None:
    seen = set()
    for estimator, check in estimator_checks_generator(DeepFeatureSelector(**TINY), mark="skip"):
        name = check.func.__name__
        if name in FAST:
            check(estimator)
            seen.add(name)
    assert seen == FAST
