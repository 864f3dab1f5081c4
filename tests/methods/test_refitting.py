"""What retraining cost is counted, whatever trains."""

from typing import cast

import numpy as np
import pytest

from deepfeat.methods import Context, Dataset, Ensemble
from deepfeat.methods.refitting import CountedFit
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted


class Timed(LinearEnsemble):
    """Linear models that would have taken seven seconds each."""

    def seconds_one_by_one(self) -> float:
        return 7.0 * len(self)


def test_fits_are_counted_and_passed_on() -> None:
    data, asked = planted().dataset(), []

    def fit(plan: object, *, data: Dataset | None = None, **how: object) -> Ensemble:
        asked.append((len(plan), data, how))
        return cast("Ensemble", Timed.refit(data, plan))

    counted = CountedFit(fit)
    assert counted.record() == {}
    plan = LinearEnsemble.fit(data, 3).plan
    context = Context(0, "counted", None, fit=counted)
    answers = context.fit(plan, data=data, training={"epochs": 2})
    context.fit(plan.select([0]), data=data)
    assert asked[0] == (3, data, {"network": None, "training": {"epochs": 2}})
    np.testing.assert_array_equal(answers.kernels, LinearEnsemble.refit(data, plan).kernels)
    record = counted.record()
    assert record["networks"] == 4
    assert record["one_by_one_seconds"] == pytest.approx(28)
    assert 0 <= record["seconds"] < 7
    assert "needed 4 networks; " in counted.sentence()
    assert counted.sentence().endswith("would take about 28 s")
