"""conformance: each check lets a good method pass and catches the method that it is there for."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import Field

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Context, Importance, Method, MethodParams, per_model, sum_columns
from deepfeat.testing import conformance
from deepfeat.testing.conformance import CHECKS, ConformanceError, check_name, run_checks
from deepfeat.testing.linear import LinearEnsemble, LinearEnsembles

Explain = Callable[[LinearEnsemble, Dataset, Context], Importance]


def method_that(explain: Explain, **attributes: object) -> type[Method]:
    body = {
        "__doc__": "A method.",
        "name": "it",
        "explain": lambda _, ensemble, data, context: explain(ensemble, data, context),
        **attributes,
    }
    return type("It", (Method,), body)


def weights(ensemble: LinearEnsemble, data: Dataset) -> np.ndarray:
    return sum_columns(np.abs(ensemble.kernels).sum(axis=2), data)


def good(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    """Uses everything that a method may use."""
    context.artefact("weights.txt").write_text("heavy")
    jitter = np.stack([context.member_rng(seed).random(data.n_features) for seed in ensemble.plan.seeds])
    shared = context.rng.random(data.n_features)
    return Importance(weights(ensemble, data) + 1e-3 * jitter + 1e-3 * shared)


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
def test_a_good_method_passes(check: conformance.Check) -> None:
    check(method_that(good), LinearEnsemble.fit)


def test_a_good_function_of_one_model_passes() -> None:
    @per_model("slope")
    def slope(model: object, data: Dataset) -> np.ndarray:
        """Steepness."""
        return sum_columns(np.abs(model.kernel).sum(axis=1) * data.x.std(axis=0), data)

    assert {result.outcome for result in run_checks(slope, LinearEnsemble.fit)} == {"passed"}


def wrong_shape(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    return Importance(weights(ensemble, data)[:, :-1])


def not_finite(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    return Importance(weights(ensemble, data) / 0.0 if data.n_rows else weights(ensemble, data))


def not_an_importance(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    return weights(ensemble, data)


def unseeded(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    return Importance(weights(ensemble, data) + np.random.default_rng().random(data.n_features))


def leaning_on_the_others(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    found = weights(ensemble, data)
    return Importance(found / found.mean())


def one_stream_for_all(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    return Importance(weights(ensemble, data) + context.rng.random((len(ensemble), data.n_features)))


def scaling_in_place(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    data.x[:, 0] *= 1.5
    return Importance(weights(ensemble, data))


def shrinking_weights(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    ensemble.biases[...] *= 0.5
    return Importance(weights(ensemble, data))


def drawing_globally(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    np.random.seed(0)  # noqa: NPY002 - the fault to be caught
    return Importance(weights(ensemble, data))


def writing_elsewhere(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    Path("scores.csv").write_text("1,2")
    return Importance(weights(ensemble, data))


def needing_two(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    found = weights(ensemble, data)
    return Importance(found / found.std(axis=1, keepdims=True))


def blind(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    return Importance(np.ones((len(ensemble), data.n_features)))


def first_is_best(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    return Importance(weights(ensemble, data) + 9 * (np.arange(data.n_features) == 1))


def one_column_each(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    return Importance(np.abs(ensemble.kernels).sum(axis=2))


def by_spread(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    spread = [data.x[:, feature.start : feature.stop].std() for feature in data.features]
    return Importance(weights(ensemble, data) / spread)


@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value):RuntimeWarning")
@pytest.mark.parametrize(
    ("check", "faulty", "reason"),
    [
        ("answers", wrong_shape, r"scores has shape \(4, 5\), expected \(4, 6\)"),
        ("answers", not_finite, "not finite"),
        ("answers", not_an_importance, "it returned ndarray, not an Importance"),
        ("repeats", unseeded, "two calls with the same seed differ"),
        ("members_are_independent", leaning_on_the_others, "depends on the members asked together"),
        ("members_are_independent", one_stream_for_all, "member_rng"),
        ("leaves_everything_as_it_was", scaling_in_place, r"it changed data\.x;"),
        ("leaves_everything_as_it_was", shrinking_weights, "it changed the weights of the members"),
        ("leaves_everything_as_it_was", drawing_globally, "it changed numpy's global random state"),
        ("writes_only_in_its_folder", writing_elsewhere, r"scores\.csv; use context\.artefact"),
        ("one_feature", needing_two, "not finite"),
        ("finds_the_signal", blind, r"binary: feature 1, the only relevant one, does not score higher"),
        ("follows_the_feature", first_is_best, "at position 0: feature 0.* than feature 1"),
        ("categories", one_column_each, r"shape \(4, 18\), expected \(4, 6\)"),
        ("constant_features", by_spread, "not finite"),
    ],
)
def test_each_check_catches_what_it_is_there_for(
    check: str, faulty: Explain, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    with pytest.raises(ConformanceError, match=reason):
        getattr(conformance, f"check_{check}")(method_that(faulty), LinearEnsemble.fit)


class Undescribed(MethodParams):
    level: int = 3
    depth: int = Field(2, description="how deep")


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"__doc__": None}, "its docstring is missing"),
        ({"Params": Undescribed}, "^parameter level has no description$"),
        ({"name": "It"}, "must be lower case"),
        ({"exempt": {"speed": "slow"}}, "exempt from speed, which is no check"),
    ],
)
def test_a_method_must_describe_itself(attributes: dict[str, object], reason: str) -> None:
    with pytest.raises(ConformanceError, match=reason):
        conformance.check_describes_itself(method_that(good, **attributes), LinearEnsemble.fit)


def test_an_experiment_method_may_compare_members() -> None:
    conformance.check_members_are_independent(
        method_that(leaning_on_the_others, kind="experiment"), LinearEnsemble.fit
    )


def test_running_all_reports_each() -> None:
    def broken(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
        if data.n_features == 1:
            raise ZeroDivisionError("one is too few")
        return good(ensemble, data, context)

    method = method_that(broken, exempt={"categories": "it knows numbers only"})
    results = {
        result.check: (result.outcome, result.reason) for result in run_checks(method, LinearEnsemble.fit)
    }
    assert results.pop("one_feature") == ("failed", "ZeroDivisionError: one is too few")
    assert results.pop("categories") == ("exempt", "it knows numbers only")
    assert set(results.values()) == {("passed", "")}
    assert len(results) == len(CHECKS) - 2


def refitting(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
    return Importance(weights(context.fit(ensemble.plan), data))


def test_a_method_that_trains_again_can_be_checked() -> None:
    method = method_that(refitting, kind="experiment")
    assert {result.outcome for result in run_checks(method, LinearEnsembles())} == {"passed"}


def test_a_member_method_may_not_train() -> None:
    results = {result.check: result for result in run_checks(method_that(refitting), LinearEnsembles())}
    assert 'set kind = "experiment"' in results["answers"].reason


def test_as_many_classes_as_outputs() -> None:
    def one_class(ensemble: LinearEnsemble, data: Dataset, context: Context) -> Importance:
        found = weights(ensemble, data)
        return Importance(found, per_class=found[:, None])

    results = {result.check: result for result in run_checks(method_that(one_class), LinearEnsembles())}
    assert results["answers"].outcome == "passed"
    assert "per_class has 1 classes where the networks have 3 outputs" in results["finds_the_signal"].reason
