"""Training through the ledger: what is there is read, what is missing is trained and published."""

import logging
import time
from collections.abc import Sequence

from deepfeat.ensemble import Ensemble, fit_stack, offset
from deepfeat.runs.ledger.keys import Work, entries, member_keys, training_work
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.ledger.packing import (
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
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def missing(self, plan: FitPlan, work: Work) -> list[int]:
        """The members of a plan that have to be trained; of equal ones the first.

        Args:
            plan: what each member is trained on.
            work: from `training_work`.
        """
        self.ledger.refresh()
        keys = member_keys(plan, work)
        first = {key: member for member, key in reversed(list(enumerate(keys)))}
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
    ) -> None:
        """Train one stack and publish it; the unit of work, wherever it is done.

        Args:
            plan: members that train together, one entry of `Trainer.stacks`.
            trainer: the table, the network and the settings.
            work: the same as a digest, from `training_work`.
            progress: as above.
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

    def _train(self, plan: FitPlan, trainer: Trainer, work: Work, progress: Progress | None) -> None:
        done = 0
        for stack in trainer.stacks(plan):
            self.train_stack(plan.select(stack), trainer, work, offset(progress, done))
            done += len(stack)

    def _ensemble(self, plan: FitPlan, trainer: Trainer, keys: Sequence[str]) -> Ensemble:
        found = [self.ledger.get(key) for key in keys]
        places = [
            Place(self.ledger.objects.path(sha256), sha256, each.index)
            for each in found
            for sha256 in [each.record.files[WEIGHTS]]
        ]
        losses = {
            sha256: from_npz(self.ledger.objects.read(sha256))
            for sha256 in {each.record.files[LOSSES] for each in found}
        }
        records: list[MemberRecord] = [
            training_record(
                each.record.results[each.index], history(losses[each.record.files[LOSSES]], each.index)
            )
            for each in found
        ]
        return Ensemble(
            trainer.template,
            trainer.data,
            plan,
            DiskMembers(places),
            records,
            inference=trainer.inference,
        )


def stack_files(ensemble: Ensemble) -> dict[str, bytes]:
    """The objects of a stack that was trained, by name."""
    return {
        WEIGHTS: to_npz(stack_arrays(ensemble.members.load(range(len(ensemble))))),
        PLAN: to_npz(plan_arrays(ensemble.plan)),
        LOSSES: to_npz(histories(ensemble.records)),
    }
