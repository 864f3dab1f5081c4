"""Phrases that several parts of the report use."""

from deepfeat.config.schema import RankingConfig
from deepfeat.report.results import Results

_SCALES = {
    "sum": "share of the importance of all features",
    "max": "importance, relative to the most important feature of each model",
    "rank": "share of the other features that rank lower",
    "none": "importance, in the units of the methods",
}


def count(total: int, shown: int) -> str:
    """How many features are shown, of how many."""
    if total == 1:
        return "the only feature"
    return f"the best {shown} of {total:,} features" if shown < total else f"all {total} features"


def scale(normalise: str) -> str:
    """What a number of one method means."""
    return _SCALES[normalise]


def scale_in_words(ranking: RankingConfig) -> str:
    """What the column `importance` means."""
    if ranking.across_methods == "robust_rank":
        return "agreement of the methods on a high rank (-log10 of rho, Kolde et al. 2012)"
    if ranking.across_methods == "mean_rank":
        return _SCALES["rank"] + ", mean over methods"
    return _SCALES[ranking.normalise]


def scored_rows(results: Results) -> str:
    """The rows that the networks' scores are on."""
    held_out = results.answer.get("skill", {}).get("held_out", True)
    return "rows not seen in training" if held_out else "the rows that decided when training stopped"


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def percent(share: float) -> str:
    """`70 %`."""
    return f"{100 * share:.3g} %"
