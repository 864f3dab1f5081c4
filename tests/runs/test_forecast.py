"""What trainings of an experiment will take."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.errors import InputError
from deepfeat.runs import forecast as module
from deepfeat.runs.forecast import Forecast
from deepfeat.runs.prepare import prepare

Write = Callable[..., Path]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the pace was measured; it is half a second for each network and epoch."""
    calls: list[int] = []

    def pace(*_: object) -> float:
        calls.append(1)
        return 0.5

    monkeypatch.setattr(module, "seconds_per_epoch", pace)
    return calls


def test_without_history_the_pace_is_measured_once(write_experiment: Write, measured: list[int]) -> None:
    forecast = Forecast(prepare(write_experiment(training={"stack_size": 4, "epochs": 3})))
    first, second = forecast(10, None), forecast(1, None)
    assert (first.stacks, first.seconds, first.at_most) == (3, 15, True)
    assert "at most 15 s (up to 3 epochs each)" in str(first)
    assert second.seconds == 1.5
    assert len(measured) == 1


def test_with_history_nothing_is_measured(write_experiment: Write, measured: list[int]) -> None:
    found = Forecast(prepare(write_experiment()))(10, 7.0)
    assert (found.seconds, found.at_most) == (70, False)
    assert str(found).endswith("about 1 min 10 s (as long each as those before)")
    assert not measured


def test_memory_that_is_too_little_is_told(write_experiment: Write, measured: list[int]) -> None:
    with pytest.raises(InputError, match=r"raise training\.memory"):
        Forecast(prepare(write_experiment(training={"memory": "1 KiB"})))(10, None)
