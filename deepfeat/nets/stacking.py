"""Which Keras layers can train as a stack, and how a plain model becomes one.

A stack of M networks is the plain model called with tensors `(members, rows, columns)` and weights that have
one more leading axis. Elementwise layers need nothing for that; a dense layer multiplies batches of matrices;
noise and dropout read their random numbers from a bank, so that a member's draws depend on its own seed and
not on the stack that it happens to be in (and because reading is many times cheaper than drawing).
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from deepfeat.nets.gate import Gate, StochasticGate

BANK_ELEMENTS = 1 << 21
BANK_ROWS = 1 << 14

ELEMENTWISE = (
    keras.layers.InputLayer,
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.ELU,
    keras.layers.Identity,
    keras.layers.Rescaling,
    keras.layers.Add,
    keras.layers.Subtract,
    keras.layers.Multiply,
    keras.layers.Average,
    keras.layers.Maximum,
    keras.layers.Minimum,
)
NOISES = (keras.layers.GaussianNoise, keras.layers.Dropout)
CONSTRAINTS = (keras.constraints.NonNeg,)
REGULARIZERS = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)


def unstackable(model: keras.Model) -> list[str]:
    """Why a model cannot train as a stack, one reason per layer; an empty list where it can."""
    reasons = []
    calls = Counter(call.operation.name for call in calls_of(model))
    for layer in model.operations:
        known = (*ELEMENTWISE, keras.layers.Dense, *NOISES, Gate, StochasticGate)
        concatenates = type(layer) is keras.layers.Concatenate and layer.axis == -1
        along_columns = getattr(layer, "along_columns", False) and not layer.weights
        if type(layer) not in known and not concatenates and not along_columns:
            reasons.append(f"{layer.name}: {type(layer).__name__} has no stacked form")
        elif getattr(layer, "noise_shape", None) is not None:
            reasons.append(f"{layer.name}: dropout with a noise_shape has no stacked form")
        elif getattr(layer, "activity_regularizer", None) is not None:
            reasons.append(f"{layer.name}: an activity regularizer has no stacked form")
        elif not layer.trainable and layer.weights:
            reasons.append(f"{layer.name}: its weights are frozen")
        elif calls[layer.name] > 1:
            reasons.append(f"{layer.name}: it is used more than once")
    for weight in model.trainable_variables:
        if weight.constraint is not None and not isinstance(weight.constraint, CONSTRAINTS):
            reasons.append(f"{weight.path}: {type(weight.constraint).__name__} is not elementwise")
        if weight.regularizer is not None and type(weight.regularizer) not in REGULARIZERS:
            reasons.append(f"{weight.path}: {type(weight.regularizer).__name__} is not a sum over weights")
    return reasons


def calls_of(model: keras.Model) -> list[Any]:
    """Every use of a layer or operation in a functional model, inputs first; Keras calls them nodes."""
    depths = model._nodes_by_depth  # noqa: SLF001 - the graph has no other door
    return [node for depth in sorted(depths, reverse=True) for node in depths[depth]]


class NoiseRows:
    """The bank rows that the current step reads, shared by the noise layers of one stack.

    Attributes:
        rows: `(members, rows)` int32, set by the training step while it is traced.
    """

    rows: Any = None


# The derivatives below are written out: TensorFlow's own allow for broadcasting between any shapes, which
# takes a dozen small operations each, many times a step.


@tf.custom_gradient
def _scale_rows(rows: Any, vector: Any) -> Any:  # noqa: ANN401
    """`(members, rows, n) * (members, 1, n)`."""

    def gradient(upstream: Any) -> Any:  # noqa: ANN401
        return upstream * vector, _sum_rows(upstream * rows)

    return rows * vector, gradient


@tf.custom_gradient
def _product(rows: Any, kernel: Any) -> Any:  # noqa: ANN401
    """`(members, rows, in) @ (members, in, out)`."""

    def gradient(upstream: Any) -> Any:  # noqa: ANN401
        to_rows = tf.matmul(upstream, kernel, transpose_b=True)
        return to_rows, tf.matmul(rows, upstream, transpose_a=True)

    return tf.matmul(rows, kernel), gradient


@tf.custom_gradient
def _add_to_rows(rows: Any, vector: Any) -> Any:  # noqa: ANN401
    """`(members, rows, n) + (members, 1, n)`."""

    def gradient(upstream: Any) -> Any:  # noqa: ANN401
        return upstream, _sum_rows(upstream)

    return rows + vector, gradient


@tf.custom_gradient
def _add_constant(values: Any, constant: Any) -> Any:  # noqa: ANN401
    """The sum of two tensors of one shape, the second without a derivative."""
    return values + constant, lambda upstream: (upstream, None)


@tf.custom_gradient
def _scale_by_constant(values: Any, constant: Any) -> Any:  # noqa: ANN401
    """The product of two tensors of one shape, the second without a derivative."""
    return values * constant, lambda upstream: (upstream * constant, None)


def _sum_rows(values: Any) -> Any:  # noqa: ANN401
    # A product with ones. TensorFlow's own sum over a middle axis runs in vectors that reach across members,
    # so the order in which it adds depends on a member's place in the stack; a batched product's does not.
    return tf.matmul(tf.ones_like(values[:, :, :1]), values, transpose_a=True)


class StackedDense(keras.layers.Dense):
    """Dense whose kernel `(members, in, out)` multiplies `(members, rows, in)`."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: ANN401, ARG002, FBT001
        """Batched product, bias and activation."""
        outputs = _product(inputs, tf.convert_to_tensor(self.kernel))
        if self.bias is not None:
            outputs = _add_to_rows(outputs, tf.convert_to_tensor(self.bias))
        return self.activation(outputs)


class StackedGate(Gate):
    """Gate whose weights are `(members, 1, features)`."""

    def call(self, inputs: Any) -> Any:  # noqa: ANN401
        """Gate the columns of every member."""
        return self.activation(_scale_rows(inputs, self.column_weights()))


# Banks of the networks that were trained last; each takes some megabytes.
_kept = lru_cache(maxsize=16)


@_kept
def _bank(kind: str, amount: float, width: int, layer: int) -> tf.Variable:
    """(bank rows, width) draws, the same on every machine: numpy's Philox promises its stream."""
    rows = min(BANK_ROWS, max(64, 1 << (BANK_ELEMENTS // width).bit_length() - 1))
    generator = np.random.Generator(np.random.Philox(key=[0xDEEF, layer]))
    return _variable(kind, _drawn(kind, amount, generator, (rows, width)))


@_kept
def _column_bank(kind: str, amount: float, keys: tuple[int, ...], layer: int) -> tf.Variable:
    """(bank rows, columns) draws, those of a column a function of its key alone.

    So a member for which a feature is masked draws what it would draw from the table without the feature. How
    many rows there are does depend on the number of columns, but in few and large steps.
    """
    rows = BANK_ROWS
    while rows * len(keys) > 4 * BANK_ELEMENTS and rows > 64:  # noqa: PLR2004
        rows //= 4
    columns = np.empty((rows, len(keys)), dtype=np.float32)
    for column, key in enumerate(keys):
        generator = np.random.Generator(np.random.Philox(key=[key, 0xDEEF + layer]))
        columns[:, column] = _drawn(kind, amount, generator, (rows,))
    return _variable(kind, columns)


def _drawn(kind: str, amount: float, generator: np.random.Generator, shape: tuple[int, ...]) -> Any:  # noqa: ANN401
    if kind == "noise":
        return generator.standard_normal(shape, dtype=np.float32) * np.float32(amount)
    return (generator.random(shape, dtype=np.float32) >= amount) / np.float32(1 - amount)


def _variable(kind: str, values: Any) -> tf.Variable:  # noqa: ANN401
    return tf.Variable(values.astype(np.float32), trainable=False, name=f"{kind}_bank")


class _Banked(keras.layers.Layer):
    """A noise layer that reads one row of its bank per table row.

    Args:
        layer: the plain noise layer it stands for.
        position: index of that layer in its model; every layer has a bank of its own.
        source: where the rows to read are found.
        keys: a number per column of the table where the layer stands before anything mixes columns; empty
            for a layer behind that.
    """

    def __init__(
        self, layer: keras.layers.Layer, position: int, source: NoiseRows, keys: tuple[int, ...] = ()
    ) -> None:
        super().__init__(name=layer.name)
        self.plain = layer
        self.position = position
        self.source = source
        self.keys = keys

    def _draws(self, kind: str, amount: float, width: int) -> Any:  # noqa: ANN401
        with tf.init_scope():
            if self.keys:
                bank = _column_bank(kind, float(amount), self.keys, self.position)
            else:
                bank = _bank(kind, float(amount), width, self.position)
        return tf.gather(bank, self.source.rows % bank.shape[0])


class BankedNoise(_Banked):
    """Gaussian noise from a bank."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: ANN401, FBT001
        """Add noise while training."""
        if not training or self.plain.stddev == 0:
            return inputs
        return _add_constant(inputs, self.draws(inputs.shape[-1]))

    def draws(self, width: int) -> Any:  # noqa: ANN401
        """`(members, rows, width)` of this step."""
        return self._draws("noise", self.plain.stddev, width)


class BankedDropout(_Banked):
    """Dropout from a bank."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: ANN401, FBT001
        """Drop and rescale while training."""
        if not training or self.plain.rate == 0:
            return inputs
        return _scale_by_constant(inputs, self._draws("dropout", self.plain.rate, inputs.shape[-1]))


class StackedStochasticGate(StochasticGate):
    """Stochastic gate whose weights are `(members, 1, features)`, with noise from a bank."""

    noise: BankedNoise

    @classmethod
    def of(cls, layer: StochasticGate, noise: BankedNoise) -> "StackedStochasticGate":
        """The stacked form of a layer.

        Args:
            layer: the plain one.
            noise: of one number per feature.
        """
        stacked: StackedStochasticGate = cls.from_config(layer.get_config())
        stacked.noise = noise
        return stacked

    def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: ANN401, FBT001
        """Gate the columns of every member, by chance while training."""
        means = tf.convert_to_tensor(self.gate)
        if not training:
            return self.activation(_scale_rows(inputs, self.by_column(tf.clip_by_value(means, 0.0, 1.0))))
        drawn = _add_to_rows(self.noise.draws(self.n_features), means)
        return self.activation(inputs * self.by_column(tf.clip_by_value(drawn, 0.0, 1.0)))


def _by_column(model: keras.Model) -> set[str]:
    """Names of the layers whose outputs are still one per column of the table."""
    apart = (*ELEMENTWISE, *NOISES, Gate, StochasticGate)
    found: set[str] = set()
    for call in calls_of(model):
        parents = {parent.operation.name for parent in call.parent_nodes}
        if type(call.operation) in apart and parents <= found:
            found.add(call.operation.name)
    return found


def stacked_clone(model: keras.Model, keys: Sequence[int] = ()) -> tuple[keras.Model, NoiseRows]:
    """The model on `(members, rows, columns)`, with layers that take stacked weights.

    Its own weights are placeholders; call it inside a `keras.StatelessScope` that holds stacked values for
    them, in the order of `model.weights`: vectors as `(members, 1, n)`, matrices as `(members, in, out)`.

    Args:
        model: the plain model.
        keys: which column of the table each input is, a number below 2**64; by default its position.
    """
    by_column, own = _by_column(model), tuple(keys) or tuple(range(model.input_shape[-1]))
    source = NoiseRows()
    position = {layer.name: index for index, layer in enumerate(model.layers)}

    def keys_of(layer: keras.layers.Layer) -> tuple[int, ...]:
        return own if layer.name in by_column else ()

    def stacked(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.layers.GaussianNoise):
            return BankedNoise(layer, position[layer.name], source, keys_of(layer))
        if isinstance(layer, keras.layers.Dropout):
            return BankedDropout(layer, position[layer.name], source, keys_of(layer))
        if isinstance(layer, StochasticGate):
            # the noise of a feature is that of its first column
            first = np.unique(layer.column_feature, return_index=True)[1]
            of_features = tuple(keys_of(layer)[column] for column in first) if keys_of(layer) else ()
            noise = keras.layers.GaussianNoise(layer.deviation)
            return StackedStochasticGate.of(
                layer, BankedNoise(noise, position[layer.name], source, of_features)
            )
        kind: Any = type(layer)
        if kind is keras.layers.Dense:
            kind = StackedDense
        elif kind is Gate:
            kind = StackedGate
        return kind.from_config(layer.get_config())

    inputs = keras.Input((None, model.input_shape[-1]))
    return keras.models.clone_model(model, input_tensors=inputs, clone_function=stacked), source
