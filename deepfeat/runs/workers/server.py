"""The fork server: a process that has loaded TensorFlow and computed nothing, and starts workers as copies.

A worker is there in milliseconds, has nothing in it from any method before, and its end is the end of nothing
else. The server loads no plugin. It stays outside of the process group of its caller and notices when the
caller is gone, however it went, or is told by SIGTERM: then it ends every process that its worker started,
removes their files, and ends itself.
"""

import fcntl
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from deepfeat.runs.workers import linux, tree
from deepfeat.runs.workers.channel import Channel, ChannelError

# How often the end of a worker is looked for, and how often what it takes is measured.
TICK = 0.02
LOOK = 0.05
# What a worker that is too slow has for writing down where it is.
LAST_WORDS = 0.5
# What it has for loading its plugin and its inputs, before the time of the method begins.
START_UP = 120.0
# The signal that makes it do so.
WHERE_ARE_YOU = signal.SIGUSR2


def main() -> NoReturn:
    """Serve until the caller is gone; its only argument is the number of the socket."""
    end = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(end.fileno(), False)  # noqa: FBT003 - not a choice between two behaviours
    _end_with(end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    linux.adopt_orphans()
    _load()
    fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) & ~os.O_ASYNC)
    control = Channel(end)
    temporary: set[str] = set()
    try:
        with suppress(OSError):
            control.send({"ready": os.getpid()})
            while True:
                request, descriptors = control.receive_with(2)
                if request is None:
                    break
                if "temporary" in request:
                    temporary.add(request["temporary"])
                if len(descriptors) == 2:  # noqa: PLR2004 - the channel and the output; else it is a late "stop"
                    control.send({"ended": _Service(control, request, descriptors).carry_out()})
    finally:
        for folder in temporary:
            # The caller has removed it, unless it was ended by force.
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit()


def _end_with(end: socket.socket) -> None:
    """End as soon as the socket closes, while loading leaves no time to look; nothing is sent before."""
    fcntl.fcntl(end, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([end], [], [], 0)[0]:
        sys.exit()


def _load() -> None:
    """What every worker needs and what takes seconds; nothing is computed, which would start threads."""
    from deepfeat.runs.workers import worker  # noqa: PLC0415 - loads TensorFlow

    worker.warm()


class _Service:
    """One question: a worker, watched to its end.

    Args:
        control: the caller.
        request: what to do.
        descriptors: the worker's end of its channel, and where its output goes.
    """

    def __init__(self, control: Channel, request: dict[str, Any], descriptors: list[int]) -> None:
        self._control, self._request, self._descriptors = control, request, descriptors
        self._worker = 0
        self._seconds = request["seconds"]
        self._start = self._looked = time.monotonic()
        self._start_up = START_UP
        self._paused = 0.0
        self._asleep: float | None = None
        self._most = 0
        self._base = tree.memory(os.getpid())

    def carry_out(self) -> dict[str, Any]:
        """Start the worker, wait for its end, and end what it left behind."""
        scratch = Path(tempfile.mkdtemp(prefix="deepfeat-"))
        try:
            self._worker = os.fork()
            if self._worker == 0:
                self._become_worker(scratch)
            for descriptor in self._descriptors:
                os.close(descriptor)
            why, status = self._wait()
        finally:
            left = tree.end_descendants(os.getpid(), self._worker) if self._worker else 0
            shutil.rmtree(scratch, ignore_errors=True)
        return {
            "status": status,
            "why": why,
            "left": left if why is None else 0,
            "memory": self._most,
            "seconds": round(time.monotonic() - self._start - self._paused, 3),
        }

    def _become_worker(self, scratch: Path) -> NoReturn:
        """In the copy: whatever happens, it does not go on as a second server."""
        try:
            from deepfeat.runs.workers import worker  # noqa: PLC0415 - was loaded long ago

            self._control.close()
            channel, output = self._descriptors
            worker.work(self._request, channel, output, scratch, WHERE_ARE_YOU)
        finally:
            os._exit(os.EX_SOFTWARE)

    def _wait(self) -> tuple[str | None, int]:
        """Why the worker had to be ended, if it had, and the status of one that ended by itself."""
        while True:
            if select.select([self._control], [], [], TICK)[0] and self._told_to_stop():
                return "stop", 0
            while (ended := tree.reap()) is not None:
                if ended[0] == self._worker:
                    return None, ended[1]
            if why := self._exceeded():
                if why == "time":
                    with suppress(ProcessLookupError):
                        os.kill(self._worker, WHERE_ARE_YOU)
                    time.sleep(LAST_WORDS)
                return why, 0

    def _told_to_stop(self) -> bool:
        try:
            messages, is_open = self._control.read()
        except ChannelError:
            return True
        for message in messages:
            now = time.monotonic()
            if "begin" in message:
                self._start, self._start_up = now, 0.0
            elif "pause" in message:
                self._asleep = now
            elif "resume" in message and self._asleep is not None:
                self._paused += now - self._asleep
                self._asleep = None
            elif "stop" in message:
                return True
        return not is_open

    def _exceeded(self) -> str | None:
        """Which limit the worker is over."""
        now = time.monotonic()
        if self._seconds and self._asleep is None:
            used = now - self._start - self._paused
            if used > self._seconds + self._start_up:
                return "time"
        if now - self._looked < LOOK:
            return None
        self._looked = now
        processes = tree.descendants(os.getpid())
        if len(processes) > self._request["processes"]:
            return "processes"
        # What a copy shares with the server does not count.
        taken = sum(max(0, tree.memory(process) - self._base) for process in processes)
        self._most = max(self._most, taken)
        return "memory" if taken > self._request["memory"] else None
