"""The training loop of one stack: epochs, early stopping, best weights, and members that leave."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from math import cos, pi
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.nets.template import drawn_weights, masked_weights
from deepfeat.training.batches import PAD, Batches, EpochOrder, padded, row_weights
from deepfeat.training.plan import FitPlan
from deepfeat.training.program import Program
from deepfeat.training.scaling import Scaling, input_scaling, target_scaling
from deepfeat.training.stopping import EarlyStopping
from deepfeat.training.table import Table

log = logging.getLogger(__name__)

# Validation rows, and numbers of their inputs, that pass through the network at a time.
CHUNK_ROWS = 1 << 11
CHUNK_ELEMENTS = 1 << 21
# The stack is rebuilt without its stopped members once they are this share of it.
LEAVE_AT = 0.1

Progress = Callable[[int, int, float], None]


@dataclass
class MemberRecord:
    """How the training of one member went.

    Attributes:
        seed: the member's seed.
        epochs: epochs trained.
        best_epoch: 1-based epoch whose weights were kept; 0 for a member that failed.
        train_loss: training loss of that epoch, without penalties.
        valid_loss: validation loss of that epoch, without penalties.
        failure: why the member failed; None for one that did not.
        history: (epochs, 2) training and validation loss per epoch.
        scores: held-out scores by name.
    """

    seed: int
    epochs: int = 0
    best_epoch: int = 0
    train_loss: float = float("nan")
    valid_loss: float = float("nan")
    failure: str | None = None
    history: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    scores: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class TrainedStack:
    """The members of one stack after training.

    Attributes:
        values: (members, *shape) best weights, one array per entry of `Template.variables`.
        inputs: `(center, scale)`, each (members, columns).
        targets: `(center, scale)`, each (members, outputs).
        records: one per member.
    """

    values: list[NDArray[Any]]
    inputs: Scaling
    targets: Scaling
    records: list[MemberRecord]


def train_stack(
    program: Program, data: Dataset, table: Table, plan: FitPlan, progress: Progress | None = None
) -> TrainedStack:
    """Train the members of a plan together until each has stopped.

    Args:
        program: the compiled network.
        data: the table.
        table: its inputs as tensors.
        plan: the members; all have the same `stack_key`.
        progress: called after every epoch with the number of members that have stopped, the epoch, and the
            mean validation loss of the members at their best.
    """
    run = _StackRun(program, data, table, plan)
    for epoch in range(program.settings.epochs):
        run.epoch(epoch)
        if progress is not None:
            progress(run.finished, epoch + 1, run.mean_best)
        if run.finished == len(plan):
            break
    else:
        if progress is not None:
            progress(len(plan), program.settings.epochs, run.mean_best)
    return run.result()


class _StackRun:
    """The state of `train_stack`: which members are still training, and where each is in the stack."""

    def __init__(self, program: Program, data: Dataset, table: Table, plan: FitPlan) -> None:
        self.program, self.data, self.table = program, data, table
        self.settings = program.settings
        self.plan = plan
        self.records = [MemberRecord(seed) for seed in plan.seeds]
        self.losses: list[list[tuple[float, float]]] = [[] for _ in plan.seeds]
        self.stopping = EarlyStopping(len(plan), self.settings.patience)
        self.order = EpochOrder(data, plan, self.settings, PAD if program.template.stackable else 1)
        self.inputs, self.targets = input_scaling(data, plan, self.settings), target_scaling(data, plan)
        self.valid_rows, self.valid_weight = _validation(data, plan, program)
        # Drawing takes longer than training an epoch; members that differ in their masks share a seed.
        drawn = {seed: drawn_weights(program.template, seed) for seed in dict.fromkeys(plan.seeds)}
        starts = [
            masked_weights(program.template, drawn[seed], mask)
            for seed, mask in zip(plan.seeds, plan.mask, strict=True)
        ]
        shapes = program.forward.shapes
        values = [np.stack([s[i].reshape(shapes[i]) for s in starts]) for i in range(len(shapes))]
        program.start(values, self.inputs, self.targets, plan.penalty)
        self.step = 1
        # Which member each place of the stack holds. A stack never shrinks to one member: products of a
        # single matrix may be summed in another order than those of a batch, and then the last bits of a
        # member would depend on its company. A lone member is trained twice instead.
        self.places = np.arange(len(plan))
        self.active = np.ones(len(plan), dtype=bool)
        self.targets_tensor: Any = tf.constant(data.y if plan.targets is None else plan.targets)
        self.chunk_rows = rows_at_a_time(data.n_columns)
        self._settle()

    @property
    def finished(self) -> int:
        """Members that have stopped or failed."""
        return int((~self.active).sum())

    @property
    def mean_best(self) -> float:
        """Mean over members of the best validation value so far."""
        best = self.stopping.best[np.isfinite(self.stopping.best)]
        return float(best.mean()) if len(best) else float("nan")

    def epoch(self, epoch: int) -> None:
        """Train one epoch, validate, and let go of the members that stop."""
        train_loss = self._train(epoch)
        valid_loss = self._validate()
        watched = valid_loss
        if self.settings.monitor == "penalised_loss":
            watched = valid_loss + self.program.penalties().numpy()
        # A stopped member still in the stack, and the copy of a lone one, are passed over.
        first = np.unique(self.places, return_index=True)[1]
        place = first[self.active[self.places[first]]]
        members = self.places[place]
        broken = ~(np.isfinite(watched[place]) & np.isfinite(train_loss[place]))
        self._fail(members[broken], epoch)
        place, members = place[~broken], members[~broken]
        for index, member in zip(place, members, strict=True):
            self.losses[member].append((float(train_loss[index]), float(valid_loss[index])))
            self.records[member].epochs = epoch + 1
        # Weights that have not paid the whole price are no answer to it, however good they are.
        if epoch >= min(self.settings.penalty_warmup, self.settings.epochs - 1):
            improved, stopped = self.stopping.update(epoch, members, watched[place].astype(np.float64))
            if improved.any():
                self.program.keep_best(place[improved].astype(np.int32), members[improved].astype(np.int32))
            self.active[members[stopped]] = False
        self._settle()

    def result(self) -> TrainedStack:
        """Weights and records of all members."""
        for member, record in enumerate(self.records):
            history = np.array(self.losses[member]).reshape(-1, 2)
            record.history = history
            if record.failure is None:
                best = int(self.stopping.best_epoch[member])
                record.best_epoch = best + 1
                record.train_loss, record.valid_loss = (float(value) for value in history[best])
        values = self.program.best_values()
        self.program.clear()
        return TrainedStack(values, self.inputs, self.targets, self.records)

    def _train(self, epoch: int) -> NDArray[np.float32]:
        total: NDArray[np.float32] = np.zeros(len(self.places), dtype=np.float32)
        warmup = self.settings.penalty_warmup
        self.program.penalty_share.assign(min(1.0, epoch / warmup) if warmup else 1.0)
        unique, back = np.unique(self.places, return_inverse=True)
        drawn = self.order.epoch(epoch, unique)
        batches = Batches(drawn.rows[back], drawn.noise[back], drawn.weight[back], drawn.ends)
        for x, part, local in self.table.parts(batches):
            total = self.program.train(
                x,
                self.targets_tensor,
                local,
                part.rows,
                part.noise,
                part.weight,
                part.ends,
                self._rate(epoch),
                float(self.step),
                total,
            ).numpy()
            self.step += len(part.ends) - 1
        rows_of = np.array([len(self.plan.splits[member].train) for member in self.places])
        mean: NDArray[np.float32] = (total / rows_of).astype(np.float32)
        return mean

    def _validate(self) -> NDArray[np.float32]:
        rows, weight = self.valid_rows[self.places], self.valid_weight[self.places]
        if rows.shape[1] <= self.chunk_rows:
            x, local = self.table.gather(rows)
            losses = self.program.validate(x, self.targets_tensor, local, rows, weight)
        else:
            chunks = range(0, rows.shape[1], self.chunk_rows)
            logits = [
                self.program.logits(*self.table.gather(rows[:, start : start + self.chunk_rows]))
                for start in chunks
            ]
            losses = self.program.evaluate(self.targets_tensor, rows, weight, tf.concat(logits, axis=1))
        answer: NDArray[np.float32] = losses.numpy()
        return answer

    def _fail(self, members: NDArray[np.int64], epoch: int) -> None:
        for member in members:
            self.records[member].failure = f"the loss became NaN or infinite in epoch {epoch + 1}"
            self.active[member] = False
            log.warning(
                "member with seed %d failed: %s", self.plan.seeds[member], self.records[member].failure
            )

    def _settle(self) -> None:
        """Give the places of stopped members up, once they are many enough to pay for the move."""
        staying = np.flatnonzero(self.active[self.places])
        if len(staying) > 1 and len(staying) > (1 - LEAVE_AT) * len(self.places):
            return
        staying = staying[np.unique(self.places[staying], return_index=True)[1]]
        if len(staying) == 0:
            return
        if len(staying) == 1 and self.program.template.stackable:
            staying = np.repeat(staying, 2)
        if len(staying) == len(self.places) and np.array_equal(staying, np.arange(len(self.places))):
            return
        self.program.retain(staying.astype(np.int32))
        self.places = self.places[staying]
        if self.plan.targets is not None:
            self.targets_tensor = tf.constant(self.plan.targets[self.places])

    def _rate(self, epoch: int) -> float:
        rate = self.settings.learning_rate
        if self.settings.schedule == "cosine":
            rate *= (1 + cos(pi * epoch / self.settings.epochs)) / 2
        return rate


def rows_at_a_time(columns: int) -> int:
    """Validation rows that pass through the network at a time."""
    return max(CHUNK_ROWS // 32, min(CHUNK_ROWS, CHUNK_ELEMENTS // columns)) // PAD * PAD


def _validation(
    data: Dataset, plan: FitPlan, program: Program
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """(members, rows) validation rows and their weights, padded with weight 0 to a common length."""
    longest = padded(max(len(split.valid) for split in plan.splits))
    rows = np.zeros((len(plan), longest), dtype=np.int32)
    weight = np.zeros((len(plan), longest), dtype=np.float32)
    for member, split in enumerate(plan.splits):
        own = row_weights(data, plan, member, program.settings)
        rows[member, : len(split.valid)] = split.valid
        weight[member, : len(split.valid)] = own[split.valid] if own.ndim else 1
    return rows, weight
