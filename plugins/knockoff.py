"""knockoff: which features beat a copy of themselves that has nothing to do with the target."""

from collections.abc import Mapping
from math import ceil
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, PositiveInt

from deepfeat.inference.knockoffs import GaussianKnockoffs, e_values, selected_by_e_values, threshold
from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    MethodError,
    MethodParams,
    by_columns,
    refuse_groups,
    sum_columns,
    with_features,
)
from deepfeat.nets.network import Network, NetworkParams, NetworkShape
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import SplitSettings

Level = Annotated[float, Field(gt=0, lt=1)]


class Paired(Network):
    """Each feature and its knockoffs compete for one node through their gates (DeepPINK, Lu et al. 2018).

    All gates start open and equal, so that nothing tells a feature from its knockoff but the table.
    """

    name = "paired"

    class Params(NetworkParams):
        """Sizes of the network."""

        blocks: PositiveInt = Field(2, description="the features, and each draw of their knockoffs")
        units: tuple[PositiveInt, ...] = Field((64, 64), strict=False, description="units of each layer")
        penalty: NonNegativeFloat = Field(0.05, description="L1 penalty on the sum of the gates")

    params: "Paired.Params"

    training: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "loss": "cross_entropy",
            "epochs": 300,
            "batch_size": 64,
            "learning_rate": 3e-3,
            "weight_decay": 0.02,
            "patience": 30,
            "monitor": "loss",
        }
    )

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401 - Keras tensors
        """Gates, one node per column of the table, dense layers."""
        import keras  # noqa: PLC0415 - listing plugins must not load it

        from deepfeat.nets.blocks import SumOfBlocks  # noqa: PLC0415 - as above
        from deepfeat.nets.gate import Gate  # noqa: PLC0415 - as above

        hidden = SumOfBlocks(self.params.blocks, name="pairs")(
            Gate(shape.column_feature, name="gate")(inputs)
        )
        for block, units in enumerate(self.params.units, start=1):
            hidden = keras.layers.Dense(units, activation="relu", name=f"dense_{block}")(hidden)
        return keras.layers.Dense(shape.outputs, name="logits")(hidden)

    def gate_penalties(self, members: range) -> list[float]:
        """The same for all."""
        return [self.params.penalty for _ in members]


class Knockoff(Method):
    """Features selected because networks prefer them to their knockoffs, at a chosen false discovery rate.

    Every feature gets a Gaussian copy that is correlated with all features as it is, and has nothing to do
    with the target. Networks see both, through a gate each and one node for the pair; the statistic
    `W_j = (z_j w_j)^2 - (z~_j w_j)^2` is large where the feature wins (z the gates, w the product of the
    layers behind). The statistics of several networks are averaged. With one draw of knockoffs features
    above the knockoff+ threshold are selected; with several, each draw's selection becomes evidence, and
    features are selected by its average.
    """

    name = "knockoff"
    kind = "experiment"
    cost = Cost.REFITS
    inputs = ("table",)
    paper = (
        'Lu, Fan, Lv & Noble 2018, "DeepPINK: reproducible feature selection in deep neural networks", '
        "NeurIPS 31; Candes et al. 2018, JRSS B 80; derandomised: Ren & Barber 2023, JRSS B 86"
    )
    sees = "which features tell of the target what all others together do not, at a stated error rate"
    blind_to = (
        "how strong an effect is; a few strong features among few (a selection needs at least 1 / level of "
        "them); and it is only as right as the Gaussian model of x"
    )
    trust = (
        "when features are roughly Gaussian, rows are independent, there are dozens of features or more, and "
        "a list with few false ones is wanted, no ranking"
    )
    removes = (
        "not removed: it competes with a made copy that says nothing of the target and is as correlated "
        "with the others"
    )
    exempt: ClassVar[Mapping[str, str]] = {
        "one_feature": "no selection of a single feature can have a false discovery rate below 1",
        "constant_features": "what is the same in every row has no knockoff, and is refused by its name",
    }

    class Params(MethodParams):
        """What the experiment file can set."""

        level: Level = Field(0.2, description="false discovery rate that is accepted")
        draws: PositiveInt = Field(
            1, description="draws of knockoffs; several take the chance out of the draw"
        )
        networks: PositiveInt = Field(5, description="networks per draw, whose statistics are averaged")
        units: tuple[PositiveInt, ...] = Field((64, 64), strict=False, description="units of each layer")
        penalty: NonNegativeFloat = Field(0.05, description="L1 penalty on the sum of the gates")

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """Some networks for every draw."""
        del data, members
        return self.params.draws * self.params.networks

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """All networks of all draws are one plan; a row of scores per draw."""
        del ensemble
        refuse_groups(data, context, instead="effect or loco")
        draws, per_draw, level = self.params.draws, self.params.networks, self.params.level
        # a draw of several is thresholded at half the level, which Ren & Barber found to work best
        own_level = level if draws == 1 else level / 2
        _refuse_too_few(data.n_features, own_level)
        wider = _with_knockoffs(data, draws, context.rng)
        network = Paired(
            Paired.Params(blocks=1 + draws, units=self.params.units, penalty=self.params.penalty)
        )
        split = SplitSettings(train=0.8, valid=0.2, test=0.0)
        plan = build_plan(wider, split, draws * per_draw, context.seed, network, name="knockoff")
        draw_of = np.repeat(np.arange(draws), per_draw)
        plan.mask[:] = _sees(data.n_columns, draws, draw_of)
        loss = "squared_error" if data.task == "regression" else "cross_entropy"
        trained = context.fit(plan, data=wider, network=network, training={"loss": loss})
        statistics = _statistics(trained, data, draw_of)
        w = np.stack([statistics[draw_of == draw].mean(axis=0) for draw in range(draws)])
        evidence = np.mean([e_values(own, own_level) for own in w], axis=0)
        chosen = w[0] >= threshold(w[0], level) if draws == 1 else selected_by_e_values(evidence, level)
        return Importance(
            np.maximum(w, 0),
            selected=chosen,
            null_hypothesis="the target does not depend on the feature once all other features are known",
            assumption="the features are jointly Gaussian, with the covariance estimated from the table, and "
            "rows are independent",
            notes=(_note(int(chosen.sum()), data.n_features, draws, level),),
        )


def _note(chosen: int, features: int, draws: int, level: float) -> str:
    return (
        f"{chosen} of {features} features are selected, from {draws} draw(s) of knockoffs, at a false "
        f"discovery rate of {level:g}: in the mean at most that share of a selection is wrong"
    )


def _refuse_too_few(features: int, level: float) -> None:
    least = ceil(1 / level)
    if features < least:
        raise MethodError(
            f"{features} features are too few: at this level {least} or more are selected together, or none; "
            "raise level, ask for one draw, or use the methods effect, loco or glm, which test each "
            "feature by itself"
        )


def _with_knockoffs(data: Dataset, draws: int, rng: np.random.Generator) -> Dataset:
    """The encoded columns, and behind them those of each draw, every column a feature of its own."""
    if len(constant := np.flatnonzero(np.ptp(data.x, axis=0) == 0)):
        name = data.feature_names[data.column_feature[constant[0]]]
        raise MethodError(f"{name} has a column that is constant, and so no knockoff; leave it out")
    model = GaussianKnockoffs.fit(data.x)
    copies = np.hstack([model.draw(data.x, rng) for _ in range(draws)])
    names = [f"knockoff {draw}.{column}" for draw in range(draws) for column in range(data.n_columns)]
    return with_features(by_columns(data), names, copies)


def _sees(columns: int, draws: int, draw_of: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(members, (1 + draws) columns) each network sees the features and the knockoffs of its own draw."""
    block = np.repeat(np.arange(1 + draws), columns)
    mask: NDArray[np.bool_] = (block == 0) | (block == 1 + draw_of[:, None])
    return mask


def _statistics(trained: Ensemble, data: Dataset, draw_of: NDArray[np.int64]) -> NDArray[np.float64]:
    """(members, features) W; the columns of a category are added up."""
    squares = np.sum(trained.connections**2, axis=2).reshape(len(trained), -1, data.n_columns)
    return sum_columns(squares[:, 0] - squares[np.arange(len(trained)), 1 + draw_of], data)
