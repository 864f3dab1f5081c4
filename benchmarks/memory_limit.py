"""A limit on the memory of a process that holds: a control group of Linux, or else a resource limit.

A control group counts everything, page cache included, which the kernel takes back when memory is short; a
process that needs more than the limit is killed. Making one takes root (or a delegated group). Where that is
not possible the size of a process's data is limited (`RLIMIT_DATA`): heap, stacks and private mappings as
they are asked for, whether touched or not.
"""

import errno
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Files:
    """What the files of a memory control group are called.

    Attributes:
        version: of control groups.
        limit: bytes of memory.
        swap: bytes of swap, or in version 1 of memory and swap together; missing where swap is not counted.
        peak: most bytes so far.
        anonymous: the line of `memory.stat` that counts what cannot be taken back.
    """

    version: int
    limit: str
    swap: str
    peak: str
    anonymous: str


V1 = Files(
    1, "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max_usage_in_bytes", "total_rss"
)
V2 = Files(2, "memory.max", "memory.swap.max", "memory.peak", "anon")


@dataclass(frozen=True)
class Limit:
    """A limit that processes can enter; they cannot leave it again.

    Attributes:
        size: bytes.
        folder: the control group, None for a resource limit.
        files: what its files are called.
        reason: why there is no control group.
    """

    size: int
    folder: Path | None = None
    files: Files = V2
    reason: str = ""

    @property
    def kind(self) -> str:
        """What enforces the limit."""
        if self.folder is None:
            return f"RLIMIT_DATA, because no control group could be made ({self.reason})"
        return f"cgroup v{self.files.version} {self.files.limit}"

    def enter(self) -> None:
        """Put this process under the limit."""
        if self.folder is None:
            resource.setrlimit(resource.RLIMIT_DATA, (self.size, self.size))
        else:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self) -> int | None:
        """Most bytes that were taken at once, page cache included; None where nobody counted."""
        path = self.folder / self.files.peak if self.folder else None
        return int(path.read_text()) if path and path.exists() else None

    def anonymous(self) -> int | None:
        """Bytes taken now that the kernel cannot take back; None where nobody counts."""
        if self.folder is None:
            return None
        stat = dict(line.split() for line in (self.folder / "memory.stat").read_text().splitlines())
        return int(stat[self.files.anonymous])


@contextmanager
def limited(size: int) -> Iterator[Limit]:
    """A limit of `size` bytes; its control group is removed in the end, when all its processes are gone."""
    reasons = []
    for parent, files in _parents():
        folder = parent / f"deepfeat-benchmark-{os.getpid()}"
        try:
            _make(folder, files, size)
        except OSError as error:
            reasons.append(f"{parent}: {error.strerror}")
            continue
        try:
            yield Limit(size, folder, files)
        finally:
            _remove(folder)
        return
    yield Limit(size, reason="; ".join(reasons) or "this system has none")


def _parents() -> Iterator[tuple[Path, Files]]:
    """Control groups below which to make one: our own ones, version 2 first."""
    found = []
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            found += [(base, path, V2) for base in (ROOT, ROOT / "unified")]
        elif "memory" in controllers.split(","):
            found.append((ROOT / "memory", path, V1))
    for base, path, files in sorted(found, key=lambda place: -place[2].version):
        parent = base / path.lstrip("/")
        # In a container our group may be mounted as the root.
        yield parent if parent.is_dir() else base, files


def _make(folder: Path, files: Files, size: int) -> None:
    if not (folder.parent / "cgroup.procs").exists():
        raise FileNotFoundError(errno.ENOENT, "no control group")
    folder.mkdir()
    try:
        if not (folder / files.limit).exists() and files is V2:
            (folder.parent / "cgroup.subtree_control").write_text("+memory")
        (folder / files.limit).write_text(str(size))
        if (folder / files.swap).exists():
            (folder / files.swap).write_text(str(size if files is V1 else 0))
    except OSError:
        folder.rmdir()
        raise


def _remove(folder: Path) -> None:
    for _ in range(50):
        try:
            folder.rmdir()
        except OSError:  # a process that has just ended may still be in there
            time.sleep(0.1)
        else:
            return


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
