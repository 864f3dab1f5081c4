"""Small ensembles of real networks: what a method meets in earnest."""

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble
from deepfeat.nets.default import Default

EPOCHS = 200


class TrainedEnsembles:
    """Trains the default network on small tables, in a few seconds each, and remembers the ensembles.

    Fit for the checks of `deepfeat.testing.conformance`, as `LinearEnsemble.fit` is: `run_checks(method,
    TrainedEnsembles())`.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Ensemble] = {}

    def __call__(self, data: Dataset, members: int) -> Ensemble:
        """Trains `members` networks, each on its own split of the rows, with seed 0."""
        key = (data.sha256, members)
        if key not in self._known:
            self._known[key] = _train(data, members)
        return self._known[key]


def _train(data: Dataset, members: int) -> Ensemble:
    from deepfeat.ensemble import fit  # noqa: PLC0415 - loads TensorFlow
    from deepfeat.training.plan import build_plan  # noqa: PLC0415 - as above
    from deepfeat.training.settings import merge_settings  # noqa: PLC0415 - as above
    from deepfeat.training.trainer import Trainer  # noqa: PLC0415 - as above

    network = Default()
    settings = merge_settings(network.training, {"epochs": EPOCHS}, data.task)
    plan = build_plan(data, settings.split, members, 0, network)
    return fit(plan, Trainer(data, network, settings))
