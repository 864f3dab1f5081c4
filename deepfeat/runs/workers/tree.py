"""Everything that a worker started: how much memory it takes, how many processes it is, and its end."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
# A process that is still there this long after it was killed hangs in the kernel.
_PATIENCE = 60.0


def descendants(root: int) -> list[int]:
    """The processes below one, without itself; what has ended but was not waited for counts.

    Args:
        root: its number.
    """
    found: list[int] = []
    waiting = [root]
    while waiting:
        children = list(_children(waiting.pop()))
        found += children
        waiting += children
    return found


def memory(process: int) -> int:
    """Bytes that belong to a process alone or are shared memory; 0 for one that has ended."""
    fields = ("RssAnon:", "RssShmem:")
    with suppress(OSError, ValueError):
        lines = (PROC / str(process) / "status").read_text().splitlines()
        return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(fields))
    return 0


def end_descendants(root: int, group: int) -> int:
    """End everything below a process that adopts its orphans, and wait until nothing is left.

    Args:
        root: this process.
        group: a process group below it. The kernel ends a group in one step, so that even processes that
            multiply faster than they can be looked for come to an end; those that left it are looked for.

    Returns:
        How many were still running.
    """
    alive = sum(map(is_alive, descendants(root)))
    end = time.monotonic() + _PATIENCE
    while True:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        left = descendants(root)
        if not left or time.monotonic() > end:
            return alive
        for process in left:
            _send(process, signal.SIGKILL)
        while reap() is not None:
            pass
        time.sleep(0.001)


def reap() -> tuple[int, int] | None:
    """Number and status of a child that has ended; None where none has."""
    try:
        process, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (process, status) if process else None


def is_alive(process: int) -> bool:
    """Whether there is such a process, and it has not ended (one that nobody has waited for yet has)."""
    with suppress(OSError, IndexError):
        # The name before it is in parentheses and may hold anything, blanks included.
        return (PROC / str(process) / "stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    return False


def _children(process: int) -> Iterator[int]:
    """The children of each of its threads."""
    with suppress(OSError):
        for thread in (PROC / str(process) / "task").iterdir():
            with suppress(OSError):
                yield from map(int, (thread / "children").read_text().split())


def _send(process: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)
