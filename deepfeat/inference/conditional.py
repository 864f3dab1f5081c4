"""A model of every feature given all others, to draw values from that could as well have been observed.

What is drawn depends on the other features of the row alone, not on the target: so a network that answers
worse with drawn values than with the true ones has learned something from the feature that the others do not
say. This is only as true as the model is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deepfeat.inference.residuals import Residuals
from deepfeat.inference.units import Floats

Kind = Literal["number", "category"]
Family = Literal["gaussian", "levels", "category", "constant"]
Draw = NDArray[np.float32]

ASSUMPTION = (
    "the model of the feature given the others is right: linear with Ledoit-Wolf shrinkage, and Gaussian "
    "around that, or one of its few values"
)
"""What has to hold for the p-values of a test that draws from this model."""

# A number with so few different values is drawn from these and not from between them.
MOST_LEVELS = 10
# Least probability of a level that occurs: a linear regression may say less than nothing.
LEAST = 1e-3
HALVINGS = 30
SCALINGS = 8


@dataclass(frozen=True, eq=False)
class _Feature:
    """What one feature is drawn from.

    Attributes:
        family: of its distribution.
        columns: its columns of the table.
        mean: (rows,) expected value, for a Gaussian.
        deviation: of it.
        values: (levels, columns) what each level looks like.
        cumulative: (rows, levels) probability of a level or one before it.
        explained: share of the variance that the other features explain.
        kurtosis: excess kurtosis of the residuals of a Gaussian; 0 for a true one.
    """

    family: Family
    columns: NDArray[np.int64]
    explained: float
    mean: Floats | None = None
    deviation: float = 0.0
    values: Floats | None = None
    cumulative: Floats | None = None
    kurtosis: float = 0.0


class ConditionalModel:
    """Draws each feature given all others.

    The expected value of a feature is its linear regression on the others, with Ledoit-Wolf shrinkage (see
    `Residuals`). Around it a number is normally distributed. A number of few values (0 and 1; genotypes 0, 1
    and 2) is one of these values: the distribution is tilted exponentially from row to row to have that
    expected value, and over all rows has the frequencies of the table. Of two values that is a Bernoulli
    draw, of genotypes in Hardy-Weinberg proportions a binomial one. A category is one of its levels, with
    their regressions, kept positive, as probabilities.

    Args:
        x: (rows, columns) the table.
        columns: the columns of each feature; those of a category are its levels.
        kinds: what each feature is.
        rng: see `Residuals.fit`.
    """

    def __init__(
        self,
        x: NDArray[Any],
        columns: Sequence[NDArray[np.int64]],
        kinds: Sequence[Kind],
        rng: np.random.Generator,
    ) -> None:
        table = np.asarray(x, dtype=np.float64)
        # One level of a category follows from the others.
        used = [own if kind == "number" else own[1:] for own, kind in zip(columns, kinds, strict=True)]
        stops = np.cumsum([len(own) for own in used])
        design = table[:, np.concatenate(used)]
        blocks = [np.arange(stop - len(own), stop) for stop, own in zip(stops, used, strict=True)]
        left = Residuals.fit(design, rng).of_blocks(design, blocks)
        self._shape = table.shape
        self._features = [
            _feature(table[:, own], residuals, own, kind)
            for own, residuals, kind in zip(columns, left, kinds, strict=True)
        ]

    def draw(self, rng: np.random.Generator) -> Draw:
        """Every feature drawn anew, each given the true values of all others.

        Take one feature at a time from it: together the drawn values do not belong to each other.

        Args:
            rng: where the draw comes from.

        Returns:
            (rows, columns) float32.
        """
        drawn = np.empty(self._shape, dtype=np.float32)
        rows = self._shape[0]
        for feature in self._features:
            if feature.mean is not None:
                drawn[:, feature.columns[0]] = feature.mean + feature.deviation * rng.standard_normal(rows)
            elif feature.cumulative is not None and feature.values is not None:
                level = np.sum(rng.random((rows, 1)) > feature.cumulative[:, :-1], axis=1)
                drawn[:, feature.columns] = feature.values[level]
        return drawn

    @property
    def families(self) -> tuple[Family, ...]:
        """What each feature is drawn from."""
        return tuple(feature.family for feature in self._features)

    @property
    def explained(self) -> Floats:
        """(features,) share of a feature's variance that the others explain."""
        return np.array([feature.explained for feature in self._features])

    @property
    def kurtosis(self) -> Floats:
        """(features,) excess kurtosis of what is left, where it is taken for Gaussian; else 0."""
        return np.array([feature.kurtosis for feature in self._features])


def _feature(values: Floats, left: Floats, columns: NDArray[np.int64], kind: Kind) -> _Feature:
    own = values if kind == "number" else values[:, 1:]
    total = float(np.sum((own - own.mean(axis=0)) ** 2))
    explained = 1 - float(np.sum(left**2)) / total if total > 0 else 0.0
    expected = own - left
    levels = np.unique(values, axis=0)
    if len(levels) == 1:
        family: Family = "constant"
        return _Feature(family, columns, 0.0, values=levels, cumulative=np.ones((len(values), 1)))
    if kind == "category":
        first = 1 - expected.sum(axis=1, keepdims=True)
        probability = np.maximum(np.concatenate([first, expected], axis=1), LEAST) * values.any(axis=0)
        probability /= probability.sum(axis=1, keepdims=True)
        identity = np.eye(values.shape[1])
        return _Feature(
            "category", columns, explained, values=identity, cumulative=np.cumsum(probability, axis=1)
        )
    if len(levels) <= MOST_LEVELS:
        probability = _tilted(values[:, 0], levels[:, 0], expected[:, 0])
        return _Feature(
            "levels", columns, explained, values=levels, cumulative=np.cumsum(probability, axis=1)
        )
    variance = float(np.mean(left**2))
    kurtosis = float(np.mean(left**4)) / variance**2 - 3 if variance > 0 else 0.0
    return _Feature(
        "gaussian",
        columns,
        explained,
        mean=expected[:, 0],
        deviation=float(np.sqrt(variance)),
        kurtosis=kurtosis,
    )


def _tilted(values: Floats, levels: Floats, expected: Floats) -> Floats:
    """(rows, levels) `p ~ base * exp(tilt * level)`, a tilt per row such that its mean is as expected.

    The base is such that over all rows every level is as frequent as in the table (iterative scaling).
    """
    frequency = np.array([np.mean(values == level) for level in levels])
    scaled = (levels - levels[0]) / (levels[-1] - levels[0])
    wanted = np.clip((expected - levels[0]) / (levels[-1] - levels[0]), LEAST, 1 - LEAST)
    base = frequency
    for _ in range(SCALINGS):
        base = base * frequency / _with_mean(base, scaled, wanted).mean(axis=0)
        base = base / base.sum()
    return _with_mean(base, scaled, wanted)


def _with_mean(base: Floats, scaled: Floats, wanted: Floats) -> Floats:
    """The tilted distributions with these means, by halving the interval of each tilt."""
    low, high = np.full(len(wanted), -50.0), np.full(len(wanted), 50.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        too_low = _tilt(base, scaled, middle) @ scaled < wanted
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return _tilt(base, scaled, (low + high) / 2)


def _tilt(base: Floats, scaled: Floats, tilt: Floats) -> Floats:
    exponent = np.outer(tilt, scaled) + np.log(base)
    weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    probability: Floats = weight / weight.sum(axis=1, keepdims=True)
    return probability
