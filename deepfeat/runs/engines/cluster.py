"""A cluster of dask.distributed: started for one run on this machine, or joined."""

import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster
from distributed.security import Security
from distributed.system import MEMORY_LIMIT

from deepfeat.config import expand_home, parse_size
from deepfeat.config.endpoint import parse_endpoint
from deepfeat.config.engine import DaskConfig, TlsConfig
from deepfeat.errors import InputError, Problem
from deepfeat.runs.console import RunConsole
from deepfeat.runs.engines.errors import EngineError
from deepfeat.runs.engines.nanny import PINNED, TellingNanny, environment
from deepfeat.training.memory import available_memory
from deepfeat.writing.atomic import write_text

log = logging.getLogger(__name__)

PRELOAD = "deepfeat.runs.engines.preload"
"""What a worker loads when it starts."""

LOOPBACK = "127.0.0.1"
# Seconds for one attempt to connect, and for saying goodbye.
_CONNECT, _FAREWELL = 10, 3
BETWEEN = 1.0
"""Seconds between two attempts to reach a scheduler."""
_SHARE = 0.9

SETTINGS: dict[str, Any] = {
    # One task at a time, so that a worker that ends is held against what it was doing and nothing else.
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.work-stealing": False,
    "distributed.comm.timeouts.connect": f"{_CONNECT}s",
    "distributed.comm.timeouts.tcp": "20s",
    # Nothing is kept in workers, so there is nothing to spill, and pausing would free nothing.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.worker.profile.enabled": False,
    "distributed.nanny.pre-spawn-environ": PINNED,
    # A worker that has ended is started again, which takes as long as loading TensorFlow does on a busy
    # machine; by itself a cluster of this machine gives it up for good after 15 seconds.
    "distributed.deploy.lost-worker-timeout": "1h",
    "distributed.admin.tick.limit": "1h",
}


class WorkersError(EngineError):
    """There is no scheduler, or no worker."""


class NoSchedulerError(WorkersError):
    """No scheduler answers within the time."""


def security(tls: TlsConfig | None) -> Security | None:
    """What dask has to know to encrypt.

    Raises:
        InputError: a file cannot be read.
    """
    if tls is None:
        return None
    problems = []
    for name in ("ca", "certificate", "key"):
        path = expand_home(getattr(tls, name))
        try:
            path.read_bytes()
        except OSError as error:
            message = f"cannot be read: {error.strerror}; correct engine.dask.tls.{name}"
            problems.append(Problem(str(path), 0, 0, message))
    if problems:
        raise InputError(problems)
    pair = {}
    for role in ("scheduler", "worker", "client"):
        pair[f"tls_{role}_cert"] = str(expand_home(tls.certificate))
        pair[f"tls_{role}_key"] = str(expand_home(tls.key))
    return Security(require_encryption=True, tls_ca_file=str(expand_home(tls.ca)), **pair)


def worker_memory(wanted: str | None, workers: int) -> int:
    """Bytes that each of some workers on this machine may take."""
    if wanted is not None:
        return parse_size(wanted)
    free = min(int(_SHARE * available_memory()), int(MEMORY_LIMIT))
    return free // max(1, workers)


def workers_here(config: DaskConfig) -> int:
    """How many workers are started on this machine."""
    return len(os.sched_getaffinity(0)) if config.workers is None else config.workers


@contextmanager
def connected(config: DaskConfig, console: RunConsole) -> Iterator[Client]:
    """A connection to the cluster that the settings speak of, started or joined.

    Args:
        config: which of the two.
        console: told about it.

    Raises:
        WorkersError: there is no scheduler to join.
        InputError: certificates cannot be read.
    """
    if config.joins:
        with joined(config, console) as client:
            yield client
    else:
        with (
            tempfile.TemporaryDirectory(prefix="deepfeat-", ignore_cleanup_errors=True) as scratch,
            started(config, Path(scratch), console) as client,
        ):
            yield client


@contextmanager
def started(config: DaskConfig, scratch: Path, console: RunConsole) -> Iterator[Client]:
    """A scheduler in this process, with workers on this machine.

    Nobody from outside can connect unless `listen` says where; on this machine nobody but this user can.

    Args:
        config: how many workers, and where to listen.
        scratch: a directory for what workers write for themselves.
        console: told about it.

    Raises:
        InputError: certificates cannot be read, or this machine cannot listen there.
    """
    workers = workers_here(config)
    host, port = parse_endpoint(config.listen or LOOPBACK)
    # Without certificates of the user's own, those of this one run keep other users of this machine out.
    safe = security(config.tls) or (Security.temporary() if config.listen is None else None)
    if safe is None:
        console.warning(
            f"whoever can connect to {host} can run programs as you; set engine.dask.tls unless the network "
            "is yours alone"
        )
    with (
        dask.config.set({**SETTINGS, "distributed.scheduler.allowed-failures": config.retries}),
        _listening(
            f"{host}:{port}" if port else host,
            n_workers=0,
            threads_per_worker=1,
            processes=True,
            worker_class=TellingNanny,
            memory_limit=worker_memory(config.memory, workers),
            host=host,
            scheduler_port=port,
            dashboard_address=f"{LOOPBACK}:0",
            worker_dashboard_address=f"{LOOPBACK}:0",
            security=safe,
            local_directory=str(scratch),
            env=environment(scratch),
            preload=[PRELOAD],
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        cluster.scale(workers)
        address = cluster.scheduler_address
        console.note(
            f"{workers} worker{'' if workers == 1 else 's'} on this machine"
            + (f"; others join at {address}" if config.listen else "")
        )
        file = None if config.scheduler_file is None else expand_home(config.scheduler_file)
        if file is not None:
            write_text(file, json.dumps({"type": "Scheduler", "address": address}) + "\n")
        try:
            yield client
        finally:
            if file is not None:
                with suppress(OSError):
                    file.unlink()


@contextmanager
def joined(config: DaskConfig, console: RunConsole) -> Iterator[Client]:
    """A scheduler that exists; waits for it as long as the settings say.

    Raises:
        WorkersError: there is none.
    """
    safe = security(config.tls)
    with dask.config.set(SETTINGS):
        waiting = Waiting(config, console.note)
        while True:
            try:
                address = find(config)
                client = Client(address, security=safe, timeout=_CONNECT, set_as_default=False)
                break
            except (OSError, ValueError) as error:
                waiting.go_on(error)
                time.sleep(BETWEEN)
        console.note(f"the scheduler at {address} has {len(client.nthreads())} workers")
        try:
            yield client
        finally:
            with suppress(Exception):
                if config.shutdown:
                    client.shutdown()
                client.close(_FAREWELL)


def _listening(place: str, **settings: Any) -> LocalCluster:  # noqa: ANN401 - what dask takes
    """A scheduler that listens.

    Raises:
        InputError: it cannot, because the place is not of this machine, or somebody else listens there.
    """
    try:
        return LocalCluster(**settings)
    except RuntimeError as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__cause__ or cause.__context__
        if cause is None:
            raise
        message = f"cannot listen at {place}: {cause.strerror}; name this machine, and a port that is free"
        raise InputError(Problem("engine.dask.listen", 0, 0, message)) from error


class Waiting:
    """Waits for a scheduler as long as the settings say.

    Args:
        config: what leads to the scheduler, and for how long.
        say: told once that there is something to wait for.
    """

    def __init__(self, config: DaskConfig, say: Callable[[str], object]) -> None:
        self._seconds, self._say = config.wait, say
        self._end, self._told = time.monotonic() + config.wait, False

    def go_on(self, error: Exception) -> None:
        """Come to another attempt, as long as there is time for it.

        Args:
            error: why the last one has failed.

        Raises:
            NoSchedulerError: there is none.
        """
        if time.monotonic() > self._end:
            why = f"no scheduler within {self._seconds:.0f} s: {error}"
            raise NoSchedulerError(f"{why}; start it, and run the same command again") from error
        if not self._told:
            self._say(f"waiting for a scheduler: {error}")
            self._told = True


def find(config: DaskConfig) -> str:
    """The address of the scheduler. Its file may still name one that was stopped, so it is read each time.

    Raises:
        OSError: it is not known yet.
    """
    address = config.address or scheduler_at(expand_home(config.scheduler_file or ""))
    if address is None:
        raise OSError(f"there is no {config.scheduler_file}")
    return address


def scheduler_at(file: Path) -> str | None:
    """The address that a scheduler has written into a file; None where it has not yet."""
    try:
        address = json.loads(file.read_bytes())["address"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(address)
