"""What every named network has."""

from typing import Any

from deepfeat.nets.network import Network, NetworkParams, NetworkShape


class Plain(Network):
    name = "plain"

    class Params(NetworkParams):
        units: int = 3

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401, ARG002
        return inputs


def test_a_network_describes_what_its_members_depend_on() -> None:
    assert Plain().describe() == {"preset": "plain", "units": 3}
    assert Plain(Plain.Params(units=5)).describe() == {"preset": "plain", "units": 5}


def test_the_head_follows_the_task() -> None:
    heads = {task: Plain().head(task) for task in ("binary", "multiclass", "multilabel", "regression")}
    assert heads == {
        "binary": "sigmoid",
        "multiclass": "softmax",
        "multilabel": "sigmoid",
        "regression": "linear",
    }


def test_gates_are_not_penalised_unless_a_network_says_so() -> None:
    assert Plain().gate_penalties(range(2, 5)) == [0.0, 0.0, 0.0]


def test_columns_are_counted_from_their_features() -> None:
    assert NetworkShape((0, 0, 1), outputs=2, task="multiclass").columns == 3
