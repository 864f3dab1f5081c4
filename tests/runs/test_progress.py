"""Predicting the time left."""

from itertools import pairwise

import pytest

from deepfeat.runs.progress import Pace, Rarely, TrainingProgress


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_steady_pace() -> None:
    clock = Clock()
    pace = Pace(100, clock=clock)
    assert pace.seconds_left(0) is None
    for done in range(1, 41):
        clock.now += 2.0
        left = pace.seconds_left(done)
    assert left == pytest.approx(120.0)
    assert pace.elapsed == 80.0
    assert pace.seconds_left(100) == 0.0


def test_members_of_earlier_runs_do_not_count_as_fast() -> None:
    clock = Clock()
    pace = Pace(100, done=80, clock=clock)
    assert pace.seconds_left(80) is None
    clock.now += 10.0
    assert pace.seconds_left(85) == pytest.approx(30.0)


def test_a_stack_whose_members_finish_late() -> None:
    # nothing for 90 s, then one member a second: the whole time would promise (90 / 10) * 90 s
    clock = Clock()
    pace = Pace(100, clock=clock)
    for _ in range(90):
        clock.now += 1.0
        pace.seconds_left(0)
    for done in range(1, 11):
        clock.now += 1.0
        left = pace.seconds_left(done)
    assert left is not None
    assert 90.0 <= left < 300.0


def test_a_pace_that_has_stalled_falls_back_on_the_whole_time() -> None:
    clock = Clock()
    pace = Pace(10, clock=clock)
    clock.now += 10.0
    pace.seconds_left(5)
    clock.now += 90.0
    assert pace.seconds_left(5) == pytest.approx(100.0)


def test_updates_are_shown_with_what_is_known() -> None:
    clock, seen = Clock(), []
    progress = TrainingProgress(4, lambda p: seen.append(", ".join(p.facts())), clock=clock)
    progress.update(0, 1, None)
    clock.now += 60.0
    progress.update(2, 10, 0.123456)
    progress.update(4, 12, 0.1)
    assert seen == [
        "0/4 networks, epoch 1",
        "2/4 networks, epoch 10, mean validation loss 0.1235, about 1 min 00 s left",
        "4/4 networks, epoch 12, mean validation loss 0.1",
    ]
    assert progress.facts(brief=True) == ["4/4 networks", "epoch 12", "loss 0.1"]


def test_lines_become_rarer_in_long_trainings() -> None:
    clock = Clock()
    rarely = Rarely(clock)
    times = []
    for _ in range(10 * 3600):
        clock.now += 1.0
        if rarely.due():
            times.append(clock.now - 1000.0)
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert times[0] == gaps[0] == min(gaps) == 5.0
    assert max(gaps) == 60.0
    assert len(times) < 700
