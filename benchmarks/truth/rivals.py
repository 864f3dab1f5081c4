"""What a user would pick instead: each takes a table with a known answer and scores its features."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LassoCV, LogisticRegressionCV
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from deepfeat.data.dataset import Dataset

Scores = NDArray[np.float64]
Tool = Callable[[Dataset, int], Scores]

HELD_OUT = 0.25
"""Share of the rows that a tool holds out, to stop by or to shuffle."""
EXPLAINED, LIME_EXPLAINED, BACKGROUND = 200, 25, 100


def xgboost_treeshap(data: Dataset, seed: int) -> Scores:
    """XGBoost with early stopping, explained by TreeSHAP: mean absolute value over all rows."""
    import xgboost  # noqa: PLC0415 - optional: its absence is told, not fatal

    train, valid, y_train, y_valid = _split(data, seed)
    chosen = {
        "n_estimators": 1000,
        "learning_rate": 0.05,
        "max_depth": 4,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "early_stopping_rounds": 30,
        "random_state": seed,
        "n_jobs": 1,
    }
    kind = xgboost.XGBRegressor if data.task == "regression" else xgboost.XGBClassifier
    model = kind(**chosen).fit(train, y_train, eval_set=[(valid, y_valid)], verbose=False)
    booster = model.get_booster()
    best = (0, model.best_iteration + 1)
    values = booster.predict(xgboost.DMatrix(data.x), pred_contribs=True, iteration_range=best)
    values = values[..., :-1]  # the last one is the base value
    return _mean_absolute(values.reshape(data.n_rows, -1, data.n_columns), data)


def forest_permutation(data: Dataset, seed: int) -> Scores:
    """A random forest of 500 trees; rise of the squared error when a feature is shuffled on held-out rows."""
    from forest import permutation_importance  # noqa: PLC0415 - found by the script that imports this

    train, valid, y_train, _ = _split(data, seed)
    kind = RandomForestRegressor if data.task == "regression" else RandomForestClassifier
    forest = kind(500, random_state=seed).fit(train, y_train)
    rows = _rows(data, seed)[1]
    return permutation_importance(
        forest, valid, data.y[rows], data.column_feature, np.random.default_rng(seed)
    )


def lasso(data: Dataset, seed: int) -> Scores:
    """Cross-validated L1 regression, linear or logistic: absolute coefficients of standardised columns."""
    x, y = StandardScaler().fit_transform(data.x), _labels(data)
    if data.task == "regression":
        coefficients = LassoCV(cv=5, random_state=seed).fit(x, y).coef_[None]
    else:
        model = LogisticRegressionCV(
            Cs=10,
            cv=5,
            l1_ratios=(1.0,),
            solver="saga" if data.n_outputs > 1 else "liblinear",
            scoring="neg_log_loss",
            max_iter=500,
            random_state=seed,
            use_legacy_attributes=False,
        )
        coefficients = model.fit(x, y).coef_
    # the columns of a category are standardised, so their coefficients count alike
    return np.add.reduceat(np.abs(coefficients).mean(axis=0), [f.start for f in data.features])


def keras_shap(data: Dataset, seed: int) -> Scores:
    """One plain Keras network, explained by SHAP's expected gradients: mean absolute value over rows."""
    import shap  # noqa: PLC0415 - slow to import

    model, x = _keras_network(data, seed)
    rng = np.random.default_rng(seed)
    background = x[rng.permutation(len(x))[:BACKGROUND]]
    rows = x[rng.permutation(len(x))[:EXPLAINED]]
    values = np.asarray(shap.GradientExplainer(model, background).shap_values(rows, rseed=seed))
    return _mean_absolute(np.moveaxis(values, -1, 1), data)


def keras_lime(data: Dataset, seed: int) -> Scores:
    """One plain Keras network, explained by LIME: mean absolute weight over rows."""
    from lime.lime_tabular import LimeTabularExplainer  # noqa: PLC0415 - slow to import

    model, x = _keras_network(data, seed)

    def answers(part: NDArray[np.float64]) -> NDArray[np.float64]:
        logits = np.asarray(model(part.astype(np.float32)))
        if data.task == "regression":
            return logits[:, 0]
        if data.n_outputs == 1:
            logits = np.hstack([np.zeros_like(logits), logits])
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    mode = "regression" if data.task == "regression" else "classification"
    explainer = LimeTabularExplainer(x, mode=mode, discretize_continuous=False, random_state=seed)
    labels = (1,) if data.n_outputs == 1 else tuple(range(data.n_outputs))
    rows = np.random.default_rng(seed).permutation(len(x))[:LIME_EXPLAINED]
    weights = np.zeros((len(rows), len(labels), data.n_columns))
    for number, row in enumerate(rows):
        told = explainer.explain_instance(x[row], answers, labels=labels, num_features=data.n_columns)
        for place, label in enumerate(labels):
            # a regression keeps its one explanation under label 1 as well
            for column, weight in told.local_exp[label]:
                weights[number, place, column] = weight
    return _mean_absolute(weights, data)


def lassonet(data: Dataset, seed: int) -> Scores:
    """LassoNet, if it is installed: the penalty at which a feature leaves the network."""
    import torch  # noqa: PLC0415 - optional
    from lassonet import LassoNetClassifier, LassoNetRegressor  # noqa: PLC0415 - optional

    torch.manual_seed(seed)
    kind = LassoNetRegressor if data.task == "regression" else LassoNetClassifier
    model = kind(hidden_dims=(100,), random_state=seed, torch_seed=seed, verbose=0)
    x = StandardScaler().fit_transform(data.x).astype(np.float32)
    model.path(x, _labels(data))
    leaves = model.feature_importances_.numpy().astype(np.float64)
    return np.maximum.reduceat(leaves, [feature.start for feature in data.features])


TOOLS: dict[str, Tool] = {
    "XGBoost, TreeSHAP": xgboost_treeshap,
    "random forest, permutation": forest_permutation,
    "lasso": lasso,
    "one Keras network, SHAP": keras_shap,
    "one Keras network, LIME": keras_lime,
    "LassoNet": lassonet,
}


def _keras_network(data: Dataset, seed: int) -> tuple[keras.Model, NDArray[np.float32]]:
    """What most tutorials train: two layers of 64, dropout, Adam, early stopping; logits out."""
    keras.utils.set_random_seed(seed)
    train, valid = _rows(data, seed)
    scaler = StandardScaler().fit(data.x[train])
    x = scaler.transform(data.x).astype(np.float32)
    model = keras.Sequential(
        [
            keras.Input((data.n_columns,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(data.n_outputs),
        ]
    )
    losses: dict[str, Any] = {
        "regression": keras.losses.MeanSquaredError(),
        "binary": keras.losses.BinaryCrossentropy(from_logits=True),
        "multiclass": keras.losses.CategoricalCrossentropy(from_logits=True),
    }
    y = (data.y - data.y[train].mean(axis=0)) / data.y[train].std(axis=0) if _is_regression(data) else data.y
    stop = keras.callbacks.EarlyStopping(patience=15, restore_best_weights=True)
    model.compile(keras.optimizers.Adam(1e-3), losses[data.task])
    model.fit(
        x[train],
        y[train],
        validation_data=(x[valid], y[valid]),
        epochs=300,
        batch_size=64,
        callbacks=[stop],
        verbose=0,
    )
    return model, x


def _is_regression(data: Dataset) -> bool:
    return data.task == "regression"


def _rows(data: Dataset, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    strata = None if _is_regression(data) else data.strata
    train, valid = train_test_split(
        np.arange(data.n_rows), test_size=HELD_OUT, random_state=seed, stratify=strata
    )
    return train, valid


def _split(data: Dataset, seed: int) -> tuple[Any, Any, Any, Any]:
    train, valid = _rows(data, seed)
    labels = _labels(data)
    return data.x[train], data.x[valid], labels[train], labels[valid]


def _labels(data: Dataset) -> NDArray[np.float32]:
    return data.y[:, 0] if data.n_outputs == 1 else data.y.argmax(axis=1)


def _mean_absolute(values: NDArray[Any], data: Dataset) -> Scores:
    """(features,) from (rows, outputs, columns): columns of a category added up with their signs first."""
    by_feature = np.add.reduceat(values.astype(np.float64), [f.start for f in data.features], axis=-1)
    return np.abs(by_feature).mean(axis=(0, 1))
