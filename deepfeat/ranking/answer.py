"""The answer in sentences: which features, how sure, how good that is what it rests on."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from deepfeat.ranking.carriers import ONLY_NETWORKS, Carriers
from deepfeat.ranking.convergence import ENOUGH, Convergence
from deepfeat.ranking.skill import AVERAGED, CONSTANT, JOINT, NETWORKS, Judged, Skill, Verdict
from deepfeat.ranking.stability import Stability
from deepfeat.writing.canvas import signed
from deepfeat.writing.labels import counted

_NAMED = 3
_MODEL_NAMES = {
    "linear": "a generalised linear model",
    "forest": "a random forest",
    "boosted": "boosted trees",
    CONSTANT: "a constant",
    NETWORKS: "the networks one by one",
    AVERAGED: "their answers averaged",
    JOINT: "all models together",
}
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
        usable: whether the ranking may be used; None where one cannot tell: whether there is skill, or in
            which order the features come.
        verdict: of what the ranking rests on, see `Skill`.
        judged: what that is: `networks`, or `joint`, all models together, where others carry more.
        better: the baseline that is clearly better, for the verdict `worse`.
        headline: two statements that can be quoted: which features and how sure, and how good that is what
            it rests on. Where the ranking must not be used, they say so instead.
        details: further sentences: who carries the ranking, members left out, stability, whether more
            networks are needed, agreement, what the controls found.
    """

    usable: bool | None
    verdict: Verdict
    judged: str
    better: str
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
    all_count: bool = True,
    confidence: float = 0.95,
    carriers: Carriers = ONLY_NETWORKS,
    controls: Sequence[str] = (),
    found: Collection[str] | None = None,
) -> Answer:
    """Say what was found.

    A ranking is worth as much as the models that it explains. It is judged by the networks where they carry
    at least as much of it as the other models, and else by what all of them predict together.

    Args:
        ranking: as `build_ranking` returns it.
        skill: the networks beside the baselines.
        members: how many stand behind it.
        stable: of the networks' top sets, by the methods that ask them.
        convergence: whether more networks are needed, by the same methods.
        top_k: size of the top.
        kendall_w: agreement of the methods that count, NaN where there is one only.
        all_count: whether these are all methods of the ranking.
        confidence: of the intervals.
        carriers: which models carry the ranking.
        controls: what the methods that control the others found, in sentences.
        found: the features that these have found, of which alone it is said that they matter; None where
            nothing was controlled.
    """
    level = f"{confidence * 100:g} % interval"
    what, judged, who = NETWORKS, Judged(skill.verdict, skill.better), "the networks"
    if skill.joint is not None and not carriers.by_networks:
        what, judged, who = JOINT, skill.joint, f"{_carriers(carriers, members)} together"
    settled = _settled(ranking, stable, carriers)
    usable = {"skill": True if settled else None, "unknown": None}.get(judged.verdict, False)
    details = [
        *_carried(carriers, members),
        *_left_out(members, skill),
        *_stability(stable, top_k, level, carriers),
        *_enough(convergence, members.averaged, carriers),
        *_agreement(kendall_w, all_count=all_count),
        *controls,
    ]
    return Answer(
        usable=usable,
        verdict=judged.verdict,
        judged=what,
        better=judged.better,
        headline=(
            _first(judged, who, skill, ranking, members, carriers, level, settled=settled, found=found),
            _how_good(skill, what, judged, carriers, level),
        ),
        details=tuple(details),
    )


def _first(
    judged: Judged,
    who: str,
    skill: Skill,
    ranking: pd.DataFrame,
    members: Members,
    carriers: Carriers,
    level: str,
    *,
    settled: bool,
    found: Collection[str] | None,
) -> str:
    """Which features matter, or why that must not be asked."""
    if judged.verdict == "no_skill":
        return (
            f"There is nothing to rank: on {_rows(skill)}, {who} were not shown to "
            f"predict better than a constant, so the order of the features must not be used{_why(judged)}."
        )
    if judged.verdict == "worse":
        return (
            f"The ranking must not be used: {_clearly_better(judged.better)} {who}, which have missed much "
            "of what these features tell."
        )
    if not settled:
        return _no_order(ranking, members, carriers, level)
    return _which_features(ranking, members, carriers, level, found)


def _why(judged: Judged) -> str:
    """Why a joint prediction that is good does not count."""
    if not judged.alone:
        return ""
    return (
        "; none of them predicts better by itself, and how to join them was chosen on the rows that judge "
        "the joint prediction"
    )


def _settled(ranking: pd.DataFrame, stable: Stability, carriers: Carriers) -> bool:
    """Whether an order was found at all; with a single answer, or a single feature, nothing speaks against.

    There is none where the networks that carry a ranking choose their top features as if by chance, and
    where even the first feature could belong to the lower half.
    """
    if len(ranking) == 1:
        return True
    by_chance = carriers.by_networks and stable.low <= 0
    lower_half = ranking["rank_high"].iloc[0] > (len(ranking) + 1) // 2
    return not (by_chance or lower_half)


def _no_order(ranking: pd.DataFrame, members: Members, carriers: Carriers, level: str) -> str:
    """That no order was found, and how far down those that come first could be."""
    top = ranking.head(_NAMED)
    whom = "The networks" if _alone(carriers) else _carriers(carriers, members)
    said = (
        f"{whom[0].upper()}{whom[1:]} were not shown to agree on an order; {_listed(list(top['feature']))} "
    )
    lowest = _listed([f"{rank:,.0f}" for rank in top["rank_high"]])
    return f"{said}come first, but could rank as low as {lowest} of {len(ranking):,} ({level}s)."


def _which_features(
    ranking: pd.DataFrame, members: Members, carriers: Carriers, level: str, found: Collection[str] | None
) -> str:
    """Which features matter most, to whom, and how sure that is."""
    top = ranking.head(_NAMED if found is None else _leading(ranking, found))
    with_interval = bool(top["rank_low"].notna().all())
    shown = [
        f"{row.feature} (rank {row.rank}"
        + (f", {level} {row.rank_low:.0f} to {row.rank_high:.0f})" if with_interval else ")")
        for row in top.itertuples()
    ]
    alone = _alone(carriers)
    whom = _networks(members) if alone else _carriers(carriers, members)
    if len(ranking) == 1:
        return f"{top['feature'].iloc[0]} is the only feature, so {whom} cannot rank it against another."
    verb = "matters" if len(shown) == 1 else "matter"
    others = "networks" if alone else "networks and splits of the rows"
    sure = (
        f"; the intervals say how far a rank would move with other {others}."
        if with_interval
        else f"; one {'network' if alone else 'fit'} alone cannot say how sure that is."
    )
    return f"Of {len(ranking):,} features, {_listed(shown)} {verb} most to {whom}{sure}"


def _leading(ranking: pd.DataFrame, found: Collection[str]) -> int:
    """How many features are found before the first that is not; the very first is named anyway."""
    first = [feature in found for feature in ranking["feature"].head(_NAMED)]
    return max(1, first.index(False) if False in first else len(first))


def _how_good(skill: Skill, what: str, judged: Judged, carriers: Carriers, level: str) -> str:
    """How good what the ranking rests on is, beside the baselines."""
    by_networks = what == NETWORKS
    name = _SCORE_NAMES.get(skill.score, skill.score)
    own = skill.row(what)
    who = "the networks" if by_networks else "they"
    if not math.isfinite(own["mean"]):
        return f"How good {who} are is not known: the rows that they are scored on do not define the {name}."
    interval = (
        f" ({level} {_number(own['low'])} to {_number(own['high'])})" if math.isfinite(own["low"]) else ""
    )
    beside = [
        f"{_number(mean)} for {_model_name(model)}"
        for model in skill.table["model"]
        if model != what and math.isfinite(mean := skill.row(model)["mean"])
    ]
    compared = f", beside {_listed(beside)} {_splits(skill, own)}" if beside else ""
    reached = "the networks reached" if by_networks else "they reached together"
    said = f"On {_rows(skill)}, {reached} a mean {name} of {_number(own['mean'])}{interval}{compared}."
    if not by_networks and judged.verdict in ("skill", "unknown"):
        said += _networks_alone(skill, carriers)
    if judged.verdict == "unknown":
        said += (
            " Whether that is better than a constant cannot be told from one split of the rows, which all "
            "networks share; give each a split of its own (training.split.method) before the ranking is used."
            if skill.one_split
            else " Whether that is better than a constant cannot be told from so few networks or rows; "
            "train more networks before the ranking is used."
        )
    return said


def _splits(skill: Skill, own: Mapping[str, float]) -> str:
    """Whether the others were scored on the same splits; not all can be predicted jointly."""
    fitted = ~skill.table["model"].isin([NETWORKS, AVERAGED, JOINT, CONSTANT])
    most = skill.table.loc[fitted, "splits"].max()
    if own["splits"] < most and not skill.one_split:
        return f"on {most:,.0f} splits, of which theirs are {own['splits']:,.0f}"
    return "on the same splits"


def _rows(skill: Skill) -> str:
    """Which rows the scores are on."""
    return "rows that they had not seen" if skill.held_out else "the rows that decided when training stopped"


def _networks_alone(skill: Skill, carriers: Carriers) -> str:
    """That the ranking is not the networks', and must not be taken for theirs where they are no good."""
    ranking = f" Other models carry {1 - carriers.shares[NETWORKS]:.2f} of the ranking"
    if skill.verdict == "no_skill":
        return (
            f"{ranking}; the networks were not shown to predict better than a constant, and what their "
            "methods say alone must not be used."
        )
    if skill.verdict == "worse":
        return (
            f"{ranking}; {_clearly_better(skill.better)} the networks, and what their methods say alone must "
            "not be used."
        )
    return ""


def _clearly_better(model: str) -> str:
    """The beginning of a statement that names whom a baseline beats."""
    return f"{_model_name(model)} {'predict' if model == 'boosted' else 'predicts'} clearly better than"


def _carried(carriers: Carriers, members: Members) -> list[str]:
    """Who carries the ranking, where it is not the networks alone."""
    if _alone(carriers):
        return []
    listed = _carriers(carriers, members)
    return [f"The ranking is the weighted mean of what matters to {listed}; the weights add up to 1."]


def _alone(carriers: Carriers) -> bool:
    """Whether the ranking is the networks' alone."""
    return list(carriers.told) == [NETWORKS]


def _carriers(carriers: Carriers, members: Members) -> str:
    """The models that carry the ranking, the heaviest first, with their weights."""
    names = [_networks(members) if name == NETWORKS else _plain(name) for name in carriers.told]
    shares = [f"{share:.2f}" for share in carriers.told.values()]
    shares[0] = f"weight {shares[0]}"
    return _listed([f"{name} ({share})" for name, share in zip(names, shares, strict=True)])


def _networks(members: Members) -> str:
    return counted(members.averaged, "network")


def _plain(method: str) -> str:
    """The name of a method in a sentence."""
    return method.replace("_", " ")


def _left_out(members: Members, skill: Skill) -> list[str]:
    found = []
    if members.failed:
        found.append(
            f"Networks that failed, and are left out of every mean: {members.failed:,} of "
            f"{members.trained:,}."
        )
    if members.skilless:
        left_out = members.trained - members.failed - members.averaged
        rows = (
            "the rows that were held out from them"
            if skill.held_out
            else "the rows that decided when their training stopped"
        )
        outcome = "are left out of every mean" if left_out else "are kept all the same"
        found.append(
            f"Networks that do not beat a constant on {rows}, and {outcome}: {members.skilless:,} of "
            f"{members.trained:,}."
        )
    return found


def _stability(stable: Stability, top_k: int, level: str, carriers: Carriers) -> list[str]:
    if not math.isfinite(stable.value):
        return []
    word = "well" if stable.value > _STABLE else "poorly" if stable.value < _UNSTABLE else "fairly well"
    whom = "Single networks" if _alone(carriers) else "By the methods that ask them, single networks"
    return [
        (
            f"{whom} agree {word} on the top {top_k}: stability {_number(stable.value, 2)} of 1 "
            f"({level} {_number(stable.low, 2)} to {_number(stable.high, 2)}; Nogueira et al. 2018)."
        )
    ]


def _enough(convergence: Convergence, averaged: int, carriers: Carriers) -> list[str]:
    if convergence.enough is None:
        return []
    part = "" if _alone(carriers) else " for their part of the ranking"
    if convergence.enough:
        return [
            (
                f"{averaged:,} networks are enough{part}: other ensembles of {convergence.recommended:,} or "
                f"more give nearly the same {'part' if part else 'ranking'} (correlation of importances at "
                f"least {ENOUGH} in 19 of 20 pairs)."
            )
        ]
    repeats = f"{part} to repeat" if part else " for a ranking that repeats"
    if convergence.recommended is not None:
        return [
            (
                f"{averaged:,} networks are not enough{repeats}; about {convergence.recommended:,} would be: "
                f"set training.models: {convergence.recommended}."
            )
        ]
    most = int(convergence.curve["models"].max())
    return [f"{averaged:,} networks are not enough{repeats}, and neither would be {most:,}."]


def _agreement(kendall_w: float, *, all_count: bool) -> list[str]:
    if not math.isfinite(kendall_w):
        return []
    whose = "the methods" if all_count else "the methods that count"
    return [
        (
            f"Agreement of {whose} on the order of all features: Kendall's W = {kendall_w:.2f} "
            "(0 none, 1 the same order)."
        )
    ]


def _number(value: float, digits: int = 3) -> str:
    """A number in a sentence, with a real minus sign where it is not nothing."""
    text = f"{value:.{digits}f}"
    return signed(text if text.strip("-0.") else text.lstrip("-"))


def _model_name(model: str) -> str:
    return _MODEL_NAMES.get(model, model)


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
