"""stacking: which kind of model to believe, by what each adds to a joint prediction of unseen rows."""

import csv
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    MethodError,
    MethodParams,
    enough_held_out,
    sample,
    unseen_answers,
)
from deepfeat.ranking.normalise import normalise

Floats = NDArray[np.float64]
NETWORKS = "networks"
STOPPED_BY = (
    "Too few networks hold a row out to answer it alone: they were asked as well about rows that told them "
    "when to stop, which flatters them a little."
)


class Stacking(Method):
    """How much each kind of model adds to a joint prediction of rows it has not seen (Breiman 1996).

    A ranking of the features is worth as much as the model that it explains. The answers of the networks,
    and of every other model that a method has fitted, are put together with weights that are not negative,
    so that the sum comes as close as it can to the truth, on rows that none of them has learned from. A row
    is answered by the networks that hold it out, where nearly every row is held out by three networks or
    more (a hundred networks do, of which each holds out a tenth). Fewer networks answer their validation
    rows too, which told them when to stop, and so look a little better than they are. What a model
    contributes to that sum is its weight: where trees predict well and networks do not, trees are believed,
    and the other way round. The weight of the networks is shared alike by the methods that ask them. With
    `ranking.weights: stacking` the ranking uses these weights: it then explains the joint prediction. The
    method's own scores are the others' importances with these weights.
    """

    name = "stacking"
    kind = "experiment"
    after_others = True
    cost = Cost.PREDICTIONS
    paper = (
        'Breiman 1996, "Stacked regressions", Machine Learning 24; Wolpert 1992, "Stacked generalization", '
        "Neural Networks 5; weights averaged over resamples of the rows"
    )
    sees = "which kind of model predicts best, and what the others add to it"
    blind_to = "which of the methods that ask the same networks reads them rightly: these count alike"
    trust = "with a hundred rows and more: few rows do not tell which model is the better one"
    removes = "nothing"

    class Params(MethodParams):
        """What the experiment file can set."""

        rows: PositiveInt = Field(5000, ge=10, description="rows that are compared, at most")
        resamples: PositiveInt = Field(
            100, description="resamples of the rows over which the weights are averaged"
        )

    params: Params

    @classmethod
    def suggested(cls, rows: int, features: int) -> bool:
        """Always: a ranking is worth as much as the model that it explains."""
        del rows, features
        return True

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Networks are asked once; the rest is arithmetic."""
        answers = context.answers
        if not answers:
            raise MethodError("there is no answer of another method to judge; name other methods beside it")
        other = {name: given.predictions for name, given in answers.items() if given.predictions is not None}
        own = [name for name in answers if name not in other and name in context.askable]
        candidates = sample(_known(list(other.values()), data), self.params.rows, context.rng)
        predicted = ({NETWORKS: unseen_answers(ensemble, candidates)} if own else {}) | {
            name: given[candidates] for name, given in other.items()
        }
        if not predicted:
            raise MethodError("no method asks the networks one by one, or models whose predictions it tells")
        rows = np.flatnonzero(np.all([np.isfinite(p).all(axis=1) for p in predicted.values()], axis=0))
        if len(rows) == 0:
            raise MethodError("there is no row that none of the models has learned from")
        target = data.y[candidates[rows]].astype(np.float64)
        shares = stacked([p[rows] for p in predicted.values()], target, self.params.resamples, context.rng)
        by_model = dict(zip(predicted, shares.tolist(), strict=True))
        weights = {name: by_model.get(name, 0.0) for name in answers}
        weights |= {name: by_model[NETWORKS] / len(own) for name in own}
        _show(by_model, weights, own, context)
        equal = not any(weights.values())
        means = {name: normalise(given.scores, "sum").mean(axis=0) for name, given in answers.items()}
        score = sum(mean * (1.0 if equal else weights[name]) for name, mean in means.items())
        notes = _notes(by_model, answers, own)
        if own and not enough_held_out(ensemble, candidates):
            notes = (*notes, STOPPED_BY)
        return Importance(np.asarray(score)[None], weights=weights, notes=notes)


def stacked(predicted: list[Floats], target: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """The share of each model in the sum that comes closest to the truth.

    Least squares without negative coefficients, after the means are taken off; a model's share is its
    coefficient times the deviation of its predictions. The mean over bootstrap samples of the rows keeps two
    models that say nearly the same from taking all of the weight in turns.

    Args:
        predicted: per model, (rows, outputs) answers for rows that it has not learned from.
        target: (rows, outputs) the truth.
        resamples: number of bootstrap samples.
        rng: draws them.

    Returns:
        (models,) which add up to 1; all 0 where no model tells anything of the truth.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 - slow to import

    found = np.zeros(len(predicted))
    both = np.stack([*predicted, target])
    for _ in range(resamples):
        drawn = both[:, rng.integers(len(target), size=len(target))]
        drawn = (drawn - drawn.mean(axis=1, keepdims=True)).reshape(len(both), -1)
        spread = drawn[:-1].std(axis=1)
        # Of standardised predictions, so that coefficients are contributions.
        scaled = np.divide(
            drawn[:-1], spread[:, None], out=np.zeros_like(drawn[:-1]), where=spread[:, None] > 0
        )
        coefficients, _ = nnls(scaled.T, drawn[-1])
        total = coefficients.sum()
        found += coefficients / total if total > 0 else 0.0
    return found / found.sum() if found.any() else found


def _known(predictions: list[Floats], data: Dataset) -> NDArray[np.int64]:
    """Rows for which every other model has an answer."""
    known = np.ones(data.n_rows, dtype=np.bool_)
    for given in predictions:
        known &= np.isfinite(given).all(axis=1)
    return np.flatnonzero(known)


def _show(by_model: dict[str, float], weights: dict[str, float], own: list[str], context: Context) -> None:
    """`weights.csv`: a row per method."""
    with context.artefact("weights.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["method", "model", "model_weight", "weight"])
        for name, weight in weights.items():
            model = NETWORKS if name in own else name
            writer.writerow([name, model, by_model.get(model, 0.0), weight])


def _notes(by_model: dict[str, float], answers: Iterable[str], own: list[str]) -> tuple[str, ...]:
    told = ", ".join(f"{name} {share:.2f}" for name, share in by_model.items())
    notes = [f"Weights in the joint prediction: {told}."]
    without = [name for name in answers if name not in by_model and name not in own]
    if without:
        notes.append(
            "Without a weight, because they neither ask the networks one by one nor tell what their models "
            f"predict: {', '.join(without)}."
        )
    return tuple(notes)
