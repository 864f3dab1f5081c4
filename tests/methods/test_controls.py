"""What controls share."""

import numpy as np
import pytest

from deepfeat.methods import Context, ControlParams, Importance, MethodError, ask_others
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted


@pytest.mark.parametrize(
    ("networks", "members", "count"),
    [(None, 100, 10), (None, 5, 2), (None, 1000, 20), (None, 1, 1), (7, 100, 7), (50, 20, 20)],
)
def test_a_tenth_of_the_networks(networks: int | None, members: int, count: int) -> None:
    assert ControlParams(networks=networks).count(members) == count


def test_others_are_asked_and_answer_with_shares() -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data, 3)
    context = Context(0, "control", None, askable={"gates": lambda networks, _: Importance(networks.gates)})
    shares = ask_others(context, ensemble, data)["gates"]
    np.testing.assert_allclose(shares, ensemble.gates / ensemble.gates.sum(axis=1, keepdims=True))
    with pytest.raises(MethodError, match="answers for single networks"):
        ask_others(Context(0, "control", None), ensemble, data)
