"""The few calls of the Linux kernel that Python has no name for."""

import ctypes
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

AVAILABLE = sys.platform == "linux"

_PDEATHSIG, _NO_NEW_PRIVS, _CHILD_SUBREAPER = 1, 38, 36

# Landlock: all that changes a file or a directory, by the version of the kernel's interface that has it.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_CHANGES = {
    1: [1, *range(4, 13)],  # write a file; remove and make files, directories, devices, sockets, pipes, links
    2: [13],  # rename and link across directories
    3: [14],  # truncate
}


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _library().prctl(option, value, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl({option}): {os.strerror(code)}")


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none can slip away."""
    _prctl(_CHILD_SUBREAPER, 1)


def end_with_parent(signal: int) -> None:
    """Get a signal when the parent ends, however it ends."""
    _prctl(_PDEATHSIG, signal)


def no_new_privileges() -> None:
    """Never gain rights again by starting a program."""
    _prctl(_NO_NEW_PRIVS, 1)


def landlock_version() -> int:
    """What of Landlock the kernel has; 0 for nothing."""
    with suppress(OSError, AttributeError):
        return max(0, int(_library().syscall(_CREATE_RULESET, None, 0, 1)))
    return 0


def write_only_below(folders: Iterable[Path]) -> bool:
    """Refuse every change of a file outside some folders, to this process and all that it starts, for good.

    The kernel refuses it (Landlock), so it holds for compiled code and child processes too. Reading is left
    alone.

    Args:
        folders: existing directories.

    Returns:
        Whether the kernel can do so; where it cannot, nothing is refused.
    """
    version = landlock_version()
    if version == 0:
        return False
    bits = sum(1 << bit for least, group in _CHANGES.items() if version >= least for bit in group)
    library = _library()
    ruleset = _Ruleset(bits)
    handle = library.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0)
    if handle < 0:
        return False
    try:
        for folder in folders:
            place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = _Beneath(bits, place)
                if library.syscall(_ADD_RULE, handle, _PATH_BENEATH, ctypes.byref(rule), 0) != 0:
                    return False
            finally:
                os.close(place)
        no_new_privileges()
        return int(library.syscall(_RESTRICT_SELF, handle, 0)) == 0
    finally:
        os.close(handle)
