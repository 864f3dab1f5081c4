"""From a named network to models: starting weights, and members as models of their own."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from deepfeat.nets.gate import Gate
from deepfeat.nets.network import Network, NetworkShape
from deepfeat.nets.template import (
    Template,
    build_template,
    drawn_weights,
    initial_weights,
    masked_weights,
)

SHAPE = NetworkShape((0, 1, 1, 2), 1, "binary")
ALL = np.ones(3, dtype=bool)


def template_of(build: Callable[[Any, NetworkShape], Any], shape: NetworkShape = SHAPE) -> Template:
    class Made(Network):
        name = "made-here"

        def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401 - Keras tensors
            return build(inputs, shape)

    return build_template(Made(), shape)


def gated(inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
    gate = Gate(shape.column_feature)(inputs)
    hidden = keras.layers.Dense(5, activation="relu")(gate)
    wide = keras.layers.Dense(7)(gate)
    return keras.layers.Dense(shape.outputs)(keras.layers.Concatenate()([hidden, wide, inputs]))


def normalised(inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(5)(inputs))
    return keras.layers.Dense(shape.outputs)(hidden)


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("build", [gated, normalised])
def test_starting_weights_are_a_function_of_the_seed(build: Callable[..., Any]) -> None:
    template = template_of(build)
    first = initial_weights(template, 7, ALL)
    other = initial_weights(template, 8, ALL)
    assert same(initial_weights(template, 7, ALL), first)
    assert same(initial_weights(template_of(build), 7, ALL), first)
    assert not same(other, first)
    assert [value.shape for value in first] == [tuple(variable.shape) for variable in template.variables]


def test_starting_weights_are_drawn_as_keras_draws_them() -> None:
    template = template_of(lambda x, _: keras.layers.Dense(1)(keras.layers.Dense(400)(x)))
    kernel, bias, *_ = initial_weights(template, 0, ALL)
    limit = np.sqrt(6 / (4 + 400))  # Glorot & Bengio 2010
    assert np.abs(kernel).max() == pytest.approx(limit, rel=0.01)
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
    assert not bias.any()


def test_kernels_of_one_member_differ() -> None:
    template = template_of(
        lambda x, _: keras.layers.Dense(1)(keras.layers.Dense(4)(keras.layers.Dense(4)(x)))
    )
    first, _, second, *_ = initial_weights(template, 0, ALL)
    assert not np.array_equal(first, second)


def test_what_is_drawn_once_serves_members_of_any_mask() -> None:
    template = template_of(gated)
    mask = np.array([True, False, True])
    drawn = drawn_weights(template, 7)
    masked = masked_weights(template, drawn, mask)
    assert same(masked, initial_weights(template, 7, mask))
    assert not same(masked, drawn)
    assert same(drawn, initial_weights(template, 7, ALL)), "it is left as it was"


@pytest.mark.parametrize("build", [gated, normalised])
def test_a_masked_feature_starts_closed_and_the_rest_as_ever(build: Callable[..., Any]) -> None:
    template = template_of(build)
    mask = np.array([True, False, True])
    masked, whole = initial_weights(template, 3, mask), initial_weights(template, 3, ALL)
    for index, (closed, start) in enumerate(zip(masked, whole, strict=True)):
        expected = start.copy()
        if index == template.gate:
            expected[1] = 0
        if index in template.input_kernels:
            expected[1:3] = 0
        np.testing.assert_array_equal(closed, expected)


def test_the_first_layer_is_the_widest_kernel_on_the_inputs() -> None:
    template = template_of(gated)
    assert [template.variables[index].shape for index in template.input_kernels] == [(4, 5), (4, 7)]
    assert template.first_kernel is not None
    assert template.variables[template.first_kernel].shape == (4, 7)
    assert template.gate is not None
    assert template.variables[template.gate].shape == (3,)


def test_a_network_need_not_have_a_gate_or_a_dense_layer() -> None:
    template = template_of(lambda x, _: keras.layers.Conv1D(1, 4)(keras.layers.Reshape((4, 1))(x))[:, 0])
    assert template.gate is None
    assert template.first_kernel is None


def test_a_layer_may_be_used_twice() -> None:
    def build(x: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        layer = keras.layers.Dense(4)
        return keras.layers.Dense(1)(layer(layer(x)))

    template = template_of(build)
    assert len(template.input_kernels) == 1
    assert template.widths == [4, 4, 4, 1]


def test_a_network_must_return_its_outputs() -> None:
    with pytest.raises(ValueError, match=r"made-here returns \(None, 2\); it must return \(None, 1\)"):
        template_of(lambda x, _: keras.layers.Dense(2)(x))


@pytest.mark.parametrize(
    ("task", "answer"),
    [("binary", "sigmoid"), ("multiclass", "softmax"), ("multilabel", "sigmoid"), ("regression", None)],
)
def test_a_member_is_a_model_from_table_rows_to_answers(task: str, answer: str | None) -> None:
    template = template_of(gated, NetworkShape((0, 1, 1, 2), 3, task))
    model = template.member_model()
    assert model.input_shape == (None, 4)
    assert model.output_shape == (None, 3)
    assert model.layers[1].name == "scaling"
    last = model.layers[-1]
    assert last.name == "answer"
    assert type(last).__name__ == ("Activation" if answer else "Standardize")
    assert not answer or last.activation is keras.activations.get(answer)


def test_names_do_not_depend_on_what_was_built_before() -> None:
    template = template_of(gated)
    first, second = template.member_model(), template.member_model()
    keras.layers.Dense(1)
    third = template_of(gated).member_model()
    assert first.get_config() == second.get_config() == third.get_config()
    assert {"dense", "dense_1", "dense_2"} <= {layer.name for layer in first.layers}


def test_names_outside_go_on_as_if_nothing_had_been_built() -> None:
    before = keras.layers.Dense(1).name
    template_of(gated)
    after = keras.layers.Dense(1).name
    number = [int(name.partition("_")[2] or 0) for name in (before, after)]
    assert number[1] == number[0] + 1
