"""What methods that train the networks again have in common: parameters, limits, rows and losses."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.data.dataset import Dataset, Task
from deepfeat.data.splits import Rows, Split
from deepfeat.methods.annotations import Ensemble, FitPlan
from deepfeat.methods.calibration import calibrated, one_against_rest
from deepfeat.methods.context import Context
from deepfeat.methods.importance import MethodError
from deepfeat.methods.measures import Measure, measure
from deepfeat.methods.method import MethodParams
from deepfeat.methods.parts import members_at_a_time
from deepfeat.methods.screening import Screening

Floats = NDArray[np.float64]

SCREENING_ADVICE = "set screen: 50 to choose features on rows of their own first, take fewer seeds"


class JudgedParams(MethodParams):
    """Parameters of a method that trains networks again and judges them on rows they have not seen."""

    score: Literal["auto", "log_loss", "squared_error"] = Field(
        "auto",
        description="loss on rows that a network has not seen: log_loss, for labels, or squared_error (there "
        "the Brier score); auto is log_loss for labels and squared_error for values",
    )
    epochs: PositiveInt | None = Field(
        None, description="most epochs of a network; by default those of the experiment"
    )
    patience: PositiveInt | None = Field(
        None, description="epochs without a better validation loss; by default those of the experiment"
    )
    most_fits: PositiveInt = Field(
        20_000, description="refuse to start, with an estimate, where more networks would be trained"
    )

    @property
    def training(self) -> Mapping[str, Any]:
        """What differs from the experiment's way of training, for `context.fit`."""
        chosen = {"epochs": self.epochs, "patience": self.patience}
        return {name: value for name, value in chosen.items() if value is not None}

    def loss(self, task: Task) -> Measure:
        """The chosen loss. All are means over rows, so there is one of each row as well.

        Raises:
            MethodError: there is no such loss for the task.
        """
        return measure(self.score, task)


class RetrainingParams(JudgedParams):
    """Parameters of a method that trains networks for every feature."""

    seeds: PositiveInt = Field(20, description="networks on either side of every comparison")
    screen: PositiveInt | None = Field(
        None,
        description="for wide tables: train only for this many features, those of the strongest association "
        "with the target on rows that are then left alone",
    )
    screen_share: float = Field(0.3, gt=0, lt=1, description="share of the rows that screening uses up")

    def features(self, data: Dataset) -> int:
        """How many features networks are trained for."""
        return min(data.n_features, self.screen or data.n_features)


def refuse_too_many(
    fits: int, params: JudgedParams, ensemble: Ensemble, advice: str = SCREENING_ADVICE
) -> None:
    """Refuse before anything is trained.

    Args:
        fits: networks that would be trained, at most.
        params: of the method.
        ensemble: of networks like those.
        advice: how there could be fewer.

    Raises:
        MethodError: with the number, time and memory, and what to do.
    """
    if fits > params.most_fits:
        raise MethodError(
            f"this may train {ensemble.estimate(fits)}, and most_fits is {params.most_fits:,}; {advice}, or "
            "raise most_fits"
        )


def screened(data: Dataset, params: RetrainingParams, context: Context) -> Screening:
    """The features to train for, and the rows to train on."""
    if params.screen is None:
        return Screening.none(data)
    return Screening.strongest(data, params.screen, params.screen_share, context.rng)


def only_rows(plan: FitPlan, rows: Rows, n_rows: int) -> FitPlan:
    """A plan without the rows that are not named; a bootstrap sample keeps its copies.

    Args:
        plan: of any members.
        rows: that may be used.
        n_rows: of the table.
    """
    allowed = np.zeros(n_rows, dtype=bool)
    allowed[rows] = True
    parts = [
        Split(*(part[allowed[part]] for part in (split.train, split.valid, split.held_out)))
        for split in plan.splits
    ]
    return replace(plan, splits=tuple(parts))


@dataclass(frozen=True, eq=False)
class Losses:
    """How wrong one network is on each row of its own, mean over outputs; NaN where its training failed.

    Attributes:
        valid: (rows,) on the rows that told when to stop, which its probabilities are calibrated with too.
        held_out: (rows,) on the rows that it has not seen.
    """

    valid: Floats
    held_out: Floats

    @property
    def unseen(self) -> float:
        """Mean over the held-out rows, or over the validation rows where none are held out."""
        rows = self.held_out if len(self.held_out) else self.valid
        return float(rows.mean())


def retrained_losses(context: Context, data: Dataset, plan: FitPlan, params: JudgedParams) -> list[Losses]:
    """Train what a plan says, and tell how wrong each network is.

    Args:
        context: trains.
        data: the table.
        plan: a member without any feature is not trained: it answers with the mean of its training rows.
        params: how to train, and which loss.

    Returns:
        One per member.
    """
    found = [_without_x(data, split, params.loss(data.task)) for split in plan.splits]
    trained = np.flatnonzero(plan.mask.any(axis=1)).tolist()
    if trained:
        ensemble = context.fit(plan.select(trained), training=params.training)
        losses = network_losses(ensemble, data, params)
        stands = set(ensemble.succeeded.tolist())
        for place, member in enumerate(trained):
            nothing = Losses(
                *(np.full(len(part), np.nan) for part in (found[member].valid, found[member].held_out))
            )
            found[member] = losses[place] if place in stands else nothing
    return found


def network_losses(ensemble: Ensemble, data: Dataset, params: JudgedParams) -> list[Losses]:
    """How wrong each network is on its validation and held-out rows.

    Probabilities are calibrated with the validation rows of each network: networks of different features are
    differently sure of themselves, which is not what is asked about. See `deepfeat.methods.calibration`.

    Args:
        ensemble: the networks.
        data: the table.
        params: which loss.

    Returns:
        One per network.
    """
    loss = params.loss(data.task)
    splits = ensemble.plan.splits
    rows = [np.concatenate([split.valid, split.held_out]) for split in splits]
    longest = max(len(own) for own in rows)
    padded = np.array([np.resize(own, longest) for own in rows])
    cut = np.array([len(split.valid) for split in splits])
    found: list[Losses] = []
    for members, part in members_at_a_time(ensemble, longest * data.n_columns):
        own = padded[members]
        targets = ensemble.plan.targets
        target = (
            data.y[own]
            if targets is None
            else np.stack([table[some] for table, some in zip(targets[members], own, strict=True)])
        )
        logits = part.predict(data.x[own], "logit")
        known = np.arange(longest) < cut[members, None]
        answers = logits if data.task == "regression" else _calibrated(logits, target, known, ensemble.head)
        each = loss(target[:, :, None], answers[:, :, None].astype(np.float64)).mean(axis=2)
        for place, row in enumerate(each):
            at, end = cut[members][place], len(rows[members.start + place])
            found.append(Losses(row[:at], row[at:end]))
    return found


def _calibrated(
    logits: NDArray[np.float32], target: NDArray[np.floating], known: NDArray[np.bool_], head: str
) -> Floats:
    """(networks, rows, outputs) probabilities of networks, calibrated with the known rows."""
    odds = one_against_rest(logits, head)
    outputs = range(odds.shape[2])
    weight = known.astype(np.float64)
    return np.stack([calibrated(odds[:, :, k], target[:, :, k], weight) for k in outputs], axis=2)


def _without_x(data: Dataset, split: Split, loss: Measure) -> Losses:
    """How wrong the mean of the training rows is: all that is known without x."""
    mean = data.y[split.train].mean(axis=0, dtype=np.float64)
    each = [
        loss(data.y[rows][:, None], np.broadcast_to(mean, (len(rows), 1, data.n_outputs))).mean(axis=1)
        for rows in (split.valid, split.held_out)
    ]
    return Losses(*each)
