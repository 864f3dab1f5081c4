"""stability: how often a feature is among the first on half of the rows."""

from dataclasses import replace
from math import floor, sqrt

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    FitPlan,
    Importance,
    Method,
    RetrainingParams,
    complementary_halves,
    measure,
    member_seed,
    refuse_too_many,
    rise_when_replaced,
    save_figure,
    screened,
)
from deepfeat.writing import canvas
from deepfeat.writing.labels import shortened

Floats = NDArray[np.float64]

# Features in the figure.
SHOWN = 30


class Stability(Method):
    """Share of half-samples in which a feature is among the first k: stability selection.

    The rows are cut into two halves at random, many times over, whatever the split method of the training.
    Each half has networks of its own, which learn, stop and are asked on its rows alone; the k features whose
    shuffling costs them most are selected. A feature that is selected in most halves does not depend on which
    rows happened to be there. The expected number of features that are selected falsely has bounds that hold
    whatever the networks do; they are in the notes, with what they assume.
    """

    name = "stability"
    kind = "experiment"
    cost = Cost.REFITS
    paper = (
        'Meinshausen & Buhlmann 2010, "Stability selection", JRSS B 72; Shah & Samworth 2013, "Variable '
        'selection with error control: another look at stability selection", JRSS B 75'
    )
    sees = "which features come first whichever rows are looked at, with a bound on false ones"
    blind_to = (
        "all beyond the first k, however real; and features that stand in for each other, which take turns "
        "and both look unstable"
    )
    trust = (
        "when the bound on false selections that it prints is small; a low frequency of correlated "
        "features says nothing"
    )
    removes = (
        "not removed: networks are trained again on halves of the rows, and it is counted how often it "
        "comes first"
    )

    class Params(RetrainingParams):
        """What the experiment file can set."""

        seeds: PositiveInt = Field(1, description="networks for each half of the rows")
        pairs: PositiveInt = Field(50, description="how often the rows are cut into two halves")
        k: PositiveInt | None = Field(
            None,
            description="features selected in each half; by default as many as let at most one false feature "
            "be expected above the cutoff",
        )
        cutoff: float = Field(
            0.9, gt=0.5, le=1, description="share of the halves from which a feature is stable"
        )
        repeats: PositiveInt = Field(5, description="shuffles per feature")

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """Networks for both halves of every pair."""
        del data, members
        return 2 * self.params.pairs * self.params.seeds

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """All halves of all pairs as one plan."""
        chosen = self.params
        refuse_too_many(self.fits(data, len(ensemble)), chosen, ensemble)
        screening = screened(data, chosen, context)
        kept = np.flatnonzero(screening.kept)
        # The bound of Meinshausen and Buhlmann is k^2 / ((2 cutoff - 1) p).
        k = min(len(kept), chosen.k or max(1, floor(sqrt((2 * chosen.cutoff - 1) * len(kept)))))
        plan = self._plan(ensemble.plan, data, screening.kept, screening.rows, context)
        networks = context.fit(plan, training=chosen.training)
        rise = self._rise(networks, data, context)[:, kept]
        rise[np.setdiff1d(np.arange(len(plan)), networks.succeeded)] = 0.0
        halves = rise.reshape(2 * chosen.pairs, chosen.seeds, len(kept)).mean(axis=1)
        selected = first(halves, k).reshape(chosen.pairs, 2, len(kept))
        scores = np.zeros((chosen.pairs, data.n_features))
        scores[:, kept] = selected.mean(axis=1)
        frequency = scores.mean(axis=0)
        stable = screening.kept & (frequency >= chosen.cutoff - 1e-9)
        _draw(context, data, frequency, chosen.cutoff)
        notes = _notes(data, frequency, stable, k, len(kept), chosen)
        return Importance(
            scores,
            selected=stable,
            null_hypothesis=f"half of the rows select the feature with a probability up to {k}/{len(kept)}",
            assumption="rows are independent draws; the notes tell how many false selections to expect",
            notes=(*notes, screening.note) if screening.note else notes,
        )

    def _plan(
        self, main: FitPlan, data: Dataset, kept: NDArray[np.bool_], rows: NDArray[np.int64], context: Context
    ) -> FitPlan:
        """Networks of both halves of every pair, `seeds` for each half, in this order."""
        seeds, halves = self.params.seeds, 2 * self.params.pairs
        splits = complementary_halves(main, data, rows, self.params.pairs, context.rng)
        return replace(
            main,
            name=self.name,
            seeds=tuple(member_seed(context.seed, self.name, number) for number in range(seeds * halves)),
            splits=tuple(split for split in splits for _ in range(seeds)),
            mask=np.tile(kept, (seeds * halves, 1)),
            # Halves differ in their rows alone.
            penalty=np.tile(np.resize(main.penalty, seeds), halves),
            targets=None,
        )

    def _rise(self, networks: Ensemble, data: Dataset, context: Context) -> Floats:
        """(networks, features) rise of the loss on validation rows, which are of the network's own half."""
        loss = measure(self.params.score, data.task)
        rows = [split.valid for split in networks.plan.splits]
        rngs = [context.member_rng(seed) for seed in networks.plan.seeds]
        total = np.zeros((len(networks), data.n_features))
        for repeat in range(self.params.repeats):
            shuffled = (data.x[rng.permutation(own)] for own, rng in zip(rows, rngs, strict=True))
            total += rise_when_replaced(networks, data, rows, shuffled, loss).mean(axis=1)
            context.progress(repeat + 1, self.params.repeats)
        return total


def first(scores: Floats, k: int) -> NDArray[np.bool_]:
    """(rows, features) the k highest scores of each row, as far as they are above 0."""
    chosen = np.zeros(scores.shape, dtype=bool)
    np.put_along_axis(chosen, np.argsort(-scores, axis=1, kind="stable")[:, :k], values=True, axis=1)
    return chosen & (scores > 0)


def bounds(k: int, features: int, cutoff: float, pairs: int) -> tuple[float, float | None]:
    """Bounds on the expected number of falsely selected features.

    Args:
        k: features selected in each half, at most.
        features: from how many.
        cutoff: share of the halves from which a feature is selected.
        pairs: of halves.

    Returns:
        That of Meinshausen & Buhlmann (2010, theorem 1), which is also the first of Shah & Samworth (2013,
        theorem 1); and the second of these (theorem 2), or None where it does not apply.
    """
    theta = k / features
    worst = theta * k / (2 * cutoff - 1)
    if theta > 1 / sqrt(3) or cutoff <= min(0.5 + theta**2, 0.5 + 1 / (2 * pairs) + 0.75 * theta**2):
        return worst, None
    if cutoff <= 0.75:  # noqa: PLR2004 - of the theorem
        constant = 1 / (2 * (2 * cutoff - 1 - 1 / (2 * pairs)))
    else:
        constant = 4 * (1 - cutoff + 1 / (2 * pairs)) / (1 + 1 / pairs)
    return worst, constant * theta * k


def _notes(
    data: Dataset,
    frequency: Floats,
    stable: NDArray[np.bool_],
    k: int,
    features: int,
    chosen: Stability.Params,
) -> tuple[str, ...]:
    worst, unimodal = bounds(k, features, chosen.cutoff, chosen.pairs)
    order = [feature for feature in np.argsort(-frequency, kind="stable") if stable[feature]]
    names = ", ".join(
        f"{data.feature_names[feature]} ({frequency[feature]:.2f})" for feature in order[:SHOWN]
    )
    found = (
        f"Among the first {k} in at least {chosen.cutoff:g} of {2 * chosen.pairs} half-samples: "
        f"{names or 'no feature'}."
    )
    exchangeable = (
        f"Expected number of false selections: at most {worst:.2f} if features without influence are "
        "exchangeable and selected no better than by guessing (Meinshausen & Buhlmann 2010)."
    )
    unconditional = (
        f"Whatever the networks do, of features that a half selects with a probability up to {k}/{features} "
        f"at most {worst:.2f} are expected among the selected (Shah & Samworth 2013)"
    )
    better = (
        "."
        if unimodal is None
        else (f", or {unimodal:.2f} if the share of pairs that select such a feature twice is unimodal.")
    )
    return found, exchangeable, unconditional + better


def _draw(context: Context, data: Dataset, frequency: Floats, cutoff: float) -> None:
    """`frequency`: how often each of the most frequent features was selected."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    order = np.argsort(-frequency, kind="stable")[:SHOWN]
    names = [data.feature_names[feature] for feature in order]
    title = "How often a feature is among the first"
    below = "share of half-samples; from the dashed line on it counts as stable"
    with canvas.look([*names, title, below]) as drawable:
        page = canvas.Page.with_rows([drawable(shortened(name, 44)) for name in names], title, below)
        (axes,) = page.panels
        axes.barh(range(len(order)), frequency[order], height=0.66, color=canvas.SKY)
        axes.axvline(cutoff, color=canvas.INK, linewidth=0.8, linestyle="--")
        axes.set_xlim(0, 1)
        save_figure(
            context,
            "frequency",
            page.figure,
            title=title,
            alt=f"A bar per feature, as long as the share of half-samples that select it; "
            f"{int((frequency >= cutoff).sum())} of {len(frequency)} reach {cutoff:g}.",
            table=pd.DataFrame({"feature": names, "frequency": frequency[order]}),
        )
