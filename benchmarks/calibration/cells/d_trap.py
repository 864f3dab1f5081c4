"""The trap for linear models: a feature that is a curved function of the relevant one, and nothing else."""

from collections.abc import Mapping

import numpy as np
from cell import Cell, Draw, Outcome, Verdict
from designs import ols, table

ROWS, FEATURES = 500, 5


def draw(number: int) -> Draw:
    """x1 decides by its square; x2 is that square with noise, and irrelevant given x1."""
    rng = np.random.default_rng([104, number])
    x = rng.normal(size=(ROWS, FEATURES))
    curve = (x[:, 0] ** 2 - 1) / np.sqrt(2)
    x[:, 1] = curve + 0.5 * rng.normal(size=ROWS)
    y = curve + 0.5 * rng.normal(size=ROWS)
    return Draw(table(x, y, "regression"), relevant=(0,))


def judge(outcomes: Mapping[str, Outcome]) -> list[Verdict]:
    """Least squares falls into it; `effect` and `loco` at most one time in ten."""
    return [
        Verdict(
            f"`{name}`: share of repetitions in which x2 has p < 0.05"
            + (" at most 0.10" if name in ("effect", "loco") else " (stated)"),
            f"{outcome.significant(1):.3f}",
            outcome.significant(1) <= 0.10 if name in ("effect", "loco") else None,
        )
        for name, outcome in outcomes.items()
    ]


CELLS = [
    Cell(
        name="trap",
        group="What linear models mistake",
        title=f"y = x1^2 + noise, x2 = x1^2 + noise, {ROWS} rows, {FEATURES} features",
        draw=draw,
        methods={"effect": {}, "loco": {}, "hrt": {"draws": 300}},
        baselines={"ols": ols},
        judge=judge,
    )
]
