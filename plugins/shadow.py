"""shadow: whether features do better than shuffled copies, which cannot matter."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.methods import (
    Context,
    ControlParams,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    ask_others,
    save_figure,
    shuffled_rows,
    with_features,
)
from deepfeat.writing import canvas

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
SHOWN = 40
MOST = 0.5
"""A feature counts that beats the best copy in more than this share of the networks."""
TOGETHER = "all methods"
"""In place of a method's name, which has no blanks: the mean of all of them."""


class Shadow(Method):
    """How much more important features are than the best of their shuffled copies (Boruta: Kursa 2010).

    A few networks are trained on the table with shuffled copies of its features beside it, which have nothing
    to do with the target, and the other methods are asked about them. A feature that is no more important
    than the best copy could be chance. The copy of a category is a category of the same levels, and rows of
    one group are shuffled as a whole, with those of another group. The figure shows in which share of the
    networks a feature beats the best copy, by the mean over methods (`all methods` in `shadow.csv`, which has
    each method too); one that does so in most networks counts. That is no p-value: networks share their rows,
    and the copies are independent of the other features, which noise need not be.
    """

    name = "shadow"
    kind = "experiment"
    after_others = True
    control = True
    cost = Cost.REFITS
    inputs = ("table",)
    paper = 'Kursa & Rudnicki 2010, "Feature selection with the Boruta package", J. Statistical Software 36'
    sees = "how important what cannot matter seems to be, by the same networks and methods"
    blind_to = "features that do nothing but are correlated with some that do: shuffling tears that apart"
    trust = "always: a feature that ranks no higher than the best of the shuffled copies has not been found"

    class Params(ControlParams):
        """What the experiment file can set."""

        copies: PositiveInt = Field(
            100,
            description="shuffled copies, at most one of each feature; where that is fewer, first of the "
            "categories of most levels, in which chance finds most",
        )

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """A few, see `networks`."""
        del data
        return self.params.count(members)

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """One plan on a wider table; scores are shares less that of the best copy, averaged over methods."""
        rng, count = context.rng, self.params.count(len(ensemble))
        copied = [data.features[feature] for feature in _chosen(data, self.params.copies, rng)]
        values = [data.x[shuffled_rows(data, rng), feature.start : feature.stop] for feature in copied]
        taken, names = set(data.feature_names), []
        for number in range(len(copied)):
            name = f"shuffled copy {number + 1}"
            names.append(name if name not in taken else f"{name} of a column that is called so")
        wider = with_features(data, names, np.concatenate(values, axis=1), copied)
        plan = ensemble.plan.select(range(count))
        mask = np.concatenate([plan.mask, np.ones((count, len(names)), dtype=bool)], axis=1)
        networks = context.fit(replace(plan, name=self.name, mask=mask), data=wider)
        shares = ask_others(context, networks, wider)
        own = {name: share[:, : data.n_features] for name, share in shares.items()}
        best = {
            name: share[:, data.n_features :].max(axis=1, keepdims=True) for name, share in shares.items()
        }
        scores = np.mean([own[name] - best[name] for name in own], axis=0)
        together = {TOGETHER: np.mean(list(own.values()), axis=0)}
        of_copies = {TOGETHER: np.mean(list(best.values()), axis=0)}
        table = _table(own | together, best | of_copies, data)
        table.loc[table["method"] == TOGETHER, "beats"] = (scores > 0).mean(axis=0)
        self._show(table, count, len(copied), context)
        return Importance(scores, notes=(_sentence(scores, count, len(copied)),))

    @classmethod
    def found(cls, answer: Importance) -> NDArray[np.bool_]:
        """Those that beat the best copy in most networks."""
        return _beating(answer.scores)

    def _show(self, table: "pd.DataFrame", networks: int, copies: int, context: Context) -> None:
        shown = table[table["method"] == TOGETHER]
        shown = shown.sort_values(["beats", "importance"], ascending=False, kind="stable").head(SHOWN)
        with canvas.look(shown["feature"]) as drawable:
            save_figure(
                context,
                "shadow",
                _figure(shown["beats"], [drawable(name) for name in shown["feature"]], networks, copies),
                title="Features beside the best of their shuffled copies",
                alt="For each feature the share of the networks in which it is more important than the best "
                "shuffled copy, which cannot matter; those right of the dashed line, at one half, are so in "
                "most networks, the others could be chance.",
                table=table,
            )


def _chosen(data: Dataset, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Numbers of the features to copy, ascending: the widest, and of equal ones any."""
    order = rng.permutation(data.n_features)
    width = np.array([feature.stop - feature.start for feature in data.features])
    return np.sort(order[np.argsort(-width[order], kind="stable")][:most])


def _table(own: dict[str, Floats], best: dict[str, Floats], data: Dataset) -> "pd.DataFrame":
    """A row per method and feature."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    parts = [
        pd.DataFrame(
            {
                "method": name,
                "feature": list(data.feature_names),
                "importance": own[name].mean(axis=0),
                "best_copy": float(best[name].mean()),
                "beats": (own[name] > best[name]).mean(axis=0),
            }
        )
        for name in own
    ]
    return pd.concat(parts, ignore_index=True)


def _beating(ahead: Floats) -> NDArray[np.bool_]:
    """(features,) which are ahead of the best copy in most networks."""
    beating: NDArray[np.bool_] = (ahead > 0).mean(axis=0) > MOST
    return beating


def _sentence(ahead: Floats, networks: int, copies: int) -> str:
    beating = int(_beating(ahead).sum())
    return (
        f"{beating:,} of {ahead.shape[1]:,} features are more important than the best of {copies:,} shuffled "
        f"copies in most of {networks:,} networks."
    )


def _figure(beats: "pd.Series[float]", names: list[str], networks: int, copies: int) -> "Figure":
    """Bars of the share of the networks, with a line at what counts: more than half of them."""
    page = canvas.Page.with_rows(
        names,
        "Features beside their shuffled copies",
        f"In how many of {networks:,} networks a feature is above the best of {copies:,} copies, which "
        "cannot matter; dashed: half of them",
    )
    axes = page.panels[0]
    colours = [canvas.BLUE if share > MOST else canvas.SKY for share in beats]
    axes.barh(range(len(beats)), 100 * beats, height=0.62, color=colours)
    axes.axvline(100 * MOST, color=canvas.INK, linewidth=1, linestyle="--")
    axes.set_xlim(0, 102)
    axes.set_xlabel("networks in which it beats the best copy, %")
    return page.figure
