"""One compiled stack trains as separate Keras models do: same weights, same batches, same optimizer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset, Task
from deepfeat.nets import device
from deepfeat.nets.network import Network, NetworkShape
from deepfeat.nets.template import Template, build_template, initial_weights
from deepfeat.training.batches import EpochOrder
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.program import Program
from deepfeat.training.scaling import input_scaling, target_scaling
from deepfeat.training.settings import TrainingSettings

MEMBERS, STEPS = 2, 50
Values = list[np.ndarray]
MakeTwin = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Case:
    """What both sides train."""

    data: Dataset
    plan: FitPlan
    template: Template
    settings: TrainingSettings
    starts: list[Values]

    @property
    def scaled(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The inputs and targets as each member sees them."""
        for member in range(len(self.plan)):
            center, scale = (part[member] for part in input_scaling(self.data, self.plan, self.settings))
            middle, spread = (part[member] for part in target_scaling(self.data, self.plan))
            yield (self.data.x - center) * scale, (self.data.y - middle) * spread

    @property
    def steps(self) -> Iterator[Any]:
        """The batches of all members, epoch by epoch."""
        order = EpochOrder(self.data, self.plan, self.settings)
        done = 0
        for epoch in range(STEPS):
            batches = order.epoch(epoch, np.arange(len(self.plan)))
            yield batches
            done += len(batches.ends) - 1
            if done >= STEPS:
                return


@pytest.fixture(scope="module")
def case(make_data: Callable[..., Dataset], make_network: Callable[..., Network]) -> Callable[..., Case]:
    def case(preset: str, task: Task, **settings: Any) -> Case:  # noqa: ANN401
        device.prepare()
        data = make_data(task, widths=(1, 1, 3, 1))
        network = make_network(preset, quiet=True)
        rate = 0.1 if settings.get("optimizer") == "sgd" else 0.01
        chosen = TrainingSettings(batch_size=10, learning_rate=rate, **settings)
        plan = build_plan(data, chosen.split, MEMBERS, 0, network)
        shape = NetworkShape(tuple(data.column_feature.tolist()), data.n_outputs, data.task)
        template = build_template(network, shape)
        starts = [
            initial_weights(template, seed, mask) for seed, mask in zip(plan.seeds, plan.mask, strict=True)
        ]
        return Case(data, plan, template, chosen, starts)

    return case


def by_deepfeat(case: Case) -> tuple[list[Values], np.ndarray]:
    """The weights of every member after all steps, and the sums of its losses per epoch."""
    program = Program(case.template, case.settings, own_targets=False)
    shapes = program.forward.shapes
    together = [np.stack([s[i].reshape(shape) for s in case.starts]) for i, shape in enumerate(shapes)]
    program.start(
        together,
        input_scaling(case.data, case.plan, case.settings),
        target_scaling(case.data, case.plan),
        case.plan.penalty,
    )
    step, losses = 1, []
    for batches in case.steps:
        total = program.train(
            case.data.x,
            case.data.y,
            batches.rows,
            batches.rows,
            batches.noise,
            batches.weight,
            batches.ends,
            case.settings.learning_rate,
            float(step),
            np.zeros(MEMBERS, dtype=np.float32),
        )
        losses.append(total.numpy())
        step += len(batches.ends) - 1
    every = np.arange(MEMBERS, dtype=np.int32)
    program.keep_best(every, every)
    best = program.best_values()
    return [[value[member] for value in best] for member in every], np.array(losses)


def by_keras(case: Case, make_twin: MakeTwin) -> tuple[list[Values], np.ndarray]:
    """The same by `train_on_batch`, one member after another."""
    twin = make_twin(case.template, case.settings)
    trained, losses = [], []
    for member, (x, y) in enumerate(case.scaled):
        twin.start(case.starts[member], case.plan.penalty[member])
        sums = []
        for batches in case.steps:
            total = 0.0
            for first, last in pairwise(batches.ends):
                weight = batches.weight[member, first:last]
                present = weight > 0
                rows = batches.rows[member, first:last][present]
                own = weight[present] if case.settings.class_weight == "balanced" else None
                twin.model.reset_metrics()
                values = twin.model.train_on_batch(x[rows], y[rows], sample_weight=own, return_dict=True)
                total += float(values[next(key for key in values if key != "loss")]) * len(rows)
            sums.append(total)
        trained.append(twin.weights)
        losses.append(sums)
    return trained, np.array(losses).T


def assert_same_training(case: Case, make_twin: MakeTwin) -> None:
    ours, our_losses = by_deepfeat(case)
    theirs, their_losses = by_keras(case, make_twin)
    for member in range(MEMBERS):
        for variable, start, mine, stock in zip(
            case.template.variables, case.starts[member], ours[member], theirs[member], strict=True
        ):
            np.testing.assert_allclose(mine.reshape(stock.shape), stock, atol=1e-4, err_msg=variable.path)
            assert np.abs(stock - start).max() > 1e-3, f"{variable.path} was not trained"
    if case.settings.class_weight == "none":
        np.testing.assert_allclose(our_losses, their_losses, rtol=1e-3, atol=1e-4)


Choice = tuple[str, Task, str, str, float]
# Every preset, task, loss, optimizer and weight decay; the rest of the product below.
QUICK: list[Choice] = [
    ("default", "binary", "soft_f1", "adam", 0.1),
    ("default", "multiclass", "cross_entropy", "sgd", 0.1),
    ("ashraf-2021", "multilabel", "cross_entropy", "sgd", 0.0),
    ("ashraf-2021", "regression", "squared_error", "adam", 0.1),
]
TASKS: dict[str, Task] = {"soft_f1": "multiclass", "cross_entropy": "multilabel", "squared_error": "binary"}
REST: list[Choice] = [
    ("default", "regression", "squared_error", "adam", 0.0),
    *(
        (preset, TASKS[loss], loss, optimizer, decay)
        for preset, loss, optimizer, decay in product(
            ("default", "ashraf-2021"), TASKS, ("adam", "sgd"), (0.0, 0.1)
        )
    ),
]


@pytest.mark.parametrize(
    ("preset", "task", "loss", "optimizer", "weight_decay"),
    [*QUICK, *(pytest.param(*choice, marks=pytest.mark.slow) for choice in REST)],
)
def test_a_stack_is_separately_trained_keras_models(
    case: Callable[..., Case],
    keras_twin: MakeTwin,
    preset: str,
    task: Task,
    loss: str,
    optimizer: str,
    weight_decay: float,
) -> None:
    made = case(preset, task, loss=loss, optimizer=optimizer, weight_decay=weight_decay)
    assert_same_training(made, keras_twin)


def test_class_weights_are_the_sample_weights_of_keras(
    case: Callable[..., Case], keras_twin: MakeTwin
) -> None:
    assert_same_training(
        case("default", "multiclass", loss="cross_entropy", class_weight="balanced"), keras_twin
    )
