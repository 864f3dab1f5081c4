"""first_layer: weights behind the gate."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from deepfeat.data.dataset import Feature
from deepfeat.methods import Context
from deepfeat.methods.registry import Registry
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted


def test_known_answer(registry: Registry, tmp_path: Path) -> None:
    data = planted(features=3).dataset()
    ensemble = LinearEnsemble.fit(data, 1)
    # Two features: a number, and a category of two columns; three units.
    two = replace(data, features=(Feature("number", 0, 1), Feature("category", 1, 3, ("a", "b"))))
    kernels = np.array([[[1.0, -2.0, 0.5], [0.0, 3.0, 0.0], [-1.0, -1.0, 1.0]]])
    answer = registry.methods["first_layer"]().explain(
        replace(ensemble, kernels=kernels), two, Context(0, "first_layer", tmp_path)
    )
    np.testing.assert_array_equal(answer.scores, [[3.5, 6.0]])
    (warning,) = answer.notes
    assert "do not mean that a feature is used" in warning
