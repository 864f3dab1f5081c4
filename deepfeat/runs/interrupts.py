"""Signals: a run leaves within seconds, and says how to go on.

Everything that is published is complete, and what is not is computed again; so any moment is a safe one, and
a signal need not wait for anything. It becomes an exception in the main thread. Where that cannot be raised
soon enough, inside a long computation of a library, a thread that saw the signal ends the process instead.
"""

import atexit
import os
import shlex
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from deepfeat.errors import ExitCode

GRACE = 4.5
"""Seconds after which a process that has not left is ended in order, with its last words and its children."""
LAST = 7.0
"""Seconds after which it is ended in any case, however busy the machine is."""

# Seconds that a child has for leaving by itself, and that libraries have for their end.
_MOMENT, _REST = 1.0, 2.0

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


class Interrupted(BaseException):
    """Somebody wants the run to stop. Not an Exception, so that no plugin takes it for a fault of its own.

    Args:
        signum: the signal.
    """

    def __init__(self, signum: int) -> None:
        self.name = signal.Signals(signum).name
        super().__init__(self.name)


_last_words: list[Callable[[], None]] = []


@contextmanager
def last_words(say: Callable[[], None]) -> Iterator[None]:
    """Have something done if the process must be ended from outside the main thread.

    Args:
        say: quick, and safe in any thread at any moment.
    """
    _last_words.append(say)
    try:
        yield
    finally:
        _last_words.remove(say)


@contextmanager
def interruptible(farewell: Callable[[str], str]) -> Iterator[None]:
    """Raise `Interrupted` in the body when a signal comes; a second Ctrl-C ends the process at once.

    Handlers of a program that has settled in the body are left to it.

    Args:
        farewell: what to say, given the signal's name, where the process is ended by force.

    Raises:
        Interrupted: from anywhere inside the body, once; further signals then change nothing.
    """
    seen: list[int] = []

    def caught(signum: int, frame: FrameType | None) -> None:
        del frame
        if not seen:
            seen.append(signum)
            raise Interrupted(signum)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _Watch(farewell):
        # A shell that starts something in the background has it ignore Ctrl-C; that stays so.
        before = {signum: signal.signal(signum, caught) for signum in _heeded()}
        try:
            yield
        finally:
            for signum, handler in before.items():
                if signal.getsignal(signum) == caught:
                    signal.signal(signum, handler)


class _Watch:
    """Sees signals when they come, also while the main thread is deep in a library and runs no handler.

    Args:
        farewell: as above.
    """

    def __init__(self, farewell: Callable[[str], str]) -> None:
        self._farewell = farewell
        self._ours, self._theirs = socket.socketpair()
        self._theirs.setblocking(False)  # noqa: FBT003 - the standard library wants it so
        self._timers: list[threading.Timer] = []
        self._thread = threading.Thread(target=self._look, name="signals", daemon=True)

    def __enter__(self) -> None:
        self._before = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._before)
        self._theirs.close()
        self._thread.join()
        self._ours.close()
        for timer in self._timers:
            timer.cancel()

    def _look(self) -> None:
        while numbers := self._ours.recv(64):
            for signum in numbers:
                if signum in SIGNALS and not self._timers:
                    self._begin(signal.Signals(signum).name)
                elif signum == signal.SIGINT:
                    end_children()
                    os._exit(ExitCode.KEYBOARD)

    def _begin(self, name: str) -> None:
        text = self._farewell(name)
        for seconds, then in ((GRACE, _leave), (LAST, _end)):
            timer = threading.Timer(seconds, then, [text])
            timer.daemon = True
            self._timers.append(timer)
            timer.start()


# What is sent to a copy of this process is not for this one.
os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))


def _heeded() -> list[signal.Signals]:
    return [signum for signum in SIGNALS if signal.getsignal(signum) != signal.SIG_IGN]


_settled: list[int] = []


def _deafen() -> None:
    """The very last step of a program that has settled: the interpreter takes handlers away, not this."""
    if _settled:
        for signum in _heeded():
            signal.signal(signum, signal.SIG_IGN)


# Registered before libraries are loaded, so it comes after their own ends.
atexit.register(_deafen)


def settle(code: int) -> None:
    """The program has come to its end: from now on a signal makes it leave at once, with what it has earned.

    Libraries take seconds for their own end, in which a signal would turn success into failure.

    Args:
        code: the exit code.
    """

    def leave(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        end_children()
        os._exit(code)

    _settled.append(code)
    for signum in _heeded():
        signal.signal(signum, leave)


def hurry(code: int) -> None:
    """Give libraries a moment for their own end, such as removing their files, and no more.

    Args:
        code: the exit code.
    """
    timer = threading.Timer(_REST, os._exit, [code])
    timer.daemon = True
    timer.start()


def _leave(text: str) -> None:
    """End the process from outside the main thread, in order."""
    for say in reversed(_last_words):
        with suppress(Exception):
            say()
    end_children()
    with suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    _end(text)


def _end(text: str) -> None:
    """End the process, with a last line to standard error."""
    with suppress(OSError, ValueError):
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, text.encode(errors="replace"))
    os._exit(ExitCode.INTERRUPTED)


def end_children() -> None:
    """End every process that this one has started, and theirs; they have a moment to remove their files."""
    with suppress(psutil.Error):
        this = psutil.Process()
        for child in (own := this.children()):
            with suppress(psutil.Error):
                child.terminate()
        psutil.wait_procs(own, timeout=_MOMENT)
        for child in this.children(recursive=True):
            with suppress(psutil.Error):
                child.kill()


def resume_command(arguments: Sequence[str]) -> str:
    """What to type to go on with a run.

    Args:
        arguments: `sys.argv` of the run that was stopped.
    """
    program, *rest = arguments
    # `python -m deepfeat` is known by its file.
    start = [sys.executable, "-m", "deepfeat"] if Path(program).name == "__main__.py" else [program]
    return shlex.join([*start, *(word for word in rest if word != "--fresh")])
