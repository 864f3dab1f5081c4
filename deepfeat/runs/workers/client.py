"""The main process's side: a fork server that is started once, and one question at a time."""

import atexit
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from deepfeat.errors import DeepfeatError, ExitCode
from deepfeat.runs.workers import linux
from deepfeat.runs.workers.channel import Channel, ChannelError, Message, pair
from deepfeat.runs.workers.sandbox import scrubbed

# Loading TensorFlow takes seconds on a fast machine, and a minute from a slow shared disk.
_START_UP = 180.0
# What a stopped server has for ending its workers.
_FAREWELL = 20.0
# What there is for reading what an ended worker has said.
_REST = 5.0
# Bytes of output that are read at a time.
_BLOCK = 1 << 16
_ROOT = Path(__file__).parents[3]
_COMMAND = "import sys; sys.path.append({root!r}); from deepfeat.runs.workers.server import main; main()"


class WorkerError(DeepfeatError):
    """A worker could not be started, or ended in a way that is no answer."""

    exit_code = ExitCode.PARTIAL


@dataclass(frozen=True)
class Ended:
    """How a worker ended.

    Attributes:
        status: as `os.waitpid` gives it.
        why: `time`, `memory`, `processes` or `stop` where it was ended; None where it ended by itself.
        left: processes that it left behind.
        memory: the most bytes that were seen.
        seconds: how long it took, without the time in which networks were trained for it.
    """

    status: int
    why: str | None
    left: int
    memory: int
    seconds: float

    def __str__(self) -> str:
        """How it ended by itself, in words."""
        if os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            names = {known.value: known.name for known in signal.Signals}
            return f"was ended by {names.get(number, f'signal {number}')}"
        return f"left with exit code {os.waitstatus_to_exitcode(self.status)}"


class ForkServer:
    """A running fork server; see `server`.

    It is asked one question at a time. When this process ends, however it does, so does the server, with
    everything that was started in it.
    """

    def __init__(self) -> None:
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the server
        self._control, theirs = pair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _COMMAND.format(root=str(_ROOT)), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                env=scrubbed(os.environ),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked."""
        return self._process.poll() is None

    @cached_property
    def is_ready(self) -> bool:
        """Wait until it has loaded what it needs.

        Raises:
            WorkerError: it could not.
        """
        if not select.select([self._control], [], [], _START_UP)[0] or self._control.receive() is None:
            self._said.seek(0)
            last = self._said.read()[-2000:].decode(errors="replace").strip().splitlines()[-1:]
            self.close()
            raise WorkerError(
                f"the process for methods did not start: {' '.join(last) or 'it took too long'}"
            )
        return True

    @contextmanager
    def question(self, request: Message) -> Iterator["Question"]:
        """Start a worker; it is ended with everything it has started when the context is left.

        Raises:
            WorkerError: the server is gone.
        """
        assert self.is_ready  # noqa: S101 - raises where it is not
        channel, theirs = pair()
        output, sink = os.pipe()
        asked = Question(self._control, channel, output)
        try:
            try:
                self._control.send_with(request, [theirs.fileno(), sink])
            except OSError as error:
                raise WorkerError(f"the process for methods is gone: {error}") from error
            finally:
                theirs.close()
                os.close(sink)
            yield asked
        finally:
            if not asked.is_over:
                self._stop(asked)
            channel.close()
            os.close(output)

    def close(self) -> None:
        """End it."""
        self._control.close()
        self._said.close()
        try:
            self._process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _stop(self, asked: "Question") -> None:
        end = time.monotonic() + _FAREWELL
        try:
            self._control.send({"stop": True})
            while not asked.is_over and time.monotonic() < end:
                asked.step(lambda _: None, lambda _: None)
        except (OSError, ChannelError, WorkerError):
            self.close()
        if not asked.is_over:
            self.close()


class Question:
    """A worker at work.

    Args:
        control: the server.
        channel: the worker.
        output: what it prints.
    """

    def __init__(self, control: Channel, channel: Channel, output: int) -> None:
        self._control, self._channel, self._output = control, channel, output
        self._open: set[Any] = {control, channel, output}
        self.ended: Ended | None = None
        self._ended_at = 0.0

    @property
    def is_over(self) -> bool:
        """Whether it has ended and everything it said was read."""
        if self.ended is None:
            return False
        return self._open == {self._control} or time.monotonic() - self._ended_at > _REST

    def follow(self, told: Callable[[Message], None], printed: Callable[[bytes], None]) -> Ended:
        """Wait for the end.

        Args:
            told: called with every message of the worker.
            printed: called with what it printed.

        Returns:
            How it ended.

        Raises:
            WorkerError: the server is gone.
            ChannelError: the worker sends what is no message.
        """
        while self.ended is None or not self.is_over:
            self.step(told, printed)
        return self.ended

    def step(self, told: Callable[[Message], None], printed: Callable[[bytes], None]) -> None:
        """Wait a moment for something to happen; see `follow`."""
        ready = select.select(list(self._open), [], [], 0.1)[0]
        if self._output in ready:
            block = os.read(self._output, _BLOCK)
            printed(block)
            if not block:
                self._open.discard(self._output)
        if self._channel in ready:
            messages, is_open = self._channel.read()
            if not is_open:
                self._open.discard(self._channel)
            for message in messages:
                told(message)
        if self._control in ready:
            messages, is_open = self._control.read()
            for message in messages:
                self.ended, self._ended_at = Ended(**message["ended"]), time.monotonic()
            if not is_open:
                raise WorkerError("the process that watches over methods was ended")

    def begin(self) -> None:
        """The time of the method begins: what came before was not its own."""
        self._control.send({"begin": True})

    def reply(self, message: Message) -> None:
        """Answer a message of the worker; one that is gone needs no answer."""
        with suppress(OSError):
            self._channel.send(message)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count this time as the worker's."""
        self._control.send({"pause": True})
        try:
            yield
        finally:
            self._control.send({"resume": True})


IS_AVAILABLE = linux.AVAILABLE
"""Whether there can be a fork server on this system."""

_lock = threading.Lock()
_running: list[ForkServer] = []


def fork_server() -> ForkServer:
    """The fork server of this process: a new one where there is none, or where it is not alive any more.

    It begins to load what it needs and returns at once, so call it early.
    """
    with _lock:
        while _running and not _running[0].is_alive:
            _running.pop().close()
        if not _running:
            _running.append(ForkServer())
        return _running[0]


def begin() -> None:
    """Have the fork server, where there can be one, load what it needs while this process goes on."""
    if IS_AVAILABLE:
        fork_server()


def close() -> None:
    """End the fork server of this process, if there is one."""
    with _lock:
        while _running:
            _running.pop().close()


atexit.register(close)
