"""Paths of penalties: which strength to believe, and the picture of what each strength keeps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.crossfit import held_out_answers
from deepfeat.methods.figures import save_figure
from deepfeat.methods.folds import fold_plan
from deepfeat.methods.measures import measure
from deepfeat.nets.network import Network
from deepfeat.training.plan import FitPlan
from deepfeat.writing import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

# Features that the figure and the sentence name; the figure draws the others in grey.
NAMED = 8


@dataclass(frozen=True, eq=False)
class PenaltyCurve:
    """Held-out losses along a path of penalties.

    Attributes:
        penalties: (penalties,) from strong to weak.
        losses: (folds, penalties).
    """

    penalties: Floats
    losses: Floats

    @property
    def mean(self) -> Floats:
        """(penalties,) over folds."""
        mean: Floats = self.losses.mean(axis=0)
        return mean

    @property
    def std_error(self) -> Floats:
        """(penalties,) of the mean."""
        error: Floats = self.losses.std(axis=0, ddof=1) / np.sqrt(len(self.losses))
        return error

    @property
    def chosen(self) -> int:
        """The strongest penalty whose loss is within one standard error of the smallest."""
        best = int(self.mean.argmin())
        return int(np.flatnonzero(self.mean <= self.mean[best] + self.std_error[best])[0])


def path_plan(data: Dataset, folds: int, penalties: Floats, seed: int, name: str) -> FitPlan:
    """Every penalty in every fold: member `fold * penalties + p` does not see the fold, at penalty p.

    Args:
        data: the table.
        folds: of the cross-validation; the networks of a fold begin alike.
        penalties: (penalties,).
        seed: of the experiment.
        name: of the plan.
    """
    plan = fold_plan(data, folds, seed, name).select(np.repeat(np.arange(folds), len(penalties)))
    return replace(plan, penalty=np.tile(penalties, folds))


def held_out_losses(trained: Ensemble, data: Dataset) -> Floats:
    """(members,) mean loss of each on the rows held out from it."""
    wrongness = measure("auto", data.task)
    answered = held_out_answers(trained, data)
    return np.array([wrongness(data.y[rows], answers).mean() for _, rows, answers in answered])


def refitted_losses(
    keeps: NDArray[np.bool_], folds: FitPlan, data: Dataset, fit: Callable[[FitPlan], Ensemble]
) -> Floats:
    """Losses on the held-out folds of networks that have only what a penalty keeps, and pay no penalty.

    A penalty also spoils the answers of a network that keeps the right features, which would speak for weak
    penalties; so what is kept is judged by networks of its own (Meinshausen 2007, "Relaxed lasso"). Where
    nothing is kept, the mean of the training rows answers.

    Args:
        keeps: (folds, penalties, features).
        folds: one member per fold, see `fold_plan`.
        data: the table.
        fit: trains without penalty; it is called once, or never where nothing is kept anywhere.

    Returns:
        (folds, penalties).
    """
    wrongness = measure("auto", data.task)
    losses = np.empty(keeps.shape[:2])
    for fold, split in enumerate(folds.splits):
        mean = np.broadcast_to(data.y[split.train].mean(axis=0), data.y[split.held_out].shape)
        losses[fold] = wrongness(data.y[split.held_out], mean).mean()
    some = [(int(fold), int(index)) for fold, index in zip(*np.nonzero(keeps.any(axis=2)), strict=True)]
    # Neighbouring penalties often keep the same features: one network will do for them.
    different = {(fold, keeps[fold, index].tobytes()): (fold, index) for fold, index in some}
    if not different:
        return losses
    places = np.array(list(different.values()))
    plan = replace(folds.select(places[:, 0]), name=f"{folds.name}/refit", mask=keeps[tuple(places.T)])
    found = dict(zip(different, held_out_losses(fit(plan), data), strict=True))
    for fold, index in some:
        losses[fold, index] = found[fold, keeps[fold, index].tobytes()]
    return losses


@dataclass(frozen=True, eq=False)
class JudgedPath:
    """Networks along a path of penalties, and which penalty is believed.

    Attributes:
        path: member `fold * penalties + p` was trained outside of the fold at penalty p, from its seed.
        keeps: (folds, penalties, features) the features that each of them uses.
        curve: the losses of networks that have only those features, and pay no penalty.
    """

    path: Ensemble
    keeps: NDArray[np.bool_]
    curve: PenaltyCurve

    @property
    def kept(self) -> NDArray[np.bool_]:
        """(features,) what more than half of the folds keep at the chosen penalty."""
        return np.asarray(self.keeps[:, self.curve.chosen].mean(axis=0) > 0.5)  # noqa: PLR2004 - half


def judged_path(
    network: Network,
    data: Dataset,
    context: Context,
    penalties: Floats,
    *,
    folds: int,
    epochs: int,
    patience: int,
) -> JudgedPath:
    """Train a path of penalties, and judge what it keeps; two plans, named after the method.

    From dense to sparse: the penalty rises from nothing to its strength during the first half of the
    training, and weights of that half are not kept. A network that first learns, and then has to pay, holds
    on to what it has learned at penalties at which it would not have begun. Labels are learned with the
    cross-entropy, whatever loss the experiment sets: penalties need a loss of known scale.

    Args:
        network: whose members tell what they use, in `uses`.
        data: the table.
        context: of the method.
        penalties: (penalties,) from strong to weak.
        folds: of the cross-validation.
        epochs: of each network.
        patience: of the networks without penalty; those of the path train to the end.
    """
    loss = "squared_error" if data.task == "regression" else "cross_entropy"
    training = {**network.training, "loss": loss, "epochs": epochs}
    priced = {"monitor": "penalised_loss", "penalty_warmup": epochs // 2, "patience": epochs}
    free = {"monitor": "loss", "penalty_warmup": 0, "patience": patience}
    plan = path_plan(data, folds, penalties, context.seed, context.method)
    path = context.fit(plan, network=network, training={**training, **priced})
    keeps = path.uses.reshape(folds, len(penalties), data.n_features)
    losses = refitted_losses(
        keeps,
        fold_plan(data, folds, context.seed, context.method),
        data,
        lambda plan: context.fit(plan, network=network, training={**training, **free}),
    )
    return JudgedPath(path, keeps, PenaltyCurve(penalties, losses))


def show_path(judged: JudgedPath, height: Floats, what: str, data: Dataset, context: Context) -> str:
    """Leave the figure of a path, its numbers (`path.csv`) and what is kept (`kept.csv`) in its folder.

    Args:
        judged: the path.
        height: (penalties, features) what is drawn of each feature.
        what: the height is, for the axis.
        data: the table.
        context: of the method.

    Returns:
        A sentence that says what is kept.
    """
    import pandas as pd  # noqa: PLC0415 - slow to import

    from deepfeat.writing.csvfiles import write_table  # noqa: PLC0415 - as above

    curve, kept = judged.curve, judged.kept
    numbers = {"penalty": curve.penalties, "loss": curve.mean, "std_error": curve.std_error}
    table = pd.concat([pd.DataFrame(numbers), pd.DataFrame(height, columns=list(data.feature_names))], axis=1)
    with canvas.look(data.feature_names) as drawable:
        figure = _figure(curve, height, kept, what, [drawable(name) for name in data.feature_names])
        save_figure(
            context,
            "path",
            figure,
            title="What the network keeps as features become dearer",
            alt=(
                f"Above, the {what} of every feature against the penalty: lines that fall to zero. Below, "
                f"the held-out loss. At the chosen penalty {kept.sum()} of {data.n_features} are kept."
            ),
            table=table,
        )
    names = [name for name, stays in zip(data.feature_names, kept, strict=True) if stays]
    write_table(context.artefact("kept.csv"), pd.DataFrame({"feature": names}))
    listed = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    told = f"keeps {len(names)} of {len(kept)} features: {listed}" if names else "keeps no feature"
    return f"The cross-validated penalty, {curve.penalties[curve.chosen]:.3g}, {told}."


def _figure(
    curve: PenaltyCurve, height: Floats, kept: NDArray[np.bool_], what: str, names: list[str]
) -> "Figure":
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    figure = Figure(figsize=(8.0, 6.0))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    order = np.argsort(-(height > 0).sum(axis=0) - height.sum(axis=0) / (1 + height.sum()), kind="stable")
    for feature in order[::-1]:
        colour = canvas.BLUE if kept[feature] else canvas.GREY
        above.plot(curve.penalties, height[:, feature], color=colour, linewidth=1.2 if kept[feature] else 0.7)
    for feature in order[:NAMED]:
        above.annotate(
            names[feature],
            (curve.penalties[-1], height[-1, feature]),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            size=7,
        )
    below.errorbar(curve.penalties, curve.mean, yerr=curve.std_error, color=canvas.INK, linewidth=1)
    for axes in (above, below):
        axes.axvline(curve.penalties[curve.chosen], color=canvas.SKY, linewidth=1.5)
        axes.grid(color=canvas.GRID, linewidth=0.8)
    above.set_ylabel(f"{what} of the feature")
    below.set_ylabel("held-out loss")
    below.set_xscale("log")
    below.invert_xaxis()
    below.set_xlabel("penalty (line: chosen; blue: kept there)")
    figure.subplots_adjust(left=0.1, right=0.8, top=0.97, bottom=0.09, hspace=0.08)
    return figure
