"""Selection at a chosen false discovery rate: the simulation of DeepPINK (Lu et al. 2018)."""

from collections.abc import Mapping
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
from cell import Cell, Draw, Outcome, Verdict
from designs import table

ROWS, RELEVANT, SIZE = 1000, 30, 1.5
LINKS = {"linear": "y = x'b + noise", "index": "y = (x'b)^3 / 2 + noise"}
SINGLE: dict[str, Any] = {"level": 0.2, "networks": 2}
SEVERAL: dict[str, Any] = {"level": 0.1, "networks": 2, "draws": 5}


def draw(link: str, features: int, number: int) -> Draw:
    """Gaussian rows of precision `0.5 ** |j - k|`; thirty slopes of 1.5 or -1.5, the others are 0."""
    rng = np.random.default_rng([107, list(LINKS).index(link), features, number])
    precision = 0.5 ** np.abs(np.subtract.outer(np.arange(features), np.arange(features)))
    # with L L' the precision, x = L'^-1 z has it
    root = np.linalg.cholesky(precision)
    x = np.linalg.solve(root.T, rng.normal(size=(features, ROWS))).T
    relevant = np.sort(rng.permutation(features)[:RELEVANT])
    signal = x[:, relevant] @ rng.choice([-SIZE, SIZE], size=RELEVANT)
    y = (signal**3 / 2 if link == "index" else signal) + rng.normal(size=ROWS)
    return Draw(table(x, y, "regression"), relevant=tuple(relevant.tolist()))


def judge(accepted: float, slack: int, power: float, outcomes: Mapping[str, Outcome]) -> list[Verdict]:
    """The mean share of false discoveries, with so many standard errors as slack, and the power."""
    found = []
    for name, outcome in outcomes.items():
        wrong, right = outcome.false_discoveries, outcome.share_found
        error = float(wrong.std(ddof=1)) / sqrt(len(wrong))
        found += [
            Verdict(
                f"`{name}`: mean share of false discoveries at most {accepted:g}"
                + (f" + {slack} standard errors" if slack else ""),
                f"{wrong.mean():.3f} +- {error:.3f}",
                bool(wrong.mean() <= accepted + slack * error),
            ),
            Verdict(
                f"`{name}`: share of the {RELEVANT} relevant features that are selected, at least {power:g}",
                f"{right.mean():.3f}",
                bool(right.mean() >= power),
            ),
        ]
    return found


def cell(link: str, features: int, *, derandomised: bool) -> Cell:
    """One link and width, with one draw of knockoffs or with several."""
    how = f"{SEVERAL['draws']} draws joined by e-values" if derandomised else "one draw of knockoffs"
    level = (SEVERAL if derandomised else SINGLE)["level"]
    return Cell(
        name=f"knockoff-{link}-{features}" + ("-derandomised" if derandomised else ""),
        group="Selection at a false discovery rate",
        title=f"{LINKS[link]}, {ROWS} rows, {features} features, {RELEVANT} relevant; `knockoff` with {how}, "
        f"at a rate of {level:g}",
        draw=partial(draw, link, features),
        methods={"knockoff": SEVERAL if derandomised else SINGLE},
        judge=partial(judge, 0.05, 0, 0.95) if derandomised else partial(judge, SINGLE["level"], 2, 0.9),
        # small, so that an interruption costs little where a repetition takes long
        chunk=20 if features == 50 and not derandomised else 5,
    )


CELLS = [
    *(cell(link, features, derandomised=False) for features in (50, 500) for link in LINKS),
    *(cell(link, 50, derandomised=True) for link in LINKS),
]
