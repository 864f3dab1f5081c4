"""What methods that control the others have in common: few networks, and the others asked about them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.importance import MethodError
from deepfeat.methods.method import MethodParams
from deepfeat.ranking.normalise import normalise

Floats = NDArray[np.float64]

# Of the networks of the experiment, and the fewest and most.
SHARE, FEWEST, MOST = 0.1, 2, 20


class ControlParams(MethodParams):
    """Parameters of a control that trains networks."""

    networks: PositiveInt | None = Field(
        None,
        ge=2,
        description="networks to train; by default a tenth of those of the experiment, from 2 to 20",
    )

    def count(self, members: int) -> int:
        """How many networks to train beside an ensemble of so many."""
        wanted = self.networks or round(min(MOST, max(FEWEST, SHARE * members)))
        return min(wanted, members)


def ask_others(context: Context, ensemble: Ensemble, data: Dataset) -> Mapping[str, Floats]:
    """What the other methods say of networks of the control.

    Args:
        context: of the control.
        ensemble: its networks.
        data: the table they were trained on.

    Returns:
        By method (networks, features) shares: each network's scores divided by their sum.

    Raises:
        MethodError: no method can be asked about other networks.
    """
    if not context.askable:
        raise MethodError("none of the methods answers for single networks; name one that does beside it")
    return {name: normalise(ask(ensemble, data).scores, "sum") for name, ask in context.askable.items()}
