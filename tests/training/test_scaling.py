"""What each member scales by: its own training rows and nothing else."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.data.dataset import Dataset
from deepfeat.nets.network import Network
from deepfeat.training import scaling
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.scaling import input_scaling, target_scaling
from deepfeat.training.settings import SplitSettings, TrainingSettings

STANDARD, L2 = TrainingSettings(scaling="standard"), TrainingSettings(scaling="l2_table")
Made = tuple[Dataset, FitPlan]


@pytest.fixture(scope="module")
def make(make_data: Callable[..., Dataset], make_network: Callable[..., Network]) -> Callable[..., Made]:
    def make(task: str = "binary", members: int = 4, method: str = "random", **table: object) -> Made:
        data = make_data(task, **table)
        return data, build_plan(data, SplitSettings(method=method), members, 0, make_network())  # type: ignore[arg-type]

    return make


@pytest.mark.parametrize("method", ["random", "bootstrap"])
@given(seed=st.integers(0, 20), rows=st.integers(20, 60), chunk=st.integers(1, 70))
@settings(max_examples=10, deadline=None)
def test_inputs_get_mean_zero_and_deviation_one_over_the_own_training_rows(
    make: Callable[..., Made], method: str, seed: int, rows: int, chunk: int
) -> None:
    data, plan = make(method=method, seed=seed, rows=rows, widths=(1, 3, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scaling, "CHUNK_ROWS", chunk)
        center, scale = input_scaling(data, plan, STANDARD)
    for member, split in enumerate(plan.splits):
        scaled = (data.x[split.train] - center[member]) * scale[member]
        varies = data.x[split.train].std(axis=0) > 0
        np.testing.assert_allclose(scaled.mean(axis=0)[varies], 0, atol=1e-4)
        np.testing.assert_allclose(scaled.std(axis=0)[varies], 1, atol=1e-4)
        assert (scale[member][~varies] == 0).all()


def test_held_out_and_validation_rows_change_nothing(make: Callable[..., Made]) -> None:
    data, plan = make("regression")
    for member, split in enumerate(plan.splits):
        other = replace(data, x=data.x.copy(), y=data.y.copy())
        outside = np.setdiff1d(np.arange(data.n_rows), split.train)
        other.x[outside] *= 1000
        other.y[outside] *= 1000
        for before, after in zip(
            input_scaling(data, plan, STANDARD), input_scaling(other, plan, STANDARD), strict=True
        ):
            np.testing.assert_allclose(after[member], before[member], rtol=1e-5)
        for before, after in zip(target_scaling(data, plan), target_scaling(other, plan), strict=True):
            np.testing.assert_array_equal(after[member], before[member])


def test_one_value_far_out_spoils_no_column_for_members_that_do_not_see_it(make: Callable[..., Made]) -> None:
    data, plan = make()
    x = data.x.copy()
    x[plan.splits[0].held_out[0], 1] = 1e10
    _, scale = input_scaling(replace(data, x=x), plan, STANDARD)
    assert scale[0, 1] == pytest.approx(1 / data.x[plan.splits[0].train, 1].std(), rel=1e-4)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e6, 3e30])
def test_a_constant_column_stays_out(make: Callable[..., Made], value: float) -> None:
    data, plan = make()
    data.x[:, 2] = value
    center, scale = input_scaling(data, plan, STANDARD)
    assert (scale[:, 2] == 0).all()
    assert (scale[:, [0, 1, 3]] > 0).all()
    assert np.isfinite(center).all()


@pytest.mark.parametrize("settings", [STANDARD, L2], ids=["standard", "l2_table"])
def test_a_masked_feature_is_constant(make: Callable[..., Made], settings: TrainingSettings) -> None:
    data, plan = make(widths=(1, 3, 1))
    plan.mask[2, 1] = False
    _, scale = input_scaling(data, plan, settings)
    closed = scale == 0
    assert closed.sum() == 3
    assert closed[2, 1:4].all()


def test_the_norm_of_2021_sees_the_whole_table(make: Callable[..., Made]) -> None:
    data, plan = make()
    center, scale = input_scaling(data, plan, L2)
    assert not center.any()
    for member in range(len(plan)):
        np.testing.assert_allclose(np.linalg.norm(data.x * scale[member], axis=0), 1, rtol=1e-5)


def test_labels_are_left_as_they_are(make: Callable[..., Made]) -> None:
    for task in ("binary", "multiclass", "multilabel"):
        center, scale = target_scaling(*make(task))
        assert not center.any()
        assert (scale == 1).all()


def test_values_are_standardised_by_the_own_training_rows_of_the_own_targets(
    make: Callable[..., Made],
) -> None:
    data, plan = make("regression")
    own = np.stack([data.y * (member + 1) - member for member in range(len(plan))])
    for targets in (None, own):
        center, scale = target_scaling(data, replace(plan, targets=targets))
        for member, split in enumerate(plan.splits):
            y = data.y if targets is None else targets[member]
            scaled = (y[split.train] - center[member]) * scale[member]
            assert scaled.mean() == pytest.approx(0, abs=1e-4)
            assert scaled.std() == pytest.approx(1, abs=1e-4)


def test_a_constant_target_is_not_blown_up(make: Callable[..., Made]) -> None:
    data, plan = make("regression")
    _, scale = target_scaling(replace(data, y=np.full_like(data.y, 5)), plan)
    assert (scale == 1).all()
