"""How far the training is, and how long it will still take."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from deepfeat.writing.labels import duration

Clock = Callable[[], float]

_SAMPLES = 200  # of the past, for the recent pace
_SECONDS_BETWEEN_LINES = (5.0, 60.0)


class Pace:
    """Predicts the time left from how fast members get finished.

    Members of one stack are trained together and stop early one by one, so none is finished for a while and
    then many are: the pace over the whole time would promise far too long a wait. The faster of two paces
    counts, over the whole time and over its last quarter.

    Args:
        total: members to train.
        done: members that were trained before, by an earlier run.
        clock: seconds, growing.
    """

    def __init__(self, total: int, done: int = 0, clock: Clock = time.monotonic) -> None:
        self._total = total
        self._clock = clock
        self._start = clock()
        self._samples = deque([(self._start, done)])
        self._first = done

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._start

    def seconds_left(self, done: int) -> float | None:
        """Seconds until all members are trained, or None as long as none of them is."""
        now = self._clock()
        elapsed = now - self._start
        last, before = self._samples[-1]
        if done > before or now - last > elapsed / _SAMPLES:
            self._samples.append((now, done))
        while len(self._samples) > 1 and self._samples[1][0] <= now - elapsed / 4:
            self._samples.popleft()
        if done >= self._total:
            return 0.0
        if done <= self._first or elapsed <= 0:
            return None
        since, before = self._samples[0]
        recent = (done - before) / (now - since) if now > since else 0.0
        return (self._total - done) / max(recent, (done - self._first) / elapsed)


@dataclass
class TrainingProgress:
    """What the one who trains reports to; how it is shown is up to `show`.

    Attributes:
        total: members to train.
        show: called after each update with this object.
        done: members trained.
        epoch: epoch of the members that train now.
        valid_loss: their mean validation loss, or None before the first epoch.
        clock: seconds, growing.
    """

    total: int
    show: Callable[["TrainingProgress"], None]
    done: int = 0
    epoch: int = 0
    valid_loss: float | None = None
    clock: Clock = time.monotonic
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self.pace = Pace(self.total, self.done, self.clock)

    def update(self, done: int, epoch: int, valid_loss: float | None) -> None:
        """Report where the training is; cheap enough for every epoch.

        Args:
            done: members trained so far, those of earlier runs included.
            epoch: the epoch that was just finished.
            valid_loss: mean validation loss of the members that train.
        """
        self.done, self.epoch, self.valid_loss = done, epoch, valid_loss
        self.show(self)

    def facts(self, *, brief: bool = False) -> list[str]:
        """What there is to say, part by part.

        Args:
            brief: leave out what the reader can guess, to leave room for a bar.
        """
        parts = [f"{self.done}/{self.total} networks"]
        if self.epoch:  # what trains elsewhere does not say
            parts.append(f"epoch {self.epoch}")
        if self.valid_loss is not None:
            parts.append(f"{'loss' if brief else 'mean validation loss'} {self.valid_loss:.4g}")
        left = self.pace.seconds_left(self.done)
        if left is not None and self.done < self.total:
            parts.append(f"{'' if brief else 'about '}{duration(left)} left")
        return parts


class Rarely:
    """Says when the next plain line is due: every five seconds, in long trainings every minute.

    Args:
        clock: seconds, growing.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._start = self._last = clock()

    def due(self) -> bool:
        """Whether a line is due; if so, the next one is not due for a while."""
        now = self._clock()
        least, most = _SECONDS_BETWEEN_LINES
        if now - self._last < min(max(least, (now - self._start) / 20), most):
            return False
        self._last = now
        return True
