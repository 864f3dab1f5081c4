"""Feature selection by many networks, as a step of a scikit-learn pipeline."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from deepfeat.data.dataset import Dataset
from deepfeat.errors import InputError
from deepfeat.interop.arrays import dataset_of
from deepfeat.methods.context import Context
from deepfeat.methods.method import Cost, Method
from deepfeat.methods.registry import Registry, load_registry
from deepfeat.ranking.table import build_ranking
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import merge_settings

_SEEDS = 2**31 - 1


class DeepFeatureSelector(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Keeps the features that matter most to an ensemble of networks.

    Classes, numbers and several 0/1 columns can be predicted; `y` decides which of them it is. Inputs are
    numbers; scaling is done inside, by each network's own training rows.

    Args:
        models: networks that are trained and averaged.
        n_features_to_select: how many features are kept (a whole number), or which share of them (a number
            between 0 and 1); None keeps those whose importance is at least the mean.
        methods: names of importance methods of kind `member`; None takes those that read weights alone.
        preset: the network.
        network: its parameters that differ from their defaults, such as `{"units": [32]}`.
        training: settings of the training that differ from those of the preset, such as `{"epochs": 100}`.
        random_state: the seed, or a generator that gives one.

    Attributes:
        feature_importances_: (features,) the mean over methods and networks; together 1.
        ranking_: a row per feature with intervals and ranks, see `deepfeat.ranking.table.build_ranking`.
        n_features_in_: number of features seen during `fit`.
        feature_names_in_: (features,) their names, where `X` has some.

    `fit` raises ValueError where the networks cannot be trained on so few rows.
    """

    def __init__(
        self,
        models: int = 20,
        *,
        n_features_to_select: float | None = None,
        methods: Sequence[str] | None = None,
        preset: str = "default",
        network: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.models = models
        self.n_features_to_select = n_features_to_select
        self.methods = methods
        self.preset = preset
        self.network = network
        self.training = training
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:  # noqa: ANN401 - whatever scikit-learn takes
        """Train the networks and rank the features.

        Args:
            X: (rows, features) numbers.
            y: (rows,) classes or numbers, or (rows, labels) of 0 and 1.
        """
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=False, ensure_min_samples=2)
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:  # noqa: PLR2004 - a column
            y = y[:, 0]
        names = getattr(self, "feature_names_in_", [f"x{index}" for index in range(X.shape[1])])
        data = dataset_of(X, y, [str(name) for name in names])
        seed = self._seed()
        try:
            scores = self._scores(data, seed)
        except InputError as error:
            raise ValueError(f"the networks cannot be trained (n_samples={len(X)}): {error}") from error
        ranking = build_ranking(data.feature_names, scores, seed=seed)
        self.ranking_ = ranking
        order = np.argsort(ranking["feature"].map({n: i for i, n in enumerate(data.feature_names)}))
        self.feature_importances_ = ranking["importance"].to_numpy()[order]
        self._ranks = ranking["rank"].to_numpy()[order]
        return self

    def _seed(self) -> int:
        given = self.random_state
        if given is None or isinstance(given, np.random.RandomState):
            return int(check_random_state(given).randint(_SEEDS))
        return int(given)

    def _scores(self, data: Dataset, seed: int) -> dict[str, NDArray[np.float64]]:
        """(members, features) scores of each method."""
        from deepfeat.ensemble import fit  # noqa: PLC0415 - loads TensorFlow
        from deepfeat.training.trainer import Trainer  # noqa: PLC0415 - as above

        registry = load_registry()
        kind = registry.networks[self.preset]
        network = kind(kind.Params.model_validate(dict(self.network or {})))
        settings = merge_settings(network.training, dict(self.training or {}), data.task)
        plan = build_plan(data, settings.split, int(self.models), seed, network)
        ensemble = fit(plan, Trainer(data, network, settings))
        kept = ensemble.select(ensemble.succeeded)
        if len(kept) == 0:
            raise ValueError(f"every network failed: {ensemble.records[0].failure}")
        scores = {}
        with tempfile.TemporaryDirectory() as folder:
            for method in self._methods(registry):
                context = Context(seed=seed, method=method.name, folder=Path(folder) / method.name)
                answer = method().explain(kept, data, context)
                answer.check(method.rows(len(kept)), data.n_features)
                scores[method.name] = answer.scores
        return scores

    def _methods(self, registry: Registry) -> list[type[Method]]:
        if self.methods is None:
            every = registry.methods.values()
            return [method for method in every if method.kind == "member" and method.cost is Cost.WEIGHTS]
        chosen = []
        for name in self.methods:
            if problem := registry.missing(name):
                raise ValueError(problem)
            if registry.methods[name].kind != "member":
                raise ValueError(f"{name} trains networks of its own; use it in an experiment")
            chosen.append(registry.methods[name])
        return chosen

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        count = self.n_features_to_select
        if count is None:
            return np.asarray(self.feature_importances_ >= self.feature_importances_.mean())
        if isinstance(count, float):
            count = max(1, round(count * self.n_features_in_))
        return np.asarray(self._ranks <= count)

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn's protocol
        """What scikit-learn has to know: a target is needed, and several are taken."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags
