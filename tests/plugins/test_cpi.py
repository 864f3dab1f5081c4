"""cpi: conditional predictive impact."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deepfeat.methods import MethodError
from deepfeat.testing.families.encoding import encode
from deepfeat.testing.planted import planted

Infer = Any  # see conftest.py


def test_known_answer(infer: Infer) -> None:
    # y = 2 x + noise, x standard normal: redrawing x, of which nothing is known, adds 4 (1 + 1) to the error.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 3))
    data = encode("line", x, 2 * x[:, 0] + rng.normal(size=2000), "regression", ("a", "b", "c"))
    found = infer("cpi", data)
    assert found.effect[0] == pytest.approx(8, rel=0.1)
    assert found.ci_low[0] < found.effect[0] < found.ci_high[0]
    assert found.p_value[0] < 1e-10
    assert found.p_value[1:].min() > 0.005


def test_a_feature_is_credited_for_what_only_it_says(infer: Infer) -> None:
    # With x2 known, x1 has variance 1 - 0.8^2 of its own: redrawing it adds 2 (0.36) to the error.
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 2))
    x[:, 1] = 0.8 * x[:, 0] + 0.6 * x[:, 1]
    data = encode("pair", x, x[:, 0] + rng.normal(size=4000), "regression", ("a", "b"))
    found = infer("cpi", data)
    assert found.effect[0] == pytest.approx(0.72, rel=0.15)
    assert "64%" in found.notes[0]


def test_rows_of_groups_are_refused(infer: Infer) -> None:
    data = replace(planted().dataset(), groups=np.arange(240) // 2)
    with pytest.raises(MethodError, match="use effect or loco"):
        infer("cpi", data)
