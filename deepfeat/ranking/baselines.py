"""What one would use instead of networks: a constant, a generalised linear model, trees."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Array = NDArray[np.float64]

_STRENGTHS = (10.0, 1.0, 0.1, 0.01, 0.001)  # inverse strength of the ridge penalty, weakest first
_DEFAULT_STRENGTH = 1.0
_TREES = 200
_BOOSTED, _BOOSTED_COLUMNS = 60, 1000
_ITERATIONS = 300
_WORTH_THREADS = 1_000_000  # numbers from which on several processors are worth starting
_SMALLEST = 1e-6  # probabilities are kept this far from 0 and 1


@dataclass(frozen=True, eq=False)
class Part:
    """One split of a table.

    Attributes:
        x, y: (rows, columns) and (rows, outputs) to learn from; outputs as in `deepfeat.data.dataset`.
        valid: the same of the rows by which the strength of a penalty may be chosen; None where there are
            none, and the usual strength is taken.
        asked: (rows, columns) what is to be predicted.
        task: `binary`, `multiclass`, `multilabel` or `regression`.
        seed: of the trees.
    """

    x: Array
    y: Array
    valid: tuple[Array, Array] | None
    asked: Array
    task: str
    seed: int


def constant(part: Part) -> Array:
    """(rows, outputs) the mean of what was learnt from: the class shares, or the mean of a number."""
    return np.repeat(part.y.mean(axis=0, keepdims=True), len(part.asked), axis=0)


def linear(part: Part) -> Array:
    """(rows, outputs) predictions of a ridge regression, or of logistic regressions with a ridge penalty.

    Columns are standardised by the rows that are learnt from. The strength of the penalty is the one of five
    that predicts the validation rows best, as those rows also decide when networks stop.
    """
    centre, scale = part.x.mean(axis=0), part.x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)

    def scaled(x: Array) -> Array:
        return np.asarray((x - centre) / scale)

    fit = _ridge if part.task == "regression" else _multinomial if part.task == "multiclass" else _logistic
    x = scaled(part.x)
    if part.valid is None:
        return fit(x, part.y, _DEFAULT_STRENGTH)(scaled(part.asked))
    valid_x, valid_y = scaled(part.valid[0]), part.valid[1]
    models = [fit(x, part.y, strength) for strength in _STRENGTHS]
    losses = [_loss(model(valid_x), valid_y, part.task) for model in models]
    return models[int(np.argmin(losses))](scaled(part.asked))


def forest(part: Part) -> Array:
    """(rows, outputs) predictions of a random forest of 200 trees (Breiman 2001) with usual settings."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # noqa: PLC0415 - slow to import

    jobs = -1 if part.x.size > _WORTH_THREADS else None
    if part.task == "regression":
        return _trees(
            part,
            lambda: RandomForestRegressor(_TREES, max_features=1 / 3, random_state=part.seed, n_jobs=jobs),
        )
    return _trees(part, lambda: RandomForestClassifier(_TREES, random_state=part.seed, n_jobs=jobs))


def boosted(part: Part) -> Array:
    """(rows, outputs) predictions of 60 boosted trees of 8 leaves (Friedman 2001) on histograms of 63 bins.

    Of a wide table they get the thousand columns that correlate most with an output among the rows that are
    learnt from: boosting looks at every column for every tree.
    """
    from sklearn.ensemble import (  # noqa: PLC0415 - as above
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    chosen = _telling(part.x, part.y, _BOOSTED_COLUMNS)
    narrow = replace(part, x=part.x[:, chosen], asked=part.asked[:, chosen])
    kind = HistGradientBoostingRegressor if part.task == "regression" else HistGradientBoostingClassifier
    with threadpool_limits(1, "openmp"):  # threads cost more than they bring, and could change last bits
        return _trees(
            narrow,
            lambda: kind(
                max_iter=_BOOSTED,
                learning_rate=0.15,
                max_leaf_nodes=8,
                min_samples_leaf=10,
                max_bins=63,
                early_stopping=False,
                random_state=part.seed,
            ),
        )


def _telling(x: Array, y: Array, most: int) -> NDArray[np.int64]:
    """Numbers of the columns that correlate most with an output; all where there are no more than that."""
    if x.shape[1] <= most:
        return np.arange(x.shape[1])
    centred = x - x.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    products = np.abs(centred.T @ ((y - y.mean(axis=0)) / np.maximum(y.std(axis=0), _SMALLEST))).max(axis=1)
    strength = np.divide(products, spread, out=np.zeros_like(products), where=spread > 0)
    return np.sort(np.argsort(-strength, kind="stable")[:most])


def _trees(part: Part, new: Callable[[], Any]) -> Array:
    """What trees of scikit-learn predict; with several labels some for each."""
    if part.task == "regression":
        return np.asarray(new().fit(part.x, part.y[:, 0]).predict(part.asked))[:, None]
    if part.task == "multiclass":
        return _shares(new, part.x, part.y.argmax(axis=1), part.asked, part.y.shape[1])
    labels = (part.y.T > 0).astype(np.int64)
    return np.stack([_shares(new, part.x, own, part.asked, 2)[:, 1] for own in labels], axis=1)


def _shares(new: Callable[[], Any], x: Array, codes: NDArray[np.int64], asked: Array, outputs: int) -> Array:
    """Probabilities of classes; a class that all rows have is predicted so, and one that none has is not."""
    if np.ptp(codes) == 0:
        return np.tile(np.eye(outputs)[codes[0]], (len(asked), 1))
    model = new().fit(x, codes)
    return _spread(model.predict_proba(asked), model.classes_, outputs)


BASELINES: dict[str, Callable[[Part], Array]] = {
    "constant": constant,
    "linear": linear,
    "forest": forest,
    "boosted": boosted,
}
"""The baselines by the name that `skill.csv` gives them."""


def _ridge(x: Array, y: Array, strength: float) -> Callable[[Array], Array]:
    from sklearn.linear_model import Ridge  # noqa: PLC0415 - as above

    model = Ridge(1 / strength).fit(x, y[:, 0])
    return lambda asked: np.asarray(model.predict(asked))[:, None]


def _multinomial(x: Array, y: Array, strength: float) -> Callable[[Array], Array]:
    model = _logistic_model(strength, x, y.argmax(axis=1))
    outputs = y.shape[1]
    return lambda asked: _spread(model.predict_proba(asked), model.classes_, outputs)


def _logistic(x: Array, y: Array, strength: float) -> Callable[[Array], Array]:
    models = [
        _logistic_model(strength, x, column) if np.ptp(column) > 0 else None
        for column in (y.T > 0).astype(int)
    ]
    # a label that is the same in every row that is learnt from is predicted so
    return lambda asked: np.stack(
        [
            np.full(len(asked), y[0, output]) if model is None else model.predict_proba(asked)[:, 1]
            for output, model in enumerate(models)
        ],
        axis=1,
    )


def _logistic_model(strength: float, x: Array, codes: NDArray[np.int64]) -> "LogisticRegression":  # type: ignore[name-defined]  # noqa: F821
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - as above
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - as above

    with warnings.catch_warnings():
        # a yardstick that stops a little short of its optimum predicts as well
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=strength, max_iter=_ITERATIONS).fit(x, codes)


def _spread(probabilities: Array, classes: NDArray[np.int64], outputs: int) -> Array:
    """Probabilities with a column for every class, also for those that were not among the rows."""
    every = np.zeros((len(probabilities), outputs))
    every[:, classes] = probabilities
    return every


def _loss(predicted: Array, target: Array, task: str) -> float:
    """Squared error, or log loss."""
    if task == "regression":
        return float(np.mean((predicted - target) ** 2))
    p = np.clip(predicted, _SMALLEST, 1 - _SMALLEST)
    if task == "multiclass":
        return float(-np.mean((target * np.log(p)).sum(axis=1)))
    return float(-np.mean(target * np.log(p) + (1 - target) * np.log(1 - p)))
