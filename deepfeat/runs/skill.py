"""How good the networks of a run are: each beside a constant, and all beside what one would use instead."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.methods.held_out import held_out_rows
from deepfeat.ranking.baselines import BASELINES, Part
from deepfeat.ranking.carriers import Carriers
from deepfeat.ranking.skill import NETWORKS, Skill, compare
from deepfeat.runs.joint import joint_prediction, networks_together
from deepfeat.training.scores import held_out_scores, score_names

Array = NDArray[np.float64]

# Rows, and numbers, that a baseline learns from at most: a yardstick must not cost more than the networks.
_MOST_ROWS = 10_000
_MOST_NUMBERS = 5_000_000
_MOST_ASKED = 20_000_000
_LEAST_ROWS = 500
_MOST_JOINT = 5_000


@dataclass(frozen=True, eq=False)
class MemberSkill:
    """Each member beside a constant on its own held-out rows.

    Attributes:
        score: name of the score.
        values: (members,) its value; NaN for members that failed, or whose held-out rows do not define it.
        constant: (members,) the score of a constant, the mean of the member's training targets.
        beats_constant: (members,) 1 where the member's score is higher, 0 where it is not, NaN where that is
            not known.
        averaged: (members,) bool, the members whose scores are averaged.
    """

    score: str
    values: Array
    constant: Array
    beats_constant: Array
    averaged: NDArray[np.bool_]

    @property
    def skilless(self) -> int:
        """How many members do not beat a constant."""
        return int((self.beats_constant == 0).sum())


def judge_members(ensemble: Ensemble, skilless: Literal["leave_out", "keep"] = "leave_out") -> MemberSkill:
    """Mark the members that do not beat a constant.

    Args:
        ensemble: all members, those that failed included.
        skilless: whether the marked ones are left out of the means. Where no member beats a constant all are
            kept: the answer then says that there is nothing to rank.
    """
    data = ensemble.data
    name = score_names(data.task)[0]
    values = np.array([record.scores.get(name, np.nan) for record in ensemble.records], dtype=np.float64)
    constant = np.array([_constant_score(ensemble, number, name) for number in range(len(ensemble))])
    known = np.isfinite(values) & np.isfinite(constant)
    beats = np.where(known, (values > constant).astype(np.float64), np.nan)
    succeeded = np.isin(np.arange(len(ensemble)), ensemble.succeeded)
    averaged = succeeded & (beats != 0) if skilless == "leave_out" else succeeded
    return MemberSkill(name, values, constant, beats, averaged if averaged.any() else succeeded)


def measure_skill(
    ensemble: Ensemble,
    judged: MemberSkill,
    *,
    splits: int,
    seed: int,
    confidence: float = 0.95,
    others: Mapping[str, Array] | None = None,
    carriers: Carriers | None = None,
) -> tuple[Skill, list[str]]:
    """The networks beside a constant, a linear model and trees on the same splits.

    Args:
        ensemble: all members, those that failed included.
        judged: their scores.
        splits: how many members' splits the other models are trained on at most.
        seed: of the trees and of the rows that are drawn from large tables.
        confidence: of the intervals.
        others: per method that has fitted models of its own, (rows, outputs) what these predict for rows that
            they have not learned from.
        carriers: how much of the ranking these models and the networks carry; what they predict together, in
            these proportions, is then compared as well.

    Returns:
        The comparison, and what has to be said about it.
    """
    data, plan = ensemble.data, ensemble.plan
    scored = np.flatnonzero(np.isfinite(judged.values))
    shared = _one_split(ensemble, scored)
    chosen = scored[: 1 if shared else splits]
    trained_on = [len(split.train) for split in plan.splits]
    held_out = [len(held_out_rows(ensemble, number)) for number in range(len(plan))]
    baselines: dict[str, Array] = {"constant": judged.constant[scored[:1] if shared else scored]}
    notes: list[str] = []
    scored_unseen = all(len(split.held_out) for split in plan.splits)
    if not scored_unseen:
        notes.append(
            "no rows are held out, so all scores are on the rows that decided when training stopped, which "
            "flatters the networks; set training.split.test"
        )
    drawn = _most_rows(data)
    # matrices are small here: threads cost more than they bring, and would change the last bits
    with threadpool_limits(1, "blas"):
        for model, predict in BASELINES.items():
            if model not in baselines:
                scores = [
                    _score(
                        ensemble,
                        n,
                        _compared_rows(ensemble, n),
                        predict(_part(ensemble, n, seed, drawn)),
                        judged.score,
                    )
                    for n in chosen
                ]
                baselines[model] = np.array(scores, dtype=np.float64)
    if shared:
        notes.append(
            "all networks share one split of the rows: the linear model and the trees to compare with were "
            "trained once, and the intervals of the scores say how far these would move with other networks, "
            "not with other rows"
        )
    elif len(chosen) < len(scored):
        notes.append(
            f"the linear model and the trees to compare with were trained on the first {len(chosen)} of "
            f"{len(scored)} splits"
        )
    if any(len(_compared_rows(ensemble, n)) < held_out[n] for n in chosen):
        notes.append("of the held-out rows of so large a table they predict some, evenly spaced")
    if any(trained_on[number] > drawn for number in chosen):
        notes.append(f"they learn from {drawn:,} rows drawn from the training rows of each split")
    share = float(np.mean(held_out) / np.mean(trained_on))
    joint, averaged = (
        _scores_together(ensemble, judged, chosen, others, carriers) if others and carriers else (None, None)
    )
    found = compare(
        judged.score,
        judged.values[scored],
        baselines,
        share,
        confidence,
        joint,
        averaged,
        one_split=shared,
    )
    return replace(found, held_out=scored_unseen), notes


def _one_split(ensemble: Ensemble, members: NDArray[np.int64]) -> bool:
    """Whether several networks all share one split."""
    splits = [ensemble.plan.splits[number] for number in members]
    parts = [(split.train, split.valid, split.held_out) for split in splits]
    return len(parts) > 1 and all(
        np.array_equal(first, other)
        for part in parts[1:]
        for first, other in zip(parts[0], part, strict=True)
    )


def _scores_together(
    ensemble: Ensemble,
    judged: MemberSkill,
    chosen: NDArray[np.int64],
    others: Mapping[str, Array],
    carriers: Carriers,
) -> tuple[Array, Array | None]:
    """Scores on the held-out rows of each split: of the joint prediction, and of the networks averaged.

    One network answers alone, all models together as a mean; beside that stands the mean of the networks, so
    that what averaging brings is not credited to the other models.

    Returns:
        (chosen,) each, NaN where they are not defined; no second where the networks carry nothing.
    """
    asked = [_evenly(_compared_rows(ensemble, number), _MOST_JOINT) for number in chosen]
    rows = np.unique(np.concatenate(asked))
    averaged = np.flatnonzero(judged.averaged).tolist()
    networks = networks_together(ensemble, averaged, rows) if carriers.shares[NETWORKS] > 0 else None
    joint = joint_prediction(
        networks, {name: answers[rows] for name, answers in others.items()}, carriers.shares
    )
    # where the joint prediction is known, that of the networks is
    known = np.flatnonzero(np.isfinite(joint).all(axis=1))
    places = [np.intersect1d(np.searchsorted(rows, own), known) for own in asked]

    def scores(predicted: Array) -> Array:
        return np.array(
            [
                _score(ensemble, number, rows[own], predicted[own], judged.score)
                for number, own in zip(chosen, places, strict=True)
            ],
            dtype=np.float64,
        )

    return scores(joint), None if networks is None else scores(networks)


def _part(ensemble: Ensemble, number: int, seed: int, most: int) -> Part:
    """What a baseline learns from on the split of a member."""
    data, split = ensemble.data, ensemble.plan.splits[number]
    rows = split.train
    if len(rows) > most:
        generator = np.random.default_rng([seed, number])
        rows = np.sort(generator.choice(rows, size=most, replace=False))
    valid = None
    if len(split.held_out):
        chosen = _evenly(split.valid, most)
        valid = (_inputs(data, chosen), _targets(ensemble, number, chosen))
    return Part(
        _inputs(data, rows),
        _targets(ensemble, number, rows),
        valid,
        _inputs(data, _compared_rows(ensemble, number)),
        data.task,
        seed,
    )


def _most_rows(data: Dataset) -> int:
    return min(_MOST_ROWS, max(_LEAST_ROWS, _MOST_NUMBERS // data.n_columns))


def _inputs(data: Dataset, rows: NDArray[np.int64]) -> Array:
    return np.asarray(data.x[rows], dtype=np.float64)


def _targets(ensemble: Ensemble, number: int, rows: NDArray[np.int64]) -> Array:
    targets = ensemble.plan.targets
    return np.asarray(ensemble.data.y[rows] if targets is None else targets[number][rows], dtype=np.float64)


def _compared_rows(ensemble: Ensemble, number: int) -> NDArray[np.int64]:
    """Of the rows that a member's scores are on those that a baseline predicts: of a large table some."""
    return _evenly(held_out_rows(ensemble, number), max(_LEAST_ROWS, _MOST_ASKED // ensemble.data.n_columns))


def _evenly(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most so many of the rows, evenly spaced."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _constant_score(ensemble: Ensemble, number: int, name: str) -> float:
    rows = held_out_rows(ensemble, number)
    mean = _targets(ensemble, number, ensemble.plan.splits[number].train).mean(axis=0)
    return _score(ensemble, number, rows, np.tile(mean, (len(rows), 1)), name)


def _score(ensemble: Ensemble, number: int, rows: NDArray[np.int64], predicted: Array, name: str) -> float:
    target = _targets(ensemble, number, rows)
    return held_out_scores(ensemble.data.task, target, predicted)[name]
