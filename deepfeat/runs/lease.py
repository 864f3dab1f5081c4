"""One run at a time in a directory, without a lock that a person would ever have to remove.

Whoever works in a run directory holds a lease: a file that says who, and that is touched every second. A
lease whose holder is dead is taken over: at once where that can be seen, which is on the same machine, and
elsewhere (another host, another container) after it was not touched for a while. No clocks are compared.
"""

import fcntl
import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from deepfeat.errors import DeepfeatError, ExitCode
from deepfeat.writing.atomic import OutputError, make_directory, write_text

log = logging.getLogger(__name__)

BEAT = 1.0
"""Seconds between two signs of life."""
PATIENCE = 15.0
"""Seconds without a sign of life after which a holder that cannot be looked at is taken for dead."""
GLANCE = 1.5
"""Seconds that a second run looks for a sign of life before it begins to load anything."""
_POLL = 0.1


@dataclass(frozen=True)
class Holder:
    """A process that works in a run directory.

    Attributes:
        host: name of its machine or container.
        machine: tells machines, and containers on one machine, apart whatever their names.
        pid: its number.
        born: when it was started, in the machine's own count; numbers of processes are given out again.
        mark: of this lease.
        since: when it began, for people.
    """

    host: str
    machine: str
    pid: int
    born: str
    mark: str
    since: str

    @classmethod
    def this(cls) -> "Holder":
        """The process that asks."""
        pid = os.getpid()
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(socket.gethostname(), _machine(), pid, _born(pid) or "", secrets.token_hex(8), since)

    @property
    def is_alive(self) -> bool | None:
        """Whether the process is there; None where that cannot be seen from here."""
        if not self.born or self.machine != _machine():
            return None
        return _born(self.pid) == self.born

    def __str__(self) -> str:
        """For a message."""
        return f"process {self.pid} on {self.host}, which began at {self.since}"


class RunningError(DeepfeatError):
    """Another run works in the same directory."""

    exit_code = ExitCode.USER_INPUT

    def __init__(self, root: Path, holder: Holder) -> None:
        super().__init__(
            f"{root}: in use by {holder}; wait for it, stop it, or choose another place with --output"
        )
        self.holder = holder


class LostLeaseError(DeepfeatError):
    """Another run took this one for dead, and goes on in its place."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, root: Path) -> None:
        super().__init__(f"{root}: another run has taken over; this one stops and leaves the rest to it")


class Lease:
    """The right to write results into a run directory, from `hold`."""

    def __init__(self, root: Path, holder: Holder) -> None:
        self._root, self._holder = root, holder
        self._path = _path(root)
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._heart.start()

    def check(self) -> None:
        """Go on only if the lease is still held.

        Raises:
            LostLeaseError: it is not.
        """
        if not self._is_ours():
            raise LostLeaseError(self._root)

    def release(self) -> None:
        """Let others begin."""
        self._over.set()
        with suppress(OSError, OutputError), _alone(self._root):
            if self._is_ours():
                self._path.unlink()

    def _is_ours(self) -> bool:
        holder = _holder(self._path)
        return holder is not None and holder.mark == self._holder.mark

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            with suppress(OSError):
                if self._is_ours():
                    os.utime(self._path)


@contextmanager
def hold(root: Path, ledger: Path) -> Iterator[Lease]:
    """Work in a run directory, as its only one.

    Args:
        root: the run directory, for messages.
        ledger: the directory in it where the lease is kept.

    Raises:
        RunningError: somebody else does, and is alive.
        OutputError: the lease cannot be written.
    """
    make_directory(ledger)
    lease = Lease(ledger, _taken(root, ledger))
    try:
        yield lease
    finally:
        lease.release()


def refuse_if_held(root: Path, ledger: Path) -> None:
    """Stop early, before anything is loaded, if a living process works in a run directory.

    Raises:
        RunningError: naming it.
    """
    holder = _holder(_path(ledger))
    if holder is not None and (holder.is_alive or (holder.is_alive is None and _stirs(ledger, GLANCE))):
        raise RunningError(root, holder)


def _taken(root: Path, ledger: Path) -> Holder:
    path = _path(ledger)
    while True:
        with _alone(ledger):
            holder = _holder(path)
            if holder is None or holder.is_alive is False:
                return _written(path, holder)
        if holder.is_alive or _stirs(ledger, PATIENCE):
            raise RunningError(root, holder)
        with _alone(ledger):
            if _holder(path) == holder:
                return _written(path, holder)


def _written(path: Path, before: Holder | None) -> Holder:
    if before is not None:
        log.info("took over from %s: it is dead", before)
    holder = Holder.this()
    try:
        write_text(path, json.dumps(asdict(holder), indent=1) + "\n")
    except OutputError:
        # It may have got its name before the disk failed; nobody would give it back while this process lives.
        with suppress(OSError):
            path.unlink()
        raise
    return holder


def _stirs(ledger: Path, seconds: float) -> bool:
    """Whether a lease is touched within some seconds; one that is given back was."""
    before = _touched(_path(ledger))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(_POLL)
        now = _touched(_path(ledger))
        if now is None:
            return False
        if now != before:
            return True
    return False


def _touched(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _path(ledger: Path) -> Path:
    return ledger / "lease.json"


def _holder(path: Path) -> Holder | None:
    """Who holds the lease; None where nobody does, or where the file says nothing."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.keys() != {field.name for field in fields(Holder)}:
        return None
    # Each becomes a part of a path or of a message.
    is_one = all(isinstance(value, int if name == "pid" else str) for name, value in content.items())
    return Holder(**content) if is_one else None


@contextmanager
def _alone(ledger: Path) -> Iterator[None]:
    """One process at a time, for a moment; the system itself lets go of it when a process dies."""
    path = ledger / "lease.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(path, error) from error
    try:
        # A file system without locks leaves a moment in which two can take the lease of a dead holder; both
        # would then compute the same results, and one of them stops when it looks at the lease again.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _machine() -> str:
    """The same for processes that can see each other by number."""
    parts = []
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join([*parts, socket.gethostname()])


def _born(pid: int) -> str | None:
    """When a process was started; None where there is none, or only its remains."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name of a program may hold blanks and brackets; what follows it is numbered from its state on.
    state, *rest = text.rpartition(")")[2].split()
    return None if state in "ZX" else rest[18]
