"""gate: the trained gates."""

from pathlib import Path

import numpy as np

from deepfeat.methods import Context
from deepfeat.methods.registry import Registry
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted


def test_scores_are_the_gates(registry: Registry, tmp_path: Path) -> None:
    data = planted(category=True).dataset()
    ensemble = LinearEnsemble.fit(data)
    answer = registry.methods["gate"]().explain(ensemble, data, Context(0, "gate", tmp_path))
    np.testing.assert_array_equal(answer.scores, ensemble.gates)
    answer.check(4, 6)


def test_squares_are_the_variance_that_is_let_through(registry: Registry, tmp_path: Path) -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data)
    method = registry.methods["gate"]
    answer = method(method.Params(measure="squared")).explain(ensemble, data, Context(0, "gate", tmp_path))
    np.testing.assert_array_equal(answer.scores, ensemble.gates**2)
