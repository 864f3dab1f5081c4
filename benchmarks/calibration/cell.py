"""What a cell of the calibration is: a design, drawn again and again, and what must hold of the p-values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset

Array = NDArray[np.float64]
Baseline = Callable[[Dataset], dict[str, Array]]


@dataclass(frozen=True, eq=False)
class Draw:
    """One repetition.

    Attributes:
        data: the table.
        relevant: numbers of the features that the target depends on.
        effects: (features,) the true partial effects per deviation, where the design has them.
    """

    data: Dataset
    relevant: tuple[int, ...] = ()
    effects: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one method said in all repetitions.

    Attributes:
        p_value: (repetitions, features) NaN for a method that selects and has none.
        effect: (repetitions, features) NaN where there is none; so are the two that follow.
        ci_low: (repetitions, features).
        ci_high: (repetitions, features).
        relevant: (repetitions, features) bool.
        effects: (repetitions, features) the true effects; NaN where the design has none.
        selected: (repetitions, features) 1 where a method selects the feature; NaN for one that never does.
    """

    p_value: Array
    effect: Array
    ci_low: Array
    ci_high: Array
    selected: Array
    relevant: NDArray[np.bool_]
    effects: Array

    @property
    def tests(self) -> bool:
        """Whether there are p-values."""
        return not bool(np.isnan(self.p_value).all())

    @property
    def false_discoveries(self) -> Array:
        """(repetitions,) share of irrelevant features among those selected; 0 where nothing is."""
        wrong: Array = (self.selected * ~self.relevant).sum(axis=1)
        return wrong / np.maximum(self.selected.sum(axis=1), 1)

    @property
    def share_found(self) -> Array:
        """(repetitions,) share of the relevant features that are selected."""
        found: Array = (self.selected * self.relevant).sum(axis=1)
        return found / self.relevant.sum(axis=1)

    @property
    def null(self) -> Array:
        """All p-values of irrelevant features."""
        return self.p_value[~self.relevant]

    @property
    def shares(self) -> Array:
        """(repetitions,) share of p < 0.05 among the irrelevant features of each."""
        found: Array = ((self.p_value < 0.05) & ~self.relevant).sum(axis=1)
        return found / (~self.relevant).sum(axis=1)

    @property
    def false_positives(self) -> float:
        """Share of p < 0.05 among irrelevant features."""
        return float(np.mean(self.null < 0.05))

    @property
    def power(self) -> float:
        """Share of p < 0.05 among relevant features."""
        return float(np.mean(self.p_value[self.relevant] < 0.05))

    @property
    def margin(self) -> float:
        """Three standard errors of a share of 0.05.

        P-values of one repetition share their rows, so the standard error is that of the repetitions' own
        shares, and at least that of as many independent tests.
        """
        observed = self.shares.std(ddof=1) / np.sqrt(len(self.shares))
        return 3 * max(float(observed), float(np.sqrt(0.05 * 0.95 / self.null.size)))

    @property
    def distance(self) -> float:
        """Kolmogorov-Smirnov distance of the irrelevant features' p-values to the uniform distribution."""
        from scipy.stats import kstest  # noqa: PLC0415 - slow to import

        return float(kstest(self.null, "uniform").statistic)

    def significant(self, feature: int) -> float:
        """Share of repetitions in which one feature has p < 0.05."""
        return float(np.mean(self.p_value[:, feature] < 0.05))


@dataclass(frozen=True)
class Verdict:
    """One thing that must hold, what was found, and whether it does (None where nothing is demanded)."""

    claim: str
    found: str
    holds: bool | None = None


Judge = Callable[[Mapping[str, Outcome]], list[Verdict]]


@dataclass(frozen=True, eq=False)
class Cell:
    """One design.

    Attributes:
        name: of its file of results.
        group: heading of the report that it stands under.
        title: what is drawn, in a few words.
        draw: makes a repetition from its number.
        methods: parameters of each method that is asked.
        judge: what must hold.
        baselines: classical tests on the same tables, by name.
        repetitions: how often it is drawn.
        chunk: how many repetitions train together and are saved at a time.
    """

    name: str
    group: str
    title: str
    draw: Callable[[int], Draw]
    methods: Mapping[str, Mapping[str, Any]]
    judge: Judge
    baselines: Mapping[str, Baseline] = field(default_factory=dict)
    repetitions: int = 200
    chunk: int = 50


def within(outcome: Outcome, method: str) -> Verdict:
    """The share of false positives is 0.05, up to three standard errors."""
    low, high = 0.05 - outcome.margin, 0.05 + outcome.margin
    share = outcome.false_positives
    claim = f"`{method}`: share of p < 0.05 on irrelevant features in {low:.3f} to {high:.3f}"
    return Verdict(claim, f"{share:.3f}", low <= share <= high)


def at_most(outcome: Outcome, method: str) -> Verdict:
    """The share of false positives is at most 0.05, up to three standard errors."""
    high = 0.05 + outcome.margin
    share = outcome.false_positives
    claim = f"`{method}`: share of p < 0.05 on irrelevant features at most {high:.3f}"
    return Verdict(claim, f"{share:.3f}", share <= high)


def stated(outcome: Outcome, method: str) -> Verdict:
    """The share of false positives, of a method from which nothing is demanded in this design."""
    return Verdict(
        f"`{method}`: share of p < 0.05 on irrelevant features (stated)", f"{outcome.false_positives:.3f}"
    )
