"""Which members train together."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.data.dataset import Dataset
from deepfeat.errors import InputError
from deepfeat.nets.network import Network, NetworkShape
from deepfeat.training.batches import stack_key
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import SplitSettings, TrainingSettings
from deepfeat.training.trainer import Trainer


@pytest.fixture(scope="module")
def data(make_data: Callable[..., Dataset]) -> Dataset:
    return make_data("regression", rows=97, n_groups=15)


@pytest.fixture(scope="module")
def network(make_network: Callable[..., Network]) -> Network:
    return make_network()


@pytest.fixture(scope="module")
def plan(data: Dataset, network: Network) -> FitPlan:
    """Groups of different sizes make splits of different sizes."""
    return build_plan(data, SplitSettings(), 30, 0, network)


def trainer_of(data: Dataset, network: Network, *, batch_size: int = 16, **limits: Any) -> Trainer:  # noqa: ANN401
    return Trainer(data, network, TrainingSettings(batch_size=batch_size, loss="squared_error"), **limits)


@given(stack_size=st.integers(1, 40), batch_size=st.sampled_from([7, 16, 100]))
@settings(max_examples=15, deadline=None)
def test_every_member_is_in_one_stack_of_equal_shapes(
    data: Dataset, network: Network, plan: FitPlan, stack_size: int, batch_size: int
) -> None:
    stacks = trainer_of(data, network, batch_size=batch_size, memory=1 << 30, stack_size=stack_size).stacks(
        plan
    )
    assert sorted(np.concatenate(stacks).tolist()) == list(range(30))
    assert max(map(len, stacks)) <= stack_size
    for stack in stacks:
        assert len({stack_key(plan.splits[member], batch_size) for member in stack}) == 1


def test_the_memory_decides_how_many_fit(make_data: Callable[..., Dataset], network: Network) -> None:
    data = make_data("regression")
    alike = build_plan(data, SplitSettings(), 7, 0, network)
    each = trainer_of(data, network).member_bytes(stack_key(alike.splits[0], 16), alike)
    for members, expected in ((1, [1] * 7), (3, [3, 3, 1]), (7, [7])):
        stacks = trainer_of(data, network, memory=members * each).stacks(alike)
        assert [len(stack) for stack in stacks] == expected


def test_a_budget_below_one_member_is_refused(data: Dataset, network: Network, plan: FitPlan) -> None:
    with pytest.raises(InputError, match=r"^made: one member needs .* MiB and the budget is 0.0 MiB; raise"):
        trainer_of(data, network, memory=1000).stacks(plan)


def test_so_it_is_for_networks_that_train_one_by_one(data: Dataset, plan: FitPlan) -> None:
    class Normalised(Network):
        name = "normalised"

        def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
            return keras.layers.Dense(shape.outputs)(keras.layers.BatchNormalization()(inputs))

    with pytest.raises(InputError, match="raise training"):
        trainer_of(data, Normalised(), memory=1000).stacks(plan)
    assert {len(stack) for stack in trainer_of(data, Normalised(), memory=1 << 30).stacks(plan)} == {1}


def test_a_large_batch_needs_memory_in_proportion(data: Dataset, network: Network, plan: FitPlan) -> None:
    small, large = (
        trainer_of(data, network, batch_size=size).member_bytes((0, size, 16), plan)
        for size in (1000, 10_000)
    )
    assert large < 11 * small


def test_a_plan_that_cannot_be_trained_is_refused(data: Dataset, network: Network, plan: FitPlan) -> None:
    closed = plan.select(range(3))
    closed.mask[1] = False
    with pytest.raises(InputError, match="member 1 has no feature left"):
        trainer_of(data, network, memory=1 << 30).stacks(closed)
