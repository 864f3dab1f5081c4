"""effect: how strongly a feature is associated with the target in a network, with interval and p-value."""

import numpy as np

from deepfeat.inference.gcm import gcm_test, partial_effect
from deepfeat.methods import (
    Context,
    Cost,
    CrossFit,
    CrossFitParams,
    Dataset,
    Ensemble,
    Findings,
    Importance,
    Method,
    conclude,
    per_step,
    two_levels,
)

NULL = "given all other features, the target does not covary with the feature"
ASSUMPTION = (
    "what the other features say about a feature is linear (Ledoit-Wolf shrinkage), or the networks trained "
    "without the feature have learned the target well: the errors of the two only matter as a product"
)
BLIND = (
    "effect sees what a feature adds in one direction. It is blind to even effects (high and low values "
    "alike) and to pure interactions, however strong: loco and hrt see those."
)
SEVERAL_CLASSES = (
    "Several classes are tested together. Calibration measured at three classes, 200 rows and 6 features: of "
    "the irrelevant ones 4.8 % have p below 0.05 where nothing matters, and 4.5 % at a correlation of 0.8 "
    "with relevant ones (docs/calibration.md)."
)


class Effect(Method):
    """Partial effect of each feature on the target beside all others, with 95 % interval and p-value.

    For each feature networks are trained that do not see it, and answer the rows that they were not trained
    on; what they leave unexplained of the target is compared with what the other features leave unexplained
    of the feature. A test and a slope as from a linear model, but the other features may act in any way that
    a network can learn. The effect of a number is the change per standard deviation (`unit` in `tests.csv`).
    A category of several levels, and several classes, are tested as a whole with an F test;
    `levels.csv` has the slope for each level, against the rows of all other levels, and each class.
    """

    name = "effect"
    kind = "experiment"
    cost = Cost.REFITS
    inputs = ("table",)
    paper = (
        'Shah & Peters 2020, "The hardness of conditional independence testing and the generalised '
        'covariance measure", Annals of Statistics 48(3); Robinson 1988, "Root-N-consistent semiparametric '
        'regression", Econometrica 56(4); Chernozhukov et al. 2018, "Double/debiased machine learning", '
        "Econometrics Journal 21(1)"
    )
    sees = "how much the target rises or falls with a feature beside all others, with interval and p-value"
    blind_to = "even effects and pure interactions, however strong; what correlated features can stand in for"
    trust = (
        "when rows are independent and the question is a slope; exact in large samples, and checked in "
        "docs/calibration.md"
    )
    removes = "networks are trained without the feature; its linear regression on the others is taken off it"

    Params = CrossFitParams
    params: CrossFitParams

    def fits(self, data: Dataset, members: int) -> int:
        """A network per feature, fold and repetition; clusters of correlated features come on top."""
        del members
        return self.params.networks_without(data)

    @classmethod
    def suggested(cls, rows: int, features: int) -> bool:
        """As long as the networks that it trains are hundreds."""
        return features <= 30 and rows >= 100

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """One plan trains all networks without a feature."""
        del ensemble
        crossfit = CrossFit.of(data, self.params, context)
        questions = crossfit.questions
        target = crossfit.y - crossfit.answers_without(questions)
        feature = crossfit.unexplained(questions)
        # The probabilities of classes add up to one, so the last class says nothing of its own.
        tested = target[..., :-1] if data.task == "multiclass" else target
        tests = [gcm_test(x, y, crossfit.groups) for x, y in zip(feature, tested, strict=True)]
        single = [
            partial_effect(x[:, 0], y[:, 0], crossfit.groups) if x.shape[1] == y.shape[1] == 1 else None
            for x, y in zip(feature, target, strict=True)
        ]
        low, high = np.array([(np.nan, np.nan) if own is None else own.interval for own in single]).T
        if data.n_outputs > 1 or any(own.is_category for own in data.features):
            _write_levels(crossfit, target, feature)
        # Beside a linear model, and features beside each other: per deviation of a number.
        unit = np.array([_unit(crossfit, question) for question in questions])
        return conclude(
            crossfit,
            questions,
            Findings(
                strength=np.sqrt([test.excess / len(crossfit.rows) for test in tests]),
                p_value=np.array([test.p_value for test in tests]),
                effect=unit * [np.nan if own is None else own.estimate for own in single],
                std_error=unit * [np.nan if own is None else own.std_error for own in single],
                ci_low=unit * low,
                ci_high=unit * high,
                details={
                    "statistic": [test.statistic for test in tests],
                    "degrees": [test.degrees for test in tests],
                    "units_left": [test.units_left for test in tests],
                    "unit": unit,
                },
            ),
            scale=_scale(data),
            null_hypothesis=NULL,
            assumption=ASSUMPTION,
            notes=[BLIND, *two_levels(data), *([SEVERAL_CLASSES] if data.task == "multiclass" else [])],
        )


def _scale(data: Dataset) -> str:
    """What effects are measured in."""
    whose = f" of {data.classes[-1]}" if data.n_outputs == 1 else ""
    what = "change of y" if data.task == "regression" else f"change of the probability{whose}"
    return f"{what} {per_step(data)}"


def _unit(crossfit: CrossFit, question: tuple[int, ...]) -> float:
    """The deviation of a number; 1 for a category of two levels, whose effect is the step between them."""
    feature = crossfit.data.features[question[0]]
    if len(question) > 1 or feature.is_category:
        return 1.0
    return float(crossfit.x[:, feature.start].std(dtype=np.float64))


def _write_levels(crossfit: CrossFit, target: np.ndarray, feature: list[np.ndarray]) -> None:
    """`levels.csv`: the slope of every class on every level against all others, or on the number."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    from deepfeat.writing.csvfiles import write_table  # noqa: PLC0415 - loads pandas

    lines = []
    for place, index in enumerate(crossfit.tested):
        own, columns = crossfit.data.features[index], feature[place].T
        if own.is_category:  # the first level is where all others are not
            columns = np.concatenate([-columns.sum(axis=0, keepdims=True), columns])
        for level, column in zip(own.levels or ("",), columns, strict=True):
            for output in range(target.shape[2]):
                found = partial_effect(column, target[place, :, output], crossfit.groups)
                label = crossfit.data.classes[-1 if target.shape[2] == 1 else output]
                lines.append((own.name, level, label, found.estimate, found.std_error, *found.interval))
    names = ["feature", "level", "class", "effect", "std_error", "ci_low", "ci_high"]
    write_table(crossfit.context.artefact("levels.csv"), pd.DataFrame(lines, columns=names))
