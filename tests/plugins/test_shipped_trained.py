"""Every shipped method fulfils what every method must, asked about real networks."""

import pytest

from deepfeat.methods import Method
from deepfeat.methods.registry import load_registry
from deepfeat.testing.conformance import run_checks
from deepfeat.testing.trained import TrainedEnsembles

METHODS = load_registry(environ={}).methods


@pytest.fixture(scope="module")
def make() -> TrainedEnsembles:
    return TrainedEnsembles()


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_it_conforms(method: type[Method], make: TrainedEnsembles) -> None:
    assert [result for result in run_checks(method, make) if result.outcome == "failed"] == []
