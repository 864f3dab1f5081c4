"""What training a number of networks will take: stacks, time and memory, before it is started."""

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from deepfeat.data.splits import Rows, Split
from deepfeat.training.batches import stack_key
from deepfeat.training.plan import FitPlan
from deepfeat.training.trainer import Trainer
from deepfeat.writing.labels import duration

# What is trained for a moment to see how fast this machine is. The first epochs compile and warm up.
MEMBERS, ROWS, EPOCHS, WARM_UP = 16, 2048, 10, 3


@dataclass(frozen=True)
class Estimate:
    """What some trainings will take.

    Attributes:
        fits: networks.
        stacks: parts that are trained one after the other.
        seconds: on this machine, as fast as it is now.
        memory: bytes that the largest stack takes.
        basis: what the time assumes of each network, a phrase.
        at_most: whether they may well need less.
    """

    fits: int
    stacks: int
    seconds: float
    memory: int
    basis: str
    at_most: bool = False

    def __str__(self) -> str:
        """A phrase for people."""
        networks = f"{self.fits:,} network{'' if self.fits == 1 else 's'}"
        stacks = f"{self.stacks:,} stack{'' if self.stacks == 1 else 's'}"
        time = f"{'at most' if self.at_most else 'about'} {duration(self.seconds)}"
        return f"{networks} in {stacks} of at most {self.memory / 2**20:,.0f} MiB, {time} ({self.basis})"


def estimate(
    trainer: Trainer, plan: FitPlan, fits: int, each: float, basis: str, *, at_most: bool = False
) -> Estimate:
    """What it takes to train networks like those of a plan.

    Args:
        trainer: the table, the network and the settings.
        plan: networks like those to be trained; their number does not matter.
        fits: how many networks.
        each: seconds that each of them takes beside others; see `seconds_per_epoch`.
        basis: what that assumes, a phrase.
        at_most: whether they may well need less.

    Raises:
        InputError: not even one network fits the memory.
    """
    size, memory = trainer.stack_limits(plan)
    return Estimate(fits, -(-fits // size), fits * each, min(fits, size) * memory, basis, at_most)


def seconds_per_epoch(trainer: Trainer, plan: FitPlan) -> float:
    """Seconds that a network of a plan takes for an epoch beside others, measured by training a few briefly.

    Args:
        trainer: the table, the network and the settings; what it has compiled is not touched.
        plan: the networks; of long tables some rows stand for all.
    """
    few = plan.select(np.resize(np.arange(len(plan)), MEMBERS))
    brief = tuple(
        Split(_spread(split.train), _spread(split.valid), split.held_out[:0]) for split in few.splits
    )
    few = replace(few, splits=brief)
    batch = trainer.settings.batch_size
    key = stack_key(brief[0], batch)
    size, _ = trainer.stack_limits(few)
    alike = [member for member, split in enumerate(brief) if stack_key(split, batch) == key][:size]
    settings = trainer.settings.model_copy(update={"epochs": EPOCHS, "patience": EPOCHS})
    quick = Trainer(trainer.data, trainer.template.network, settings)
    # When an epoch was last told of: several groups of members train at the same time and tell of each.
    ends: dict[int, float] = {}

    def told(_finished: int, epoch: int, _loss: float) -> None:
        ends[epoch] = perf_counter()

    quick.train(few.select(alike), told)
    each = float(np.median(np.diff(list(ends.values()))[WARM_UP:])) / sum(
        _rows(brief[member]) for member in alike
    )
    return each * float(np.mean([_rows(split) for split in plan.splits]))


def _rows(split: Split) -> int:
    return len(split.train) + len(split.valid)


def _spread(rows: Rows) -> Rows:
    """Some of the rows, from all over the table."""
    return rows[:: -(-len(rows) // ROWS)]
