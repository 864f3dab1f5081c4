"""A slice of `benchmarks/calibration`: tests keep their level with real networks.

All repetitions of a design train together. The seeds are fixed, so a test that passes once passes always; for
other seeds the tolerance of three standard errors would be missed once in 700.
"""

from pathlib import Path

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset, Task
from deepfeat.methods.registry import load_registry
from deepfeat.testing.families.encoding import encode
from deepfeat.testing.repeated import Repetitions

METHODS = load_registry(environ={}).methods
REPETITIONS, ROWS, FEATURES = 30, 120, 4
SMALL = {"folds": 3, "networks": 1, "units": [8], "epochs": 20}
TOLERANCE = 3 * np.sqrt(0.05 * 0.95 / (REPETITIONS * (FEATURES - 1)))


def table(number: int, task: Task) -> Dataset:
    """Four features of correlation 0.5, the first of which matters."""
    rng = np.random.default_rng([30, number])
    x = rng.normal(size=(ROWS, FEATURES))
    x[:, 1:] = 0.5 * x[:, :1] + np.sqrt(0.75) * x[:, 1:]
    signal = x[:, 0] + rng.logistic(size=ROWS)
    edges = {"binary": [0.0], "multiclass": [-1.0, 1.0]}.get(task)
    y = signal if edges is None else np.searchsorted(edges, signal)
    return encode("slice", x, y, task, ("a", "b", "c", "d"))


# with linear models the fast tests of p-values find the same level
@pytest.mark.slow
@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_irrelevant_features_are_significant_as_often_as_promised(task: Task, tmp_path: Path) -> None:
    together = Repetitions([table(number, task) for number in range(REPETITIONS)], tmp_path)
    asked = {"effect": {}, "loco": {}, "hrt": {"draws": 100, "stop": 10}, "cpi": {"draws": 5}}
    shares, power = {}, {}
    for name, params in asked.items():
        method = METHODS[name]
        answers = together.ask(method(method.Params(**SMALL, **params)))
        p = np.array([answer.p_value for answer in answers])
        shares[name], power[name] = np.mean(p[:, 1:] < 0.05), np.mean(p[:, 0] < 0.05)
    assert together.fits == REPETITIONS * 3 * (FEATURES + 1)
    assert max(shares.values()) <= 0.05 + TOLERANCE, shares
    assert power["effect"] > 0.5, power
    assert power["hrt"] > 0.3, power
