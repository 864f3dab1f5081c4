"""per_model: one function of one model."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import Field

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Context, Cost, MethodError, MethodParams, per_model
from deepfeat.methods.per_model import PerModel
from deepfeat.testing.linear import LinearEnsemble


class Scale(MethodParams):
    scale: float = Field(2.0, description="factor")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(1, "it", tmp_path)


def method_of(function: Callable[..., object]) -> type[PerModel]:
    return per_model("it", params=Scale)(function)


def test_it_describes_the_method() -> None:
    @per_model("it", params=Scale, cost=Cost.SAMPLING, paper="P 2020", sees="s", blind_to="b", trust="t")
    def something(model: object) -> list[float]:
        """First line."""
        return [float(bool(model))]

    assert (something.name, something.cost, something.paper) == ("it", Cost.SAMPLING, "P 2020")
    assert (something.sees, something.blind_to, something.trust, something.Params) == ("s", "b", "t", Scale)
    assert something.__name__ == "something"
    assert something.__module__ == __name__
    assert something.__doc__ == "First line."
    assert something.function("model") == [1.0]


def test_every_model_is_asked(ensemble: LinearEnsemble, data: Dataset, context: Context) -> None:
    method = method_of(lambda model, data: [model.kernel[f.start, 0] for f in data.features])
    answer = method().explain(ensemble, data, context)
    np.testing.assert_array_equal(answer.scores, [ensemble[i].kernel[:, 0] for i in range(len(ensemble))])
    answer.check(len(ensemble), data.n_features)


def test_parameters_arrive(ensemble: LinearEnsemble, data: Dataset, context: Context) -> None:
    method = method_of(lambda params, data: [params.scale] * data.n_features)
    assert method(Scale(scale=5.0)).explain(ensemble, data, context).scores[0, 0] == 5.0


def test_held_out_rows_are_the_members_own(ensemble: LinearEnsemble, data: Dataset, context: Context) -> None:
    seen = []
    method_of(lambda held_out, data: [seen.append(held_out)] and [0.0] * data.n_features)().explain(
        ensemble, data, context
    )
    for rows, split in zip(seen, ensemble.plan.splits, strict=True):
        np.testing.assert_array_equal(rows, split.held_out)


def test_validation_rows_stand_in_where_nothing_was_held_out(
    ensemble: LinearEnsemble, data: Dataset, context: Context
) -> None:
    none = np.empty(0, dtype=np.int64)
    splits = tuple(replace(split, held_out=none) for split in ensemble.plan.splits)
    bare = replace(ensemble, plan=replace(ensemble.plan, splits=splits))
    method = method_of(lambda held_out, data: [float(held_out.sum())] * data.n_features)
    expected = [split.valid.sum() for split in splits]
    np.testing.assert_array_equal(method().explain(bare, data, context).scores[:, 0], expected)


def test_random_numbers_are_each_networks_own(
    ensemble: LinearEnsemble, data: Dataset, context: Context
) -> None:
    method = method_of(lambda rng, data: rng.random(data.n_features))
    together = method().explain(ensemble, data, context).scores
    alone = method().explain(ensemble.select([2]), data, context).scores
    np.testing.assert_array_equal(alone[0], together[2])
    assert len(np.unique(together)) == together.size


def test_an_argument_that_is_not_offered_is_refused() -> None:
    with pytest.raises(TypeError, match=r"asks for 'modle'; did you mean model\?"):
        method_of(lambda modle: modle)


def test_an_argument_with_a_default_is_the_functions_own(
    ensemble: LinearEnsemble, data: Dataset, context: Context
) -> None:
    method = method_of(lambda data, power=3.0: [power] * data.n_features)
    assert method().explain(ensemble, data, context).scores[0, 0] == 3.0


def test_progress_is_told(ensemble: LinearEnsemble, data: Dataset, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    context = Context(1, "it", tmp_path, progress=lambda done, total: told.append((done, total)))
    method_of(lambda data: [0.0] * data.n_features)().explain(ensemble, data, context)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            [1.0, 2.0],
            r"network 0: the function returned shape \(2,\), expected \(6,\): one score per feature$",
        ),
        (None, "returned shape"),
        (["a"] * 6, "returned no numbers"),
        ([[1.0], [1.0, 2.0]], "returned no numbers"),
    ],
)
def test_a_wrong_answer_is_refused(
    answer: object, reason: str, ensemble: LinearEnsemble, data: Dataset, context: Context
) -> None:
    with pytest.raises(MethodError, match=reason):
        method_of(lambda: answer)().explain(ensemble, data, context)


def test_scores_of_encoded_columns_get_a_hint(
    ensemble: LinearEnsemble, data: Dataset, context: Context
) -> None:
    feature = replace(data.features[0], stop=2)
    narrow = replace(data, features=(feature, *data.features[2:]))
    with pytest.raises(MethodError, match=r"expected \(5,\).*sum_columns"):
        method_of(lambda data: np.ones(data.n_columns))().explain(ensemble, narrow, context)
