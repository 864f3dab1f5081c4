"""The order in which members see their rows, as index arrays for the compiled step."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Split
from deepfeat.nets.stacking import BANK_ROWS
from deepfeat.training.plan import FitPlan
from deepfeat.training.randomness import ORDER, stream
from deepfeat.training.settings import TrainingSettings

# A table beyond this size is shuffled block by block, so that an epoch reads it once and nearly in order.
# Constants, not the machine's memory: results must not depend on where they are computed.
BLOCKED_ABOVE = 1 << 30
BLOCK_BYTES = 1 << 28
# Every batch is padded to a multiple of this with rows of weight zero. Vector instructions treat the last few
# numbers of an array differently (in the last bit); with this many rows per member no array has such an end.
# It also lets members with nearly equal numbers of rows share a stack.
PAD = 16

Rows = NDArray[np.int32]


def padded(rows: int, pad: int = PAD) -> int:
    """The number of rows that this many are padded to."""
    return -(-rows // pad) * pad


def stack_key(split: Split, batch_size: int) -> tuple[int, int, int]:
    """Members with equal keys can share a stack: every array of theirs is padded to the same shape.

    The shapes depend on the member alone, never on its company, and so do the last bits of its sums.

    Returns:
        Full steps, padded rows of the last step, and padded validation rows.
    """
    full, rest = divmod(len(split.train), batch_size)
    return full, padded(rest), padded(len(split.valid))


@dataclass(frozen=True, eq=False)
class Batches:
    """Consecutive steps of one epoch, one after another along the last axis.

    Attributes:
        rows: (members, width) int32 table rows.
        noise: (members, width) int32 rows of the noise banks.
        weight: (members, width) float32 row weights, 0 for padding.
        ends: (steps + 1,) int32 step i is the columns `ends[i]` to `ends[i + 1]`.
    """

    rows: Rows
    noise: Rows
    weight: NDArray[np.float32]
    ends: Rows

    def steps(self, first: int, last: int) -> "Batches":
        """The steps from `first` up to, not including, `last`."""
        columns = slice(self.ends[first], self.ends[last])
        ends = self.ends[first : last + 1] - self.ends[first]
        return Batches(self.rows[:, columns], self.noise[:, columns], self.weight[:, columns], ends)


class EpochOrder:
    """Draws each member's order anew for every epoch, from the member's own stream.

    Args:
        data: the table.
        plan: the members of the stack; all have the same `stack_key`.
        settings: batch size and class weights.
        pad: batches are padded to a multiple of this. Networks without a stacked form, whose layers may look
            across the rows of a batch, take 1: they would see the padding, and train one by one anyway.
    """

    def __init__(self, data: Dataset, plan: FitPlan, settings: TrainingSettings, pad: int = PAD) -> None:
        self._train = [split.train for split in plan.splits]
        self._streams = [stream(seed, ORDER) for seed in plan.seeds]
        self._weights = [row_weights(data, plan, member, settings) for member in range(len(plan))]
        self._batch = settings.batch_size
        # Members of one stack have equally many steps of equal widths, so the first speaks for all.
        full, rest = divmod(len(self._train[0]), self._batch)
        widths = [padded(self._batch, pad)] * full + [padded(rest, pad)] * (rest > 0)
        self._ends = np.concatenate([[0], np.cumsum(widths)]).astype(np.int32)
        blocked = data.x.nbytes > BLOCKED_ABOVE
        self._block_rows = max(1, BLOCK_BYTES // (data.n_columns * 4)) if blocked else data.n_rows
        self._n_blocks = -(-data.n_rows // self._block_rows)

    def epoch(self, epoch: int, members: NDArray[np.int64]) -> Batches:
        """The steps of one epoch for the given members: the full batches, then the short one, if any."""
        ends = self._ends
        # A member's rows fill every step up to the batch size; what is left of a step is padding.
        filled = np.concatenate([end + np.arange(self._batch) for end in ends[:-1]])
        rows = np.zeros((len(members), ends[-1]), dtype=np.int32)
        noise = np.zeros_like(rows)
        weight = np.zeros(rows.shape, dtype=np.float32)
        for place, member in enumerate(members):
            order = self._order(epoch, member)
            own = filled[: len(order)]
            rows[place, own] = order
            noise[place, own] = self._streams[member].integers(BANK_ROWS, size=len(order), dtype=np.int32)
            weight[place, own] = self._weights[member][order] if self._weights[member].ndim else 1
        return Batches(rows, noise, weight, ends)

    def _order(self, epoch: int, member: int) -> NDArray[np.int64]:
        order = self._streams[member].permutation(self._train[member])
        if self._n_blocks == 1:
            return order
        # The blocks come in an order of this epoch that all members share: then they need the same part of
        # the table at the same time.
        ranks = Generator(Philox(key=[0xB10C, epoch])).permutation(self._n_blocks)
        return order[np.argsort(ranks[order // self._block_rows], kind="stable")]


def row_weights(data: Dataset, plan: FitPlan, member: int, settings: TrainingSettings) -> NDArray[np.float32]:
    """(rows,) weights of the rows of the table for one member, or a scalar one where all are equal.

    Balanced weights are rows / (classes x rows of the class), counted in the member's training rows.
    """
    if settings.class_weight == "none" or data.task not in {"binary", "multiclass"}:
        return np.array(1, dtype=np.float32)
    target = data.y if plan.targets is None else plan.targets[member]
    codes = target.argmax(axis=1) if data.task == "multiclass" else (target[:, 0] > 0.5).astype(np.int64)  # noqa: PLR2004
    counts = np.bincount(codes[plan.splits[member].train], minlength=len(data.classes))
    balanced = counts.sum() / (len(data.classes) * np.maximum(counts, 1))
    weights: NDArray[np.float32] = balanced[codes].astype(np.float32)
    return weights
