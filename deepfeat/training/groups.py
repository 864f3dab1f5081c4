"""A stack in groups of members, as many of them trained at the same time as there are cores.

Two groups that train side by side keep two cores busier than one group whose every small operation is shared
out between the cores. A member's result does not depend on its group.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event, Lock

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from deepfeat.training.loop import Progress, TrainedStack
from deepfeat.training.program import Program

# Smaller groups would spend their time on starting operations; larger ones save nothing more on that.
LEAST_MEMBERS, MOST_MEMBERS = 16, 64
# Every group that trains at the same time needs a compiled program of its own.
MOST_THREADS = 4

Group = NDArray[np.int64]


def threads() -> int:
    """How many groups train at the same time: one for each core, and one where there is a GPU.

    `OMP_NUM_THREADS` says how many cores are meant for this process, where several share a machine.
    """
    if tf.config.list_physical_devices("GPU"):
        return 1
    meant = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0))
    return min(MOST_THREADS, cores, int(meant) if meant.isdecimal() and int(meant) else cores)


def groups(members: int, at_a_time: int) -> list[Group]:
    """Members of a stack in groups of nearly equal size, as indices into the stack.

    Args:
        members: members of the stack.
        at_a_time: groups that train at the same time; with one, the stack is one group.
    """
    if at_a_time == 1 or members < 2 * LEAST_MEMBERS:
        return [np.arange(members)]
    # As many groups as can train without one of them waiting for the last to end.
    rounds = -(-members // (at_a_time * MOST_MEMBERS))
    return np.array_split(np.arange(members), min(rounds * at_a_time, members // LEAST_MEMBERS))


class _StoppedError(Exception):
    """A group ends because another one could not go on."""


class _Told:
    """The progress of several groups as one, and the sign for all to stop when one of them fails."""

    def __init__(self, parts: Sequence[Group], progress: Progress | None) -> None:
        self._sizes = np.array([len(part) for part in parts])
        self._news = np.full((len(parts), 3), np.nan)
        self._progress = progress
        self._lock = Lock()
        self.stop = Event()

    def go_on(self) -> None:
        """Do nothing, or end the group that asks."""
        if self.stop.is_set():
            raise _StoppedError

    def of(self, group: int) -> Progress:
        """What the group reports to."""

        def told(finished: int, epoch: int, loss: float) -> None:
            self.go_on()
            with self._lock:
                self._news[group] = finished, epoch, loss
                if self._progress is not None:
                    self._progress(*self._together())

        return told

    def _together(self) -> tuple[int, int, float]:
        finished, epoch, loss = self._news.T
        known = np.isfinite(loss)
        mean = float(np.average(loss[known], weights=self._sizes[known])) if known.any() else float("nan")
        return int(np.nansum(finished)), int(np.nanmax(epoch)), mean


def train_groups(
    train: Callable[[Program, Group, Progress], TrainedStack],
    programs: Sequence[Program],
    parts: Sequence[Group],
    progress: Progress | None,
) -> TrainedStack:
    """Train every group, as many at the same time as there are programs.

    Args:
        train: trains one group with one program.
        programs: none of them is used by two groups at the same time.
        parts: the groups; together all members of the stack in their order.
        progress: called after every epoch of every group.

    Raises:
        Exception: the first error of a group, after the others have ended their epoch.
    """
    told = _Told(parts, progress)
    free: SimpleQueue[Program] = SimpleQueue()
    for program in programs:
        free.put(program)

    def one(group: int) -> TrainedStack:
        program = free.get()
        try:
            told.go_on()
            return train(program, parts[group], told.of(group))
        except BaseException:
            told.stop.set()
            raise
        finally:
            free.put(program)

    with ThreadPoolExecutor(len(programs), thread_name_prefix="group") as pool:
        futures = [pool.submit(one, group) for group in range(len(parts))]
        try:
            failed = [error for future in futures if (error := future.exception())]
            if failed:
                raise next(error for error in failed if not isinstance(error, _StoppedError))
            return _joined([future.result() for future in futures])
        finally:
            # Also after Ctrl-C, which only this thread hears of.
            told.stop.set()
            pool.shutdown(cancel_futures=True)


def _joined(parts: Sequence[TrainedStack]) -> TrainedStack:
    def whole(arrays: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        return np.concatenate(arrays)

    return TrainedStack(
        [whole(values) for values in zip(*(part.values for part in parts), strict=True)],
        (whole([part.inputs[0] for part in parts]), whole([part.inputs[1] for part in parts])),
        (whole([part.targets[0] for part in parts]), whole([part.targets[1] for part in parts])),
        [record for part in parts for record in part.records],
    )
