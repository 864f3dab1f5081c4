"""Do the intervals of `effect` cover the true slope, and what does it cost beside least squares?"""

from collections.abc import Mapping

import numpy as np
from cell import Cell, Draw, Outcome, Verdict, within
from designs import ols, table

ROWS, FEATURES = 300, 13
SLOPES = np.array([0.2, 0.2, 0.2, 0.2, 0.4, 0.4, 0, 0, 0, 0, 0, 0, 0])
BINARY = slice(3, 13, 2)


def draw(number: int) -> Draw:
    """A linear model; neighbours are correlated, and every second feature from the fourth on is binary."""
    rng = np.random.default_rng([103, number])
    x = rng.normal(size=(ROWS, FEATURES))
    x[:, 1:] = 0.3 * x[:, :-1] + np.sqrt(1 - 0.3**2) * x[:, 1:]
    x[:, BINARY] = x[:, BINARY] > 0
    y = x @ SLOPES + rng.normal(size=ROWS)
    return Draw(table(x, y, "regression"), relevant=tuple(range(6)), effects=tuple(SLOPES * x.std(axis=0)))


def judge(outcomes: Mapping[str, Outcome]) -> list[Verdict]:
    """Coverage between 0.93 and 0.97."""
    found = []
    for name, outcome in outcomes.items():
        covers = (outcome.ci_low <= outcome.effects) & (outcome.effects <= outcome.ci_high)
        share = float(covers.mean())
        claim = f"`{name}`: share of 95 % intervals that cover the true slope in 0.93 to 0.97"
        found.append(Verdict(claim, f"{share:.3f}", 0.93 <= share <= 0.97 if name == "effect" else None))
        found.append(
            Verdict(f"`{name}`: power on the six relevant features (stated)", f"{outcome.power:.3f}")
        )
    return [*found, within(outcomes["effect"], "effect")]


CELLS = [
    Cell(
        name="coverage",
        group="Intervals",
        title=f"linear model, {ROWS} rows, {FEATURES} features of which five are binary, slopes 0.2 to 0.4",
        draw=draw,
        methods={"effect": {}},
        baselines={"ols": ols},
        judge=judge,
    )
]
