"""Nothing matters: no test may find anything more often than its level."""

from collections.abc import Mapping
from functools import partial

from cell import Cell, Outcome, Verdict, at_most, within
from designs import IN_WORDS, TASKS, null

ROWS, FEATURES = 200, 6
METHODS: dict[str, dict[str, int]] = {
    "effect": {},
    "loco": {},
    "hrt": {"draws": 300},
    "permfit": {"repeats": 10},
    "cpi": {"draws": 10},
}


def judge(outcomes: Mapping[str, Outcome]) -> list[Verdict]:
    """`effect` at its level, the others at most there."""
    return [(within if name == "effect" else at_most)(outcome, name) for name, outcome in outcomes.items()]


CELLS = [
    Cell(
        name=f"null-{task}",
        group="Nothing matters",
        title=f"{IN_WORDS[task]}, {ROWS} rows, {FEATURES} independent features, none of which matters; one "
        "network per fold",
        draw=partial(null, task, ROWS, FEATURES),
        methods={name: {"networks": 1, **own} for name, own in METHODS.items()},
        judge=judge,
        chunk=100,
    )
    for task in TASKS
]
