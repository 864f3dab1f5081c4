"""Some features matter, and irrelevant ones are correlated with them."""

from collections.abc import Mapping
from functools import partial

from cell import Cell, Outcome, Verdict, at_most, stated, within
from designs import IN_WORDS, TASKS, correlated

ROWS, FEATURES = 200, 6
METHODS: dict[str, dict[str, int]] = {
    "effect": {},
    "loco": {},
    "hrt": {"draws": 300},
    "permfit": {"repeats": 10},
    "cpi": {"draws": 10},
}


def judge(outcomes: Mapping[str, Outcome]) -> list[Verdict]:
    """`effect` at its level, `loco` and `hrt` at most there; power is stated."""
    rule = {"effect": within, "loco": at_most, "hrt": at_most}
    found = [rule.get(name, stated)(outcome, name) for name, outcome in outcomes.items()]
    return [
        *found,
        *(
            Verdict(f"`{name}`: power on the two relevant features (stated)", f"{outcome.power:.3f}")
            for name, outcome in outcomes.items()
        ),
    ]


CELLS = [
    Cell(
        name=f"ar{round(10 * rho):02d}-{task}",
        group="Irrelevant features correlated with relevant ones",
        title=f"{IN_WORDS[task]}, {ROWS} rows, {FEATURES} features, correlation {rho:g} to the power of "
        "their distance, two relevant (one linear, one a sine); one network per fold",
        draw=partial(correlated, task, rho, ROWS, FEATURES),
        methods={name: {"networks": 1, **own} for name, own in METHODS.items()},
        judge=judge,
        chunk=100,
    )
    for rho in (0.0, 0.5, 0.8)
    for task in TASKS
]
