"""roar: whose ranking to believe on these data, by training again without what each ranking puts first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

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
    JudgedParams,
    Method,
    MethodError,
    fold_plan,
    plan_like,
    refuse_too_many,
    retrained_losses,
    save_figure,
    with_rows,
)
from deepfeat.ranking.normalise import normalise
from deepfeat.writing import canvas

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Masks = NDArray[np.bool_]
Orders = NDArray[np.int64]

RANDOM = "random order"
TENTHS = np.arange(1, 10) / 10
# How many other methods `fits` reckons with: it is asked before anybody knows.
METHODS = 10
CONFIDENCE = 0.95
COLOURS = (*canvas.SERIES, canvas.INK, "#b8a800")
STYLES = ("-", "--", ":", "-.")


class Roar(Method):
    """Which ranking to believe: networks without its first features, and with these alone (Hooker 2019).

    For every other method of the experiment, and for random orders, networks are trained without the first
    10 %, 20 %, ... 90 % of the features and with only these. A good ranking loses much when its first
    features are gone, and little when only they are left. What counts is the area between the two curves of
    the skill on rows held out: 1 is a perfect answer, 0 the mean of the training rows. Each row is held out
    by one of the folds; intervals are t intervals over the folds, whose training rows overlap, so take them
    as a guide. Equal sets of features are trained once, whoever asks for them.

    A ranking must not be judged by rows that it was made from: it would look good on pure noise (Ambroise &
    McLachlan 2002). So for each fold a few networks are trained on the other rows alone, and each method is
    asked again, about these. That is a ranking of its own per fold, from fewer networks and rows than that of
    the report. Methods that train networks themselves cannot be asked again, and are not judged.

    `faithfulness.csv` holds the areas, best first, and `curves.csv` the curves. With `ranking.weights:
    roar` the aggregate weighs each method by how far its area exceeds that of random orders; a method that is
    not judged has no weight. The method's own scores are the others' importances with these weights, a row
    per fold.
    """

    name = "roar"
    kind = "experiment"
    after_others = True
    cost = Cost.REFITS
    paper = (
        'Hooker, Erhan, Kindermans & Kim 2019, "A benchmark for interpretability methods in deep neural '
        'networks", NeurIPS 32; ranked without the rows that judge: Ambroise & McLachlan 2002, "Selection '
        'bias in gene extraction on the basis of microarray gene-expression data", PNAS 99'
    )
    sees = "whose first features carry the information that networks can learn from"
    blind_to = (
        "features that tell the same: a ranking that puts both of them first gains no more by it than one "
        "that puts one of them last"
    )
    trust = (
        "when there are enough rows to train well without the best features; it judges rankings, by rows "
        "that had no part in them, so believe it before any of them"
    )
    removes = (
        "left out, together with all that a ranking puts before it: networks are trained again without them"
    )

    class Params(JudgedParams):
        """What the experiment file can set."""

        folds: PositiveInt = Field(5, ge=2, description="folds; a network per fold for each set of features")
        random_orders: PositiveInt = Field(3, description="random orders to compare with")
        networks: PositiveInt = Field(
            10,
            description="networks per fold, trained on the other rows, that other methods are asked about",
        )

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """With ten other methods: without and with the first features of each, and of the random orders."""
        del members
        return self._fits(METHODS, data)

    def _fits(self, methods: int, data: Dataset) -> int:
        """For so many other methods, if no two of them ask for the same features."""
        sets = 2 * len(_sizes(data.n_features)) * (methods + self.params.random_orders)
        return self.params.folds * (self.params.networks + 1 + sets)

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """A plan per fold for the rankings; all networks that judge them are one plan."""
        if not context.answers:
            raise MethodError("there is no answer of another method to judge; name other methods beside it")
        advice = "ask it about fewer methods, take fewer folds"
        refuse_too_many(self._fits(len(context.again), data), self.params, ensemble, advice)
        plan = fold_plan(data, self.params.folds, context.seed, self.name)
        # The penalties are part of what the experiment trains.
        plan = replace(plan, penalty=np.resize(ensemble.plan.penalty, self.params.folds))
        rankings = self._rankings(plan, ensemble, data, context)
        if not rankings:
            raise MethodError("no other method can be asked again; name one that trains no networks itself")
        orders = {
            name: [np.stack([_order(own, context.rng) for own in folds])] for name, folds in rankings.items()
        }
        orders[RANDOM] = [
            np.stack([context.rng.permutation(data.n_features) for _ in range(self.params.folds)])
            for _ in range(self.params.random_orders)
        ]
        skills = self._skills(orders, plan, data, context)
        curves = {
            name: np.mean([_curves(order, skills) for order in own], axis=0) for name, own in orders.items()
        }
        shares = np.concatenate([[0], _sizes(data.n_features) / data.n_features, [1]])
        # (folds,) the area between the curves: kept less removed.
        areas = {name: np.trapezoid(both, shares, axis=1) for name, both in curves.items()}
        faithful = {name: kept - removed for name, (removed, kept) in areas.items()}
        table = _table(areas, faithful)
        self._show(table, curves, shares, context)
        means = {name: _shares(context.answers[name]) for name in rankings}
        ahead = {name: np.maximum(faithful[name] - faithful[RANDOM], 0) for name in means}
        scores = np.stack(
            [_weighted(means, {n: w[fold] for n, w in ahead.items()}) for fold in range(self.params.folds)]
        )
        weights = dict.fromkeys(context.answers, 0.0)
        weights |= {name: float(max(0.0, (faithful[name] - faithful[RANDOM]).mean())) for name in means}
        notes = (_verdict(table, faithful), *self._how(rankings, context))
        return Importance(scores, weights=weights, notes=notes)

    def _rankings(
        self, plan: FitPlan, ensemble: Ensemble, data: Dataset, context: Context
    ) -> dict[str, list[Floats]]:
        """Per method, for each fold the (features,) importance by networks that have not seen its rows."""
        found: dict[str, list[Floats]] = {name: [] for name in context.answers if name in context.again}
        for fold, split in enumerate(plan.splits if found else ()):
            part = with_rows(data, np.union1d(split.train, split.valid))
            name = f"{self.name}/ranking-{fold}"
            wanted = plan_like(ensemble.plan, part, self.params.networks, context.seed, name)
            trained = context.fit(wanted, data=part)
            networks = trained.select(trained.succeeded)
            for method in list(found):
                try:
                    found[method].append(_shares(context.again[method](networks, part)))
                except Exception as error:  # noqa: BLE001 - whatever another method does is no fault of this one
                    why = error if isinstance(error, MethodError) else f"{type(error).__name__}: {error}"
                    context.logger.warning("%s cannot be judged: %s", method, why)
                    del found[method]
        return found

    def _how(self, rankings: Mapping[str, object], context: Context) -> list[str]:
        """What the verdict is about, and which methods it is not about."""
        notes = [
            (
                f"Judged are rankings by {self.params.networks} networks per fold which have not seen the "
                "rows that judge, and not the ranking of this report, which is made from all rows."
            )
        ]
        if without := [name for name in context.answers if name not in rankings]:
            notes.append(
                "Not judged, and without a weight, because they cannot be asked again without these rows: "
                f"{', '.join(without)}."
            )
        return notes

    def _skills(
        self, orders: Mapping[str, list[Orders]], plan: FitPlan, data: Dataset, context: Context
    ) -> dict[tuple[int, bytes], float]:
        """For each fold and set of features, by the bytes of its mask, the skill of a network with these."""
        masks = _masks(orders, self.params.folds, data.n_features)
        every = replace(plan.select([fold for fold, _ in masks]), mask=np.stack(list(masks.values())))
        losses = retrained_losses(context, data, every, self.params)
        loss = {key: own.unseen for key, own in zip(masks, losses, strict=True)}
        skills = {}
        for (fold, mask), own in loss.items():
            nothing = loss[fold, np.zeros(data.n_features, dtype=bool).tobytes()]
            # A training that failed has learned nothing.
            skills[fold, mask] = 1 - own / (nothing if nothing > 0 else 1.0) if np.isfinite(own) else 0.0
        return skills

    def _show(
        self, table: "pd.DataFrame", curves: Mapping[str, Floats], shares: Floats, context: Context
    ) -> None:
        import pandas as pd  # noqa: PLC0415 - slow to import

        best = table["ranking"].iloc[0]
        rows = [
            {
                "ranking": name,
                "share": share,
                "removed": removed[place].mean(),
                "kept": kept[place].mean(),
            }
            for name, (removed, kept) in curves.items()
            for place, share in enumerate(shares)
        ]
        with canvas.look(table["ranking"]) as drawable:
            save_figure(
                context,
                "faithfulness",
                _areas_figure(table, drawable),
                title="Which ranking to believe on these data",
                alt=f"The area between the curves of each ranking with its interval; {best} has the largest.",
                table=table,
            )
            save_figure(
                context,
                "curves",
                _curves_figure(curves, shares, list(table["ranking"]), drawable),
                title="Training again without the first features, and with these alone",
                alt="Skill on held-out rows against the share of features: on the left they are removed, "
                "where a good ranking falls early; on the right they are all that is kept, where it rises "
                "early.",
                table=pd.DataFrame(rows),
            )


def _sizes(features: int) -> NDArray[np.int64]:
    """How many features 10 %, 20 %, ... are: never none, never all, each number once."""
    sizes: NDArray[np.int64] = np.unique(np.round(TENTHS * features).astype(np.int64))
    return sizes[(sizes > 0) & (sizes < features)]


def _shares(answer: Importance) -> Floats:
    """(features,) mean over rows, each of which adds up to 1."""
    mean: Floats = normalise(answer.scores, "sum").mean(axis=0)
    return mean


def _order(importance: Floats, rng: np.random.Generator) -> Orders:
    """Features from the most important down; equal ones in random order, which is nobody's advantage."""
    shuffled = rng.permutation(len(importance))
    order: Orders = shuffled[np.argsort(-importance[shuffled], kind="stable")]
    return order


def _first(order: Orders, size: int) -> Masks:
    mask: Masks = np.zeros(len(order), dtype=bool)
    mask[order[:size]] = True
    return mask


def _masks(
    orders: Mapping[str, list[Orders]], folds: int, features: int
) -> dict[tuple[int, bytes], NDArray[np.bool_]]:
    """By fold and bytes every set of features that anybody asks for, once; none and all among them."""
    found = {}
    for fold in range(folds):
        masks = [np.zeros(features, dtype=bool), np.ones(features, dtype=bool)]
        for own in orders.values():
            for order in own:
                for size in _sizes(features):
                    masks += [_first(order[fold], size), ~_first(order[fold], size)]
        found |= {(fold, mask.tobytes()): mask for mask in masks}
    return found


def _curves(orders: Orders, skills: Mapping[tuple[int, bytes], float]) -> Floats:
    """(2, shares, folds) skill without the first features and with these alone, from none of them to all."""
    features = orders.shape[1]
    curves = np.empty((2, len(_sizes(features)) + 2, len(orders)))
    for fold, order in enumerate(orders):
        for place, size in enumerate((0, *_sizes(features), features)):
            mask = _first(order, size)
            curves[:, place, fold] = skills[fold, (~mask).tobytes()], skills[fold, mask.tobytes()]
    return curves


def _weighted(means: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """The importances averaged with weights; with equal ones where all are zero."""
    total = sum(weights.values())
    return np.sum(
        [mean * (weights[name] / total if total > 0 else 1 / len(means)) for name, mean in means.items()],
        axis=0,
    )


def _interval(values: Floats) -> tuple[float, float, float]:
    """Mean over folds, and the ends of its t interval."""
    from scipy.stats import t  # noqa: PLC0415 - slow to import

    mean = float(values.mean())
    reach = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean, mean - reach, mean + reach


def _table(areas: Mapping[str, Floats], faithful: Mapping[str, Floats]) -> "pd.DataFrame":
    """A row per ranking, the most faithful first."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    rows = []
    for name, (removed, kept) in areas.items():
        row: dict[str, object] = {"ranking": name}
        for column, values in (
            ("faithfulness", faithful[name]),
            ("above_random", faithful[name] - faithful[RANDOM]),
            ("area_kept", kept),
            ("area_removed", removed),
        ):
            row[column], row[f"{column}_low"], row[f"{column}_high"] = _interval(values)
        rows.append(row)
    return pd.DataFrame(rows).sort_values("faithfulness", ascending=False, kind="stable", ignore_index=True)


def _verdict(table: "pd.DataFrame", faithful: Mapping[str, Floats]) -> str:
    """Which ranking to believe, and which ones cannot be told from it or from a random order."""
    judged = [name for name in table["ranking"] if name != RANDOM]
    best = judged[0]
    if _interval(faithful[best] - faithful[RANDOM])[1] <= 0:
        return "On these data no ranking can be told from a random order."
    close = [name for name in judged[1:] if _interval(faithful[best] - faithful[name])[1] <= 0]
    told = f"; not told apart from it: {', '.join(close)}" if close else ""
    beaten = [name for name in judged[1:] if _interval(faithful[name] - faithful[RANDOM])[1] <= 0]
    random = f"; not told apart from a random order: {', '.join(beaten)}" if beaten else ""
    return f"On these data the ranking to believe is that of {best}{told}{random}."


def _areas_figure(table: "pd.DataFrame", drawable: canvas.Drawable) -> "Figure":
    names = [drawable(name) for name in table["ranking"]]
    page = canvas.Page.with_rows(
        names,
        "Which ranking to believe on these data",
        "Area between the skill with only the first features and the skill without them; interval over folds",
    )
    axes = page.panels[0]
    for row, name in enumerate(table["ranking"]):
        colour = canvas.GREY if name == RANDOM else canvas.BLUE
        value, low, high = (table[f"faithfulness{end}"].iloc[row] for end in ("", "_low", "_high"))
        axes.plot([low, high], [row, row], color=colour, linewidth=1.5)
        axes.plot([value], [row], "o", color=colour, markersize=5)
    axes.axvline(
        float(table.loc[table["ranking"] == RANDOM, "faithfulness"].iloc[0]), color=canvas.GREY, linewidth=0.8
    )
    return page.figure


def _curves_figure(
    curves: Mapping[str, Floats],
    shares: Floats,
    names: list[str],
    drawable: canvas.Drawable,
) -> "Figure":
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    figure = Figure(figsize=(9.0, 4.2))
    panels: tuple[Axes, Axes] = figure.subplots(1, 2, sharey=True)
    for axes, side, heading in zip(
        panels, (0, 1), ("first features removed", "only first features kept"), strict=True
    ):
        for number, name in enumerate(names):
            is_random = name == RANDOM
            axes.plot(
                100 * shares,
                curves[name][side].mean(axis=1),
                color=canvas.GREY if is_random else COLOURS[number % len(COLOURS)],
                linestyle="--" if is_random else STYLES[number // len(COLOURS) % len(STYLES)],
                linewidth=1.6,
                label=drawable(name),
            )
        axes.set_title(heading, loc="left")
        axes.set_xlabel("share of the features, %")
        axes.grid(color=canvas.GRID, linewidth=0.8)
    panels[0].set_ylabel("skill on held-out rows")
    panels[1].legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=8)
    figure.subplots_adjust(left=0.08, right=0.76, top=0.92, bottom=0.13, wspace=0.06)
    return figure
