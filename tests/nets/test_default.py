"""The default network; its values are the business of the search in docs/decisions."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeat.nets.default import Default
from deepfeat.nets.network import NetworkShape
from deepfeat.nets.template import Template, build_template


def built(**params: object) -> Template:
    network = Default(Default.Params.model_validate(params))
    return build_template(network, NetworkShape((0, 1, 1), 2, "multilabel"))


def test_blocks_follow_the_units() -> None:
    layers = built(units=(7, 5), skip=False).model.layers
    assert [layer.units for layer in layers if isinstance(layer, keras.layers.Dense)] == [7, 5, 2]
    noises = [layer.name for layer in layers if isinstance(layer, keras.layers.GaussianNoise)]
    assert noises == ["input_noise", "noise_1", "noise_2"]
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in layers) == 2


def test_the_skip_adds_a_linear_path_from_the_gated_inputs() -> None:
    template = built(units=(4,), skip=True)
    for layer in template.model.layers:  # nothing gets through the blocks
        if layer.name == "logits":
            layer.set_weights([np.zeros((4, 2)), np.zeros(2)])
    x = np.array([[1.0, 2.0, 3.0]], dtype=np.float32)
    kernel = template.model.get_layer("skip").get_weights()[0]
    np.testing.assert_allclose(template.model(x), x @ kernel, rtol=1e-5)
    assert template.model.get_layer("skip").bias is None


def test_it_trains_as_a_stack() -> None:
    assert built().why_not_stackable == []


ends = st.floats(1e-4, 10, allow_nan=False)


@given(first=ends, second=ends, members=st.integers(1, 60), more=st.integers(0, 60))
def test_penalties_are_a_path_that_more_members_do_not_change(
    first: float, second: float, members: int, more: int
) -> None:
    network = Default(Default.Params(gate_penalty=(min(first, second), max(first, second))))
    some, all_of_them = network.gate_penalties(range(members)), network.gate_penalties(range(members + more))
    assert all_of_them[:members] == some
    assert all_of_them[members:] == network.gate_penalties(range(members, members + more))
    low, high = min(first, second), max(first, second)
    assert all(low * (1 - 1e-9) <= penalty <= high * (1 + 1e-9) for penalty in all_of_them)


@pytest.mark.parametrize("path", [(0.01, 1.0), (0.0, 1.0)])
def test_the_path_is_filled_evenly(path: tuple[float, float]) -> None:
    penalties = np.array(Default(Default.Params(gate_penalty=path)).gate_penalties(range(100)))
    place = np.log10(penalties) / 2 + 1 if path[0] else penalties
    counts, _ = np.histogram(place, bins=10, range=(0, 1))
    assert counts.min() >= 8
    assert counts.max() <= 12


def test_one_value_is_a_path_too() -> None:
    assert Default(Default.Params(gate_penalty=(0.1, 0.1))).gate_penalties(range(3)) == [0.1] * 3
