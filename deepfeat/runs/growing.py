"""`training.models: auto`: trains until another ensemble of the size would give nearly the same ranking."""

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from deepfeat.config import RankingConfig
from deepfeat.ensemble import Ensemble
from deepfeat.methods.importance import Importance
from deepfeat.ranking.convergence import Convergence, convergence
from deepfeat.ranking.normalise import normalise
from deepfeat.ranking.top import default_top
from deepfeat.runs.answers import MEMBERS_PER_PART
from deepfeat.runs.skill import judge_members
from deepfeat.training.plan import FitPlan

log = logging.getLogger(__name__)

STEP = MEMBERS_PER_PART
"""Members that are added at a time, at least: those that methods are asked about together."""


def grow(
    plan: FitPlan,
    train: Callable[[FitPlan], Ensemble],
    ask: Callable[[Ensemble], dict[str, Importance]],
    config: RankingConfig,
    seed: int,
    say: Callable[[str], None],
) -> Ensemble:
    """Train the first members of a plan, and more until they are enough, see `convergence`.

    What is added follows from the curve of those that there are, so the same experiment ends with the same
    number wherever and however often it is run.

    Args:
        plan: as many members as may be trained at most.
        train: trains some members of it; those that it trained before cost nothing.
        ask: answers of some methods about the members that did not fail.
        config: how their answers are normalised, and the size of the top.
        seed: of the resamples.
        say: told how far it is.

    Returns:
        The ensemble that is enough, or of the whole plan.
    """
    size = min(STEP, len(plan))
    while True:
        ensemble = train(plan.select(range(size)))
        found = _convergence(ensemble, ask, config, seed)
        if size == len(plan):
            say(f"{size} networks are the most that may be trained (training.most_models)")
            return ensemble
        if found is None:
            say(f"whether {size} networks are enough cannot be told; no more are trained")
            return ensemble
        if found.enough:
            say(f"{size} networks are enough")
            return ensemble
        # neither fewer than a step more, nor further than the curve can be trusted
        wanted = min(found.recommended or 2 * size, 2 * size)
        larger = min(len(plan), max(size + STEP, -(-wanted // STEP) * STEP))
        say(f"{size} networks are not enough yet; training {larger}")
        size = larger


def _convergence(
    ensemble: Ensemble,
    ask: Callable[[Ensemble], dict[str, Importance]],
    config: RankingConfig,
    seed: int,
) -> Convergence | None:
    """The curve of these members; None where there is none."""
    kept: NDArray[np.int64] = np.flatnonzero(judge_members(ensemble, config.skilless).averaged)
    answers = ask(ensemble.select(kept)) if len(kept) else {}
    if not answers:
        return None
    shares = {name: normalise(given.scores, config.normalise) for name, given in answers.items()}
    found = convergence(
        shares,
        config.top_k or default_top(ensemble.data.n_features),
        config.across_methods,
        confidence=config.confidence,
        seed=seed,
    )
    return None if found.enough is None else found
