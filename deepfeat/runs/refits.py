"""The trainings that methods ask for: `context.fit` of a run."""

from collections.abc import Mapping
from typing import Any

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import digested
from deepfeat.ensemble import Ensemble
from deepfeat.errors import DeepfeatError, ExitCode
from deepfeat.nets.network import Network
from deepfeat.runs.console import RunConsole
from deepfeat.runs.fitting import LedgerFit
from deepfeat.runs.ledger.keys import member_keys, training_work
from deepfeat.runs.prepare import Prepared
from deepfeat.runs.provenance import digest
from deepfeat.training.plan import FitPlan
from deepfeat.training.trainer import Trainer
from deepfeat.writing.labels import counted


class LostError(DeepfeatError):
    """Networks that a method needs could not be trained, whoever tried; the method fails."""

    exit_code = ExitCode.PARTIAL


class Refits:
    """Trains plans for methods; see `deepfeat.methods.context.Fit`.

    What is compiled for one table, network and way of training is kept for the next plan like it.

    Args:
        prepared: the experiment, whose table, network and settings are the defaults.
        trainer: of the main ensemble.
        console: shows the progress.
        fit: trains through the ledger, so that an interrupted method goes on where it was, and equal
            members of different methods are trained once.
        stack_memory: bytes that a stack may take where the experiment does not say.
    """

    def __init__(
        self,
        prepared: Prepared,
        trainer: Trainer,
        console: RunConsole,
        fit: LedgerFit,
        stack_memory: int | None = None,
    ) -> None:
        self._prepared, self._console, self._fit = prepared, console, fit
        self._memory = stack_memory if prepared.memory is None else prepared.memory
        self._trainers = {_key(prepared.data, prepared.network, {}): trainer}

    def __call__(
        self,
        plan: FitPlan,
        *,
        data: Dataset | None = None,
        network: Network | None = None,
        training: Mapping[str, Any] | None = None,
    ) -> Ensemble:
        """Train the members of a plan; see `Fit`.

        Raises:
            LostError: members could not be trained; an answer without them would be another answer.
        """
        own = self._prepared.data
        # a method may have changed a table and left its digest, by which trained networks are found again
        table = own if data is None or data is own else digested(data)
        trainer = self._trainer(table, network or self._prepared.network, training or {})
        ensemble = fit_shown(self._fit, plan, trainer, self._console)
        if self._fit.lost:
            work = training_work(trainer.data, trainer.template.network, trainer.settings)
            lost = [self._fit.lost[key] for key in member_keys(plan, work) if key in self._fit.lost]
            if lost:
                raise LostError(f"{len(lost)} of {len(plan)} networks could not be trained: {lost[0]}")
        return ensemble

    def _trainer(self, data: Dataset, network: Network, training: Mapping[str, Any]) -> Trainer:
        key = _key(data, network, training)
        if key not in self._trainers:
            settings = self._prepared.settings_for(network, data, training)
            stack_size = self._prepared.loaded.experiment.training.stack_size
            self._trainers[key] = Trainer(data, network, settings, memory=self._memory, stack_size=stack_size)
        return self._trainers[key]


def fit_shown(fit: LedgerFit, plan: FitPlan, trainer: Trainer, console: RunConsole) -> Ensemble:
    """Train a plan, and show how far it is; see `LedgerFit`."""
    work = training_work(trainer.data, trainer.template.network, trainer.settings)
    missing = len(fit.missing(plan, work))
    if not missing:
        console.note(f"{counted(len(plan), 'network')} trained before and used again")
        return fit(plan, trainer)
    with console.training(len(plan), len(plan) - missing) as progress:
        return fit(plan, trainer, progress.update)


def _key(data: Dataset, network: Network, training: Mapping[str, Any]) -> str:
    return digest([data.sha256, network.describe(), dict(training)])
