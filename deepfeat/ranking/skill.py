"""Do the networks predict at all, and as well as what one would use otherwise?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Verdict = Literal["skill", "no_skill", "worse", "unknown"]

NETWORKS, CONSTANT = "networks", "constant"

# No score is higher than that of a perfect prediction.
BEST = 1.0
# Networks that keep less than this share of what a baseline gains over a constant are clearly worse.
KEPT = 0.9


@dataclass(frozen=True)
class Skill:
    """The networks beside the baselines.

    Attributes:
        score: name of the score; larger is better.
        table: a row per model, see `compare`.
        verdict: `skill`; `no_skill`, not shown to beat a constant; `worse`, clearly worse than a baseline;
            `unknown`, where there are too few splits, or too few rows in them, to tell.
        better: the baseline that is clearly better than the networks, for `worse`.
    """

    score: str
    table: pd.DataFrame
    verdict: Verdict
    better: str = ""

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
) -> Skill:
    """Put the networks beside the baselines, on the same splits.

    Args:
        score: name of the score.
        networks: (splits,) held-out score of the network that was trained on each split.
        baselines: per model, (some splits,) its scores on the first of the same splits; one is `constant`.
        held_out_share: as in `resampled_interval`.
        confidence: of the intervals.

    Returns:
        A table with `model`; `score`, its name; `mean`, `low`, `high` of the score; `splits`, how many have
        one; and `difference`, `difference_low`, `difference_high`: networks minus model, on the same splits.
    """
    rows = []
    for model, scores in {NETWORKS: networks, **baselines}.items():
        mean, low, high = resampled_interval(scores, held_out_share, confidence)
        gap = resampled_interval(networks[: len(scores)] - scores, held_out_share, confidence)
        differences = (float("nan"),) * 3 if model == NETWORKS else gap
        rows.append((model, score, mean, low, min(high, BEST), int(np.isfinite(scores).sum()), *differences))
    columns = ["model", "score", "mean", "low", "high", "splits"]
    table = pd.DataFrame(rows, columns=[*columns, "difference", "difference_low", "difference_high"])
    unjudged = Skill(score, table, "unknown")
    verdict, better = _verdict(unjudged)
    return replace(unjudged, verdict=verdict, better=better)


def _verdict(skill: Skill) -> tuple[Verdict, str]:
    beside_constant = skill.row(CONSTANT)
    if not np.isfinite(beside_constant["difference_low"]):
        return "unknown", ""
    if beside_constant["difference_low"] <= 0:
        return "no_skill", ""
    best, most = "", 0.0
    for model in skill.table["model"]:
        if model in (NETWORKS, CONSTANT):
            continue
        row = skill.row(model)
        gain = row["mean"] - beside_constant["mean"]
        of_networks = gain + row["difference"]  # on the same splits
        if row["difference_high"] < 0 and of_networks < KEPT * gain and gain > most:
            best, most = str(model), gain
    return ("worse", best) if best else ("skill", "")
