"""permfit: permutation of unseen rows, tested over rows."""

from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.testing.families.encoding import encode

Infer = Any  # see conftest.py


def table(correlation: float, rows: int = 2000) -> Dataset:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3))
    x[:, 1] = correlation * x[:, 0] + np.sqrt(1 - correlation**2) * x[:, 1]
    return encode("pair", x, 2 * x[:, 0] + rng.normal(size=rows), "regression", ("a", "b", "c"))


def test_known_answer(infer: Infer) -> None:
    # Shuffling x of variance 1 adds 2^2 (1 + 1) to the squared error.
    found = infer("permfit", table(0))
    assert found.effect[0] == pytest.approx(8, rel=0.1)
    assert found.p_value[0] < 1e-10
    assert found.p_value[1:].min() > 0.005


@pytest.mark.parametrize(("correlation", "warned"), [(0.0, False), (0.6, True)])
def test_the_regime_in_which_it_holds_is_printed(infer: Infer, correlation: float, *, warned: bool) -> None:
    (note,) = infer("permfit", table(correlation), repeats=1).notes[:1]
    assert "9 % false positives at correlation 0.5" in note
    assert ("read effect, loco or hrt instead" in note) is warned


def test_more_shuffles_are_more_certain(infer: Infer) -> None:
    few, many = (infer("permfit", table(0, 300), repeats=repeats) for repeats in (1, 40))
    assert many.std_error[0] < few.std_error[0]
