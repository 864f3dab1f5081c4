"""What trainings will take, told before they start."""

from collections.abc import Callable

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.errors import InputError
from deepfeat.nets.network import Network
from deepfeat.training import estimate as module
from deepfeat.training import trainer as trainer_module
from deepfeat.training.estimate import Estimate, estimate, seconds_per_epoch
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer

MakeData, MakeNetwork = Callable[..., Dataset], Callable[..., Network]


@pytest.fixture(scope="module")
def trainer(make_data: MakeData, make_network: MakeNetwork) -> Trainer:
    settings = TrainingSettings(epochs=50, batch_size=16)
    return Trainer(make_data(), make_network(), settings, memory=2**30, stack_size=8)


@pytest.fixture(scope="module")
def plan(trainer: Trainer) -> FitPlan:
    return build_plan(trainer.data, trainer.settings.split, 3, 0, trainer.template.network)


def test_the_parts_multiply(trainer: Trainer, plan: FitPlan) -> None:
    whole = estimate(trainer, plan, 20, 25.0, "up to 50 epochs each", at_most=True)
    assert (whole.fits, whole.stacks, whole.seconds) == (20, 3, 500)
    assert whole.memory == 8 * trainer.stack_limits(plan)[1]
    few = estimate(trainer, plan, 2, 3.5, "7 epochs each")
    assert (few.stacks, few.seconds) == (1, 7)
    assert few.memory == 2 * trainer.stack_limits(plan)[1]


def test_limits_are_those_of_the_stacks(trainer: Trainer, plan: FitPlan) -> None:
    size, _ = trainer.stack_limits(plan)
    many = plan.select(np.zeros(20, dtype=np.int64))
    assert [len(stack) for stack in trainer.stacks(many)] == [size, size, 20 - 2 * size]


def test_what_does_not_fit_is_refused(trainer: Trainer, plan: FitPlan) -> None:
    small = Trainer(trainer.data, trainer.template.network, trainer.settings, memory=1000)
    with pytest.raises(InputError, match=r"raise training\.memory"):
        estimate(small, plan, 1, 1.0, "")


def test_people_can_read_it() -> None:
    assert str(Estimate(2400, 3, 4000, 2**30, "up to 500 epochs each", at_most=True)) == (
        "2,400 networks in 3 stacks of at most 1,024 MiB, at most 1 h 06 min (up to 500 epochs each)"
    )
    assert str(Estimate(1, 1, 4, 2**20, "200 epochs each")) == (
        "1 network in 1 stack of at most 1 MiB, about 4.0 s (200 epochs each)"
    )


def test_the_pace_is_measured_on_some_rows_and_told_for_all(
    make_data: MakeData, make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a clock that ticks once per epoch the pace is a matter of counting."""
    ticks = iter(range(100))
    monkeypatch.setattr(module, "perf_counter", lambda: float(next(ticks)))
    monkeypatch.setattr(module, "ROWS", 40)
    monkeypatch.setattr(trainer_module, "threads", lambda: 1)
    trainer = Trainer(make_data(rows=200), make_network(), TrainingSettings(epochs=50, batch_size=16))
    plan = build_plan(trainer.data, trainer.settings.split, 2, 0, trainer.template.network)
    split = plan.splits[0]
    # Of 140 rows to train and 40 to validate every fourth and every one are taken, by each of the members.
    assert (len(split.train), len(split.valid)) == (140, 40)
    assert seconds_per_epoch(trainer, plan) == pytest.approx((140 + 40) / (35 + 40) / module.MEMBERS)
    assert next(ticks) == module.EPOCHS + 1


@pytest.mark.slow
def test_an_ensemble_estimates_more_like_itself(
    train: Callable[..., Ensemble], make_data: MakeData, make_network: MakeNetwork
) -> None:
    ensemble = train(make_data(), make_network(), 2)
    found = ensemble.estimate(10)
    assert (found.fits, found.basis, found.at_most) == (10, "3 epochs each", False)
    assert found.seconds > 0
