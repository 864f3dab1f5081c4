"""The engine that does everything in the process of the run, and what any other one must do."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from deepfeat.ensemble import Ensemble
from deepfeat.runs.answers import LedgerAnswers, Question
from deepfeat.runs.console import RunConsole
from deepfeat.runs.fitting import LedgerFit, train_here
from deepfeat.runs.ledger.keys import Work
from deepfeat.runs.prepare import Prepared
from deepfeat.training.loop import Progress
from deepfeat.training.plan import FitPlan
from deepfeat.training.trainer import Trainer


class Engine(Protocol):
    """Does the work of a run; whatever it is, what it does is in the ledger afterwards.

    Attributes:
        stack_memory: bytes that a stack may take where it is trained; None leaves the choice to the trainer.
    """

    stack_memory: int | None

    def train(
        self,
        fit: LedgerFit,
        stacks: Sequence[FitPlan],
        trainer: Trainer,
        work: Work,
        progress: Progress | None,
    ) -> Mapping[str, str]:
        """Have stacks trained and published.

        Args:
            fit: whose ledger they go to.
            stacks: members that train together.
            trainer: the table, the network and the settings.
            work: the same as a digest, from `training_work`.
            progress: called with members finished, epoch (0 where it is not known) and mean validation loss.

        Returns:
            Why members could not be trained, by their keys.
        """
        ...

    def ask_ahead(
        self,
        answers: LedgerAnswers,
        questions: Sequence[Question],
        prepared: Prepared,
        ensemble: Ensemble,
        console: RunConsole,
    ) -> None:
        """Have methods asked and their answers published, all that can be at the same time.

        What is left is asked one after another afterwards; failures are noted in `answers.failed`.

        Args:
            answers: whose ledger they go to.
            questions: about the members of the ensemble; none of them depends on another.
            prepared: the experiment.
            ensemble: the members.
            console: told what happens.
        """
        ...


class LocalEngine:
    """Does everything in this process, one thing after another."""

    stack_memory: int | None = None

    train = staticmethod(train_here)

    def ask_ahead(
        self,
        answers: LedgerAnswers,
        questions: Sequence[Question],
        prepared: Prepared,
        ensemble: Ensemble,
        console: RunConsole,
    ) -> None:
        """See `Engine.ask_ahead`; there is nobody else to ask."""
