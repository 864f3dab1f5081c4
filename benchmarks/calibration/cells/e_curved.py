"""Even effects and pure interactions: what `effect` is blind to."""

from collections.abc import Mapping

import numpy as np
from cell import Cell, Draw, Outcome, Verdict, at_most
from designs import table

ROWS, FEATURES = 500, 6


def draw(number: int) -> Draw:
    """x1 matters by its square, x2 and x3 by their product."""
    rng = np.random.default_rng([105, number])
    x = rng.normal(size=(ROWS, FEATURES))
    y = (x[:, 0] ** 2 - 1) / np.sqrt(2) + x[:, 1] * x[:, 2] + rng.normal(size=ROWS)
    return Draw(table(x, y, "regression"), relevant=(0, 1, 2))


def judge(outcomes: Mapping[str, Outcome]) -> list[Verdict]:
    """`loco` and `hrt` find all three nearly always; `effect` does not claim to."""
    found = [
        Verdict(
            f"`{name}`: share of repetitions in which a relevant feature has p < 0.05"
            + (" at least 0.9" if name in ("loco", "hrt") else " (stated: it is blind to them)"),
            f"{outcome.power:.3f}",
            outcome.power >= 0.9 if name in ("loco", "hrt") else None,
        )
        for name, outcome in outcomes.items()
    ]
    return [*found, *(at_most(outcomes[name], name) for name in ("loco", "hrt"))]


CELLS = [
    Cell(
        name="curved",
        group="Even effects and interactions",
        title=f"y = x1^2 + x2 x3 + noise, {ROWS} rows, {FEATURES} features",
        draw=draw,
        methods={"effect": {}, "loco": {}, "hrt": {"draws": 300}},
        judge=judge,
    )
]
