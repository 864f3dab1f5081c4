"""Training any plan on one table: stacks of equal shape, sized to a memory budget."""

import logging
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.errors import InputError, Problem
from deepfeat.nets.network import Network
from deepfeat.nets.template import build_template
from deepfeat.training.batches import stack_key
from deepfeat.training.groups import Group, groups, threads, train_groups
from deepfeat.training.inference import Inference
from deepfeat.training.loop import Progress, TrainedStack, rows_at_a_time, train_stack
from deepfeat.training.memory import available_memory
from deepfeat.training.plan import FitPlan, check_plan
from deepfeat.training.program import Program
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.shape import shape_of
from deepfeat.training.table import RESIDENT_BYTES, Table

log = logging.getLogger(__name__)

# Members that train together where nobody says otherwise. Enough for the speed of a stack, and few enough
# that little is lost when a run is stopped: a stack that was not finished is trained from its beginning.
STACK_SIZE = 50
# Copies of a member's weights that exist while it trains: weights, best, two Adam moments, gradient, and one
# more while a stack is rebuilt.
WEIGHT_COPIES = 6
# Arrays as large as a batch's activations that exist at the same time, forward and backward.
ACTIVATION_COPIES = 6


class Trainer:
    """Trains plans on one table with one network.

    Args:
        data: the table.
        network: the network with its parameters.
        settings: how to train.
        memory: bytes that one stack may take; None takes a quarter of what is available.
        stack_size: members per stack; None takes `STACK_SIZE`, or fewer where the memory is less.
    """

    def __init__(
        self,
        data: Dataset,
        network: Network,
        settings: TrainingSettings,
        memory: int | None = None,
        stack_size: int | None = None,
    ) -> None:
        self.data, self.settings = data, settings
        self.template = build_template(network, shape_of(data))
        self._memory = memory if memory is not None else available_memory() // 4
        self._stack_size = stack_size
        self.inference = Inference(self.template)
        self._table: Table | None = None
        self._programs: dict[bool, list[Program]] = {}

    def stacks(self, plan: FitPlan) -> list[NDArray[np.int64]]:
        """The members of each stack, as indices into the plan; every member is in one.

        Raises:
            InputError: when the plan cannot be trained (see `check_plan`), or not even one member fits the
                memory.
        """
        check_plan(plan, self.data)
        alike: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        for member, split in enumerate(plan.splits):
            alike[stack_key(split, self.settings.batch_size)].append(member)
        stacks = []
        for key, members in alike.items():
            size = self._size(key, plan)
            stacks += [np.array(members[start : start + size]) for start in range(0, len(members), size)]
        return stacks

    def stack_limits(self, plan: FitPlan) -> tuple[int, int]:
        """How many members like the first of a plan make a full stack, and the bytes that each needs.

        Raises:
            InputError: when not even one fits the memory.
        """
        key = stack_key(plan.splits[0], self.settings.batch_size)
        return self._size(key, plan), self.member_bytes(key, plan)

    def train(self, plan: FitPlan, progress: Progress | None = None) -> TrainedStack:
        """Train one stack, a plan whose members are one entry of `stacks`, group by group."""
        if self._table is None:
            self._table = Table(self.data.x)
            self._say_which_path()
        table = self._table
        parts = self._groups(plan)
        programs = self._programs_for(plan, len(parts))

        def train_group(program: Program, group: Group, told: Progress | None) -> TrainedStack:
            members = plan if len(parts) == 1 else plan.select(group)
            return train_stack(program, self.data, table, members, told)

        if len(programs) == 1 and len(parts) == 1:
            return train_group(programs[0], parts[0], progress)
        return train_groups(train_group, programs, parts, progress)

    def _groups(self, plan: FitPlan) -> list[Group]:
        """The groups that a stack is trained in."""
        if not self.template.stackable:
            return [np.array([member]) for member in range(len(plan))]
        # A table that is read in pieces is read once for all members: they train as they come.
        return groups(len(plan), threads() if self.data.x.nbytes <= RESIDENT_BYTES else 1)

    def _programs_for(self, plan: FitPlan, parts: int) -> list[Program]:
        """As many compiled programs as groups can train at the same time."""
        own = plan.targets is not None
        programs = self._programs.setdefault(own, [])
        wanted = min(parts, threads()) if parts > 1 else 1
        while len(programs) < wanted:
            programs.append(Program(self.template, self.settings, own_targets=own))
            if not self.template.stackable:
                programs[-1].trace()
        return programs[:wanted]

    def _say_which_path(self) -> None:
        name, reasons = self.template.network.name, self.template.why_not_stackable
        if reasons:
            how = "one member on each core" if self._abreast > 1 else "one member after another"
            more = f" and {len(reasons) - 1} layers more" if len(reasons) > 1 else ""
            log.info("network %s trains %s: %s%s", name, how, reasons[0], more)
        else:
            log.debug("network %s trains its members together, as stacks", name)

    def member_bytes(self, split_key: tuple[int, int, int], plan: FitPlan) -> int:
        """Estimated bytes that one member of a stack needs while it trains."""
        weights = sum(int(np.prod(variable.shape)) for variable in self.template.variables)
        width = sum(self.template.widths)
        rows = max(self.settings.batch_size, min(split_key[2], rows_at_a_time(self.data.n_columns)))
        activations = rows * (width * ACTIVATION_COPIES + 3 * self.data.n_columns)
        order = (split_key[0] * self.settings.batch_size + split_key[1]) * 6
        targets = 0 if plan.targets is None else plan.targets[0].size
        return 4 * (weights * WEIGHT_COPIES + activations + order + targets)

    def _size(self, key: tuple[int, int, int], plan: FitPlan) -> int:
        each = self.member_bytes(key, plan)
        fits = self._memory // each
        if fits < 1:
            raise InputError(
                Problem(
                    self.data.name,
                    0,
                    0,
                    f"one member needs {each / 2**20:,.1f} MiB and the budget is "
                    f"{self._memory / 2**20:,.1f} MiB; raise training.memory, or make the network smaller",
                )
            )
        if self.template.stackable:
            return int(min(fits, self._stack_size or STACK_SIZE))
        return int(min(fits, self._stack_size or self._abreast, self._abreast))

    @property
    def _abreast(self) -> int:
        """Members without a stacked form that train at the same time."""
        # Others than those of such networks may draw from Keras's one seed.
        return threads() if self.template.network.side_by_side else 1
