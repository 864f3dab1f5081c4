"""The compiled training step and its variables, for a stack of any number of members.

The leading axis of every variable is the member. Its length is not part of the compiled graphs, so one
program serves stacks of every size, and members that have stopped leave by a gather. A member's share of a
variable is flat and padded (see `deepfeat.training.batches.PAD`), for the same last bits in every stack.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from deepfeat.nets.losses import loss_function
from deepfeat.nets.proximal import Proximal
from deepfeat.nets.template import Template
from deepfeat.training.batches import PAD, padded
from deepfeat.training.forward import forward_of
from deepfeat.training.settings import TrainingSettings

Tensor = Any
Array = NDArray[Any]

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # the defaults of keras.optimizers.Adam


class Program:
    """One network and one way of training it, compiled.

    Args:
        template: the network.
        settings: loss, optimizer and penalties.
        own_targets: whether members have targets of their own, `(members, rows, outputs)`.
    """

    def __init__(self, template: Template, settings: TrainingSettings, *, own_targets: bool) -> None:
        self.template = template
        self.settings = settings
        self.forward = forward_of(template)
        self.loss = loss_function(settings.loss, template.head)
        self.own_targets = own_targets
        columns, outputs = template.shape.columns, template.shape.outputs
        # L1 and L2 penalty of each variable. Networks that train one member at a time have any penalty there
        # is in their loss.
        self.elementwise = [
            _penalty_of(variable) if template.stackable else (0.0, 0.0) for variable in self.forward.variables
        ]
        self.gate = template.gate_layer
        # What is behind the end of a member's variable; padding of a gate stays closed, and costs nothing.
        self.padding = [0.0] * len(self.forward.shapes)
        if self.gate is not None:
            self.padding[template.index(self.gate.gate)] = self.gate.closed
        self.proximal = template.proximal
        self.closable = [template.index(weight) for weight in self.proximal.weights] if self.proximal else []
        self.sizes = [int(np.prod(shape)) for shape in self.forward.shapes]
        widths = [padded(size) for size in self.sizes]
        dtypes = [variable.dtype for variable in self.forward.variables]
        self.values = [_variable((w,), d) for w, d in zip(widths, dtypes, strict=True)]
        self.best = [_variable((w,), d) for w, d in zip(widths, dtypes, strict=True)]
        moments = 2 if settings.optimizer == "adam" else 0
        self.slots = [[_variable((widths[place],)) for place in self.forward.trained] for _ in range(moments)]
        self.center, self.scale = _variable((1, columns)), _variable((1, columns))
        self.target_center, self.target_scale = _variable((1, outputs)), _variable((1, outputs))
        self.penalty = _variable((1,))
        # The part of the penalties that is in force; less than one while they warm up.
        self.penalty_share = tf.Variable(1.0, trainable=False)
        self._compile(columns, outputs)

    def _compile(self, columns: int, outputs: int) -> None:
        def spec(*shape: int | None, dtype: Any = tf.float32) -> tf.TensorSpec:  # noqa: ANN401
            return tf.TensorSpec(shape, dtype)

        x = spec(None, columns)
        y = spec(None, None, outputs) if self.own_targets else spec(None, outputs)
        places = spec(None, dtype=tf.int32)
        rows, weight = spec(None, None, dtype=tf.int32), spec(None, None)
        self.train = tf.function(
            self._train,
            input_signature=[x, y, rows, rows, rows, weight, places, spec(), spec(), spec(None)],
        )
        self.logits = tf.function(self._logits, input_signature=[x, rows])
        self.evaluate = tf.function(
            self._evaluate, input_signature=[y, rows, weight, spec(None, None, outputs)]
        )
        self.validate = tf.function(self._validate, input_signature=[x, y, rows, rows, weight])
        self.penalties = tf.function(self._penalties, input_signature=[])
        self.keep_best = tf.function(self._keep_best, input_signature=[places, places])
        self.retain = tf.function(self._retain, input_signature=[places])

    def trace(self) -> None:
        """Trace what calls the network, so that no two threads ever call its layers at the same time."""
        for function in (self.train, self.logits, self.validate):
            function.get_concrete_function()

    def start(
        self,
        values: list[Array],
        scaling: tuple[Array, Array],
        target_scaling: tuple[Array, Array],
        penalty: Array,
    ) -> None:
        """Load a new stack.

        Args:
            values: `(members, *shape)` starting values, one array per variable of `forward`.
            scaling: `(center, scale)` of the inputs, each `(members, columns)`.
            target_scaling: the same of the targets, `(members, outputs)`.
            penalty: `(members,)` L1 penalty on the gates.
        """
        for variable, best, value, behind in zip(self.values, self.best, values, self.padding, strict=True):
            flat = value.reshape(len(value), -1)
            width = ((0, 0), (0, variable.shape[1] - flat.shape[1]))
            variable.assign(np.pad(flat, width, constant_values=behind))
            best.assign(variable)
        for slot in self.slots:
            for variable in slot:
                variable.assign(np.zeros((len(penalty), variable.shape[1]), dtype=np.float32))
        self.center.assign(scaling[0][:, None])
        self.scale.assign(scaling[1][:, None])
        self.target_center.assign(target_scaling[0][:, None])
        self.target_scale.assign(target_scaling[1][:, None])
        self.penalty.assign(penalty[:, None].astype(np.float32))

    def clear(self) -> None:
        """Give the memory of the last stack back."""
        for variable in self._all():
            variable.assign(tf.zeros((0, *variable.shape[1:]), variable.dtype))

    def best_values(self) -> list[Array]:
        """`(members, *shape)` best weights, for all members that the stack started with."""
        shapes = zip(self.best, self.sizes, self.forward.shapes, strict=True)
        return [best.numpy()[:, :size].reshape(-1, *shape) for best, size, shape in shapes]

    # --- graphs ---------------------------------------------------------------------------------------------

    def _train(
        self,
        x: Tensor,
        y: Tensor,
        rows: Tensor,
        own: Tensor,
        noise: Tensor,
        weight: Tensor,
        ends: Tensor,
        rate: Tensor,
        step: Tensor,
        total: Tensor,
    ) -> Tensor:
        """Steps over consecutive batches.

        Args:
            x: `(table rows, columns)`.
            y: targets.
            rows: `(members, width)` rows of `x`, the batches one after another.
            own: the same as rows of `y`, which is whole where `x` is a part of the table.
            noise: `(members, width)` random bank rows.
            weight: `(members, width)` row weights, 0 for padding.
            ends: `(steps + 1,)` where each batch begins and ends.
            rate: learning rate.
            step: number of the first step, from 1.
            total: `(members,)` what the earlier steps of the epoch returned.

        Returns:
            `(members,)` sum over rows of the losses of their batches, without penalties.
        """
        for index in tf.range(tf.shape(ends)[0] - 1):
            batch = slice(ends[index], ends[index + 1])
            batch_x = self._scaled(tf.gather(x, rows[:, batch]))
            batch_y = self._targets(y, own[:, batch])
            batch_weight = weight[:, batch]
            values = [tf.convert_to_tensor(variable) for variable in self.values]
            trained = [values[place] for place in self.forward.trained]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(trained)
                logits, state, further = self.forward(self._shaped(values), batch_x, noise[:, batch])
                losses = self.loss(batch_y, logits, batch_weight)
            gradients = tape.gradient([losses, *further], trained, unconnected_gradients="zero")
            # Whoever reads a variable that is being updated makes it be copied first; so all have read.
            with tf.control_dependencies([*gradients, losses]):
                self._update(gradients, trained, rate, step + tf.cast(index, tf.float32))
            if self.proximal is not None:
                self._close(self.proximal, rate)
            for variable, value in zip(self._untrained, state, strict=True):
                variable.assign(_flat(value, variable))
            present = tf.reduce_sum(tf.cast(batch_weight > 0, tf.float32), axis=-1)
            total += losses * present
        return total

    def _update(self, gradients: list[Tensor], values: list[Tensor], rate: Tensor, step: Tensor) -> None:
        powers = tf.pow(BETA_1, step), tf.pow(BETA_2, step)
        updates = zip(self.forward.trained, gradients, values, strict=True)
        for slot, (place, gradient, value) in enumerate(updates):
            variable, source = self.values[place], self.forward.variables[place]
            # The derivative of an elementwise penalty is added here: far cheaper than through the loss.
            l1, l2 = self.elementwise[place]
            if l2:
                gradient = gradient + 2 * l2 * value  # noqa: PLW2901
            if l1:
                gradient = gradient + l1 * tf.sign(value)  # noqa: PLW2901
            if self.gate is not None and place == self.template.gate:
                gradient = self.gate.penalised(gradient, value, self.penalty_share * self.penalty)  # noqa: PLW2901
            if self.settings.weight_decay and len(source.shape) > 1:
                variable.assign(value * (1 - rate * self.settings.weight_decay))
            if self.settings.optimizer == "adam":
                tf.raw_ops.ResourceApplyAdam(
                    var=variable.handle,
                    m=self.slots[0][slot].handle,
                    v=self.slots[1][slot].handle,
                    beta1_power=powers[0],
                    beta2_power=powers[1],
                    lr=rate,
                    beta1=BETA_1,
                    beta2=BETA_2,
                    epsilon=EPSILON,
                    grad=gradient,
                )
            else:
                tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=rate, delta=gradient)
            if source.constraint is not None:
                variable.assign(self._constrained(place))

    def _close(self, proximal: Proximal, rate: Tensor) -> None:
        """The proximal step: weights that their penalty outweighs become exactly zero."""
        closed = proximal.step(self._closable(), rate * self.penalty_share * self.penalty[:, 0])
        for place, value in zip(self.closable, closed, strict=True):
            self.values[place].assign(_flat(value, self.values[place]))

    def _closable(self) -> list[Tensor]:
        """The weights that the proximal step concerns."""
        return self._shaped(
            [tf.convert_to_tensor(self.values[place]) for place in self.closable], self.closable
        )

    def _logits(self, x: Tensor, rows: Tensor) -> Tensor:
        """`(members, rows, outputs)` for `rows` `(members, rows)` of `x`, without noise."""
        values = [tf.convert_to_tensor(variable) for variable in self.values]
        return self.forward(self._shaped(values), self._scaled(tf.gather(x, rows)), None)[0]

    def _evaluate(self, y: Tensor, rows: Tensor, weight: Tensor, logits: Tensor) -> Tensor:
        """`(members,)` loss of the given logits, without penalties.

        With `validation_batch` it is the mean over batches weighted by their rows, as Keras validates.
        """
        target = self._targets(y, rows)
        batch = self.settings.validation_batch
        if batch is None:
            return self.loss(target, logits, weight)
        total = tf.zeros(tf.shape(rows)[0])
        for start in tf.range(0, tf.shape(rows)[1], batch):
            part_target, part_logits, part_weight = (
                _padded_rows(whole[:, start : start + batch]) for whole in (target, logits, weight)
            )
            present = tf.reduce_sum(tf.cast(part_weight > 0, tf.float32), axis=-1)
            losses = self.loss(part_target, part_logits, part_weight)
            total += tf.where(present > 0, losses * present, 0.0)
        return total / tf.reduce_sum(tf.cast(weight > 0, tf.float32), axis=-1)

    def _validate(self, x: Tensor, y: Tensor, rows: Tensor, own: Tensor, weight: Tensor) -> Tensor:
        """`_evaluate` of the `_logits`, in one call."""
        return self._evaluate(y, own, weight, self._logits(x, rows))

    def _penalties(self) -> Tensor:
        """`(members,)` sum of the penalties on the weights."""
        total = tf.zeros(tf.shape(self.penalty)[0])
        for place in self.forward.trained:
            value = tf.convert_to_tensor(self.values[place])
            l1, l2 = self.elementwise[place]
            if l2:
                total += l2 * tf.reduce_sum(value**2, axis=1)
            if l1:
                total += l1 * tf.reduce_sum(tf.abs(value), axis=1)
            if self.gate is not None and place == self.template.gate:
                total += self.penalty[:, 0] * self.gate.size(value)
            regularizer = self.forward.variables[place].regularizer
            if not self.template.stackable and regularizer is not None:
                total += regularizer(self._alone(place))
        if self.proximal is not None:
            total += self.penalty[:, 0] * self.proximal.size(self._closable())
        return total

    def _keep_best(self, places: Tensor, homes: Tensor) -> None:
        """Copy the weights of the members at `places` of the stack to their `homes` in `best`."""
        for variable, best in zip(self.values, self.best, strict=True):
            best.scatter_update(tf.IndexedSlices(_rows(variable, places), homes))

    def _retain(self, places: Tensor) -> None:
        """Go on with the members at `places` only."""
        for variable in self._all():
            if not any(variable is best for best in self.best):
                variable.assign(_rows(variable, places))

    def _shaped(self, values: list[Tensor], places: Sequence[int] | None = None) -> list[Tensor]:
        """Flat, padded values in the shapes that the network takes; of all variables, or of some `places`."""
        shaped = []
        every = range(len(self.sizes))
        for place, value in zip(every if places is None else places, values, strict=True):
            size, shape = self.sizes[place], self.forward.shapes[place]
            # The derivative of a slice is a copy, so nothing is cut where there is no padding.
            own = value if value.shape[1] == size else value[:, :size]
            shaped.append(tf.reshape(own, (-1, *shape)))
        return shaped

    def _alone(self, place: int) -> Tensor:
        """A variable of the one member that a network without a stacked form trains at a time."""
        return tf.reshape(self.values[place][:, : self.sizes[place]], self.forward.shapes[place])

    def _constrained(self, place: int) -> Tensor:
        """The new value of a variable after its constraint."""
        variable, constraint = self.values[place], self.forward.variables[place].constraint
        if self.template.stackable:  # then it is elementwise
            return constraint(tf.convert_to_tensor(variable))
        return _flat(constraint(self._alone(place))[None], variable)

    def _scaled(self, x: Tensor) -> Tensor:
        return (x - self.center) * self.scale

    def _targets(self, y: Tensor, rows: Tensor) -> Tensor:
        target = tf.gather(y, rows, batch_dims=1) if self.own_targets else tf.gather(y, rows)
        if self.template.shape.task == "regression":
            target = (target - self.target_center) * self.target_scale
        return target

    @property
    def _untrained(self) -> list[tf.Variable]:
        trained = set(self.forward.trained)
        return [variable for place, variable in enumerate(self.values) if place not in trained]

    def _all(self) -> list[tf.Variable]:
        constants = [self.center, self.scale, self.target_center, self.target_scale, self.penalty]
        return [*self.values, *self.best, *(v for slot in self.slots for v in slot), *constants]


def _variable(shape: tuple[int, ...], dtype: str = "float32") -> tf.Variable:
    return tf.Variable(tf.zeros((0, *shape), dtype), shape=tf.TensorShape([None, *shape]), trainable=False)


def _rows(variable: tf.Variable, places: Tensor) -> Tensor:
    """Rows of a variable, read as a whole: a gather from the variable makes all later reads copies."""
    return tf.gather(tf.convert_to_tensor(variable), places)


def _padded_rows(part: Tensor) -> Tensor:
    """`(members, rows, ...)` with zeros added up to a multiple of `PAD` rows."""
    missing = tf.math.floormod(-tf.shape(part)[1], PAD)
    return tf.pad(part, [[0, 0], [0, missing], *([0, 0] for _ in part.shape[2:])])


def _flat(value: Tensor, variable: tf.Variable) -> Tensor:
    """A value as the variable holds it: `(members, padded size)`."""
    flat = tf.reshape(value, (-1, int(np.prod(value.shape[1:]))))
    return tf.pad(flat, ((0, 0), (0, variable.shape[1] - flat.shape[1])))


def _penalty_of(variable: Any) -> tuple[float, float]:  # noqa: ANN401 - a Keras variable
    regularizer = variable.regularizer
    return float(getattr(regularizer, "l1", 0.0)), float(getattr(regularizer, "l2", 0.0))
