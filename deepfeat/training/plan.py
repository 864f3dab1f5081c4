"""Plans: what each of M members is trained on, and the builders of the usual ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Rows, Split, bootstrap, folds, last_fraction, random_split
from deepfeat.errors import InputError, Problem
from deepfeat.nets.network import Network
from deepfeat.training.randomness import SPLIT, member_seed, stream
from deepfeat.training.settings import SplitSettings


@dataclass(frozen=True, eq=False)
class FitPlan:
    """What M members are trained on.

    Attributes:
        name: part of every seed, so that two plans of one experiment differ.
        seeds: one per member; initial weights, order and noise follow from it.
        splits: the rows of each member.
        mask: (members, features) True where the member may use the feature; a masked feature is constant for
            that member and its gate is closed, which equals deleting its columns.
        penalty: (members,) L1 penalty on the sum of the gates.
        targets: (members, rows, outputs) float32 where members have targets of their own (permuted labels,
            residuals); None where all share those of the data.
    """

    name: str
    seeds: tuple[int, ...]
    splits: tuple[Split, ...]
    mask: NDArray[np.bool_]
    penalty: NDArray[np.float64]
    targets: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        """Number of members."""
        return len(self.seeds)

    def select(self, members: Sequence[int] | NDArray[np.int64]) -> "FitPlan":
        """The plan of some of the members, in the given order."""
        index = np.asarray(members, dtype=np.int64)
        return replace(
            self,
            seeds=tuple(self.seeds[i] for i in index),
            splits=tuple(self.splits[i] for i in index),
            mask=self.mask[index],
            penalty=self.penalty[index],
            targets=None if self.targets is None else self.targets[index],
        )


def build_plan(
    data: Dataset,
    split: SplitSettings,
    members: int | range,
    seed: int,
    network: Network,
    name: str = "main",
) -> FitPlan:
    """The plan of the main ensemble: every member its own split, all features, the network's penalties.

    Member i is the same whatever the number of members, so that more can be added later.

    Args:
        data: the table.
        split: how rows are shared out.
        members: how many, or which.
        seed: the experiment's seed.
        network: gives each member its gate penalty.
        name: name of the plan.
    """
    wanted = range(members) if isinstance(members, int) else members
    return FitPlan(
        name=name,
        seeds=tuple(member_seed(seed, name, member) for member in wanted),
        splits=tuple(_split(data, split, seed, name, member) for member in wanted),
        mask=np.ones((len(wanted), data.n_features), dtype=bool),
        penalty=np.array(network.gate_penalties(wanted), dtype=np.float64),
    )


def _split(data: Dataset, split: SplitSettings, seed: int, name: str, member: int) -> Split:
    whole = _whole_split(data, split, seed, name, member)
    if split.rows is None or split.rows >= len(whole.train):
        return whole
    return replace(
        whole, train=_fewer(data, whole.train, split.rows, member_seed(seed, f"{name}/rows", member))
    )


def _fewer(data: Dataset, rows: Rows, most: int, seed: int) -> Rows:
    """So many of some rows, every stratum in proportion; more of them contain the fewer."""
    shuffled = stream(seed, SPLIT).permutation(rows)
    strata = data.strata[shuffled]
    # The k-th of n rows of a stratum comes at (k + 1/2) / n of the way: any beginning is in proportion.
    order = np.empty(len(shuffled))
    for code in np.unique(strata):
        own = np.flatnonzero(strata == code)
        order[own] = (np.arange(len(own)) + 0.5) / len(own)
    return np.sort(shuffled[np.argsort(order, kind="stable")[:most]])


def _whole_split(data: Dataset, split: SplitSettings, seed: int, name: str, member: int) -> Split:
    fractions = (split.train, split.valid, split.test)
    own = stream(member_seed(seed, name, member), SPLIT)
    if split.method == "last":
        return last_fraction(data.n_rows, fractions)
    if split.method == "kfold":
        round_, fold = divmod(member, split.folds)
        shared = stream(member_seed(seed, f"{name}/folds", round_), SPLIT)
        return _held_out(data, folds(data.strata, split.folds, shared, data.groups) == fold, fractions, own)
    if split.method == "subsample":
        # Complementary pairs (Shah & Samworth 2013): members 2j and 2j+1 share the table in two halves.
        pair, side = divmod(member, 2)
        shared = stream(member_seed(seed, f"{name}/pairs", pair), SPLIT)
        return _held_out(data, folds(data.strata, 2, shared, data.groups) == side, fractions, own)
    drawn = random_split(data.strata, fractions, own, data.groups)
    if split.method == "bootstrap":
        return Split(bootstrap(drawn.train, data.strata, own), drawn.valid, drawn.held_out)
    return drawn


def _held_out(
    data: Dataset, out: NDArray[np.bool_], fractions: tuple[float, float, float], own: np.random.Generator
) -> Split:
    rest = np.flatnonzero(~out)
    groups = None if data.groups is None else data.groups[rest]
    inner = random_split(data.strata[rest], (fractions[0], fractions[1], 0.0), own, groups)
    return Split(rest[inner.train], rest[inner.valid], np.flatnonzero(out).astype(np.int64))


def check_plan(plan: FitPlan, data: Dataset) -> None:
    """Refuse a plan that cannot be trained, before anything is.

    Raises:
        InputError: naming the first member at fault: no rows to train or validate on, a class that is absent
            from them, or no feature left.
    """
    for member, split in enumerate(plan.splits):
        problem = _fault(split, data) if plan.mask[member].any() else "has no feature left to use"
        if problem:
            raise InputError(Problem(data.name, 0, 0, f"plan {plan.name}: member {member} {problem}"))


def folds_fault(split: SplitSettings, data: Dataset) -> str | None:
    """What is wrong with the number of folds; None where nothing is.

    With fewer rows of a class than folds, some folds would hold out none of it, and what is found there
    would be about another question.

    Args:
        split: how rows are shared out.
        data: the table.
    """
    if split.method != "kfold":
        return None
    if data.groups is not None:
        fewest, what = len(np.unique(data.groups)), "groups of rows"
    elif data.task in {"binary", "multiclass"}:
        rows = np.bincount(data.strata, minlength=len(data.classes))
        fewest, what = int(rows.min()), f"rows of class {data.classes[int(rows.argmin())]!r}"
    else:
        fewest, what = data.n_rows, "rows"
    if fewest >= split.folds:
        return None
    cure = f"set at most {fewest} folds" if fewest > 1 else "choose another method"
    return f"found {fewest} {what} for {split.folds} folds; {cure}, or give more of them"


def _fault(split: Split, data: Dataset) -> str | None:
    advice = "give more rows, larger fractions in training.split, or another split method"
    for part, rows in (("training", split.train), ("validation", split.valid)):
        if len(rows) < 2:  # noqa: PLR2004 - one row has no deviation and no class contrast
            how_many = f"{len(rows)} {part} row{'' if len(rows) == 1 else 's'}"
            return f"has {how_many}; {advice}"
        missing = _absent_classes(rows, data)
        if missing:
            return f"has no {part} row of class {missing[0]!r}; {advice}"
    return None


def _absent_classes(rows: Rows, data: Dataset) -> list[str]:
    if data.task not in {"binary", "multiclass"}:
        return []
    present = set(np.unique(data.strata[rows]).tolist())
    return [name for code, name in enumerate(data.classes) if code not in present]
