"""Replacing one feature at a time at the cost of one row of the first layer.

The first layer sees the inputs as a sum over columns. When column j of a row changes from x to x', the sum
changes by `(g(x') - g(x)) w`, with g the scaling and the gate of the column and w its row of the kernel: an
update of rank one, or of as many ranks as a category has columns. So the sums are made once for all rows, and
each feature costs its update and the layers behind it, however many features there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.nets.entry import Entry
from deepfeat.nets.losses import probabilities
from deepfeat.training.batches import padded
from deepfeat.training.forward import StackedForward
from deepfeat.training.members import Loaded, Members
from deepfeat.training.replaced import Output, Pair, Replaced

if TYPE_CHECKING:
    from deepfeat.training.inference import Inference

Tensor = Any
Array = NDArray[Any]
Numbered = tuple[int, Pair]

# Bytes of one layer's activations in one call, of each member and together: they stay in a processor's cache.
# What a member is asked in one call depends on the member alone, and so do the last bits of its answers.
MEMBER_BYTES = 1 << 20
CALL_BYTES = 1 << 23
# Bytes that the rows of the members of one call, the rows to replace them with and their copies take.
TABLE_BYTES = 1 << 28
TABLE_COPIES = 8

# Stands in a list of features for replacing none.
NONE = -1


class Replacement:
    """A stackable network, cut where the inputs enter it.

    Args:
        inference: the network.
        forward: its stacked form.
        entry: the two parts of that.
    """

    def __init__(self, inference: "Inference", forward: StackedForward, entry: Entry) -> None:
        self._inference, self._forward, self._entry = inference, forward, entry
        self._template = inference.template
        self._columns = self._template.shape.columns
        self._units: int = max(layer.units for layer in entry.layers)
        # Gated and ungated inputs change differently; most networks use only one of the two.
        self._sources = sorted(set(entry.gated))

    def answers(
        self,
        members: Members,
        data: Dataset,
        pairs: Iterable[Pair],
        output: Output,
        features: NDArray[np.int64] | None = None,
    ) -> Iterator[Replaced]:
        """See `deepfeat.ensemble.Ensemble.replaced`."""
        wanted = np.ones(data.n_features, dtype=bool)
        if features is not None:
            wanted = np.isin(np.arange(data.n_features), features)
        waiting: dict[int, list[Numbered]] = defaultdict(list)
        for numbered in zip(count(), pairs):
            rows = padded(len(numbered[1][0]))
            waiting[rows].append(numbered)
            if len(waiting[rows]) == self._members_at_once(rows, data):
                yield from self._ask(members, data, waiting.pop(rows), output, wanted)
        for some in waiting.values():
            yield from self._ask(members, data, some, output, wanted)

    def _features_at_once(self, rows: int) -> int:
        return max(1, MEMBER_BYTES // (4 * rows * self._units))

    def _members_at_once(self, rows: int, data: Dataset) -> int:
        features = min(self._features_at_once(rows), data.n_features + 1)
        in_cache = CALL_BYTES // (4 * rows * self._units * features)
        in_memory = TABLE_BYTES // (4 * rows * self._columns * TABLE_COPIES)
        # A lone member would be asked twice, see `Inference.state`.
        return max(2, min(in_cache, in_memory))

    def _ask(
        self,
        members: Members,
        data: Dataset,
        some: list[Numbered],
        output: Output,
        wanted: NDArray[np.bool_],
    ) -> Iterator[Replaced]:
        """Members whose rows are padded to the same number, in calls of the same shape."""
        loaded = members.load([member for member, _ in some])
        weights, inputs, targets = tf.nest.map_structure(tf.constant, self._inference.state(loaded))
        x, other = (_stacked([pair[side] for _, pair in some]) for side in (0, 1))
        sums, changes = self._enter(weights, inputs, x, other)
        function = self._answers[output]
        visible = self._visible(loaded, data) & wanted
        before: list[Array] = []
        for columns_of, features in _by_width(data):
            size = min(self._features_at_once(x.shape[1]), len(features) + 1)
            asked = [features[own[features]] for own in visible]
            if not before:
                asked = [np.insert(own, 0, NONE) for own in asked]
            for start in range(0, max(map(len, asked)), size):
                parts = [own[start : start + size] for own in asked]
                columns = np.full((len(weights[0]), size, columns_of.shape[1]), self._columns, dtype=np.int32)
                for place, part in enumerate(parts):
                    columns[place, : len(part)] = columns_of[part]
                after = function(weights, targets, sums, changes, columns).numpy()
                before = before or [answers[0] for answers in after]
                for place, (member, (own_rows, _)) in enumerate(some):
                    part, rows = parts[place], len(own_rows)
                    first = int(len(part) > 0 and part[0] == NONE)
                    if len(part):
                        yield Replaced(
                            member,
                            part[first:],
                            before[place][:rows],
                            after[place, first : len(part), :rows],
                        )

    def _visible(self, loaded: Loaded, data: Dataset) -> NDArray[np.bool_]:
        """(members, features) False where a feature is multiplied with exactly zero on its way in."""
        values, inputs, _ = loaded
        columns = inputs[1] != 0
        if (gate := self._template.gate_layer) is not None and all(self._entry.gated):
            gates = gate.opening(values[self._template.index(gate.gate)].reshape(len(columns), -1))
            columns = columns & (gates != 0)[:, data.column_feature]
        starts = [feature.start for feature in data.features]
        visible: NDArray[np.bool_] = np.logical_or.reduceat(columns, starts, axis=1)
        return visible

    @cached_property
    def _enter(self) -> Any:  # noqa: ANN401 - a compiled function
        """`(weights, inputs, x, other) -> (sums, changes)`.

        Per layer that takes the inputs its sums `(members, rows, units)`, before its activation; and per kind
        of input how it changes from `x` to `other`, `(members, columns + 1, rows)`, the last column not at
        all.
        """
        columns = tf.TensorSpec((None, 1, self._columns))
        rows = tf.TensorSpec((None, None, self._columns))
        return tf.function(
            self._sums_and_changes, input_signature=[self._weights, (columns, columns), rows, rows]
        )

    @cached_property
    def _answers(self) -> dict[str, Any]:
        """By output `(weights, targets, sums, changes, columns) -> (members, features, rows, outputs)`."""
        outputs = tf.TensorSpec((None, 1, self._template.shape.outputs))
        signature = [
            self._weights,
            (outputs, outputs),
            [tf.TensorSpec((None, None, layer.units)) for layer in self._entry.layers],
            [tf.TensorSpec((None, self._columns + 1, None)) for _ in self._sources],
            tf.TensorSpec((None, None, None), tf.int32),
        ]
        return {
            "logit": tf.function(self._logits, input_signature=signature),
            "probability": tf.function(self._probabilities, input_signature=signature),
        }

    @cached_property
    def _weights(self) -> list[Any]:
        forward = self._forward
        return [
            tf.TensorSpec((None, *shape), variable.dtype)
            for shape, variable in zip(forward.shapes, forward.variables, strict=True)
        ]

    def _sums_and_changes(
        self, weights: list[Tensor], inputs: tuple[Tensor, Tensor], x: Tensor, other: Tensor
    ) -> tuple[list[Tensor], list[Tensor]]:
        scaled = [(rows - inputs[0]) * inputs[1] for rows in (x, other)]
        with self._forward.given(weights):
            fed = {False: scaled}
            if self._entry.gate is not None:
                fed[True] = [self._entry.gate(rows) for rows in scaled]
            sums = []
            for layer, gated in zip(self._entry.layers, self._entry.gated, strict=True):
                seen = tf.matmul(fed[gated][0], tf.convert_to_tensor(layer.kernel))
                sums.append(seen if layer.bias is None else seen + tf.convert_to_tensor(layer.bias))
        changes = [tf.transpose(fed[source][1] - fed[source][0], (0, 2, 1)) for source in self._sources]
        return sums, [tf.pad(change, ((0, 0), (0, 1), (0, 0))) for change in changes]

    def _logits(
        self,
        weights: list[Tensor],
        targets: tuple[Tensor, Tensor],
        sums: list[Tensor],
        changes: list[Tensor],
        columns: Tensor,
    ) -> Tensor:
        members, features = tf.shape(columns)[0], tf.shape(columns)[1]
        by_source = {
            source: tf.gather(change, columns, batch_dims=1)
            for source, change in zip(self._sources, changes, strict=True)
        }
        existing = tf.minimum(columns, self._columns - 1)
        with self._forward.given(weights):
            behind = []
            for layer, gated, seen in zip(self._entry.layers, self._entry.gated, sums, strict=True):
                kernel = tf.gather(tf.convert_to_tensor(layer.kernel), existing, batch_dims=1)
                now = seen[:, None] + tf.matmul(by_source[gated], kernel, transpose_a=True)
                behind.append(layer.activation(tf.reshape(now, (members, -1, layer.units))))
            logits = self._inference.in_units(self._entry.tail(behind, training=False), targets)
        return tf.reshape(logits, (members, features, -1, self._template.shape.outputs))

    def _probabilities(self, *state: Any) -> Tensor:  # noqa: ANN401 - as `_logits`
        return probabilities(self._logits(*state), self._template.head)


def _by_width(data: Dataset) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64]]]:
    """For features of equally many columns: (features + 1, width) the columns of each, and which these are.

    The last row belongs to `NONE`: it names a column beyond the last.
    """
    starts = np.array([feature.start for feature in data.features])
    widths = np.array([feature.stop for feature in data.features]) - starts
    for width in np.unique(widths):
        columns = starts[:, None] + np.arange(width)
        none = np.full((1, width), data.n_columns)
        yield np.concatenate([columns, none]).astype(np.int32), np.flatnonzero(widths == width)


def _stacked(tables: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Tables of (rows, columns) one above the other, padded with zeros to (members, padded rows, columns)."""
    longest = padded(max(map(len, tables)))
    stacked = np.zeros((len(tables), longest, tables[0].shape[1]), dtype=np.float32)
    for place, table in zip(stacked, tables, strict=True):
        place[: len(table)] = table
    return stacked
