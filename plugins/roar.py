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
    Importance,
    JudgedParams,
    Method,
    MethodError,
    fold_plan,
    refuse_too_many,
    retrained_losses,
    save_figure,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Masks = NDArray[np.bool_]

RANDOM = "random order"
TENTHS = np.arange(1, 10) / 10
# How many other methods `fits` reckons with: it is asked before anybody knows.
METHODS = 10
CONFIDENCE = 0.95
# Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1a1a1a", "#b8a800")
STYLES = ("-", "--", ":", "-.")


class Roar(Method):
    """Which ranking to believe: networks without its first features, and with these alone (Hooker 2019).

    For every other method of the experiment, and for random orders, networks are trained without the first
    10 %, 20 %, ... 90 % of the features and with only these. A good ranking loses much when its first
    features are gone, and little when only they are left. What counts is the area between the two curves of
    the skill on rows held out: 1 is a perfect answer, 0 the mean of the training rows. Each row is held out
    by one of the folds; intervals are t intervals over the folds, whose training rows overlap, so take them
    as a guide. Equal sets of features are trained once, whoever asks for them.

    `faithfulness.csv` holds the areas, best first, and `curves.csv` the curves. With `ranking.weights:
    roar` the aggregate weighs each method by how far its area exceeds that of random orders. The
    method's own scores are the others' importances with these weights, a row per fold.
    """

    name = "roar"
    kind = "experiment"
    after_others = True
    cost = Cost.REFITS
    paper = (
        'Hooker, Erhan, Kindermans & Kim 2019, "A benchmark for interpretability methods in deep neural '
        'networks", NeurIPS 32'
    )
    sees = "whose first features carry the information that networks can learn from"
    blind_to = (
        "features that tell the same: a ranking that puts both of them first gains no more by it than one "
        "that puts one of them last"
    )
    trust = (
        "when there are enough rows to train well without the best features; it judges rankings, so "
        "believe it before any of them"
    )
    removes = (
        "left out, together with all that a ranking puts before it: networks are trained again without them"
    )

    class Params(JudgedParams):
        """What the experiment file can set."""

        folds: PositiveInt = Field(5, ge=2, description="folds; a network per fold for each set of features")
        random_orders: PositiveInt = Field(3, description="random orders to compare with")

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """With ten other methods: without and with the first features of each, and of the random orders."""
        del members
        rankings = METHODS + self.params.random_orders
        return self.params.folds * (1 + 2 * len(_sizes(data.n_features)) * rankings)

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """All networks are one plan."""
        from deepfeat.ranking.normalise import normalise  # noqa: PLC0415 - loads pandas

        if not context.answers:
            raise MethodError("there is no answer of another method to judge; name other methods beside it")
        means = {
            name: normalise(answer.scores, "sum").mean(axis=0) for name, answer in context.answers.items()
        }
        orders = {name: [_order(mean, context.rng)] for name, mean in means.items()}
        orders[RANDOM] = [context.rng.permutation(data.n_features) for _ in range(self.params.random_orders)]
        skills = self._skills(_masks(orders, data.n_features), ensemble, data, context)
        curves = {
            name: np.mean([_curves(order, skills) for order in own], axis=0) for name, own in orders.items()
        }
        shares = np.concatenate([[0], _sizes(data.n_features) / data.n_features, [1]])
        # (folds,) the area between the curves: kept less removed.
        areas = {name: np.trapezoid(both, shares, axis=1) for name, both in curves.items()}
        faithful = {name: kept - removed for name, (removed, kept) in areas.items()}
        table = _table(areas, faithful)
        self._show(table, curves, shares, context)
        ahead = {name: np.maximum(faithful[name] - faithful[RANDOM], 0) for name in means}
        scores = np.stack(
            [_weighted(means, {n: w[fold] for n, w in ahead.items()}) for fold in range(self.params.folds)]
        )
        weights = {name: float(max(0.0, (faithful[name] - faithful[RANDOM]).mean())) for name in means}
        return Importance(scores, weights=weights, notes=(_verdict(table, faithful),))

    def _skills(
        self, masks: Masks, ensemble: Ensemble, data: Dataset, context: Context
    ) -> dict[bytes, Floats]:
        """For each set of features, by the bytes of its mask, (folds,) skill of networks trained with it."""
        folds = self.params.folds
        refuse_too_many(
            folds * (len(masks) - 1), self.params, ensemble, "ask it about fewer methods, take fewer folds"
        )
        plan = fold_plan(data, folds, context.seed, self.name)
        # The penalties are part of what the experiment trains.
        plan = replace(plan, penalty=np.resize(ensemble.plan.penalty, folds))
        every = plan.select(np.tile(np.arange(folds), len(masks)))
        losses = retrained_losses(
            context, data, replace(every, mask=np.repeat(masks, folds, axis=0)), self.params
        )
        loss = np.array([own.unseen for own in losses]).reshape(len(masks), folds)
        nothing = loss[~masks.any(axis=1)][0]
        # A training that failed has learned nothing.
        skill = np.where(np.isfinite(loss), 1 - loss / np.where(nothing > 0, nothing, 1.0), 0.0)
        return {mask.tobytes(): own for mask, own in zip(masks, skill, strict=True)}

    def _show(
        self, table: "pd.DataFrame", curves: Mapping[str, Floats], shares: Floats, context: Context
    ) -> None:
        import pandas as pd  # noqa: PLC0415 - slow to import

        from deepfeat.writing import canvas  # noqa: PLC0415 - as above

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


def _order(importance: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Features from the most important down; equal ones in random order, which is nobody's advantage."""
    shuffled = rng.permutation(len(importance))
    order: NDArray[np.int64] = shuffled[np.argsort(-importance[shuffled], kind="stable")]
    return order


def _first(order: NDArray[np.int64], size: int) -> Masks:
    mask: Masks = np.zeros(len(order), dtype=bool)
    mask[order[:size]] = True
    return mask


def _masks(orders: Mapping[str, list[NDArray[np.int64]]], features: int) -> Masks:
    """(sets, features) every set of features that anybody asks for, once; none and all among them."""
    masks = [np.zeros(features, dtype=bool), np.ones(features, dtype=bool)]
    for own in orders.values():
        for order in own:
            for size in _sizes(features):
                masks += [_first(order, size), ~_first(order, size)]
    return np.array(list({mask.tobytes(): mask for mask in masks}.values()))


def _curves(order: NDArray[np.int64], skills: Mapping[bytes, Floats]) -> Floats:
    """(2, shares, folds) skill without the first features and with these alone, from none of them to all."""
    features = len(order)
    kept = [_first(order, size) for size in (0, *_sizes(features), features)]
    return np.array([[skills[(~mask).tobytes()] for mask in kept], [skills[mask.tobytes()] for mask in kept]])


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


def _areas_figure(table: "pd.DataFrame", drawable) -> "Figure":  # noqa: ANN001 - a function of `canvas.look`
    from deepfeat.writing import canvas  # noqa: PLC0415 - slow to import

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
    drawable,  # noqa: ANN001 - as above
) -> "Figure":
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    from deepfeat.writing import canvas  # noqa: PLC0415 - as above

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
