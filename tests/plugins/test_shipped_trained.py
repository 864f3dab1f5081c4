"""Every shipped method fulfils what every method must, asked about real networks."""

import pytest

from deepfeat.methods import Method
from deepfeat.methods.registry import load_registry
from deepfeat.testing.conformance import run_checks
from deepfeat.testing.trained import TrainedEnsembles

METHODS = load_registry(environ={}).methods
# With fewer networks they do the same in a tenth of the time.
FEWER = {"stepwise": {"seeds": 5}, "stability": {"pairs": 15}}


def quicker(method: type[Method]) -> type[Method]:
    """The method with other defaults, where the shipped ones take long."""
    params = method.Params(**FEWER.get(method.name, {}))

    class Quicker(method):
        __doc__ = method.__doc__

        def __init__(self) -> None:
            super().__init__(params)

    return Quicker


@pytest.fixture(scope="module")
def make() -> TrainedEnsembles:
    return TrainedEnsembles()


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_it_conforms(method: type[Method], make: TrainedEnsembles) -> None:
    assert [result for result in run_checks(quicker(method), make) if result.outcome == "failed"] == []
