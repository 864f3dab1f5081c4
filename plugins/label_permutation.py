"""label_permutation: what rankings say where there is nothing to find, because the labels are shuffled."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepfeat.methods import (
    Context,
    ControlParams,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    ask_others,
    held_out_rows,
    measure,
    save_figure,
)
from deepfeat.ranking.normalise import normalise
from deepfeat.writing import canvas

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]


class LabelPermutation(Method):
    """What the rankings are worth: the same with shuffled labels, where each of them must fall apart.

    A few networks are trained again on labels that are shuffled among the rows, anew for each, and the other
    methods are asked about them. Two networks that learned something rank features alike; with shuffled
    labels they have nothing in common but the table, so what agreement is left tells how far a method looks
    at the table instead of the target. `label_permutation.csv` holds the agreement of each method (mean rank
    correlation between networks) on both sides, and how much better than the mean the networks answer;
    `importances.csv` the mean importance of every feature on both sides. These are figures to look at, no
    p-values: the networks share their rows.
    """

    name = "label_permutation"
    kind = "experiment"
    after_others = True
    control = True
    cost = Cost.REFITS
    paper = (
        'Ojala & Garriga 2010, "Permutation tests for studying classifier performance", JMLR 11; Altmann et '
        'al. 2010, "Permutation importance: a corrected feature importance measure", Bioinformatics 26'
    )
    sees = "how much of a ranking is left where there is nothing to find"
    blind_to = "which of the features matter: it judges rankings as a whole"
    trust = "always: a ranking that looks the same on shuffled labels is not about the labels"

    Params = ControlParams
    params: ControlParams

    def fits(self, data: Dataset, members: int) -> int:
        """A few, see `networks`."""
        del data
        return self.params.count(members)

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """One plan with targets of its own; scores are shares less those with shuffled labels."""
        count = self.params.count(len(ensemble))
        plan = ensemble.plan.select(range(count))
        targets = np.repeat(data.y[None], count, axis=0)
        for member, split in enumerate(plan.splits):
            rng = context.member_rng(plan.seeds[member])
            # Within each part of the split, so that every part keeps its classes.
            for part in (split.train, split.valid, split.held_out):
                rows = np.unique(part)
                targets[member, rows] = data.y[rng.permutation(rows)]
        shuffled = context.fit(replace(plan, name=self.name, targets=targets))
        nothing = ask_others(context, shuffled, data)
        real = {name: normalise(context.answers[name].scores[:count], "sum") for name in nothing}
        skill = [_skill(each, data) for each in (ensemble.select(range(count)), shuffled)]
        table = _table(real, nothing, skill)
        self._show(table, count, context)
        _write_importances(context, real, nothing, data)
        scores = np.mean([real[name] - nothing[name].mean(axis=0) for name in real], axis=0)
        return Importance(scores, notes=(_sentence(table),))

    def _show(self, table: "pd.DataFrame", count: int, context: Context) -> None:
        with canvas.look(table["method"]) as drawable:
            save_figure(
                context,
                "label_permutation",
                _figure(table, [drawable(name) for name in table["method"]], count),
                title="Rankings with shuffled labels",
                alt="For each method how far networks agree on the ranking: a filled dot with the labels as "
                "they are, an open one with shuffled labels, where it should be near zero.",
                table=table,
            )


def _agreement(shares: Floats) -> float:
    """Mean rank correlation between the networks."""
    from deepfeat.ranking.agreement import agreement_matrix  # noqa: PLC0415 - loads pandas

    matrix = agreement_matrix({str(number): row for number, row in enumerate(shares)})
    pairs = matrix[np.triu_indices(len(shares), 1)]
    return float(np.nanmean(pairs)) if np.isfinite(pairs).any() else 0.0


def _skill(ensemble: Ensemble, data: Dataset) -> float:
    """How much better than the mean of the training rows the networks answer: at best 1, no better 0."""
    wrongness = measure("squared_error", data.task)
    skills = []
    for member, split in enumerate(ensemble.plan.splits):
        target = data.y if ensemble.plan.targets is None else ensemble.plan.targets[member]
        rows = held_out_rows(ensemble, member)
        answers = ensemble.select([member]).predict(data.x[rows])[0]
        mean = np.broadcast_to(target[split.train].mean(axis=0), answers.shape)
        plain = wrongness(target[rows], mean).mean()
        skills.append(1 - wrongness(target[rows], answers).mean() / plain if plain > 0 else 0.0)
    return float(np.mean(skills))


def _table(real: dict[str, Floats], nothing: dict[str, Floats], skill: list[float]) -> "pd.DataFrame":
    """A row per method."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    return pd.DataFrame(
        {
            "method": list(real),
            "agreement": [_agreement(share) for share in real.values()],
            "agreement_shuffled": [_agreement(share) for share in nothing.values()],
            "skill": skill[0],
            "skill_shuffled": skill[1],
        }
    )


def _write_importances(
    context: Context, real: dict[str, Floats], nothing: dict[str, Floats], data: Dataset
) -> None:
    import pandas as pd  # noqa: PLC0415 - slow to import

    from deepfeat.writing.csvfiles import write_table  # noqa: PLC0415 - loads pandas

    parts = [
        pd.DataFrame(
            {
                "method": name,
                "feature": list(data.feature_names),
                "importance": real[name].mean(axis=0),
                "importance_shuffled": nothing[name].mean(axis=0),
            }
        )
        for name in real
    ]
    write_table(context.artefact("importances.csv"), pd.concat(parts, ignore_index=True))


def _sentence(table: "pd.DataFrame") -> str:
    each = "; ".join(
        f"{row.method} {row.agreement:.2f}, shuffled {row.agreement_shuffled:.2f}"
        for row in table.itertuples()
    )
    return f"Agreement between networks on the ranking, and with shuffled labels: {each}."


def _figure(table: "pd.DataFrame", names: list[str], count: int) -> "Figure":
    page = canvas.Page.with_rows(
        names,
        "Rankings with shuffled labels",
        f"Mean rank correlation between {count} networks; filled: labels as they are, open: shuffled",
    )
    axes = page.panels[0]
    for row, (real, shuffled) in enumerate(zip(table["agreement"], table["agreement_shuffled"], strict=True)):
        axes.plot([shuffled, real], [row, row], color=canvas.GRID, linewidth=2)
        axes.plot([real], [row], "o", color=canvas.BLUE)
        axes.plot([shuffled], [row], "o", color=canvas.BLUE, markerfacecolor="white")
    axes.axvline(0, color=canvas.GREY, linewidth=0.8)
    axes.set_xlim(min(-0.35, float(table[["agreement", "agreement_shuffled"]].min().min()) - 0.05), 1.05)
    return page.figure
