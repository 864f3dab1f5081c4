"""Do the networks predict at all, and as well as what one would use otherwise?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Verdict = Literal["skill", "no_skill", "worse", "unknown"]

NETWORKS, AVERAGED, JOINT, CONSTANT = "networks", "averaged", "joint", "constant"

# No score is higher than that of a perfect prediction.
BEST = 1.0
# The least that a score can be; that of a regression has no bound below.
WORST = {"auc": 0.0}
# Networks that keep less than this share of what a baseline gains over a constant are clearly worse.
KEPT = 0.9


class Judged(NamedTuple):
    """What is to be thought of a model.

    Attributes:
        verdict: see `Skill`.
        better: the baseline that is clearly better, for `worse`.
        alone: whether it predicts, but as the only one, and so with weights that these rows have chosen.
    """

    verdict: Verdict
    better: str = ""
    alone: bool = False


@dataclass(frozen=True)
class Skill:
    """The networks beside the baselines.

    Attributes:
        score: name of the score; larger is better.
        table: a row per model, see `compare`.
        verdict: of the networks: `skill`; `no_skill`, not shown to beat a constant; `worse`, clearly worse
            than a baseline; `unknown`, where there are too few splits, or too few rows in them, to tell.
        better: the baseline that is clearly better than the networks, for `worse`.
        joint: the same of the joint prediction, which has no skill either where no single model has; None
            where there is none.
        one_split: whether all networks share one split of the rows.
        held_out: whether the scores are on rows that no network had any use of; else they are on those that
            decided when its training stopped.
    """

    score: str
    table: pd.DataFrame
    verdict: Verdict
    better: str = ""
    joint: Judged | None = None
    one_split: bool = False
    held_out: bool = True

    def row(self, model: str) -> dict[str, float]:
        """The numbers of a model's row, by column."""
        numbers = self.table[self.table["model"] == model].drop(columns=["model", "score"])
        return dict(zip(numbers.columns, numbers.to_numpy(dtype=np.float64)[0].tolist(), strict=True))


def resampled_interval(
    values: NDArray[np.float64], held_out_share: float, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Mean of a score over random splits of one table, and its interval.

    Splits of one table share rows, so their scores are not independent, and an interval that takes them for
    independent is far too narrow. This one widens the variance as C. Nadeau, Y. Bengio: Inference for the
    generalization error, Machine Learning 52 (2003) 239-281, propose: `(1/J + held-out/training) * s^2` with
    t quantiles of J - 1 degrees of freedom.

    Args:
        values: (splits,) a score, or a difference of scores, on the held-out rows of each split; NaN where
            it is not defined.
        held_out_share: number of held-out rows divided by the number of training rows.
        confidence: of the interval.

    Returns:
        Mean, lower and upper end; the ends are NaN where fewer than two splits have a score.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - takes a moment to import

    known = values[np.isfinite(values)]
    if len(known) == 0:
        return float("nan"), float("nan"), float("nan")
    mean = float(known.mean())
    if len(known) == 1:
        return mean, float("nan"), float("nan")
    error = np.sqrt((1 / len(known) + held_out_share) * known.var(ddof=1))
    reach = float(stdtrit(len(known) - 1, (1 + confidence) / 2) * error)
    return mean, mean - reach, mean + reach


def compare(
    score: str,
    networks: NDArray[np.float64],
    baselines: Mapping[str, NDArray[np.float64]],
    held_out_share: float,
    confidence: float = 0.95,
    joint: NDArray[np.float64] | None = None,
    averaged: NDArray[np.float64] | None = None,
    *,
    one_split: bool = False,
) -> Skill:
    """Put the networks beside the baselines, on the same splits.

    On one split that all networks share another model has one score. It stands beside each of theirs, but
    how far it would move with other rows is not known.

    Args:
        score: name of the score.
        networks: (splits,) held-out score of the network that was trained on each split.
        baselines: per model, (some splits,) its scores on the first of the same splits; one is `constant`.
        held_out_share: as in `resampled_interval`.
        confidence: of the intervals.
        joint: (some splits,) the score of what networks and other models predict together, on the first of
            the same splits.
        averaged: the same of the networks' answers averaged.
        one_split: whether all networks share one split, of which all but the networks have one score.

    Returns:
        A table with `model`; `score`, its name; `mean`, `low`, `high` of the score; `splits`, how many have
        one; and `difference`, `difference_low`, `difference_high`: networks minus model, on the same splits.
    """
    rows = []
    together = {AVERAGED: averaged, JOINT: joint}
    others = {model: scores for model, scores in together.items() if scores is not None} | dict(baselines)

    def beside(scores: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(len(networks), scores[0]) if one_split else scores

    for model, scores in {NETWORKS: networks, **others}.items():
        mean, low, high = resampled_interval(scores, held_out_share, confidence)
        gap = resampled_interval(_minus(networks, beside(scores)), held_out_share, confidence)
        differences = (float("nan"),) * 3 if model == NETWORKS else gap
        splits = int(np.isfinite(scores).sum())
        splits = min(splits, 1) if one_split else splits
        low = max(low, WORST.get(score, low))
        rows.append((model, score, mean, low, min(high, BEST), splits, *differences))
    columns = ["model", "score", "mean", "low", "high", "splits"]
    table = pd.DataFrame(rows, columns=[*columns, "difference", "difference_low", "difference_high"])
    each = {model: beside(scores) for model, scores in baselines.items()}
    alone = _judge(networks, each, held_out_share, confidence)
    if joint is None:
        return Skill(score, table, alone.verdict, alone.better, one_split=one_split)
    together_judged = _judge(joint, baselines, held_out_share, confidence)
    # Its weights have been chosen on these rows: it must not be the only one with skill.
    if together_judged.verdict in ("skill", "worse") and not any(
        _at_least(scores, baselines[CONSTANT], held_out_share, confidence) > 0
        for model, scores in {NETWORKS: networks, **baselines}.items()
        if model != CONSTANT
    ):
        together_judged = Judged("no_skill", alone=True)
    return Skill(score, table, alone.verdict, alone.better, joint=together_judged, one_split=one_split)


def _at_least(
    own: NDArray[np.float64], constant: NDArray[np.float64], held_out_share: float, confidence: float
) -> float:
    """How far a model is above a constant, the lower end of the interval."""
    return resampled_interval(_minus(own, constant), held_out_share, confidence)[1]


def _judge(
    own: NDArray[np.float64],
    baselines: Mapping[str, NDArray[np.float64]],
    held_out_share: float,
    confidence: float,
) -> Judged:
    """A model beside the baselines."""
    constant = baselines[CONSTANT]
    at_least = _at_least(own, constant, held_out_share, confidence)
    if not np.isfinite(at_least):
        return Judged("unknown")
    if at_least <= 0:
        return Judged("no_skill")
    of_constant = resampled_interval(constant, held_out_share, confidence)[0]
    best, most = "", 0.0
    for model, scores in baselines.items():
        if model == CONSTANT:
            continue
        gain = resampled_interval(scores, held_out_share, confidence)[0] - of_constant
        difference, _, at_most = resampled_interval(_minus(own, scores), held_out_share, confidence)
        # on the same splits, the model gains `gain + difference`
        if at_most < 0 and gain + difference < KEPT * gain and gain > most:
            best, most = model, gain
    return Judged("worse", best) if best else Judged("skill")


def _minus(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differences on the splits that both have."""
    both = min(len(one), len(other))
    return one[:both] - other[:both]
