"""redundancy: which features the others can stand in for, so that no method can tell whom to credit."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deepfeat.data.splits import folds
from deepfeat.inference.residuals import Residuals
from deepfeat.methods import Context, Cost, Dataset, Ensemble, Importance, Method, MethodParams, save_figure
from deepfeat.writing import canvas

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

NOT_ALONE, PARTLY = 0.95, 0.5
VERDICTS = ("identifiable", "partly", "not identifiable alone")
# Features that the figure shows, those that are explained best.
SHOWN = 40
LISTED = 5


class Redundancy(Method):
    """How much of each feature the others explain: R2 of a linear regression on all of them.

    From 0.95 on a feature is not identifiable alone: the others say nearly the same, and which of them is
    credited is chance. From 0.5 on it is so partly. R2 is that of rows held out (five folds) by a regression
    shrunken as much as the table needs (Ledoit & Wolf), for all features in closed form, so that tables with
    more features than rows are no obstacle. All columns of a category are one feature. `redundancy.csv` holds
    a row per feature.
    """

    name = "redundancy"
    kind = "experiment"
    after_others = True
    control = True
    cost = Cost.WEIGHTS
    inputs = ("table",)
    paper = 'Ledoit & Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices"'
    sees = "which features the others can stand in for, whatever they matter"
    blind_to = "curved dependence between features, and the target: it does not look at it"
    trust = (
        "when dependence between features is straight; read it before any ranking, and believe no order "
        "within what it flags"
    )
    exempt = dict.fromkeys(
        ("finds_the_signal", "follows_the_feature", "categories"),
        "it is about features that say the same, not about the target",
    )

    class Params(MethodParams):
        """What the experiment file can set."""

        folds: int = Field(5, ge=2, description="folds of the rows")

    params: Params

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """A row of R2; no network is asked."""
        del ensemble
        explained = _explained(data, self.params.folds, context.rng)
        table = _table(explained, data)
        self._show(table, context)
        return Importance(explained[None], notes=_notes(table))

    def _show(self, table: "pd.DataFrame", context: Context) -> None:
        with canvas.look(table["feature"]) as drawable:
            first = table.head(SHOWN)
            save_figure(
                context,
                "redundancy",
                _figure(first, [drawable(name) for name in first["feature"]]),
                title="What the other features explain",
                alt="For each feature the share of its variance that the others explain; beyond the dashed "
                "lines it is partly, or not at all, identifiable by itself.",
                table=table,
            )


def _explained(data: Dataset, n_folds: int, rng: np.random.Generator) -> Floats:
    """(features,) R2 of each feature on rows held out; 0 where it is no better than the mean."""
    blocks = [np.arange(feature.start, feature.stop) for feature in data.features]
    fold = folds(data.strata, min(n_folds, data.n_rows), rng, data.groups)
    left, spread = np.zeros((2, data.n_features))
    for number in range(fold.max() + 1):
        train, out = data.x[fold != number], data.x[fold == number]
        deviation = train.std(axis=0, dtype=np.float64)
        deviation = np.where(deviation > 0, deviation, 1.0)
        around = (out - train.mean(axis=0, dtype=np.float64)) / deviation
        residuals = Residuals.fit(train, rng).of_blocks(out, blocks)
        for index, (block, residual) in enumerate(zip(blocks, residuals, strict=True)):
            left[index] += np.sum((residual / deviation[block]) ** 2)
            spread[index] += np.sum(around[:, block] ** 2)
    share = np.divide(left, spread, out=np.ones(data.n_features), where=spread > 0)
    explained: Floats = np.clip(1 - share, 0.0, 1.0)
    return explained


def _table(explained: Floats, data: Dataset) -> "pd.DataFrame":
    """A row per feature, those that the others explain best first."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    verdict = np.array(VERDICTS)[np.searchsorted((PARTLY, NOT_ALONE), explained, side="right")]
    table = pd.DataFrame({"feature": list(data.feature_names), "r2": explained, "verdict": verdict})
    return table.sort_values("r2", ascending=False, kind="stable", ignore_index=True)


def _notes(table: "pd.DataFrame") -> tuple[str, ...]:
    alone = table.loc[table["verdict"] == VERDICTS[2], "feature"]
    partly = int((table["verdict"] == VERDICTS[1]).sum())
    told = []
    if len(alone):
        names = ", ".join(alone[:LISTED]) + (
            f" and {len(alone) - LISTED} more" if len(alone) > LISTED else ""
        )
        told.append(f"Not identifiable alone, because the others say nearly the same: {names}.")
    if partly:
        told.append(
            f"{partly} of {len(table)} features are partly explained by the others (R2 of 0.5 and more)."
        )
    return tuple(told) or ("No feature is explained by the others to half or more.",)


def _figure(table: "pd.DataFrame", names: list[str]) -> "Figure":
    subtitle = "Share of the variance of each feature that the others explain, on held-out rows (R2)"
    page = canvas.Page.with_rows(names, "What the other features explain", subtitle)
    axes = page.panels[0]
    axes.barh(range(len(table)), table["r2"], height=0.62, color=canvas.SKY)
    for line in (PARTLY, NOT_ALONE):
        axes.axvline(line, color=canvas.GREY, linewidth=1, linestyle="--")
    axes.set_xlim(0, 1)
    return page.figure
