"""sparse_path: at which penalty a feature leaves a network that has to pay for every feature it keeps."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import numpy as np
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

Positive = Annotated[float, Field(gt=0)]


class LassoNet(Network):
    """A hidden layer beside a linear connection, by which every feature pays for its place.

    The penalty is on the norm of a feature's linear connection, and its hidden weights may be `ratio` times
    that at most: a feature without linear connection is out of the network, exactly.
    """

    name = "lassonet"

    class Params(NetworkParams):
        """Size, and how hidden weights are tied to the linear connection."""

        units: PositiveInt = Field(32, description="units of the hidden layer")
        ratio: Positive = Field(
            10.0, description="how much larger a hidden weight may be than its linear connection"
        )
        penalty: Annotated[float, Field(ge=0)] = Field(1.0, description="strength of the penalty")

    params: "LassoNet.Params"

    training: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "loss": "cross_entropy",
            # Plain gradient steps, for which the proximal step is exact: Adam has a step size of its own for
            # every weight.
            "optimizer": "sgd",
            "learning_rate": 0.05,
            "schedule": "cosine",
            "epochs": 200,
            "patience": 200,
            "penalty_warmup": 100,
            "monitor": "penalised_loss",
            "batch_size": 64,
            "weight_decay": 0.0,
            "scaling": "standard",
        }
    )

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        """One hidden layer, and the linear connection beside it."""
        import keras  # noqa: PLC0415 - see deepfeat.nets.network

        hidden = keras.layers.Dense(self.params.units, activation="relu", name="hidden")(inputs)
        curved = keras.layers.Dense(shape.outputs, name="logits")(hidden)
        linear = keras.layers.Dense(shape.outputs, use_bias=False, name="linear")(inputs)
        return keras.layers.Add(name="sum")([curved, linear])

    def proximal(self, model: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        """The hierarchy that ties hidden weights to the linear connection."""
        from deepfeat.nets.proximal import Hierarchy  # noqa: PLC0415 - loads TensorFlow

        linear, hidden = (model.get_layer(name).kernel for name in ("linear", "hidden"))
        return Hierarchy(linear, hidden, shape.column_feature, self.params.ratio)

    def gate_penalties(self, members: range) -> list[float]:
        """The same for every member."""
        return [self.params.penalty for _ in members]


class SparsePath(Method):
    """Penalty at which a feature leaves the network (LassoNet: Lemhadri et al. 2021).

    Networks of one hidden layer are trained at penalties from strong to weak, in every fold. The penalty is
    on the linear connection of each feature; hidden weights are tied to it, and both are set to exactly zero
    by a proximal step after every update. During the first half of the training the penalty rises from
    nothing to its strength, so that every network goes from dense to sparse. The stronger the penalty that a
    feature survives, the more important it is; one that never takes part scores 0.

    The penalty to believe is chosen by cross-validation. A penalty shrinks what it keeps, which spoils the
    loss and would speak for weak penalties, so the features that each penalty keeps are given to networks
    trained without penalty, and these are judged on the fold that was held out; no feature at all is judged
    too, by the mean of the training rows. Chosen is the strongest penalty within one standard error of the
    best, and kept are the features that more than half of the folds keep at it (`kept.csv`).

    Labels are learned with the cross-entropy here, whatever loss the experiment sets: penalties need a loss
    of known scale.
    """

    name = "sparse_path"
    kind = "experiment"
    cost = Cost.REFITS
    inputs = ("table",)
    paper = (
        'Lemhadri, Ruan, Abraham & Tibshirani 2021, "LassoNet: a neural network with feature sparsity", JMLR '
        '22(127); refits on what is kept: Meinshausen 2007, "Relaxed lasso", Computational Statistics & Data '
        "Analysis 52"
    )
    sees = (
        "which features a network keeps when it has to pay for each, curved effects and interactions included"
    )
    blind_to = (
        "which of several features that say the same is the right one: one of them stays, and it may be any; "
        "its networks are small ones of its own, not those of the experiment"
    )
    trust = (
        "when few features matter and each of them tells something of its own; among copies the one that "
        "stays is chance"
    )
    removes = "priced out: the penalty grows until the network sets its weights to zero"

    class Params(MethodParams):
        """What the experiment file can set."""

        penalties: Annotated[int, Field(ge=3)] = Field(24, description="penalties of the path")
        strongest: Positive = Field(60.0, description="strongest penalty; inputs are standardised")
        weakest: Positive = Field(0.3, description="weakest penalty")
        folds: Annotated[int, Field(ge=2)] = Field(5, description="folds of the cross-validation")
        units: PositiveInt = Field(32, description="units of the hidden layer")
        ratio: Positive = Field(
            10.0, description="how much larger a hidden weight may be than its linear connection"
        )
        epochs: PositiveInt = Field(200, description="epochs of each network")

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
        network = LassoNet(LassoNet.Params(units=chosen.units, ratio=chosen.ratio))
        judged = judged_path(
            network,
            data,
            context,
            penalties,
            folds=chosen.folds,
            epochs=chosen.epochs,
            patience=chosen.epochs,
        )
        path, keeps = judged.path, judged.keeps
        # The first penalty, from strong to weak, at which the feature takes part.
        scores = np.where(keeps.any(axis=1), penalties[keeps.argmax(axis=1)], 0.0)
        size = np.sqrt(np.add.reduceat((path.first_layer**2).sum(axis=2), _starts(data), axis=1))
        height = size.reshape(keeps.shape).mean(axis=0)
        said = show_path(judged, height, "weight", data, context)
        return Importance(scores, notes=(said,))


def _starts(data: Dataset) -> list[int]:
    return [feature.start for feature in data.features]
