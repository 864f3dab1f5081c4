"""What a worker gives up before it runs the code of a stranger.

It is a protection against faults: a method that writes into the wrong folder, leaves a process behind, prints
without end or takes all memory. It is none against malice: a worker runs as the same user, and can read what
that user can.
"""

import faulthandler
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from deepfeat.runs.workers import linux

# What programs need to find their files, to speak the user's language, and to use the machine as told.
_KEPT = frozenset(
    {"PATH", "LANG", "LANGUAGE", "TZ", "HOME", "USER", "LOGNAME", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR"}
)
_KEPT_BEGINNINGS = (
    *("LC_", "PYTHON", "TF_", "XLA_", "KERAS_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_"),
    *("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "BLIS_", "VECLIB_", "NUMEXPR_", "NUMBA_", "LOKY_"),
)
# A single allocation this much over the limit fails at once; up to there the watch over the memory is quicker
# than the pages can be filled. (Libraries reserve memory for their threads, which never use it.)
_SLACK = 2 << 30


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that a worker may see: no passwords or tokens that lie around there.

    Args:
        environ: the variables of the main process.
    """
    kept = {
        name: value for name, value in environ.items() if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)
    }
    # The order of sets of strings is the same in every worker.
    return {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONDONTWRITEBYTECODE": "1", **kept, "PYTHONHASHSEED": "0"}


def enter(
    *,
    output: int,
    where: Path,
    scratch: Path,
    writable: Iterable[Path],
    memory: int,
    processes: int,
    where_are_you: int,
) -> None:
    """Give all of that up, in a process that was just forked.

    Args:
        output: an open file that gets what is printed.
        where: a file to be written when the process crashes or is asked where it is.
        scratch: where temporary files and the caches of libraries go.
        writable: folders that may be written to besides.
        memory: bytes that it may take.
        processes: how many processes and threads it may add to those of its user. (The kernel does not hold
            the administrator to it; there the server looks often, and ends what is too much.)
        where_are_you: the signal that asks it where it is.
    """
    os.setsid()
    linux.end_with_parent(signal.SIGKILL)
    linux.no_new_privileges()
    nothing = os.open(os.devnull, os.O_RDWR)
    for target, source in ((0, nothing), (1, output), (2, output)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    traces = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    faulthandler.enable(traces)
    faulthandler.register(where_are_you, file=traces)
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "KERAS_HOME"):
        os.environ[name] = str(scratch)
    os.environ["NUMBA_CACHE_DIR"] = tempfile.tempdir = str(scratch)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_memory(memory)
    _limit_processes(processes)
    with suppress(OSError):
        # Where memory is short, the kernel ends this process and no other.
        Path("/proc/self/oom_score_adj").write_text("1000")
    linux.write_only_below([*writable, scratch, Path("/dev")])
    sys.dont_write_bytecode = True


def _limit_processes(processes: int) -> None:
    user, count = os.getuid(), 0
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if place.stat().st_uid == user:
                count += len(list((place / "task").iterdir()))
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
        limit = count + processes if hard == resource.RLIM_INFINITY else min(count + processes, hard)
        resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))


def _limit_memory(memory: int) -> None:
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        taken = next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmData:"))
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = taken + memory + _SLACK
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
