"""The training loop: when members stop, what is kept of them, and what becomes of those that fail."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.nets.network import Network
from deepfeat.nets.template import initial_weights
from deepfeat.training import loop
from deepfeat.training.batches import EpochOrder
from deepfeat.training.loop import TrainedStack
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.program import Program
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer

Fitted = tuple[Trainer, FitPlan]


def trainer_of(data: Dataset, network: Network, members: int, **settings: Any) -> Fitted:  # noqa: ANN401
    chosen = TrainingSettings.model_validate({"batch_size": 16, "learning_rate": 0.02, **settings})
    return Trainer(data, network, chosen, memory=1 << 30), build_plan(data, chosen.split, members, 0, network)


def with_targets(plan: FitPlan, data: Dataset) -> FitPlan:
    return replace(plan, targets=np.repeat(data.y[None], len(plan), axis=0))


def same_member(first: TrainedStack, i: int, second: TrainedStack, j: int) -> bool:
    """Whether two members are equal to the last bit, weights and records."""
    records = first.records[i], second.records[j]
    return all(np.array_equal(a[i], b[j]) for a, b in zip(first.values, second.values, strict=True)) and all(
        np.array_equal(getattr(records[0], name), getattr(records[1], name), equal_nan=True)
        for name in ("seed", "epochs", "best_epoch", "train_loss", "valid_loss", "history")
    )


# --- early stopping, beside Keras ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "settings"),
    [
        (
            "default",
            {"loss": "soft_f1", "schedule": "cosine", "epochs": 14, "patience": 1, "learning_rate": 0.08},
        ),
        (
            "ashraf-2021",
            {
                "loss": "cross_entropy",
                "validation_batch": 7,
                "epochs": 40,
                "patience": 2,
                "learning_rate": 0.2,
            },
        ),
    ],
)
def test_members_stop_and_keep_their_best_weights_as_keras_does(
    make_data: Callable[..., Dataset],
    make_network: Callable[..., Network],
    keras_twin: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    preset: str,
    settings: dict[str, Any],
) -> None:
    monkeypatch.setattr(EpochOrder, "_order", lambda self, _, member: self._train[member])
    network = make_network(preset, quiet=True)
    trainer, plan = trainer_of(make_data(rows=60), network, 2, **settings)
    twin = keras_twin(trainer.template, trainer.settings)
    stack = trainer.train(plan)
    for member, record in enumerate(stack.records):
        start = initial_weights(trainer.template, plan.seeds[member], plan.mask[member])
        twin.start(start, plan.penalty[member])
        watched = twin.fit(trainer.data, plan, member)
        assert record.epochs == len(watched)
        assert record.best_epoch == int(np.argmin(watched)) + 1
        for value, stock in zip(stack.values, twin.weights, strict=True):
            np.testing.assert_allclose(value[member].reshape(stock.shape), stock, atol=1e-3)
    assert len({record.epochs for record in stack.records}) > 1, "members stop by themselves"
    assert min(record.epochs for record in stack.records) < settings["epochs"]


# --- one trained stack, looked at from all sides ------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted(make_data: Callable[..., Dataset], make_network: Callable[..., Network]) -> Fitted:
    """Five members with targets of their own, which stop at different epochs."""
    data = make_data("binary")
    trainer, plan = trainer_of(
        data, make_network(), 5, loss="cross_entropy", monitor="loss", patience=2, epochs=40
    )
    return trainer, with_targets(plan, data)


@pytest.fixture(scope="module")
def stack(fitted: Fitted) -> TrainedStack:
    trainer, plan = fitted
    return trainer.train(plan)


def test_a_record_tells_how_the_training_went(stack: TrainedStack, fitted: Fitted) -> None:
    _, plan = fitted
    for record, seed in zip(stack.records, plan.seeds, strict=True):
        assert record.seed == seed
        assert record.failure is None
        assert record.history.shape == (record.epochs, 2)
        assert record.best_epoch == np.argmin(record.history[:, 1]) + 1
        assert (record.train_loss, record.valid_loss) == tuple(record.history[record.best_epoch - 1])
        assert record.epochs in {record.best_epoch + 2, 40}
    assert len({record.epochs for record in stack.records}) > 1


@pytest.mark.parametrize("leave_at", [0.0, 1.0])
def test_when_members_leave_the_stack_changes_nothing(
    stack: TrainedStack, fitted: Fitted, monkeypatch: pytest.MonkeyPatch, leave_at: float
) -> None:
    trainer, plan = fitted
    monkeypatch.setattr(loop, "LEAVE_AT", leave_at)
    again = trainer.train(plan)
    assert all(same_member(again, member, stack, member) for member in range(5))


def test_no_time_is_spent_on_members_that_have_stopped(
    stack: TrainedStack, fitted: Fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, plan = fitted
    sizes = []
    program = trainer._programs[True][0]
    train = program.train

    def watched(x: Any, y: Any, rows: Any, *rest: Any) -> Any:  # noqa: ANN401
        sizes.append(len(rows))
        return train(x, y, rows, *rest)

    monkeypatch.setattr(program, "train", watched)
    trainer.train(plan)
    epochs = sorted(record.epochs for record in stack.records)
    active = [sum(trained > epoch for trained in epochs) for epoch in range(epochs[-1])]
    # A lone member is trained twice; see deepfeat.training.loop.
    assert sizes == [max(2, count) for count in active]


def test_progress_tells_of_every_epoch_and_ends_with_all_members(stack: TrainedStack, fitted: Fitted) -> None:
    trainer, plan = fitted
    told: list[tuple[int, int, float]] = []
    trainer.train(plan, lambda *news: told.append(news))
    finished, epochs, losses = zip(*told, strict=True)
    assert list(finished) == sorted(finished)
    assert finished[-1] == 5
    assert list(epochs) == list(range(1, max(record.epochs for record in stack.records) + 1))
    assert losses[-1] == pytest.approx(np.mean([record.valid_loss for record in stack.records]), rel=1e-5)


# --- members that fail --------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["train", "valid"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_member_whose_loss_is_no_number_fails_and_leaves_the_others_untouched(
    stack: TrainedStack, fitted: Fitted, caplog: pytest.LogCaptureFixture, part: str, value: float
) -> None:
    trainer, plan = fitted
    assert plan.targets is not None
    targets = plan.targets.copy()
    targets[2, getattr(plan.splits[2], part)[:2]] = value
    spoilt = trainer.train(replace(plan, targets=targets))
    failed = spoilt.records[2]
    assert failed.failure is not None
    assert failed.failure.startswith("the loss became NaN or infinite in epoch ")
    assert failed.best_epoch == 0
    assert np.isnan(failed.valid_loss)
    assert f"member with seed {plan.seeds[2]} failed" in caplog.text
    assert all(same_member(spoilt, member, stack, member) for member in (0, 1, 3, 4))


def test_a_member_that_fails_later_tells_when(fitted: Fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, plan = fitted
    validate, calls = loop._StackRun._validate, []

    def breaks_in_the_third_epoch(run: Any) -> Any:  # noqa: ANN401
        losses = validate(run).copy()
        calls.append(1)
        if len(calls) == 3:
            losses[run.places == 1] = np.inf
        return losses

    monkeypatch.setattr(loop._StackRun, "_validate", breaks_in_the_third_epoch)
    record = trainer.train(plan).records[1]
    assert record.failure == "the loss became NaN or infinite in epoch 3"
    assert (record.epochs, len(record.history)) == (2, 2)


def test_all_members_may_fail(fitted: Fitted) -> None:
    trainer, plan = fitted
    assert plan.targets is not None
    told: list[tuple[int, int, float]] = []
    stack = trainer.train(
        replace(plan, targets=np.full_like(plan.targets, np.nan)), lambda *news: told.append(news)
    )
    assert all(record.failure for record in stack.records)
    assert told[-1][:2] == (5, 1)
    assert np.isnan(told[-1][2])
    assert all(len(value) == 5 for value in stack.values)


def test_the_program_gives_its_memory_back(stack: TrainedStack, fitted: Fitted) -> None:
    program: Program = fitted[0]._programs[True][0]
    assert all(variable.shape[0] in {0, None} and len(variable.numpy()) == 0 for variable in program._all())
