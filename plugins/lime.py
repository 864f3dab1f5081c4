"""LIME: what a simple linear model says around each row."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    MethodError,
    MethodParams,
    to_columns,
    to_features,
)

Array = NDArray[np.float64]

# What the perturbed rows around one row may take; lime holds several copies of them.
PERTURBED_BYTES = 1 << 30
# Rows that quartiles and frequencies are taken from; more tell nothing new.
DISTRIBUTION_ROWS = 10_000
# Features of each local model that are kept in the file.
KEPT_FEATURES = 100


class Lime(Method):
    """Mean absolute weight of each feature in linear models around rows (Ribeiro et al. 2016).

    Around each explained row the lime library draws perturbed rows; the answers of the network there are
    fitted by a linear model that trusts near rows more than far ones. Its weights tell which features
    decide locally. The perturbed rows are the same for all networks and are answered by all of them at once,
    and one least squares fit per row gives the weights for all networks and classes.

    As is usual with lime, probabilities are explained, and a number is cut at its quartiles, so that a
    weight says what changes when the value leaves its quarter; `discretize: false` fits slopes instead, per
    standard deviation. Weights are not selected: every feature keeps its own.

    The weights depend on chance: without a seed two runs agree poorly, more `samples` and `rows` help.
    Left in the method's folder: `local.csv`, the strongest local weights averaged over networks, their
    deviation over networks, and how much of the local answers the linear models explain.
    """

    name = "lime"
    # Members are independent, but the file is made of all of them at once.
    kind = "experiment"
    cost = Cost.SAMPLING
    inputs = ("table",)
    paper = "Ribeiro, Singh and Guestrin 2016 (KDD)"
    sees = "which features change the answer when they leave their neighbourhood, around each row"
    blind_to = (
        "interactions, which its local models lack; and perturbed rows ignore how features are correlated"
    )
    trust = (
        "when single rows are to be explained, and a second seed gives the same; not for a ranking of "
        "many features"
    )
    removes = "perturbed around each explained row, drawn from its marginal distribution"

    class Params(MethodParams):
        """What is explained, and how closely."""

        rows: PositiveInt = Field(50, description="how many rows are explained, at most")
        samples: PositiveInt = Field(2000, description="perturbed rows around each of them")
        kernel_width: PositiveFloat | None = Field(
            None, description="how far the neighbourhood reaches; by default 0.75 x square root of features"
        )
        discretize: bool = Field(
            default=True, description="cut numbers at their quartiles instead of fitting slopes"
        )

    params: Params

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Mean absolute local weights, for each output; the score is their mean over outputs."""
        from deepfeat.writing.csvfiles import write_table  # noqa: PLC0415 - loads pandas

        needed = 8 * self.params.samples * data.n_features
        if needed > PERTURBED_BYTES:
            raise MethodError(
                f"{self.params.samples} perturbed rows of {data.n_features} features would take "
                f"{needed / 2**30:.1f} GiB; lower samples, or use a method that does not perturb all "
                "features at once"
            )
        rows = np.sort(context.rng.permutation(data.n_rows)[: self.params.rows])
        seed = int(context.rng.integers(2**32))
        drawn = np.sort(context.rng.permutation(data.n_rows)[:DISTRIBUTION_ROWS])
        around = _Neighbourhoods(ensemble, data, self.params, seed, data.x[drawn])
        total = np.zeros((len(ensemble), data.n_outputs, data.n_features))
        tables = []
        with _quiet():
            for done, row in enumerate(rows):
                weights, explained = around.fit(row)
                total += np.abs(weights)
                tables.append(_local_table(weights, explained, around.conditions(row), row, data))
                context.progress(done + 1, len(rows))
        write_table(context.artefact("local.csv"), _stacked(tables))
        per_class = total / len(rows)
        note = f"{len(rows)} rows explained, {self.params.samples} perturbed rows around each."
        return Importance(per_class.mean(axis=1), per_class=per_class, notes=(note,))


@dataclass(frozen=True, eq=False)
class _Neighbourhoods:
    """Perturbed rows around rows of the table, and the linear models fitted to them.

    Attributes:
        ensemble: the members.
        data: their table.
        params: of the method.
        seed: of everything that lime draws.
        table: (some rows, columns) where the distribution of each feature is taken from.
    """

    ensemble: Ensemble
    data: Dataset
    params: Lime.Params
    seed: int
    table: NDArray[np.float32]

    def fit(self, row: np.int64) -> tuple[Array, Array]:
        """The local models around one row of the table.

        Returns:
            (members, outputs, features) weights, and (members, outputs) R2.
        """
        base = self._explainer.base
        # lime looks for the one label that it is asked for, and gets the models of all members and outputs
        self._explainer.explain_instance(
            self._scaled(self.data.x[[row]])[0], self._answers, labels=(0,), num_samples=self.params.samples
        )
        shape = (len(self.ensemble), self.data.n_outputs)
        return base.weights.reshape(*shape, -1), base.explained.reshape(shape)

    def conditions(self, row: np.int64) -> list[str]:
        """What the weight of each feature is the weight of: its quarter, its category, or its slope."""
        cuts = self._explainer.discretizer
        values = self._scaled(self.data.x[[row]])[0]
        texts = []
        for index, (feature, value) in enumerate(zip(self.data.features, values, strict=True)):
            if feature.is_category:
                texts.append(f"{feature.name} = {(*feature.levels, 'none of them')[round(value)]}")
            elif cuts is None:
                texts.append(feature.name)
            else:
                texts.append(self._quarter(index, int(cuts.lambdas[index](value)), cuts))
        return texts

    def _quarter(self, index: int, number: int, cuts: Any) -> str:  # noqa: ANN401 - of the library
        centre, scale, name = self._centre[index], self._scale[index], self.data.features[index].name
        low, high = (side[index][number] * scale + centre for side in (cuts.mins, cuts.maxs))
        if number == 0:
            return f"{name} <= {high:.4g}"
        if number == len(cuts.mins[index]) - 1:
            return f"{name} > {low:.4g}"
        return f"{name} in ({low:.4g}, {high:.4g}]"

    def _answers(self, values: Array) -> Array:
        """Asks all members; hands lime the mean, in the form that it insists on."""
        columns = to_columns(values * self._scale + self._centre, self.data)
        answers = self.ensemble.predict(columns)
        self._explainer.base.answers = np.moveaxis(answers, 0, 1).reshape(len(columns), -1)
        mean = answers.mean(axis=0, dtype=np.float64)
        if self.data.task == "regression":
            return mean[:, 0]
        return np.hstack([1 - mean, mean]) if mean.shape[1] == 1 else mean

    @cached_property
    def _explainer(self) -> Any:  # noqa: ANN401 - a lime explainer
        from lime.lime_tabular import LimeTabularExplainer  # noqa: PLC0415 - slow to import

        base, quartiles = _lime_classes()
        random = np.random.RandomState(self.seed)  # what lime takes
        values = self._scaled(self.table)
        categories = np.flatnonzero(self._is_category).tolist()
        names = [str(index) for index in range(self.data.n_features)]
        explainer = LimeTabularExplainer(
            values,
            mode="regression" if self.data.task == "regression" else "classification",
            feature_names=names,
            categorical_features=categories,
            kernel_width=self.params.kernel_width,
            discretize_continuous=self.params.discretize,
            discretizer=quartiles(values, categories, names, random_state=random),
            random_state=random,
        )
        explainer.base = base(explainer.base.kernel_fn, random_state=random)
        return explainer

    def _scaled(self, x: NDArray[np.float32]) -> Array:
        """(rows, features) numbers centred and scaled: lime adds 1e-11 to deviations, whatever the unit."""
        return (to_features(x, self.data) - self._centre) / self._scale

    @cached_property
    def _centre(self) -> Array:
        return np.where(self._is_category, 0.0, to_features(self.table, self.data).mean(axis=0))

    @cached_property
    def _scale(self) -> Array:
        deviation = to_features(self.table, self.data).std(axis=0)
        return np.where(self._is_category | (deviation == 0), 1.0, deviation)

    @cached_property
    def _is_category(self) -> NDArray[np.bool_]:
        return np.array([feature.is_category for feature in self.data.features])


def _lime_classes() -> tuple[type[Any], type[Any]]:
    """Two classes of lime with what they lack here; made late, since lime is slow to import."""
    from lime.discretize import QuartileDiscretizer  # noqa: PLC0415 - see above
    from lime.lime_base import LimeBase  # noqa: PLC0415 - as above
    from sklearn.linear_model import Ridge  # noqa: PLC0415 - as above
    from sklearn.metrics import r2_score  # noqa: PLC0415 - as above

    class AllAtOnce(LimeBase):  # type: ignore[misc]
        """Lime's ridge regression for all members and outputs: they share the rows and their weights.

        Attributes:
            answers: (samples, members x outputs) set before the fit.
            weights: (members x outputs, features) found by it.
            explained: (members x outputs,) R2.
        """

        answers: Array
        weights: Array
        explained: Array

        def explain_instance_with_data(
            self, neighborhood_data: Array, _labels: Array, distances: Array, *_: object, **__: object
        ) -> tuple[float, list[tuple[int, float]], float, Array]:
            """Fits them, and gives lime an explanation without content."""
            near = self.kernel_fn(distances)
            model = Ridge(alpha=1, fit_intercept=True).fit(neighborhood_data, self.answers, near)
            self.weights = model.coef_.reshape(self.answers.shape[1], -1)
            fitted = model.predict(neighborhood_data).reshape(self.answers.shape)
            self.explained = r2_score(self.answers, fitted, sample_weight=near, multioutput="raw_values")
            return 0.0, [], 0.0, np.zeros(1)

    class Quartiles(QuartileDiscretizer):  # type: ignore[misc]
        """Lime's quartiles; a quarter of a single value stays that value, of which lime makes a zero."""

        def get_undiscretize_values(self, feature: int, values: NDArray[np.int64]) -> Array:
            """A value of each of these quarters."""
            lows, highs = (np.array(side[feature])[values] for side in (self.mins, self.maxs))
            drawn = super().get_undiscretize_values(feature, values)
            return np.where(lows == highs, lows, drawn)

    return AllAtOnce, Quartiles


@contextmanager
def _quiet() -> Iterator[None]:
    """Lime warns that answers of several labels do not add up to one, which they need not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _local_table(
    weights: Array, explained: Array, conditions: list[str], row: np.int64, data: Dataset
) -> dict[str, NDArray[Any]]:
    """One row's local models as columns: for each output its strongest features, strongest first."""
    mean, deviation = weights.mean(axis=0), weights.std(axis=0)
    strongest = np.argsort(-np.abs(mean), axis=1, kind="stable")[:, :KEPT_FEATURES]
    outputs = data.classes if data.n_outputs > 1 else data.classes[-1:]
    kept = strongest.shape[1]
    return {
        "row": np.full(strongest.size, data.source_rows[row]),
        "class": np.repeat(np.array(outputs, dtype=object), kept),
        "feature": np.array(data.feature_names, dtype=object)[strongest].reshape(-1),
        "condition": np.array(conditions, dtype=object)[strongest].reshape(-1),
        "weight": np.take_along_axis(mean, strongest, axis=1).reshape(-1),
        "deviation": np.take_along_axis(deviation, strongest, axis=1).reshape(-1),
        "r2": np.repeat(explained.mean(axis=0), kept),
    }


def _stacked(tables: list[dict[str, NDArray[Any]]]) -> Any:  # noqa: ANN401 - a DataFrame
    import pandas as pd  # noqa: PLC0415 - slow to import

    return pd.DataFrame({name: np.concatenate([table[name] for table in tables]) for name in tables[0]})
