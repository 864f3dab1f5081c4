"""A stack trained in groups, several at a time: the same members, one progress, and no group left behind."""

import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.data.dataset import Dataset
from deepfeat.nets.network import Network
from deepfeat.training import groups, trainer
from deepfeat.training.groups import LEAST_MEMBERS, MOST_MEMBERS
from deepfeat.training.loop import TrainedStack
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer

MEMBERS = 7


@settings(deadline=None)
@given(st.integers(1, 2000), st.integers(1, 4))
def test_every_member_is_in_one_group_and_no_group_is_small(members: int, at_a_time: int) -> None:
    parts = groups.groups(members, at_a_time)
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(members))
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= min(members, LEAST_MEMBERS)
    if at_a_time == 1:
        assert len(parts) == 1
    else:
        assert max(sizes) <= MOST_MEMBERS


def test_groups_come_in_rounds() -> None:
    assert [len(part) for part in groups.groups(100, 2)] == [50, 50]
    assert len(groups.groups(1000, 3)) % 3 == 0


@pytest.fixture(scope="module")
def trained(
    make_data: Callable[..., Dataset], make_network: Callable[..., Network]
) -> tuple[Trainer, FitPlan, TrainedStack]:
    """Members that have been trained as one group, and what they are trained with."""
    data, network = make_data("binary"), make_network()
    chosen = TrainingSettings(
        batch_size=16, epochs=4, patience=2, learning_rate=0.05, loss="cross_entropy", monitor="loss"
    )
    plan = build_plan(data, chosen.split, MEMBERS, 0, network)
    whole = Trainer(data, network, chosen, stack_size=MEMBERS)
    return whole, plan, whole.train(plan)


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of two or three, two of them at a time."""
    monkeypatch.setattr(groups, "LEAST_MEMBERS", 2)
    monkeypatch.setattr(groups, "MOST_MEMBERS", 2)
    monkeypatch.setattr(trainer, "threads", lambda: 2)


@pytest.mark.usefixtures("small_groups")
def test_groups_change_no_byte_and_tell_one_progress(trained: tuple[Trainer, FitPlan, TrainedStack]) -> None:
    whole, plan, alone = trained
    told: list[tuple[int, int, float]] = []
    where = set()

    def progress(*news: float) -> None:
        told.append(news)  # type: ignore[arg-type]
        where.add(threading.current_thread().name)

    grouped = whole.train(plan, progress)
    assert len(whole._programs[False]) == 2
    assert all(name.startswith("group") for name in where)
    for ours, theirs in zip(grouped.values, alone.values, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(grouped.inputs, alone.inputs)
    np.testing.assert_array_equal(grouped.targets, alone.targets)
    assert [record.seed for record in grouped.records] == list(plan.seeds)
    for mine, other in zip(grouped.records, alone.records, strict=True):
        np.testing.assert_array_equal(mine.history, other.history)
    finished, epochs, losses = zip(*told, strict=True)
    assert list(finished) == sorted(finished)
    assert finished[-1] == MEMBERS
    assert max(epochs) == max(record.epochs for record in alone.records)
    assert losses[-1] == pytest.approx(np.mean([record.valid_loss for record in alone.records]), rel=1e-5)


@pytest.mark.usefixtures("small_groups")
def test_when_one_group_cannot_go_on_none_does(trained: tuple[Trainer, FitPlan, TrainedStack]) -> None:
    whole, plan, _ = trained
    calls = []

    def progress(*_: float) -> None:
        calls.append(1)
        raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        whole.train(plan, progress)
    # Nobody trains on in the background: at most one report of each group that was under way.
    assert len(calls) <= 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("group")]
    # And the programs can be used again.
    assert len(whole.train(plan).records) == MEMBERS
