"""A method asked about many tables, with all the networks it trains for all of them trained together.

To see how often a test errs it has to be repeated hundreds of times. One repetition after another would train
small stacks; here the tables are put one above the other, and the members of all repetitions are one plan,
each with the rows of its own repetition. Nothing else differs: a member's weights depend on its own rows and
seed alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Split
from deepfeat.methods.annotations import Ensemble, FitPlan
from deepfeat.methods.context import Context
from deepfeat.methods.importance import Importance
from deepfeat.methods.method import Method
from deepfeat.nets.default import Default
from deepfeat.nets.network import Network
from deepfeat.training.settings import merge_settings


@dataclass(frozen=True, eq=False)
class _Request:
    """A plan that a method asked for, with its table and way of training."""

    plan: FitPlan
    data: Dataset
    network: Network
    training: Mapping[str, Any]

    @property
    def way(self) -> str:
        """What has to be equal for requests to be trained together."""
        return repr((self.network.describe(), sorted(self.training.items()), self.data.task))


class _NotYet(Exception):  # noqa: N818 - no error: the method is asked again when this is trained
    def __init__(self, key: tuple[int, str], request: _Request) -> None:
        super().__init__()
        self.key, self.request = key, request


@dataclass
class Repetitions:
    """Tables of the same shape, and the networks trained on them so far.

    Only for methods of kind `experiment` that use no networks but their own.

    Attributes:
        tables: one per repetition, alike in all but their numbers.
        folder: where methods may leave files.
        seed: of the first repetition; each has its own.
        fits: how many networks have been trained.
    """

    tables: Sequence[Dataset]
    folder: Path
    seed: int = 0
    fits: int = 0
    _known: dict[tuple[int, str], Ensemble] = field(default_factory=dict)

    def ask(self, method: Method) -> list[Importance]:
        """The method's answer about each table.

        Args:
            method: with its parameters.
        """
        answers: dict[int, Importance] = {}
        while len(answers) < len(self.tables):
            wanted: dict[tuple[int, str], _Request] = {}
            for number, table in enumerate(self.tables):
                if number in answers:
                    continue
                context = Context(
                    seed=self.seed + number,
                    method=method.name,
                    folder=self.folder / str(number),
                    fit=partial(self._fit, number),
                )
                try:
                    answers[number] = method.explain(cast("Ensemble", None), table, context)
                except _NotYet as missing:
                    wanted[missing.key] = missing.request
            for way in sorted({request.way for request in wanted.values()}):
                self._train({key: request for key, request in wanted.items() if request.way == way})
        return [answers[number] for number in range(len(self.tables))]

    def _fit(
        self,
        number: int,
        plan: FitPlan,
        *,
        data: Dataset | None = None,
        network: Network | None = None,
        training: Mapping[str, Any] | None = None,
    ) -> Ensemble:
        """What `context.fit` is: networks that are there, or a note that they are needed.

        Raises:
            ValueError: the plan has targets of its own, which belong to rows of one table.
        """
        if plan.targets is not None:
            raise ValueError(f"plan {plan.name!r}: members with targets of their own cannot be put together")
        request = _Request(plan, data or self.tables[number], network or Default(), training or {})
        key = (number, f"{plan.name} {plan.mask.tobytes().hex()} {request.way}")
        if key not in self._known:
            raise _NotYet(key, request)
        return self._known[key]

    def _train(self, requests: Mapping[tuple[int, str], _Request]) -> None:
        from deepfeat.ensemble import Ensemble as Trained  # noqa: PLC0415 - loads TensorFlow
        from deepfeat.training.members import MemoryMembers  # noqa: PLC0415 - as above
        from deepfeat.training.trainer import Trainer  # noqa: PLC0415 - as above

        first = next(iter(requests.values()))
        settings = merge_settings(first.network.training, first.training, first.data.task)
        tables = [request.data for request in requests.values()]
        trainer = Trainer(_stacked(tables), first.network, settings)
        starts = np.cumsum([0, *(table.n_rows for table in tables)])
        plan = _joined([request.plan for request in requests.values()], starts)
        stacks = trainer.stacks(plan)
        parts = [trainer.train(plan.select(stack)) for stack in stacks]
        place = np.argsort(np.concatenate(stacks))
        records = [record for part in parts for record in part.records]
        members = MemoryMembers.join(parts, stacks)
        self.fits += len(plan)
        stop = 0
        for key, request in requests.items():
            own = list(range(stop, stop + len(request.plan)))
            stop += len(own)
            self._known[key] = Trained(
                trainer.template,
                request.data,
                request.plan,
                members.select(own),
                [records[place[index]] for index in own],
                inference=trainer.inference,
            )


def _stacked(tables: Sequence[Dataset]) -> Dataset:
    """The tables one above the other."""
    return replace(
        tables[0],
        x=np.concatenate([table.x for table in tables]),
        y=np.concatenate([table.y for table in tables]),
        source_rows=np.concatenate([table.source_rows for table in tables]),
        groups=None,
    )


def _joined(plans: Sequence[FitPlan], starts: Any) -> FitPlan:  # noqa: ANN401 - an array
    """One plan of all, whose rows are those of the stacked table."""
    splits = [
        Split(split.train + start, split.valid + start, split.held_out + start)
        for plan, start in zip(plans, starts[:-1], strict=True)
        for split in plan.splits
    ]
    return replace(
        plans[0],
        seeds=tuple(seed for plan in plans for seed in plan.seeds),
        splits=tuple(splits),
        mask=np.concatenate([plan.mask for plan in plans]),
        penalty=np.concatenate([plan.penalty for plan in plans]),
    )
