"""Firth's penalised logistic regression: estimates that are finite, and of the highest of several maxima.

The log likelihood plus half the log determinant of the Fisher information (Firth 1993, "Bias reduction of
maximum likelihood estimates", Biometrika 80) has a finite maximum even where columns separate the classes;
tests and intervals are those of its profile (Heinze & Schemper 2002, "A solution to the problem of separation
in logistic regression", Statistics in Medicine 21). Unlike the likelihood it need not be concave: with many
columns that say nearly the same it has several maxima, and Newton's steps from zero end in whichever is
nearest. A test that holds a coefficient at zero may then find a higher likelihood than the model without that
restriction, which cannot be. So the search starts from many points, and again from whatever a test or an
interval has found, until nothing is higher than the maximum that all of them refer to.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float64]
Columns = NDArray[np.int64]

NONE: Columns = np.array([], dtype=np.int64)
LEVEL = 0.05
STARTS = 60
"""Of the search, besides zero; half of them anywhere, and half near the highest point so far."""
MOST_STARTS, ALL_STARTS = 120, 400
"""The same of a test that rejects, and of all that do, where several maxima were met."""
SPREAD, NEARER = 15.0, 1 / 3
"""Deviation of the linear predictor at a start, of independent columns; and the share of it near a point."""
STEP, HALVINGS, ITERATIONS = 5.0, 50, 500
"""The longest step of a coefficient is that of logistf; it stops after 25 steps, which are too few here."""
GAIN, ROUGH, ROUNDING = 1e-10, 1e-6, 1e-6
"""What a step must promise to be taken, and on the way to the end of an interval; and what it may promise and
still lead no higher, in large tables."""
HIGHER, APART = 1e-5, 1e-3
"""Log likelihoods differ in earnest, and maxima are different ones."""
REACHED, PROBES, BRANCHES = 1e-4, 60, 10
"""An end of an interval: how near to its log likelihood it is, after how many fits it is given up, and how
many branches of the profile are followed."""


@dataclass(frozen=True, eq=False)
class FirthFit:
    """The highest maximum of the penalised likelihood of k columns and an intercept.

    Attributes:
        coefficients: (k,) without the intercept.
        std_errors: (k,) of Wald.
        loglik: penalised log likelihood.
        p_values: (tests,) that all coefficients of a test are zero, by the likelihood ratio; NaN where a fit
            did not converge.
        constrained: (tests,) penalised log likelihood with these coefficients held at zero.
        ci_low: (k,) the lowest value that a test of the coefficient does not reject at 5 %; NaN where it was
            not asked for, or not found.
        ci_high: (k,) the highest such value.
        maxima: how many maxima of different height the search has met.
    """

    coefficients: Floats
    std_errors: Floats
    loglik: float
    p_values: Floats
    constrained: Floats
    ci_low: Floats
    ci_high: Floats
    maxima: int


def firth_logistic(x: Floats, y: Floats, tests: Sequence[Columns], *, profiled: bool) -> FirthFit:
    """Fit, test and profile, until no restricted fit is higher than the one without restrictions.

    Where several maxima are met, a rejection is looked at once more from all starts: too low a restricted
    maximum would pass for evidence.

    The restricted fits keep the penalty of the whole model, as in logistf (Heinze & Ploner): the determinants
    of models of different size cannot be compared. Values that a test does not reject need not be an interval
    where there are several maxima; the ends are then those of the smallest interval that holds all of them.

    Args:
        x: (rows, k) standardised columns of full rank, k + 1 no more than rows.
        y: (rows,) 0 or 1.
        tests: columns whose coefficients are held at zero together, at least one each.
        profiled: whether to look for the ends of intervals, two for each column.

    Raises:
        numpy.linalg.LinAlgError: the columns and the intercept are not of full rank.
    """
    # thousands of small products: threads cost more than they bring
    with threadpool_limits(1, "blas"):
        return _fitted(x, y, tests, profiled=profiled)


def _fitted(x: Floats, y: Floats, tests: Sequence[Columns], *, profiled: bool) -> FirthFit:
    from scipy.stats import chi2  # noqa: PLC0415 - takes a second to import

    search = _Search(_Likelihood(x, y))
    drop = float(chi2.ppf(1 - LEVEL, 1)) / 2
    sizes = np.array([len(columns) for columns in tests])
    ends = np.full((x.shape[1], 2), np.nan)
    while True:
        # the intercept is the first coefficient
        restricted = [search.without(1 + columns) for columns in tests]
        if len(search.maxima) > 1:
            drops = np.array([search.top.loglik - fit.loglik for fit in restricted])
            rejected = np.flatnonzero(2 * drops > chi2.ppf(1 - LEVEL, sizes)).tolist()
            for test in rejected:
                restricted[test] = search.again(
                    1 + tests[test], min(MOST_STARTS, ALL_STARTS // len(rejected))
                )
        if search.climb_higher():
            continue
        if profiled:
            ends = search.ends(drop)
        if not search.climb_higher():
            break
    top = search.top
    ratios = np.array([2 * max(0.0, top.loglik - fit.loglik) for fit in restricted])
    settled = np.array([top.settled and fit.settled for fit in restricted], dtype=bool)
    return FirthFit(
        top.beta[1:],
        np.sqrt(np.diag(search.likelihood.covariance(top.beta)))[1:],
        top.loglik,
        np.where(settled, chi2.sf(ratios, sizes), np.nan),
        np.array([fit.loglik for fit in restricted]),
        ends[:, 0],
        ends[:, 1],
        len(search.maxima),
    )


@dataclass(frozen=True, eq=False)
class _Point:
    """Where a climb has ended: at a maximum, unless it is not settled."""

    beta: Floats
    loglik: float
    settled: bool


class _Likelihood:
    """The penalised likelihood of a table, and the way up."""

    def __init__(self, x: Floats, y: Floats) -> None:
        self.x = np.column_stack([np.ones(len(x)), x])
        self.y = y

    def at(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """The log likelihood, its slope (1 + k,), and (1 + k, 1 + k) the information that scales a step.

        Raises:
            numpy.linalg.LinAlgError: the weights of the rows leave no full rank.
        """
        from scipy.linalg import solve_triangular  # noqa: PLC0415 - as above
        from scipy.special import expit  # noqa: PLC0415 - as above

        eta = self.x @ beta
        share = expit(eta)
        weight = share * expit(-eta)
        rows = np.sqrt(weight)[:, None] * self.x
        root = np.linalg.cholesky(rows.T @ rows)
        leverage = np.square(solve_triangular(root, rows.T, lower=True, check_finite=False)).sum(axis=0)
        loglik = float((self.y * eta - np.logaddexp(0, eta)).sum() + np.log(np.diag(root)).sum())
        slope = self.x.T @ (self.y - share + leverage * (0.5 - share))
        return loglik, slope, (self.x.T * (weight * (1 + leverage))) @ self.x

    def covariance(self, beta: Floats) -> Floats:
        """(1 + k, 1 + k) inverse of the information at a point."""
        inverse: Floats = np.linalg.inv(self.at(beta)[2]).astype(np.float64, copy=False)
        return inverse

    def climb(self, start: Floats, held: Columns = NONE, gain: float = GAIN) -> _Point | None:
        """The maximum uphill, with some coefficients held as they are; None where a start is no use."""
        free = np.delete(np.arange(len(start)), held)
        beta = start
        try:
            loglik, slope, information = self.at(beta)
        except np.linalg.LinAlgError:
            return None
        for _ in range(ITERATIONS):
            step = np.linalg.solve(information[np.ix_(free, free)], slope[free])
            promised = float(slope[free] @ step)
            if promised < gain:
                return _Point(beta, loglik, settled=True)
            step *= min(1.0, STEP / np.abs(step).max())
            for _ in range(HALVINGS):
                further = beta.copy()
                further[free] += step
                try:
                    reached = self.at(further)
                except np.linalg.LinAlgError:
                    reached = None
                if reached is not None and reached[0] >= loglik:
                    break
                step /= 2
            else:
                return _Point(beta, loglik, settled=promised < ROUNDING)
            beta, (loglik, slope, information) = further, reached
        return _Point(beta, loglik, settled=False)

    def moved(self, point: _Point, columns: Columns, values: Floats) -> Floats:
        """Other values for some coefficients; the rest follow as if the likelihood were a parabola."""
        covariance = self.covariance(point.beta)
        change = values - point.beta[columns]
        beta = point.beta + covariance[:, columns] @ np.linalg.solve(
            covariance[np.ix_(columns, columns)], change
        )
        beta[columns] = values
        return beta


class _Search:
    """The maxima and the restricted maxima that were met, the highest first to be asked."""

    def __init__(self, likelihood: _Likelihood) -> None:
        self.likelihood = likelihood
        self.maxima: list[_Point] = []
        self._restricted: dict[tuple[int, ...], _Point] = {}
        self._searched: set[tuple[int, ...]] = set()
        self._width = likelihood.x.shape[1]
        self._met(self._uphill(np.zeros(self._width)))
        for point in self._sought(self.top, NONE, STARTS):
            self._met(point)
        self._highest = self.top

    @property
    def top(self) -> _Point:
        return self.maxima[0]

    def climb_higher(self) -> bool:
        """Whether a restricted fit was higher than the maximum; if so, there is a new one above it."""
        if self._highest.loglik <= self.top.loglik + HIGHER:
            return False
        self._met(self._uphill(self._highest.beta))
        return True

    def without(self, columns: Columns) -> _Point:
        """The highest likelihood with these coefficients at zero that is met downhill from the maxima.

        Args:
            columns: of the coefficients, the intercept being 0.
        """
        key = tuple(columns.tolist())
        best = self._restricted.get(key) or self._uphill(np.zeros(self._width), columns)
        for point in self.maxima:
            if best.loglik >= point.loglik:
                # no restriction leads above the maximum that it starts from
                break
            start = self.likelihood.moved(point, columns, np.zeros(len(columns)))
            best = _higher(best, self.likelihood.climb(start, columns))
        return self._kept(key, best)

    def again(self, columns: Columns, count: int) -> _Point:
        """The same from so many starts besides; once is enough."""
        key = tuple(columns.tolist())
        if key not in self._searched:
            self._searched.add(key)
            self._kept(key, self._sought(self._restricted[key], columns, count)[0])
        return self._restricted[key]

    def ends(self, drop: float) -> Floats:
        """(k, 2) the outermost values of each coefficient whose profile is within `drop` of the top, or NaN.

        A point that one end has led to may lie beyond another end, which then moves on from there.

        Args:
            drop: of the penalised log likelihood.
        """
        floor = self.top.loglik - drop
        known = [point for point in (*self.maxima, *self._restricted.values()) if point.loglik > floor]
        found = np.full((self._width, 2), np.nan)
        for _ in range(BRANCHES):
            reached = []
            values = np.array([point.beta for point in known])
            for column in range(1, self._width):
                for place, side in enumerate((-1, 1)):
                    outermost = int(np.argmax(side * values[:, column]))
                    if side * (values[outermost, column] - found[column, place]) <= 0:
                        continue
                    found[column, place], last = self._end(known[outermost], column, side, floor)
                    reached.append(last)
            if not reached:
                break
            known += reached
        return np.where(np.isfinite(found[1:]), found[1:], np.nan)

    def _end(self, inside: _Point, column: int, side: int, floor: float) -> tuple[float, _Point]:
        """The end of an interval outwards from a point above the floor, and the last such point before it."""
        value = side * math.inf
        for _ in range(BRANCHES):
            value, inside = self._crossing(inside, column, side, floor)
            if math.isinf(value):
                break
            # the profile has been followed from one side: another branch may be above the floor here
            branch = self._elsewhere(column, value, floor)
            if branch is None:
                break
            inside = branch
        else:
            # still above the floor there: no end was found
            value = side * math.inf
        return value, inside

    def _elsewhere(self, column: int, value: float, floor: float) -> _Point | None:
        """A point above the floor where a coefficient has this value, if one of the maxima leads to it.

        Or zero does, where there are several: it is far away, and takes long.
        """
        held, values = np.array([column]), np.array([value])
        high = [point for point in self.maxima if point.loglik > floor]
        starts = [self.likelihood.moved(point, held, values) for point in high]
        if len(self.maxima) > 1:
            zero = np.zeros(self._width)
            zero[column] = value
            starts.append(zero)
        for start in starts:
            branch = self.likelihood.climb(start, held, gain=ROUGH)
            if branch is not None and branch.loglik > floor + 2 * REACHED:
                return branch
        return None

    def _crossing(self, inside: _Point, column: int, side: int, floor: float) -> tuple[float, _Point]:
        """Where the profile of a coefficient falls to the floor, or infinity; and the last point above."""
        variance = float(self.likelihood.covariance(inside.beta)[column, column])
        step = side * math.sqrt(2 * max(inside.loglik - floor, REACHED) * variance)
        outside: _Point | None = None
        # heights above and below the floor, for a line through both sides; a side that stays twice counts
        # half, or it would stay for ever (the Illinois rule)
        above, below, last = inside.loglik - floor, 0.0, 0
        for _ in range(PROBES):
            value = inside.beta[column] + step
            if outside is None:
                step *= 2
            else:
                value = inside.beta[column] + (outside.beta[column] - inside.beta[column]) * above / (
                    above + below
                )
            start = self.likelihood.moved(inside, np.array([column]), np.array([value]))
            probe = self.likelihood.climb(start, np.array([column]), gain=ROUGH)
            if probe is None:
                break
            self._seen(probe)
            height = probe.loglik - floor
            if abs(height) < REACHED:
                return float(value), inside
            if height > 0:
                inside, above = probe, height
                below /= 2 if last > 0 else 1
                last = 1
            else:
                outside, below = probe, -height
                above /= 2 if last < 0 else 1
                last = -1
        return side * math.inf, inside

    def _sought(self, best: _Point, held: Columns, count: int) -> list[_Point]:
        """Where the starts lead to with some coefficients at zero, the highest first; `best` is among them.

        They are the same points each time, so that the same table has the same answer.
        """
        scale = SPREAD / math.sqrt(self._width)
        starts = np.random.default_rng(0).normal(scale=scale, size=(count, self._width))
        found = [best]
        for number, anywhere in enumerate(starts):
            start = found[0].beta + NEARER * anywhere if number % 2 else anywhere
            start[held] = 0
            point = self.likelihood.climb(start, held)
            if point is not None:
                found.insert(0 if point.loglik > found[0].loglik else len(found), point)
        return found

    def _uphill(self, start: Floats, held: Columns = NONE) -> _Point:
        """Where a start leads to that must be one.

        Raises:
            numpy.linalg.LinAlgError: there the weights of the rows leave no full rank.
        """
        point = self.likelihood.climb(start, held)
        if point is None:
            raise np.linalg.LinAlgError("the columns and the intercept are not of full rank")
        return point

    def _met(self, point: _Point | None) -> None:
        """Remember a maximum; of those of nearly one height only the highest, so that `top` is the top."""
        if point is None or (self.maxima and not point.settled and point.loglik <= self.top.loglik):
            return
        near = [other for other in self.maxima if abs(point.loglik - other.loglik) < APART]
        if any(other.loglik >= point.loglik for other in near):
            return
        apart = [other for other in self.maxima if all(other is not one for one in near)]
        self.maxima = sorted([*apart, point], key=lambda other: -other.loglik)

    def _kept(self, key: tuple[int, ...], point: _Point) -> _Point:
        self._restricted[key] = point
        self._seen(point)
        return point

    def _seen(self, point: _Point) -> None:
        self._highest = _higher(self._highest, point)


def _higher(one: _Point, other: _Point | None) -> _Point:
    return one if other is None or other.loglik <= one.loglik else other
