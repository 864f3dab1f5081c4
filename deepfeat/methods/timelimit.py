"""A limit on the time of one method, in the process that it runs in.

An alarm of the operating system interrupts Python code wherever it is. A call into a compiled library is
waited for and interrupted when it returns: one that never returns is not stopped, which only a process of its
own could do. Where there is no alarm (in a thread, or not on Unix) a method is refused when it has ended.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from deepfeat.methods.importance import MethodError

# The alarm rings again this often, for code that went on in spite of it.
_AGAIN = 1.0


class TimeLimitError(MethodError):
    """A method took longer than it may."""


class _TimeUp(BaseException):
    """Not an Exception, so that `except Exception` in a plugin does not take it for a fault of its own."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Refuse what takes longer.

    Args:
        seconds: the longest time, or None for no limit.

    Raises:
        TimeLimitError: from inside the body where it could be interrupted, else at its end.
    """
    if seconds is None:
        yield
        return
    end = time.monotonic() + seconds
    try:
        if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
            with _alarm(seconds):
                yield
        else:
            yield
    except _TimeUp as interrupted:
        raise TimeLimitError(too_long(seconds)) from interrupted
    if time.monotonic() > end:
        raise TimeLimitError(too_long(seconds))


def too_long(seconds: float) -> str:
    """The sentence for what took longer than so many seconds."""
    return f"took longer than {seconds:g} s; raise limits.method_seconds, or give it less to do"


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raises _TimeUp in the body when the time is up, and every second after that."""
    running = True

    def ring(*_: object) -> None:
        if running:
            raise _TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        try:
            yield
        finally:
            running = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
