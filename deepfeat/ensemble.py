"""The trained members of one plan: what importance methods ask."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.nets.gate import Gate
from deepfeat.nets.losses import Head
from deepfeat.nets.template import Template
from deepfeat.training.alone import BATCH, keras_step_seconds
from deepfeat.training.batches import padded
from deepfeat.training.connections import connections
from deepfeat.training.estimate import Estimate, estimate, seconds_per_epoch
from deepfeat.training.inference import Inference, set_member
from deepfeat.training.loop import MemberRecord, Progress
from deepfeat.training.members import Members, MemoryMembers
from deepfeat.training.plan import FitPlan
from deepfeat.training.replaced import Output, Pair, Replaced, rebuilt
from deepfeat.training.scaling import moments
from deepfeat.training.scores import held_out_scores
from deepfeat.training.settings import merge_settings
from deepfeat.training.trainer import Trainer

Array = NDArray[Any]

# Bytes of activations that one call of the network may take.
CALL_BYTES = 1 << 28
# Bytes of the table that are scored at a time.
SCORED_BYTES = 1 << 25
# Members whose weights are read together when one kind of weight is asked of all.
WEIGHTS_AT_A_TIME = 16


class NotApplicable(ValueError):  # noqa: N818 - read as "method not applicable"
    """The network lacks what was asked of it (a gate, a dense first layer)."""


class Ensemble:
    """M trained networks on one table, asked together.

    Args:
        template: the network they share.
        data: the table they were trained on.
        plan: what each was trained on.
        members: their weights, in memory or on disk.
        records: how each one's training went.
        inference: the network compiled, where that was done before.
    """

    def __init__(
        self,
        template: Template,
        data: Dataset,
        plan: FitPlan,
        members: Members,
        records: Sequence[MemberRecord],
        *,
        inference: Inference | None = None,
    ) -> None:
        self.template = template
        self.data = data
        self.plan = plan
        self.members = members
        self.records = list(records)
        self._inference = inference or Inference(template)

    def __len__(self) -> int:
        """Number of members."""
        return len(self.records)

    def __getitem__(self, member: int) -> keras.Model:
        """A member as a plain Keras model of its own, from encoded rows `(rows, columns)` to answers.

        Raises:
            IndexError: when there is no such member.
        """
        number = range(len(self))[member]
        model = self.template.member_model()
        self._fill(model, number)
        return model

    def models(self) -> Iterator[keras.Model]:
        """Every member in turn as one and the same plain Keras model, refilled; cheaper than indexing."""
        model = self.template.member_model()
        for number in range(len(self)):
            self._fill(model, number)
            yield model

    def select(self, members: Sequence[int] | NDArray[np.int64]) -> "Ensemble":
        """The ensemble of some of the members, in the given order."""
        index = [int(member) for member in members]
        records = [self.records[i] for i in index]
        chosen = self.members.select(index)
        return Ensemble(
            self.template, self.data, self.plan.select(index), chosen, records, inference=self._inference
        )

    @property
    def head(self) -> Head:
        """What turns logits into answers; before a softmax only differences between logits matter."""
        return self.template.head

    @property
    def succeeded(self) -> NDArray[np.int64]:
        """Numbers of the members whose training did not fail."""
        return np.array(
            [i for i, record in enumerate(self.records) if record.failure is None], dtype=np.int64
        )

    def predict(self, x: NDArray[np.float32], output: Output = "probability") -> NDArray[np.float32]:
        """Answers of all members.

        Args:
            x: (rows, columns) encoded, unscaled inputs, or (members, rows, columns) for each member its own.
            output: probabilities, or the logits before them; for regression both are the predicted values.

        Returns:
            (members, rows, outputs) float32.
        """
        function = self._inference.answers if output == "probability" else self._inference.logits
        return self._ask(x, function, self.data.n_outputs)

    def gradients(self, x: NDArray[np.float32], output: int = 0) -> NDArray[np.float32]:
        """Derivative of one logit by the unscaled inputs.

        Args:
            x: (rows, columns) encoded, unscaled inputs, or (members, rows, columns) for each member its own.
            output: which output.

        Returns:
            (members, rows, columns) float32.
        """
        return self._ask(x, lambda *state: self._inference.gradients(*state, output), self.data.n_columns)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the network's layers, from the inputs to the logits, as in `ensemble[i].layers`."""
        model = self.template.model
        return tuple(layer.name for layer in model.layers if not isinstance(layer, keras.layers.InputLayer))

    def activations(self, x: NDArray[np.float32], layer: str) -> NDArray[np.float32]:
        """What a layer of each member answers, noise and dropout aside.

        Args:
            x: (rows, columns) encoded, unscaled inputs, or (members, rows, columns) for each member its own.
            layer: one of `layers`.

        Returns:
            (members, rows, units) float32; for a layer whose answers have more axes, these instead of units.

        Raises:
            NotApplicable: for a layer that the network does not have.
        """
        self._check_layer(layer)
        shape = self.template.model.get_layer(layer).output.shape[1:]
        return self._ask(x, self._inference.layer(layer), *shape)

    def replaced(
        self,
        pairs: Iterable[Pair],
        output: Output = "probability",
        *,
        features: NDArray[np.int64] | None = None,
    ) -> Iterator[Replaced]:
        """Answers when one feature at a time takes other values and all else stays as it is.

        Where the inputs go through at most a gate into dense layers, the cost of a feature does not grow with
        the number of features, and features that a member cannot see (gate or scale exactly 0) are left out:
        they change nothing. Elsewhere the inputs are rebuilt for every feature.

        Args:
            pairs: one per member, in order, read as they are needed: the member's own rows `(rows, columns)`,
                and as many rows that a replaced feature takes its values from; encoded and unscaled.
            output: probabilities, or logits.
            features: which to replace, in ascending order; by default each.

        Yields:
            Every member's answers, a part of its features at a time, members in no particular order.
        """
        if self._inference.replacement is None:
            return rebuilt(self, pairs, output, features)
        return self._inference.replacement.answers(self.members, self.data, pairs, output, features)

    @cached_property
    def moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and deviation of every column over each member's training rows, each (members, columns)."""
        return moments(self.data.x, [split.train for split in self.plan.splits])

    @cached_property
    def gates(self) -> NDArray[np.float64]:
        """(members, features) how far the gate of every feature is open, never negative.

        Raises:
            NotApplicable: for a network without a gate.
        """
        gate = self._gate()
        weights = self.weights(self.template.index(gate.gate))
        return gate.opening(weights.reshape(len(self), -1)).astype(np.float64)

    @cached_property
    def chance_open(self) -> NDArray[np.float64]:
        """(members, features) the probability that the gate is open while training.

        1 or 0 for a gate that chance has no part in.

        Raises:
            NotApplicable: for a network without a gate.
        """
        gate = self._gate()
        return gate.chance_open(self.weights(self.template.index(gate.gate)).reshape(len(self), -1))

    @cached_property
    def first_layer(self) -> NDArray[np.float64]:
        """(members, columns, units) kernel of the first dense layer times the gate in front of it.

        Raises:
            NotApplicable: for a network whose inputs do not go into a dense layer.
        """
        if self.template.first_kernel is None:
            raise NotApplicable(f"network {self.template.network.name} has no dense first layer")
        kernel = self.weights(self.template.first_kernel).astype(np.float64)
        if self.template.gate is None:
            return kernel
        return kernel * self.gates[:, self.data.column_feature, None]

    @cached_property
    def connections(self) -> NDArray[np.float64]:
        """(members, columns, outputs) product of all weights from each scaled input to each logit.

        What the network would make of a column if its activations were left out (connection weights: Olden,
        Joy & Death 2004, Ecological Modelling 178).

        Raises:
            NotApplicable: for a network that is no chain of gates, dense layers and activations.
        """
        found = connections(
            self.template.model,
            lambda dense: self.weights(self.template.index(dense.kernel)),
            lambda: self.gates[:, self.data.column_feature],
        )
        if found is None:
            name = self.template.network.name
            raise NotApplicable(f"network {name} is no chain of dense layers, so its weights have no product")
        return found

    @cached_property
    def uses(self) -> NDArray[np.bool_]:
        """(members, features) False where every weight on a feature is exactly zero: it cannot matter then.

        Raises:
            NotApplicable: for a network whose inputs do not go into dense layers.
        """
        kernels = [self.weights(kernel) for kernel in self.template.input_kernels]
        if not kernels:
            raise NotApplicable(f"network {self.template.network.name} has no dense first layer")
        columns = np.any([np.any(kernel != 0, axis=-1) for kernel in kernels], axis=0)
        used = np.logical_or.reduceat(columns, [feature.start for feature in self.data.features], axis=1)
        return used if self.template.gate is None else used & (self.gates > 0)

    def weights(self, variable: int) -> Array:
        """(members, ...) one entry of `template.variables` for all members."""
        return np.concatenate([values[variable] for values, _, _ in self.members.chunks(WEIGHTS_AT_A_TIME)])

    def estimate(self, fits: int) -> Estimate:
        """What it would take to train networks like these, for as many epochs in the mean.

        A few are trained for a moment to see how fast this machine is; see `deepfeat.training.estimate`.

        Args:
            fits: how many networks.
        """
        network = self.template.network
        trainer = Trainer(self.data, network, merge_settings(network.training, {}, self.data.task))
        epochs = max(1, round(float(np.mean([record.epochs for record in self.records]))))
        each = epochs * seconds_per_epoch(trainer, self.plan)
        return estimate(trainer, self.plan, fits, each, f"{epochs:,} epochs each")

    def layer_weights(self, layer: str) -> dict[str, Array]:
        """The weights of one layer, `(members, *shape)` each, by the name that the layer gives them.

        Args:
            layer: one of `layers`.

        Raises:
            NotApplicable: for a layer that the network does not have.
        """
        self._check_layer(layer)
        own = self.template.model.get_layer(layer).weights
        return {variable.name: self.weights(self.template.index(variable)) for variable in own}

    def seconds_one_by_one(self) -> float:
        """Projected time of `keras.Model.fit` for the members, one after another, for as many epochs.

        A few steps are measured, once for each network; see `deepfeat.training.alone`.
        """
        steps = [
            record.epochs * -(-len(split.train) // BATCH)
            for record, split in zip(self.records, self.plan.splits, strict=True)
        ]
        return float(sum(steps)) * keras_step_seconds(self.template, self.data)

    def score(self) -> None:
        """Fill `records[i].scores`, on held-out rows, or on validation rows where none are held out."""
        judged = [split.held_out if len(split.held_out) else split.valid for split in self.plan.splits]
        # Members of equally many rows are asked together: that changes no bit of their answers.
        alike: dict[int, list[int]] = defaultdict(list)
        for number, record in enumerate(self.records):
            if record.failure is None:
                alike[len(judged[number])].append(number)
        size = max(1, SCORED_BYTES // (4 * self.data.n_columns))
        for length, members in alike.items():
            together = max(1, size // length)
            for first in range(0, len(members), together):
                some = members[first : first + together]
                rows = np.stack([judged[number] for number in some])
                part = self.select(some)
                chunks = [rows[:, start : start + size] for start in range(0, length, size)]
                answers = np.concatenate([part.predict(self.data.x[chunk]) for chunk in chunks], axis=1)
                for number, own, answer in zip(some, rows, answers, strict=True):
                    target = self.data.y if self.plan.targets is None else self.plan.targets[number]
                    self.records[number].scores = held_out_scores(self.data.task, target[own], answer)

    def _gate(self) -> Gate:
        if self.template.gate_layer is None:
            raise NotApplicable(f"network {self.template.network.name} has no gate")
        return self.template.gate_layer

    def _check_layer(self, layer: str) -> None:
        if layer not in self.layers:
            name, known = self.template.network.name, ", ".join(self.layers)
            raise NotApplicable(f"network {name} has no layer {layer!r}; it has {known}")

    def _fill(self, model: keras.Model, number: int) -> None:
        values, inputs, targets = self.members.load([number])
        set_member(model, self.template, [v[0] for v in values], inputs[:, 0], targets[:, 0])

    def _ask(self, x: NDArray[np.float32], function: Any, *shape: int) -> NDArray[np.float32]:  # noqa: ANN401
        """Call a compiled function for chunks of members and rows, and put the parts together."""
        n_rows = x.shape[-2]
        answers = np.empty((len(self), n_rows, *shape), dtype=np.float32)
        row_bytes = 8 * max(self.template.widths)
        rows = max(1, min(n_rows, CALL_BYTES // row_bytes))
        size = max(1, CALL_BYTES // (row_bytes * rows)) if self.template.stackable else 1
        first = 0
        for loaded in self.members.chunks(size):
            state = self._inference.state(loaded)
            count = len(loaded[0][0])
            own = x[None] if x.ndim == 2 else x[first : first + count]  # noqa: PLR2004 - the same rows for all
            for start in range(0, n_rows, rows):
                part = own[:, start : start + rows]
                filled = np.pad(part, ((0, 0), (0, padded(part.shape[1]) - part.shape[1]), (0, 0)))
                answers[first : first + count, start : start + rows] = function(*state, filled)[
                    :count, : part.shape[1]
                ]
            first += count
        return answers


def fit(plan: FitPlan, trainer: Trainer, progress: Progress | None = None) -> Ensemble:
    """Train a plan in this process, stack by stack, and keep it in memory.

    Args:
        plan: what each member is trained on.
        trainer: the table, the network and the settings.
        progress: called with members finished, epoch and mean validation loss.

    Raises:
        InputError: when the plan cannot be trained.
    """
    parts, order, done = [], [], 0
    for stack in trainer.stacks(plan):
        parts.append(trainer.train(plan.select(stack), offset(progress, done)))
        order.append(stack)
        done += len(stack)
    place = np.argsort(np.concatenate(order))
    records = [record for part in parts for record in part.records]
    members = MemoryMembers.join(parts, order)
    ensemble = Ensemble(
        trainer.template,
        trainer.data,
        plan,
        members,
        [records[i] for i in place],
        inference=trainer.inference,
    )
    ensemble.score()
    return ensemble


def fit_stack(plan: FitPlan, trainer: Trainer, progress: Progress | None = None) -> Ensemble:
    """Train one stack in this process, and score its members on the rows that they did not see.

    Args:
        plan: members that train together, one entry of `Trainer.stacks`.
        trainer: the table, the network and the settings.
        progress: called with members finished, epoch and mean validation loss.
    """
    trained = trainer.train(plan, progress)
    loaded = trained.values, np.stack(trained.inputs), np.stack(trained.targets)
    members = MemoryMembers(loaded)
    ensemble = Ensemble(
        trainer.template, trainer.data, plan, members, trained.records, inference=trainer.inference
    )
    ensemble.score()
    return ensemble


def offset(progress: Progress | None, done: int) -> Progress | None:
    """The progress of one stack as that of a training in which so many members were finished before it."""
    return None if progress is None else lambda finished, epoch, loss: progress(done + finished, epoch, loss)
