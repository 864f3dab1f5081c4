"""What the trainings of an experiment will take, before they begin."""

from deepfeat.runs.prepare import Prepared
from deepfeat.training.estimate import Estimate, estimate, seconds_per_epoch
from deepfeat.training.trainer import Trainer


class Forecast:
    """Stacks, time and memory of networks that an experiment would train.

    The network is built, and where nobody knows how long a network takes a few are trained for a moment, when
    it is asked for the first time.

    Args:
        prepared: the experiment.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._trainer: Trainer | None = None
        self._pace: float | None = None

    def __call__(self, fits: int, known: float | None) -> Estimate:
        """What so many networks will take.

        Args:
            fits: how many.
            known: seconds that those before took each; None where there are none.

        Raises:
            InputError: not even one network fits the memory.
        """
        prepared = self._prepared
        if self._trainer is None:
            stack_size = prepared.loaded.experiment.training.stack_size
            self._trainer = Trainer(
                prepared.data,
                prepared.network,
                prepared.settings,
                memory=prepared.memory,
                stack_size=stack_size,
            )
        if known is not None:
            return estimate(self._trainer, prepared.plan, fits, known, "as long each as those before")
        if self._pace is None:
            self._pace = seconds_per_epoch(self._trainer, prepared.plan)
        epochs = prepared.settings.epochs
        basis = f"up to {epochs:,} epochs each"
        return estimate(self._trainer, prepared.plan, fits, epochs * self._pace, basis, at_most=True)
