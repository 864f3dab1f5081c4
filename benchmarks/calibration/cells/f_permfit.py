"""The published example of PermFIT (Mi et al. 2021): everything found, and nothing else?"""

from collections.abc import Mapping

import numpy as np
from cell import Cell, Draw, Outcome, Verdict, at_most
from designs import table

from deepfeat.ranking.multiplicity import adjusted

ROWS, FEATURES, RELEVANT = 1000, 20, 5
SEEDS = 10


def draw(number: int) -> Draw:
    """Y = x1 + 2 log(1 + 2 x2^2 + (x3 + 1)^2) + x4 x5 + N(0, 1)."""
    rng = np.random.default_rng([106, number])
    x = rng.normal(size=(ROWS, FEATURES))
    curve = 2 * np.log(1 + 2 * x[:, 1] ** 2 + (x[:, 2] + 1) ** 2)
    y = x[:, 0] + curve + x[:, 3] * x[:, 4] + rng.normal(size=ROWS)
    return Draw(table(x, y, "regression"), relevant=tuple(range(RELEVANT)))


def judge(outcomes: Mapping[str, Outcome]) -> list[Verdict]:
    """Ten seeds, corrected by Holm at 0.05; and false positives among them."""
    exact = {}
    for name, outcome in outcomes.items():
        chosen = np.array([adjusted(p, "holm") <= 0.05 for p in outcome.p_value[:SEEDS]])
        exact[name] = int(np.sum((chosen == outcome.relevant[:SEEDS]).all(axis=1)))
    counts = ", ".join(f"`{name}` {count}" for name, count in exact.items())
    best = max(exact.values())
    claim = (
        f"in at least 9 of {SEEDS} seeds at least one test selects exactly the five relevant features "
        f"(Holm, 0.05)"
    )
    return [
        Verdict(claim, counts, best >= 9),
        *(at_most(outcomes[name], name) for name in ("loco", "hrt", "permfit", "cpi")),
    ]


CELLS = [
    Cell(
        name="permfit",
        group="A published example",
        title=f"y = x1 + 2 log(1 + 2 x2^2 + (x3 + 1)^2) + x4 x5 + noise, {ROWS} rows, {FEATURES} features",
        draw=draw,
        methods={"effect": {}, "loco": {}, "hrt": {}, "permfit": {}, "cpi": {}},
        judge=judge,
        repetitions=SEEDS,
        chunk=10,
    )
]
