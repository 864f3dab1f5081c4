"""Loads plugins in a copy of this process first: one that ends the process ends the copy."""

import json
import os
import resource
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict

from deepfeat.methods.plugin import BrokenPlugin, Plugin

Load = Callable[[], Plugin | BrokenPlugin]

SECONDS = 30.0
"""The longest time that loading one plugin may take; a library that it imports may come from a slow disk."""
# What a plugin may take while it is loaded.
_BYTES = 4 << 30


def is_possible() -> bool:
    """Whether this process can be copied: not where there is no fork, nor once TensorFlow's threads run."""
    return hasattr(os, "fork") and "tensorflow" not in sys.modules


def tried(
    loads: Sequence[tuple[str, str, Load]], examine: Callable[[Plugin], object]
) -> dict[int, BrokenPlugin]:
    """The plugins that cannot be used, found out without harm.

    Args:
        loads: name, source and a function that loads it, of each plugin.
        examine: what is done with each when it is loaded.

    Returns:
        Those that raise, end the process, or take too long, by their place in `loads`.
    """
    broken: dict[int, BrokenPlugin] = {}
    first = 0
    while first < len(loads):
        place, ended = _trial(loads, first, examine, broken)
        if ended is None:
            break
        name, source, _ = loads[place]
        broken[place] = BrokenPlugin(name, source, f"{ended} while it was loaded")
        first = place + 1
    return broken


def _trial(
    loads: Sequence[tuple[str, str, Load]],
    first: int,
    examine: Callable[[Plugin], object],
    broken: dict[int, BrokenPlugin],
) -> tuple[int, str | None]:
    """Load from `first` on in a copy: the place it came to, and how it ended there, if it did."""
    told, tell = os.pipe()
    with warnings.catch_warnings():
        # The threads that there are belong to numerical libraries, which know about copies.
        warnings.simplefilter("ignore", DeprecationWarning)
        copy = os.fork()
    if copy == 0:
        _load_all(loads, first, examine, tell)
    os.close(tell)
    place, buffer, end = first, b"", time.monotonic() + SECONDS
    ended: str | None = None
    try:
        while select.select([told], [], [], max(0.0, end - time.monotonic()))[0]:
            block = os.read(told, 1 << 16)
            if not block:
                break
            *lines, buffer = (buffer + block).split(b"\n")
            for line in lines:
                report = json.loads(line)
                if report is not None:
                    broken[place] = BrokenPlugin(**{**report, "provides": ()})
                place, end = place + 1, time.monotonic() + SECONDS
        else:
            ended = f"took longer than {SECONDS:g} s"
    finally:
        os.close(told)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(copy, signal.SIGKILL)
        _, status = os.waitpid(copy, 0)
    if place >= len(loads):
        return place, None
    return place, ended or f"ended the process ({_how(status)})"


def _load_all(
    loads: Sequence[tuple[str, str, Load]], first: int, examine: Callable[[Plugin], object], tell: int
) -> None:
    """In the copy: load one after another, and tell of each when it is done."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (_BYTES, resource.getrlimit(resource.RLIMIT_DATA)[1]))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for name, source, load in loads[first:]:
            loaded: Plugin | BrokenPlugin
            try:
                loaded = load()
                if isinstance(loaded, Plugin):
                    examine(loaded)
            except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, and try to exit
                loaded = BrokenPlugin.because(name, source, error)
            report = asdict(loaded) if isinstance(loaded, BrokenPlugin) else None
            os.write(tell, json.dumps(report).encode("ascii") + b"\n")
    finally:
        os._exit(0)


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit code {os.waitstatus_to_exitcode(status)}"
