"""A method that can be asked again, about networks that another method has trained."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.importance import Importance
from deepfeat.methods.method import Method, MethodParams


@dataclass(frozen=True)
class Askable:
    """A method that trains no networks, as an experiment asks it.

    Attributes:
        method: the method.
        params: its parameters.
        seed: of the experiment.
    """

    method: type[Method]
    params: MethodParams
    seed: int

    def __call__(self, ensemble: Ensemble, data: Dataset) -> Importance:
        """What it says of other networks; the files that it leaves are not kept.

        Args:
            ensemble: the networks.
            data: the table they were trained on.

        Raises:
            MethodError: the answer cannot be used.
            Exception: whatever the method raised.
        """
        with TemporaryDirectory() as folder:
            context = Context(self.seed, self.method.name, Path(folder))
            answer = self.method(self.params).explain(ensemble, data, context)
        answer.check(self.method.rows(len(ensemble)), data.n_features)
        return answer


def members_alone(again: Mapping[str, Askable]) -> Mapping[str, Askable]:
    """Of methods that can be asked again those that answer for single networks."""
    return MappingProxyType({name: ask for name, ask in again.items() if ask.method.kind == "member"})
