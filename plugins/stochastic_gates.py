"""stochastic_gates: how likely a network leaves the gate of a feature open when open gates cost."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    MethodParams,
    judged_path,
    show_path,
)
from deepfeat.nets.network import Network, NetworkParams, NetworkShape

Floats = NDArray[np.float64]
Positive = Annotated[float, Field(gt=0)]


class Stg(Network):
    """Dense layers behind a gate per feature that is open by chance while it is learned (STG)."""

    name = "stg"

    class Params(NetworkParams):
        """Sizes, noise and penalty."""

        units: tuple[PositiveInt, ...] = Field((64, 32), strict=False, description="units of each layer")
        deviation: Positive = Field(0.5, description="standard deviation of the noise on the gates")
        penalty: Annotated[float, Field(ge=0)] = Field(0.05, description="what an open gate costs")

    params: "Stg.Params"

    training: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "loss": "cross_entropy",
            "epochs": 300,
            "patience": 300,
            "learning_rate": 3e-3,
            "schedule": "cosine",
            "batch_size": 64,
            "weight_decay": 0.0,
            "monitor": "penalised_loss",
            "scaling": "standard",
        }
    )

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        """The gate, then dense layers."""
        import keras  # noqa: PLC0415 - see deepfeat.nets.network

        from deepfeat.nets.gate import StochasticGate  # noqa: PLC0415 - as above

        hidden = StochasticGate(shape.column_feature, self.params.deviation, name="gate")(inputs)
        for block, units in enumerate(self.params.units, start=1):
            hidden = keras.layers.Dense(units, activation="relu", name=f"dense_{block}")(hidden)
        return keras.layers.Dense(shape.outputs, name="logits")(hidden)

    def gate_penalties(self, members: range) -> list[float]:
        """The same for every member."""
        return [self.params.penalty for _ in members]


class StochasticGates(Method):
    """Probability that a network leaves a feature's gate open when open gates cost (STG: Yamada et al. 2020).

    Every feature has a gate that chance opens or shuts while the network is trained; training moves the
    probability, and pays a penalty for the expected number of open gates. Unlike a penalty on weights this
    does not shrink what is kept. Networks are trained at penalties from strong to weak in every fold. During
    the first half of the training the penalty rises from nothing to its strength; only weights of the second
    half are kept, because gates take that long to decide.

    A penalty that shuts more gates is believed as long as prediction does not suffer: what each penalty keeps
    is given to networks trained without penalty, and these are judged on the fold that was held out; no
    feature at all is judged too, by the mean of the training rows. Chosen is the strongest penalty within one
    standard error of the best. The importance is the probability that the gate is open at that penalty, one
    score per fold; kept are the features that more than half of the folds keep at it (`kept.csv`): those
    whose gate is rather open than shut.

    Labels are learned with the cross-entropy here, whatever loss the experiment sets: penalties need a loss
    of known scale.
    """

    name = "stochastic_gates"
    kind = "experiment"
    cost = Cost.REFITS
    paper = (
        'Yamada, Lindenbaum, Negahban & Kluger 2020, "Feature selection using stochastic gates", ICML, '
        'PMLR 119; refits on what is kept: Meinshausen 2007, "Relaxed lasso", Computational Statistics & '
        "Data Analysis 52"
    )
    sees = "which features a network keeps when open gates cost, curved effects and interactions included"
    blind_to = (
        "how strong an effect is, once it pays for its gate; which of several features that say the same is "
        "the right one; its networks are small ones of its own, not those of the experiment"
    )
    trust = (
        "when few features matter and gates have decided: probabilities between 0.2 and 0.8 say that the "
        "networks could not"
    )
    removes = "priced out: the gate of a feature stays shut, and the network gets zeros in its place"

    class Params(MethodParams):
        """What the experiment file can set."""

        penalties: Annotated[int, Field(ge=2)] = Field(12, description="penalties of the path")
        strongest: Positive = Field(0.5, description="strongest penalty; inputs are standardised")
        weakest: Positive = Field(0.005, description="weakest penalty")
        folds: Annotated[int, Field(ge=2)] = Field(5, description="folds of the cross-validation")
        units: tuple[PositiveInt, ...] = Field((64, 32), strict=False, description="units of each layer")
        deviation: Positive = Field(0.5, description="standard deviation of the noise on the gates")
        epochs: PositiveInt = Field(300, description="epochs of each network")

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """Every penalty in every fold, with the penalty and without."""
        del data, members
        return 2 * self.params.penalties * self.params.folds

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Two plans: the path, and what it keeps without penalty; see `judged_path`."""
        del ensemble
        chosen = self.params
        penalties = np.geomspace(chosen.strongest, chosen.weakest, chosen.penalties)
        network = Stg(Stg.Params(units=chosen.units, deviation=chosen.deviation))
        # Gates take their time. The weights that predict best are often those of the first epochs, when none
        # has shut yet; it helps that those of the first half of a path are not kept.
        judged = judged_path(
            network,
            data,
            context,
            penalties,
            folds=chosen.folds,
            epochs=chosen.epochs,
            patience=max(1, chosen.epochs // 5),
        )
        chances = judged.path.chance_open.reshape(judged.keeps.shape)
        said = show_path(judged, chances.mean(axis=0), "chance of an open gate", data, context)
        return Importance(chances[:, judged.curve.chosen], notes=(said,))
