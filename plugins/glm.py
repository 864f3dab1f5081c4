"""glm: what a generalised linear model of the same table says, as every statistician knows it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.inference.linear_models import (
    LEAST_UNITS,
    UNITS_PER_COLUMN,
    LinearFit,
    enough_units,
    independent_columns,
    logistic,
    multinomial,
    one_against_rest,
    ordinary_least_squares,
)
from deepfeat.inference.penalised import OF_LABELS, OF_VALUES, Penalty
from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    MethodError,
    MethodParams,
    inner_folds,
    per_step,
    two_levels,
)

Floats = NDArray[np.float64]
Columns = dict[str, Floats]

# Features that a note names.
_SHOWN = 10
_RIGHT = "the model is right: effects are linear and add up on the scale of the link, and "
_ROBUST = (
    "groups of rows (data.group) are independent: standard errors are robust to dependence within a group "
    "(Liang & Zeger 1986), and tests use t with groups - 1 degrees of freedom, {degrees:,}; they hold for "
    "many groups, and are a little bold with few (measured at 50 to 200 groups: 6 % to 8 % of irrelevant "
    "features that are constant within groups have p below 0.05)"
)
_USE = "effect and loco test over groups"


class Glm(Method):
    """Coefficients, intervals and p-values of a generalised linear model: the yardstick beside the network.

    Ordinary least squares for a regression, logistic regression for two classes (Firth's where the classes
    are separated), multinomial for several (likelihood ratio tests, one feature dropped at a time). The
    effect of a number is the change per standard deviation, that of a category of two levels the step
    between them; `coefficients.csv` has every coefficient per unit as well, with odds ratios. The score of a
    feature is the deviation of what it contributes to the linear predictor. It is fitted to all rows and
    looks at no network. Where `data.group` is set, standard errors are robust to groups; the tests of several
    classes and Firth's have no such form, and estimates come without them, as they do with few groups.
    """

    name = "glm"
    kind = "experiment"
    cost = Cost.OTHER_MODELS
    inputs = ("table",)
    paper = (
        "Nelder & Wedderburn 1972, JRSS A 135; separation: Firth 1993, Biometrika 80, and Heinze & Schemper "
        "2002, Statistics in Medicine 21"
    )
    sees = "effects that are linear (on the scale of the link), each given all others"
    blind_to = (
        "curved effects and interactions; where the truth is not linear, even irrelevant features may pass"
    )
    trust = (
        "when effects are straight lines on the scale of the link and rows outnumber features tenfold; "
        "beside a network, always"
    )
    removes = (
        "not removed: its coefficient is compared with zero; with several classes the model is fitted "
        "without it"
    )

    class Params(MethodParams):
        """What the experiment file can set."""

        most_columns: PositiveInt = Field(
            2000,
            description="columns beyond which it is refused; the time grows with the cube of their number",
        )
        wide: Penalty = Field(
            "lasso",
            description="penalty of the estimates where there are more columns than rows: lasso or ridge",
        )

    params: Params

    @classmethod
    def suggested(cls, rows: int, features: int) -> bool:
        """Where it has ten rows for each slope."""
        return features <= 50 and rows >= 10 * features

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """One model of the whole table; a single row of scores."""
        del ensemble
        columns, x, deviations = _design(data)
        if x.shape[1] + 2 > data.n_rows:
            return self._estimates_alone(data, columns, x, deviations, context)
        if x.shape[1] > self.params.most_columns:
            raise MethodError(
                f"{x.shape[1]:,} columns are more than most_columns ({self.params.most_columns:,}); raise it "
                "or use the methods lasso or ridge, which give estimates without p-values"
            )
        groups = _groups(data, columns)
        fitted = _fitted(data, x, groups)
        _write(context, data, columns, _tested(data, fitted, deviations))
        return Importance(
            _contributions(x, _of_every_class(data, fitted.coefficients), groups),
            **_estimates(fitted, groups),
            **(_test(data, fitted) if fitted.tested else {}),
            scale=_scale(data) if len(fitted.coefficients) == 1 else "",
            notes=(
                f"{fitted.model} of all {data.n_rows:,} rows",
                *two_levels(data),
                *_several(fitted),
                *_untested(data, fitted, x.shape[1]),
                *_aliased(data, groups),
            ),
        )

    def _estimates_alone(
        self, data: Dataset, columns: NDArray[np.int64], x: Floats, deviations: Floats, context: Context
    ) -> Importance:
        """More columns than rows: no test is valid, but a penalty gives estimates."""
        groups = _groups(data, columns)
        coefficients = self._penalised(data, x, context.rng)
        note = (
            f"{x.shape[1]:,} columns and {data.n_rows:,} rows: coefficients of a cross-validated "
            f"{self.params.wide}, which have no valid p-values"
        )
        _write(context, data, columns, _estimated(coefficients, deviations))
        single = len(coefficients) == 1
        return Importance(
            _contributions(x, coefficients, groups),
            effect=_of(_one_column(groups), coefficients[0]) if single else None,
            scale=_scale(data) if single else "",
            notes=(note,),
        )

    def _penalised(self, data: Dataset, x: Floats, rng: np.random.Generator) -> Floats:
        """(outcomes, columns) under the penalty that cross-validation of all rows chooses."""
        rows = np.arange(data.n_rows)
        if data.task == "regression":
            y = data.y[:, 0].astype(np.float64)
            fit = OF_VALUES[self.params.wide]
            scale = float(y.std()) or 1.0
            return fit(x, (y - y.mean()) / scale, inner_folds(data, rows, rng)).coefficients * scale
        labels = data.y.T.astype(np.int64) if data.task == "multilabel" else [data.strata]
        fit_labels = OF_LABELS[self.params.wide]
        parts = [fit_labels(x, own, inner_folds(data, rows, rng, own), rng).coefficients for own in labels]
        return np.concatenate(parts)


def _estimates(fitted: LinearFit, groups: list[NDArray[np.int64]]) -> dict[str, Floats]:
    """The estimates of features of one column, by their name in the answer; none of several outcomes."""
    if len(fitted.coefficients) > 1:
        return {}
    names = {"effect": "coefficients"}
    if fitted.tested:
        names |= {"std_error": "std_errors", "ci_low": "ci_low", "ci_high": "ci_high"}
    one = _one_column(groups)
    return {field: _of(one, getattr(fitted, name)[0]) for field, name in names.items()}


def _test(data: Dataset, fitted: LinearFit) -> dict[str, Any]:
    """The p-values, and what they speak against."""
    rows = "rows are independent"
    if data.groups is not None:
        rows = _ROBUST.format(degrees=len(np.unique(data.groups)) - 1)
    return {
        "p_value": fitted.group_p,
        "null_hypothesis": "all coefficients of the feature are zero, given all other features",
        "assumption": _RIGHT + rows,
    }


def _untested(data: Dataset, fitted: LinearFit, columns: int) -> list[str]:
    """A note about why there are no tests, if there are none."""
    if fitted.tested or data.groups is None:
        return []
    if not enough_units(data.groups, columns):
        reason = (
            f"{len(np.unique(data.groups)):,} groups of rows are too few for standard errors that respect "
            f"them: {max(LEAST_UNITS, UNITS_PER_COLUMN * columns):,} are needed for {columns:,} columns"
        )
    else:
        reason = "the tests of this model do not respect groups of rows"
    return [f"no p-values and intervals: {reason}; {_USE}"]


def _scale(data: Dataset) -> str:
    """What the effects on a single outcome are measured in."""
    what = "change of y" if data.task == "regression" else f"log odds ratio of {_outcomes(data, 1)[0]}"
    return f"{what} {per_step(data)}"


def _one_column(groups: list[NDArray[np.int64]]) -> list[int]:
    """The column of each feature that has a single one, else -1."""
    return [own[0] if len(own) == 1 else -1 for own in groups]


def _of_every_class(data: Dataset, coefficients: Floats) -> Floats:
    """(outcomes, columns) for the scores: of classes against a reference, each class against their mean.

    Which class is the reference then does not matter.
    """
    if data.task != "multiclass" or len(coefficients) == data.n_outputs:
        return coefficients
    of_all = np.vstack([np.zeros_like(coefficients[:1]), coefficients])
    centred: Floats = of_all - of_all.mean(axis=0)
    return centred


def _contributions(x: Floats, coefficients: Floats, groups: list[NDArray[np.int64]]) -> Floats:
    """(1, features) deviation of what each feature adds to the linear predictor, mean over outcomes."""
    added = [(x[:, own] @ coefficients[:, own].T).std(axis=0).mean() for own in groups]
    return np.array(added)[None]


def _several(fitted: LinearFit) -> list[str]:
    """A note about further maxima of the likelihood, if the search met any."""
    if fitted.maxima == 1:
        return []
    profiled = ", and an interval spans all values that a test does not reject" if fitted.profiled else ""
    what = "coefficients and p-values" if fitted.tested else "coefficients"
    note = (
        f"the penalised likelihood has several maxima, of which the search met {fitted.maxima}: {what} "
        f"are those of the highest{profiled}"
    )
    return [note]


def _aliased(data: Dataset, groups: list[NDArray[np.int64]]) -> list[str]:
    """A note about features without a coefficient, if there are any."""
    names = [name for name, own in zip(data.feature_names, groups, strict=True) if not len(own)]
    if not names:
        return []
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return [f"without a coefficient, being constant or a combination of features before them: {shown}"]


def _design(data: Dataset) -> tuple[NDArray[np.int64], Floats, Floats]:
    """The columns that take part, their values and their deviations.

    Numbers are standardised; of a category the first level is left out and the others stay 0 and 1, with
    deviation 1.
    """
    first_levels = {feature.start for feature in data.features if feature.is_category}
    candidates = np.array([j for j in range(data.n_columns) if j not in first_levels], dtype=np.int64)
    x = data.x[:, candidates].astype(np.float64)
    spread = x.std(axis=0)
    is_level = np.isin(
        data.column_feature[candidates], [j for j, f in enumerate(data.features) if f.is_category]
    )
    deviations = np.where(is_level | (spread == 0), 1.0, spread)
    x = np.where(is_level, x, (x - x.mean(axis=0)) / deviations)
    kept = independent_columns(x) if x.shape[1] < len(x) else np.arange(x.shape[1])
    return candidates[kept], x[:, kept], deviations[kept]


def _groups(data: Dataset, columns: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    owner = data.column_feature[columns]
    return [np.flatnonzero(owner == feature) for feature in range(data.n_features)]


def _fitted(data: Dataset, x: Floats, groups: list[NDArray[np.int64]]) -> LinearFit:
    fitted = _fitted_to(data, data.y.astype(np.float64), x, groups)
    if data.groups is None or enough_units(data.groups, x.shape[1]):
        return fitted
    return fitted.without_tests()


def _fitted_to(data: Dataset, y: Floats, x: Floats, groups: list[NDArray[np.int64]]) -> LinearFit:
    if data.task == "regression":
        return ordinary_least_squares(x, y[:, 0], groups, data.groups)
    if data.task == "binary":
        return logistic(x, y[:, 0], groups, data.groups)
    if data.task == "multiclass":
        return multinomial(x, y.argmax(axis=1), groups, data.groups)
    return one_against_rest(list(y.T), x, groups, data.groups)


def _of(one: list[int], values: Floats) -> Floats:
    """The value of each feature that has a single column, NaN for the others."""
    return np.array([values[column] if column >= 0 else np.nan for column in one])


def _tested(data: Dataset, fitted: LinearFit, deviations: Floats) -> list[Columns]:
    """Its table, in units of the columns, for each outcome."""
    if not fitted.tested:
        return _estimated(fitted.coefficients, deviations)
    told = []
    for row, own in enumerate(fitted.coefficients):
        coefficient = own / deviations
        low, high = fitted.ci_low[row] / deviations, fitted.ci_high[row] / deviations
        columns = {
            "coefficient": coefficient,
            "std_error": fitted.std_errors[row] / deviations,
            "statistic": own / fitted.std_errors[row],
            "p_value": fitted.p_values[row],
            "ci_low": low,
            "ci_high": high,
            "coefficient_per_deviation": own,
        }
        if data.task != "regression":
            with np.errstate(over="ignore"):
                columns |= {
                    "odds_ratio": np.exp(coefficient),
                    "odds_ci_low": np.exp(low),
                    "odds_ci_high": np.exp(high),
                }
        told.append(columns)
    return told


def _estimated(coefficients: Floats, deviations: Floats) -> list[Columns]:
    """Of a model without tests: its coefficients for each outcome, and no more."""
    return [{"coefficient": own / deviations, "coefficient_per_deviation": own} for own in coefficients]


def _write(context: Context, data: Dataset, columns: NDArray[np.int64], outcomes: list[Columns]) -> None:
    """`coefficients.csv`: a row per outcome and term; two classes are one outcome, several one each."""
    import pandas as pd  # noqa: PLC0415 - loaded by whoever runs methods

    from deepfeat.writing.csvfiles import write_table  # noqa: PLC0415 - as above

    terms, names = _terms(data, columns), _outcomes(data, len(outcomes))
    parts = [
        pd.DataFrame({"outcome": name, "term": terms, **own})
        for name, own in zip(names, outcomes, strict=True)
    ]
    write_table(context.artefact("coefficients.csv"), pd.concat(parts, ignore_index=True))


def _terms(data: Dataset, columns: NDArray[np.int64]) -> list[str]:
    """The columns as the rows of a table of coefficients are called."""
    owners = [data.features[j] for j in data.column_feature[columns]]
    return [
        f"{feature.name} = {feature.levels[column - feature.start]}" if feature.is_category else feature.name
        for feature, column in zip(owners, columns, strict=True)
    ]


def _outcomes(data: Dataset, count: int) -> list[str]:
    if data.task == "regression":
        return [data.classes[0]]
    if data.task == "binary":
        return [data.classes[1]]
    if count < data.n_outputs:
        return [f"{name} against {data.classes[0]}" for name in data.classes[1:]]
    return [f"{name} against the rest" if data.task == "multiclass" else name for name in data.classes]
