"""The answer in sentences: which features, how sure, how good the networks were."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from deepfeat.ranking.convergence import Convergence
from deepfeat.ranking.skill import CONSTANT, NETWORKS, Skill
from deepfeat.ranking.stability import Stability

_NAMED = 3
_MODEL_NAMES = {"linear": "a generalised linear model", "forest": "a random forest", CONSTANT: "a constant"}
_SCORE_NAMES = {"auc": "area under the ROC curve (AUC)", "r2": "explained share of the variance (R2)"}
# what the usual reading of the measure calls poor, fair and excellent (Nogueira et al. 2018, section 5)
_STABLE, _UNSTABLE = 0.75, 0.4


@dataclass(frozen=True)
class Members:
    """How many networks stand behind a ranking.

    Attributes:
        trained: that were trained.
        failed: of them, whose training failed.
        skilless: of them, that do not beat a constant on held-out rows.
        averaged: whose scores were averaged.
    """

    trained: int
    failed: int
    skilless: int
    averaged: int


@dataclass(frozen=True)
class Answer:
    """What a run has found, in words.

    Attributes:
        usable: whether the ranking may be used; None where one cannot tell.
        headline: two sentences that can be quoted: which features and how sure, and how good the networks
            were. Where the ranking must not be used, they say so instead.
        details: further sentences: members left out, stability, whether more models are needed, agreement.
    """

    usable: bool | None
    headline: tuple[str, str]
    details: tuple[str, ...]


def answer(
    ranking: pd.DataFrame,
    skill: Skill,
    members: Members,
    stable: Stability,
    convergence: Convergence,
    *,
    top_k: int,
    kendall_w: float = math.nan,
    confidence: float = 0.95,
) -> Answer:
    """Say what was found.

    Args:
        ranking: as `build_ranking` returns it.
        skill: the networks beside the baselines.
        members: how many stand behind it.
        stable: of the members' top sets.
        convergence: whether more models are needed.
        top_k: size of the top.
        kendall_w: agreement of the methods, NaN where there is one only.
        confidence: of the intervals.
    """
    level = f"{confidence * 100:g} % interval"
    usable = {"skill": True, "unknown": None}.get(skill.verdict, False)
    second = _how_good(skill, level)
    if skill.verdict == "no_skill":
        first = (
            "There is nothing to rank: on rows that they had not seen, the networks were not shown to "
            "predict better than a constant, so the order of the features must not be used."
        )
    elif skill.verdict == "worse":
        first = (
            f"The ranking must not be used: {_model_name(skill.better)} predicts clearly better than the "
            "networks, which have missed much of what these features tell."
        )
    else:
        first = _which_features(ranking, members, level)
        if skill.verdict == "unknown":
            second += (
                " Whether that is better than a constant cannot be told from so few networks or rows; "
                "train more networks before the ranking is used."
            )
    details = [
        *_left_out(members),
        *_stability(stable, top_k, level),
        *_enough(convergence, members.averaged),
        *_agreement(kendall_w),
    ]
    return Answer(usable, (first, second), tuple(details))


def _which_features(ranking: pd.DataFrame, members: Members, level: str) -> str:
    """Which features matter most, and how sure that is."""
    top = ranking.head(_NAMED)
    with_interval = bool(top["rank_low"].notna().all())
    shown = [
        f"{row.feature} (rank {row.rank}"
        + (f", {level} {row.rank_low:.0f} to {row.rank_high:.0f})" if with_interval else ")")
        for row in top.itertuples()
    ]
    count = f"{members.averaged} network{'' if members.averaged == 1 else 's'}"
    if len(ranking) == 1:
        return f"{top['feature'].iloc[0]} is the only feature, so {count} cannot rank it against another."
    verb = "matters" if len(shown) == 1 else "matter"
    sure = (
        "; the intervals say how far a rank would move with other networks."
        if with_interval
        else "; one network alone cannot say how sure that is."
    )
    return f"Of {len(ranking):,} features, {_listed(shown)} {verb} most to {count}{sure}"


def _how_good(skill: Skill, level: str) -> str:
    """How good the networks are, beside the baselines."""
    row = skill.row(NETWORKS)
    name = _SCORE_NAMES.get(skill.score, skill.score)
    if not math.isfinite(row["mean"]):
        return f"How good the networks are is not known: their held-out rows do not define the {name}."
    interval = f" ({level} {row['low']:.3f} to {row['high']:.3f})" if math.isfinite(row["low"]) else ""
    beside = [
        f"{mean:.3f} for {_model_name(model)}"
        for model in skill.table["model"]
        if model != NETWORKS and math.isfinite(mean := skill.row(model)["mean"])
    ]
    compared = f", beside {_listed(beside)} on the same splits" if beside else ""
    return (
        f"On rows that they had not seen, the networks reached a mean {name} of "
        f"{row['mean']:.3f}{interval}{compared}."
    )


def _left_out(members: Members) -> list[str]:
    found = []
    if members.failed:
        found.append(
            f"Networks that failed, and are left out of every mean: {members.failed} of {members.trained}."
        )
    if members.skilless:
        left_out = members.trained - members.failed - members.averaged
        outcome = "are left out of every mean" if left_out else "are kept all the same"
        found.append(
            "Networks that do not beat a constant on the rows that were held out from them, and "
            f"{outcome}: {members.skilless} of {members.trained}."
        )
    return found


def _stability(stable: Stability, top_k: int, level: str) -> list[str]:
    if not math.isfinite(stable.value):
        return []
    word = "well" if stable.value > _STABLE else "poorly" if stable.value < _UNSTABLE else "fairly well"
    return [
        (
            f"Single networks agree {word} on the top {top_k}: stability {stable.value:.2f} of 1 ({level} "
            f"{stable.low:.2f} to {stable.high:.2f}; Nogueira et al. 2018)."
        )
    ]


def _enough(convergence: Convergence, averaged: int) -> list[str]:
    if convergence.enough is None:
        return []
    if convergence.enough:
        return [
            (
                f"{averaged} networks are enough: other ensembles of {convergence.recommended} or more give "
                "the same ranking (correlation of importances at least 0.95 in 19 of 20 repetitions)."
            )
        ]
    if convergence.recommended is not None:
        return [
            (
                f"{averaged} networks are not enough for a ranking that repeats; about "
                f"{convergence.recommended} would be: set training.models: {convergence.recommended}."
            )
        ]
    most = int(convergence.curve["models"].max())
    return [f"{averaged} networks are not enough for a ranking that repeats, and neither would be {most}."]


def _agreement(kendall_w: float) -> list[str]:
    if not math.isfinite(kendall_w):
        return []
    return [
        (
            f"Agreement of the methods on the order of all features: Kendall's W = {kendall_w:.2f} "
            "(0 none, 1 the same order)."
        )
    ]


def _model_name(model: str) -> str:
    return _MODEL_NAMES.get(model, model)


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
