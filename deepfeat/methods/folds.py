"""Folds of a table for methods that train again: every row is held out exactly once."""

from dataclasses import replace

import numpy as np

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import FitPlan
from deepfeat.nets.default import Default
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import SplitSettings

# Of the rows outside of a fold this share decides when training stops.
VALID = 0.2


def fold_plan(data: Dataset, folds: int, seed: int, name: str) -> FitPlan:
    """A plan of one member per fold: its fold is held out, the rest shared between training and validation.

    Args:
        data: the table; strata and groups of rows are respected.
        folds: how many.
        seed: of the experiment.
        name: of the plan, part of its seeds.

    Returns:
        All features, no penalty. `plan.select` repeats members, `dataclasses.replace` changes their masks.
    """
    split = SplitSettings(method="kfold", folds=folds, train=1 - VALID, valid=VALID, test=0.0)
    plan = build_plan(data, split, folds, seed, Default(), name)
    return replace(plan, penalty=np.zeros(folds))


def plan_like(plan: FitPlan, data: Dataset, count: int, seed: int, name: str) -> FitPlan:
    """A plan for another table of the same features, in the manner of a plan that there is.

    Args:
        plan: whose shares of rows, masks and penalties are taken over.
        data: the other table, such as the rows outside of a fold.
        count: how many members.
        seed: of the experiment.
        name: of the plan, part of its seeds.

    Returns:
        Rows are dealt out at random; strata and groups are respected.
    """
    first = plan.splits[0]
    sizes = [len(np.unique(part)) for part in (first.train, first.valid, first.held_out)]
    train, valid, test = (size / sum(sizes) for size in sizes)
    made = build_plan(data, SplitSettings(train=train, valid=valid, test=test), count, seed, Default(), name)
    like = plan.select(np.arange(count) % len(plan))
    return replace(made, mask=like.mask, penalty=like.penalty)
