"""The process that watches over a worker, and tells why one has ended."""

import signal
from pathlib import Path

from distributed import Nanny

ENDED = "deepfeat-worker-ended"
"""Topic under which the scheduler is told of workers that have ended by themselves."""

WHERE_VARIABLE = "DEEPFEAT_WORKER_FOLDER"
"""Environment variable: a folder in which the process that watches over a worker sees what it works on."""


class TellingNanny(Nanny):  # type: ignore[misc] # distributed is untyped
    """Starts a worker again when it ends, as any nanny does, and tells the run why it has ended."""

    _ended_for_memory = -1  # the last process that was ended because it took too much, as its manager has it

    def _on_worker_exit_sync(self, exitcode: int) -> None:
        if self.status.name == "running" and self.process is not None:
            # The process itself is forgotten by now, so whom its manager has ended tells who this was.
            last = self.memory_manager._last_terminated_pid  # noqa: SLF001
            by_us, self._ended_for_memory = last != self._ended_for_memory, last
            self.log_event(
                ENDED, {"worker": self.worker_address, "why": why(exitcode, self._memory if by_us else None)}
            )
        super()._on_worker_exit_sync(exitcode)

    @property
    def _memory(self) -> int:
        return int(self.memory_manager.memory_limit or 0)


def why(exitcode: int, memory: int | None = None) -> str:
    """How a worker has ended, in words.

    Args:
        exitcode: of its process, negative for a signal.
        memory: bytes that it may take, where it was ended because it took more.
    """
    if memory is not None:
        return f"it took more memory than a worker may ({memory / 2**20:,.0f} MiB)"
    if exitcode >= 0:
        return f"it left with exit code {exitcode}"
    names: dict[int, str] = {known.value: known.name for known in signal.Signals}
    name = names.get(-exitcode, f"signal {-exitcode}")
    hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"it was ended by {name}{hint}"


PINNED = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR")},
    **{f"TF_NUM_{name}_THREADS": "1" for name in ("INTRAOP", "INTEROP")},
    "TF_CPP_MIN_LOG_LEVEL": "2",
}
"""Variables that a worker must find when it starts, before any library is loaded: it is one thread."""


def environment(folder: Path) -> dict[str, str]:
    """Variables of a worker that say where its own files go.

    Args:
        folder: where.
    """
    return {**PINNED, "TMPDIR": str(folder), WHERE_VARIABLE: str(folder)}
