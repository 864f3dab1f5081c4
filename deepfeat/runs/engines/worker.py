"""`deepfeat worker`: workers that join a cluster, and tell the batch system the truth when they end.

A worker of dask ends with exit code 0 when it has lost its scheduler. To a batch system that is success. So
what a worker here says in the end is decided by the run directory: 0 if the run is complete, and 75 if not.
"""

import asyncio
import logging
import signal
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
from distributed.comm import connect
from distributed.security import Security

from deepfeat.config.engine import DaskConfig
from deepfeat.errors import ExitCode
from deepfeat.runs import provenance
from deepfeat.runs.engines.cluster import (
    BETWEEN,
    LOOPBACK,
    PRELOAD,
    SETTINGS,
    NoSchedulerError,
    Waiting,
    WorkersError,
    find,
    security,
    worker_memory,
)
from deepfeat.runs.engines.nanny import TellingNanny, environment
from deepfeat.runs.paths import RunPaths

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
# Seconds: for one attempt to connect, for a worker to load its libraries, to say goodbye.
_CONNECT, _START_UP, _FAREWELL = 3.0, 600.0, 3.0
_END_TIME = "SLURM_JOB_END_TIME"
# Seconds before the wall time of a batch job at which its worker leaves.
_MARGIN = 60.0

Say = Callable[[str], object]


@dataclass(frozen=True)
class Work:
    """What some workers are started with.

    Attributes:
        cluster: what leads to the scheduler, the certificates, how long to wait.
        processes: how many workers.
        lifetime: seconds after which they leave; None to stay.
        host: address of this machine at which others reach its workers; None for what the system says.
        run: directory of the run whose end decides on the exit code; None for the one last worked for.
    """

    cluster: DaskConfig
    processes: int
    lifetime: float | None = None
    host: str | None = None
    run: Path | None = None


def lifetime_left(environ: Mapping[str, str], now: float) -> float | None:
    """Seconds that a worker may live in a batch job that has a wall time; None where none is known.

    Args:
        environ: environment variables.
        now: seconds since 1970.
    """
    end = environ.get(_END_TIME, "")
    return max(1.0, int(end) - now - _MARGIN) if end.isdecimal() else None


def work(wanted: Work, say: Say) -> ExitCode:
    """Be workers until there is nothing left to do, the lifetime is over, or a signal comes.

    Args:
        wanted: how many, and for which scheduler.
        say: told what happens, a line each.

    Returns:
        COMPLETE if the run that was worked for is complete; INTERRUPTED if not, or if none is known.

    Raises:
        WorkersError: there is no scheduler, and the run that was named is not complete; or a worker does not
            start.
        InputError: certificates cannot be read.
    """
    safe = security(wanted.cluster.tls)
    with (
        tempfile.TemporaryDirectory(prefix="deepfeat-", ignore_cleanup_errors=True) as scratch,
        dask.config.set(SETTINGS),
    ):
        try:
            asyncio.run(_work(wanted, safe, Path(scratch), say))
        except NoSchedulerError:
            # The run may have been complete before this worker came, or came again. Only now: as long as a
            # scheduler may still come, it may be that of another run in the place of an earlier one.
            if verdict(wanted.run) != ExitCode.COMPLETE:
                raise
        run = wanted.run or _worked_for(Path(scratch))
    code = verdict(run)
    if run is None:
        say("no run was worked for, and none named with --run")
    else:
        say(f"the run in {run}: {'complete' if code == ExitCode.COMPLETE else 'not known to be complete'}")
    return code


def verdict(run: Path | None) -> ExitCode:
    """Whether a run is complete, as an exit code for a batch system.

    Args:
        run: its directory; None where it is not known.
    """
    told = None if run is None else provenance.earlier(RunPaths(run).provenance)
    return ExitCode.COMPLETE if told and provenance.has_ended(told) else ExitCode.INTERRUPTED


def _worked_for(scratch: Path) -> Path | None:
    """The run that a worker has noted."""
    with suppress(OSError):
        return Path((scratch / "run").read_text(encoding="utf-8"))
    return None


async def _work(wanted: Work, safe: Security | None, scratch: Path, say: Say) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in _SIGNALS:
        loop.add_signal_handler(signum, stop.set)
    stopped = asyncio.ensure_future(stop.wait())
    address = await _scheduler(wanted.cluster, safe, stop, say)
    if address is None:
        return
    host = wanted.host or (LOOPBACK if LOOPBACK in address else None)
    nannies = [
        TellingNanny(
            address,
            nthreads=1,
            host=host,
            memory_limit=worker_memory(wanted.cluster.memory, wanted.processes),
            security=safe,
            local_directory=str(scratch),
            env=environment(scratch),
            preload=[PRELOAD],
            death_timeout=_START_UP,
            lifetime=wanted.lifetime,
            silence_logs=logging.CRITICAL,
            dashboard_address=f"{LOOPBACK}:0",
        )
        for _ in range(wanted.processes)
    ]
    started = asyncio.gather(*nannies, return_exceptions=True)
    await _either(started, stopped)
    failed = [error for error in (started.result() if started.done() else []) if isinstance(error, Exception)]
    if failed:
        raise WorkersError(f"a worker does not start: {failed[0]}; what is above says why")
    if not stop.is_set():
        say(f"{_workers(wanted.processes)} for the scheduler at {address}")
        over = asyncio.gather(*(nanny.finished() for nanny in nannies))
        await _either(over, stopped)
        say("asked to stop" if stop.is_set() else "the scheduler is gone, or the time is over")
    if stop.is_set():
        # Known to the scheduler, so that what they were doing is not held against it.
        addresses = [nanny.worker_address for nanny in nannies if nanny.worker_address]
        with suppress(Exception):
            await asyncio.wait_for(
                nannies[0].scheduler.retire_workers(workers=addresses, close_workers=False, remove=True),
                _FAREWELL,
            )
    with suppress(Exception):
        await asyncio.wait_for(asyncio.gather(*(nanny.close(timeout=1) for nanny in nannies)), 2 * _FAREWELL)
    stopped.cancel()


def _workers(count: int) -> str:
    return f"{count} worker{'' if count == 1 else 's'}"


async def _either(one: asyncio.Future[Any], other: asyncio.Future[Any]) -> None:
    await asyncio.wait([one, other], return_when=asyncio.FIRST_COMPLETED)


async def _scheduler(cluster: DaskConfig, safe: Security | None, stop: asyncio.Event, say: Say) -> str | None:
    """The address of a scheduler that answers; None where somebody wants this to stop."""
    given = {} if safe is None else safe.get_connection_args("worker")
    waiting = Waiting(cluster, say)
    while not stop.is_set():
        try:
            address = find(cluster)
            comm = await connect(address, timeout=_CONNECT, **given)
        except (OSError, ValueError, TypeError) as error:
            waiting.go_on(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BETWEEN)
        else:
            await comm.close()
            return address
    return None
