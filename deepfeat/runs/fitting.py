"""Training through the ledger: what is there is read, what is missing is trained and published."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from deepfeat.ensemble import Ensemble, fit_stack, offset
from deepfeat.runs.ledger.keys import Work, entries, member_keys, training_work
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.ledger.packing import (
    Array,
    from_npz,
    histories,
    history,
    plan_arrays,
    to_npz,
    training_record,
    training_result,
)
from deepfeat.runs.ledger.records import Record
from deepfeat.runs.provenance import made_here
from deepfeat.training.loop import MemberRecord, Progress
from deepfeat.training.members import DiskMembers, Place, stack_arrays
from deepfeat.training.plan import FitPlan, check_plan
from deepfeat.training.trainer import Trainer

log = logging.getLogger(__name__)

WEIGHTS, PLAN, LOSSES = "members.npz", "plan.npz", "losses.npz"
"""The objects of a stack: what its members are, what they were trained on, and their losses per epoch."""


class LedgerFit:
    """Trains plans, each member once in the life of a run directory.

    Args:
        ledger: where members are looked up and published.
        train_stacks: has stacks trained and published, here or elsewhere; returns why members could not be
            trained, by their keys.

    Attributes:
        lost: members whose training has ended whoever tried it, by key, and why; they are not tried again by
            this object, and nothing is published of them, so that the next run tries them again.
    """

    def __init__(self, ledger: Ledger, train_stacks: "TrainStacks | None" = None) -> None:
        self.ledger = ledger
        self.lost: dict[str, str] = {}
        self._train_stacks = train_stacks or train_here

    def missing(self, plan: FitPlan, work: Work) -> list[int]:
        """The members of a plan that have to be trained, and can be; of equal ones the first.

        Args:
            plan: what each member is trained on.
            work: from `training_work`.
        """
        self.ledger.refresh()
        keys = member_keys(plan, work)
        first = {key: member for member, key in reversed(list(enumerate(keys))) if key not in self.lost}
        return sorted(member for key, member in first.items() if self.ledger.find(key) is None)

    def __call__(self, plan: FitPlan, trainer: Trainer, progress: Progress | None = None) -> Ensemble:
        """The trained members of a plan.

        Args:
            plan: what each member is trained on.
            trainer: the table, the network and the settings.
            progress: called with members finished (those of earlier runs included), epoch and mean
                validation loss.

        Raises:
            InputError: when the plan cannot be trained.
            OutputError: a stack cannot be saved; those before it are.
            DamagedFileError: a member was damaged while it was in use.
        """
        work = training_work(trainer.data, trainer.template.network, trainer.settings)
        missing = self.missing(plan, work)
        if missing:
            # On the whole plan, so that members are called by their numbers in it.
            check_plan(plan, trainer.data)
            self._train(plan.select(missing), trainer, work, offset(progress, len(plan) - len(missing)))
        return self._ensemble(plan, trainer, member_keys(plan, work))

    def train_stack(
        self, plan: FitPlan, trainer: Trainer, work: Work, progress: Progress | None = None
    ) -> str:
        """Train one stack and publish it; the unit of work, wherever it is done.

        Args:
            plan: members that train together, one entry of `Trainer.stacks`.
            trainer: the table, the network and the settings.
            work: the same as a digest, from `training_work`.
            progress: as above.

        Returns:
            The name of its record.
        """
        start = time.monotonic()
        ensemble = fit_stack(plan, trainer, progress)
        seconds = time.monotonic() - start
        record = Record(
            kind="members",
            keys=tuple(member_keys(plan, work)),
            work=work,
            about=entries(plan),
            results=[training_result(member) for member in ensemble.records],
            made={"seconds": round(seconds, 3), "plan": plan.name, **made_here()},
        )
        self.ledger.publish(record, stack_files(ensemble))
        log.debug("plan %s: trained and published %d members in %s", plan.name, len(plan), record.name)
        for key in record.keys:
            log.debug("trained member %s", key)
        return record.name

    def _train(self, plan: FitPlan, trainer: Trainer, work: Work, progress: Progress | None) -> None:
        stacks = [plan.select(stack) for stack in trainer.stacks(plan)]
        self.lost.update(self._train_stacks(self, stacks, trainer, work, progress))

    def _ensemble(self, plan: FitPlan, trainer: Trainer, keys: Sequence[str]) -> Ensemble:
        places: list[Place] = []
        records: list[MemberRecord] = []
        losses: dict[str, Mapping[str, Array]] = {}
        for key, seed in zip(keys, plan.seeds, strict=True):
            if key in self.lost:
                places.append(self._nothing(trainer))
                records.append(MemberRecord(seed, failure=self.lost[key]))
                continue
            found = self.ledger.get(key)
            files = found.record.files
            if files[LOSSES] not in losses:
                losses[files[LOSSES]] = from_npz(self.ledger.objects.read(files[LOSSES]))
            places.append(Place(self.ledger.objects.path(files[WEIGHTS]), files[WEIGHTS], found.index))
            records.append(
                training_record(
                    found.record.results[found.index], history(losses[files[LOSSES]], found.index)
                )
            )
        return Ensemble(
            trainer.template,
            trainer.data,
            plan,
            DiskMembers(places),
            records,
            inference=trainer.inference,
        )

    def _nothing(self, trainer: Trainer) -> Place:
        """What stands for the weights of a member that there is not: whoever uses them sees it."""
        columns, outputs = trainer.data.n_columns, trainer.data.n_outputs
        weights = [np.full((1, *v.shape), np.nan, np.float32) for v in trainer.template.variables]
        scaling = np.full((2, 1, columns), np.nan, np.float32), np.full((2, 1, outputs), np.nan, np.float32)
        sha256 = self.ledger.objects.put(to_npz(stack_arrays((weights, *scaling))))
        return Place(self.ledger.objects.path(sha256), sha256, 0)


TrainStacks = Callable[[LedgerFit, Sequence[FitPlan], Trainer, Work, Progress | None], Mapping[str, str]]


def train_here(
    fit: LedgerFit, stacks: Sequence[FitPlan], trainer: Trainer, work: Work, progress: Progress | None
) -> Mapping[str, str]:
    """Train stacks one after another in this process; every one succeeds, or raises."""
    done = 0
    for stack in stacks:
        fit.train_stack(stack, trainer, work, offset(progress, done))
        done += len(stack)
    return {}


def stack_files(ensemble: Ensemble) -> dict[str, bytes]:
    """The objects of a stack that was trained, by name."""
    return {
        WEIGHTS: to_npz(stack_arrays(ensemble.members.load(range(len(ensemble))))),
        PLAN: to_npz(plan_arrays(ensemble.plan)),
        LOSSES: to_npz(histories(ensemble.records)),
    }
