"""How much memory there is to take: the machine's, or less where a control group limits this process."""

from collections.abc import Iterator
from pathlib import Path

import psutil

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def available_memory() -> int:
    """Bytes that this process can still take before the machine or its container runs out.

    Containers and batch systems limit memory by control groups, which the machine's own figures do not show.
    """
    return max(0, min([int(psutil.virtual_memory().available), *_left_in_groups()]))


def _left_in_groups() -> Iterator[int]:
    """Bytes left in each control group that this process is in, and in those around it."""
    for line in _lines(MEMBERSHIP):
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            names = ("memory.max", "memory.current", "")
            roots = [GROUPS, GROUPS / "unified"]
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
            roots = [GROUPS / "memory"]
        else:
            continue
        for root in roots:
            # Inside a container the path is often that of the host, and the group is mounted as the root.
            own = root / path.lstrip("/")
            for group in (own, *own.parents):
                if group.is_relative_to(root):
                    yield from _left(group, *names)


def _left(group: Path, limit: str, usage: str, prefix: str) -> Iterator[int]:
    """Limit minus use, where the page cache does not count as used; nothing where there is no limit."""
    most, used = _lines(group / limit), _lines(group / usage)
    if not most or not used or not most[0].isdigit():  # "max"
        return
    stat = dict(line.split() for line in _lines(group / "memory.stat"))
    cached = sum(int(stat.get(f"{prefix}{kind}_file", 0)) for kind in ("active", "inactive"))
    yield int(most[0]) - int(used[0]) + cached


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
