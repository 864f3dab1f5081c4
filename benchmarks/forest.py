"""The yardstick of the preset search: a random forest, its held-out score and its permutation importance."""

import numpy as np
from known_cases import Sample, held_out_score
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from deepfeat.testing.families import average_precision

TREES, REPEATS = 500, 5
CHUNK_BYTES = 1 << 26

Forest = RandomForestClassifier | RandomForestRegressor


def forest_results(sample: Sample, seed: int, jobs: int) -> dict[str, float]:
    """Held-out score of a forest grown on all rows, and average precision of its permutation importance.

    Features are shuffled on fresh rows, a quarter as many as it was grown on, as if it had held them out;
    that it did not have to is to its advantage.
    """
    kind = RandomForestRegressor if sample.data.task == "regression" else RandomForestClassifier
    forest = kind(TREES, random_state=seed, n_jobs=jobs)
    forest.fit(sample.data.x, _labels(sample.data.y))
    few = slice(0, max(50, sample.data.n_rows // 4))
    importance = permutation_importance(
        forest,
        sample.held_out_x[few],
        sample.held_out_y[few],
        sample.data.column_feature,
        np.random.default_rng(seed),
    )
    return {
        "score": held_out_score(sample.data.task, sample.held_out_y, answers(forest, sample.held_out_x)),
        "permutation_ap": average_precision(importance, sample.relevant),
    }


def answers(forest: Forest, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """(rows, outputs) as a network answers: the probability of class 1, of every class, or the value."""
    if isinstance(forest, RandomForestRegressor):
        return forest.predict(x)[:, None]
    probabilities = forest.predict_proba(x)
    return probabilities[:, 1:] if probabilities.shape[1] == 2 else probabilities


def permutation_importance(
    forest: Forest,
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    column_feature: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """(features,) rise of the mean squared error of the answers when a feature is shuffled (Breiman 2001).

    All columns of a feature are shuffled together. Many shuffled copies of the table are answered at once,
    which is what makes thousands of features bearable.
    """
    n_features = int(column_feature.max()) + 1
    baseline = np.mean((answers(forest, x) - y) ** 2)
    tasks = np.repeat(np.arange(n_features), REPEATS)
    size = max(1, CHUNK_BYTES // x.nbytes)
    rise = np.empty(len(tasks))
    for start in range(0, len(tasks), size):
        chunk = tasks[start : start + size]
        copies = np.repeat(x[None], len(chunk), axis=0)
        for copy, feature in zip(copies, chunk, strict=True):
            columns = column_feature == feature
            copy[:, columns] = copy[rng.permutation(len(x))][:, columns]
        shuffled = answers(forest, copies.reshape(-1, x.shape[1])).reshape(len(chunk), *y.shape)
        rise[start : start + size] = ((shuffled - y) ** 2).mean(axis=(1, 2)) - baseline
    return rise.reshape(n_features, REPEATS).mean(axis=1)


def _labels(y: NDArray[np.float32]) -> NDArray[np.float32]:
    return y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1)
