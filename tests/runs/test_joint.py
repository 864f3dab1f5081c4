"""What networks and other models predict together."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from deepfeat.data.splits import Split
from deepfeat.runs.joint import joint_prediction, networks_together

ROWS = np.arange(6)
NOTHING = ROWS[:0]


class Networks:
    """Members that answer with their own number; each has learned from some rows."""

    def __init__(self, trained_on: list[list[int]]) -> None:
        self.data = SimpleNamespace(x=np.zeros((6, 2), np.float32), n_outputs=1)
        splits = tuple(Split(np.array(rows, int), NOTHING, NOTHING) for rows in trained_on)
        self.plan = SimpleNamespace(splits=splits)
        self.numbers = list(range(len(trained_on)))

    def __len__(self) -> int:
        return len(self.numbers)

    def select(self, members: Any) -> "Networks":  # noqa: ANN401
        chosen = Networks([self.plan.splits[member].train.tolist() for member in members])
        chosen.numbers = [self.numbers[member] for member in members]
        return chosen

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.stack([np.full((len(x), 1), number) for number in self.numbers]).astype(np.float32)


def joint(
    ensemble: Any,  # noqa: ANN401
    averaged: list[int],
    others: dict[str, np.ndarray],
    **shares: float,
) -> list[float]:
    networks = networks_together(ensemble, averaged, ROWS) if shares["networks"] else None
    return joint_prediction(networks, others, shares)[:, 0].tolist()


def test_models_answer_for_rows_they_have_not_learned_from_and_count_by_their_shares() -> None:
    networks = Networks([[0, 1], [1, 2], [1, 3]])
    trees = np.full((6, 1), 10.0)
    trees[5] = np.nan
    found = joint(networks, [0, 2], {"trees": trees}, networks=0.25, trees=0.75)
    # rows 0 and 3 have one network of the two averaged, row 1 none, and row 5 no tree
    assert found[0] == 0.25 * 2 + 7.5
    assert found[3] == 7.5
    assert found[2] == found[4] == 0.25 * 1 + 7.5
    assert np.isnan(found[1])
    assert np.isnan(found[5])


def test_a_model_without_weight_is_not_asked() -> None:
    networks = Networks([list(range(6))])
    others = {"trees": np.ones((6, 1)), "unknown": np.full((6, 1), np.nan)}
    assert joint(networks, [0], others, networks=0.0, trees=0.5, unknown=0.0) == [1.0] * 6


def test_shares_of_methods_that_do_not_predict_are_left_out() -> None:
    networks = Networks([[]])
    found = joint(networks, [0], {"trees": np.ones((6, 1))}, networks=0.25, trees=0.25, table=0.5)
    assert found == [0.5] * 6
