"""Small ensembles of real networks: what a method meets in earnest."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble, FitPlan
from deepfeat.nets.default import Default
from deepfeat.nets.network import Network
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import merge_settings

if TYPE_CHECKING:
    from deepfeat.training.trainer import Trainer

EPOCHS = 200


class TrainedEnsembles:
    """Trains the default network on small tables, in a few seconds each, and remembers the ensembles.

    Fit for the checks of `deepfeat.testing.conformance`, as `LinearEnsembles` is: `run_checks(method,
    TrainedEnsembles())`.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Ensemble] = {}
        self._trainers: dict[str, Trainer] = {}  # by table, network and settings

    def __call__(self, data: Dataset, members: int) -> Ensemble:
        """Trains `members` networks, each on its own split of the rows, with seed 0."""
        key = (data.sha256, members)
        if key not in self._known:
            trainer = self._trainer(data, Default(), {})
            plan = build_plan(data, trainer.settings.split, members, 0, trainer.template.network)
            self._known[key] = self.refit(data, plan)
        return self._known[key]

    def refit(
        self,
        data: Dataset,
        plan: FitPlan,
        *,
        network: Network | None = None,
        training: Mapping[str, Any] | None = None,
    ) -> Ensemble:
        """Trains what a plan says; the `context.fit` of a method that is checked."""
        from deepfeat.ensemble import fit  # noqa: PLC0415 - loads TensorFlow

        return fit(plan, self._trainer(data, network or Default(), training or {}))

    def _trainer(self, data: Dataset, network: Network, training: Mapping[str, Any]) -> "Trainer":
        """One for each table, network and way of training: it keeps what it has compiled."""
        from deepfeat.training.trainer import Trainer  # noqa: PLC0415 - as above

        key = repr((data.sha256, network.describe(), sorted(training.items())))
        if key not in self._trainers:
            settings = merge_settings(network.training, {"epochs": EPOCHS, **training}, data.task)
            self._trainers[key] = Trainer(data, network, settings)
        return self._trainers[key]
