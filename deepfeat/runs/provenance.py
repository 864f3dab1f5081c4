"""Where results come from: enough to know whether two runs should agree to the byte, and no secrets."""

import hashlib
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

# On processors with other vector widths the last bits of the results differ.
_INSTRUCTION_SETS = (
    "sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512cd", "avx512dq",
    "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8",
    "asimd", "sve", "sve2",
)  # fmt: skip

# The only environment variables that are recorded: what changes results or speed. Never the whole
# environment, which holds people's passwords and tokens.
_VARIABLES = (
    "CUDA_VISIBLE_DEVICES", "KERAS_BACKEND", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED", "TF_CUDNN_DETERMINISTIC", "TF_DETERMINISTIC_OPS", "TF_ENABLE_ONEDNN_OPTS",
    "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_XLA_FLAGS",
)  # fmt: skip

COMMIT_VARIABLE = "DEEPFEAT_COMMIT"
"""Environment variable with the commit of the code, for images that are built without a git directory."""


class ExitState(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


def started(
    *,
    experiment: str,
    experiment_sha256: str,
    data: str,
    data_sha256: str,
    plugins: Mapping[str, str],
    seed: int,
    computed_by: str = "",
) -> dict[str, Any]:
    """The content of `run.json` when a run begins.

    Args:
        experiment: its name.
        experiment_sha256: from `digest` of the resolved experiment.
        data: what the report calls the data.
        data_sha256: digest of the encoded table.
        plugins: per plugin file, or plugin package and version, the sha256 of its code.
        seed: the experiment's.
        computed_by: digest of the code and the libraries that results depend on.

    Returns:
        A JSON object, to be given to `finished` at the end.
    """
    return {
        "format": 1,
        "state": ExitState.RUNNING.value,
        "exit_code": None,
        "started": _now(),
        "finished": None,
        "seconds": None,
        "failures": [],
        "experiment": {"name": experiment, "sha256": experiment_sha256, "seed": seed},
        "data": {"name": data, "sha256": data_sha256},
        "plugins": dict(sorted(plugins.items())),
        "computed_by": computed_by,
        "deepfeat": {"version": deepfeat_version(), "commit": git_commit()},
        "machine": machine(),
        "libraries": libraries(),
    }


_IDENTITY = ("experiment", "data", "plugins", "computed_by")


def has_ended(record: Mapping[str, Any]) -> bool:
    """Whether an execution came to its end, and with it its results.

    Args:
        record: from `earlier`.
    """
    return record.get("state") in (ExitState.COMPLETE, ExitState.PARTIAL)


def going_on(before: Mapping[str, Any]) -> dict[str, Any]:
    """What `run.json` says of an execution that has ended, while its arms are carried out once more.

    Args:
        before: from `earlier`.
    """
    return {**before, "state": ExitState.RUNNING.value, "ended_as": before.get("state")}


def earlier(path: Path) -> dict[str, Any] | None:
    """What `run.json` says of the last execution; None where there is none, or it cannot be read."""
    try:
        content = json.loads(path.read_bytes())
        # What cannot be written again (NaN, half of a letter) was not written by a run.
        as_json(content).encode()
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def is_same_run(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> bool:
    """Whether two executions lead to the same results, so that what one left may stay while the other works.

    Args:
        before: from `earlier`.
        now: from `started`.
    """
    return before is not None and all(before.get(name) == now[name] for name in _IDENTITY)


def attempts(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The earlier executions of the same run, oldest first: when, where, and how each ended.

    Args:
        before: from `earlier`.
        now: from `started`.
    """
    if before is None or not is_same_run(before, now):
        return []
    known = before.get("attempts")
    state, machine_then = before.get("state"), before.get("machine")
    last = {
        "started": before.get("started"),
        "finished": before.get("finished"),
        "host": machine_then.get("host") if isinstance(machine_then, dict) else None,
        # Whoever says that it runs, while somebody else does, was killed; unless it is about to be followed.
        "state": before.get("ended_as", "killed") if state == ExitState.RUNNING else state,
        "exit_code": before.get("exit_code"),
    }
    return [*(known if isinstance(known, list) else []), last]


def finished(
    record: Mapping[str, Any], state: ExitState, *, exit_code: int, failures: Sequence[str] = ()
) -> dict[str, Any]:
    """The content of `run.json` when a run ends.

    Args:
        record: from `started`.
        state: how it ended.
        exit_code: what the process tells its caller.
        failures: what failed, a line each: members and methods with their reasons.
    """
    end = _now()
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(record["started"])).total_seconds()
    return {
        **record,
        "state": state.value,
        "exit_code": int(exit_code),
        "finished": end,
        "seconds": round(seconds, 3),
        "failures": list(failures),
        # once more: by now TensorFlow is loaded, and can be asked for its threads and devices
        "machine": machine(),
    }


def as_json(content: Mapping[str, Any]) -> str:
    """The text of a JSON file: indented, letters of every script as they are, in the order given."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def digest(content: Any) -> str:  # noqa: ANN401 (anything that JSON can hold)
    """sha256 of a JSON value, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def file_sha256(path: Path) -> str:
    """sha256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def deepfeat_version() -> str:
    """The installed version, or `unknown` where the code runs without having been installed."""
    try:
        return metadata.version("deepfeat")
    except metadata.PackageNotFoundError:
        return "unknown"


def git_commit() -> str | None:
    """Commit of the code that is running, with `-dirty` after it where files differ from it.

    None where it cannot be known: an installed package, no git, a directory that git does not trust.
    """
    given = os.environ.get(COMMIT_VARIABLE, "").strip()
    if given:
        return given
    package = Path(__file__).resolve().parents[1]
    # an installed package may lie inside somebody else's repository: only a tracked file counts
    if _git(package, "ls-files", "--error-unmatch", "errors.py") is None:
        return None
    commit = _git(package, "rev-parse", "HEAD")
    changes = _git(package, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}-dirty" if commit and changes else commit


def machine() -> dict[str, Any]:
    """What of this machine and process the results or the speed can depend on."""
    info = _cpuinfo()
    return {
        "host": socket.gethostname(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpu": info.get("model name") or platform.processor() or platform.machine(),
        "instruction_sets": instruction_sets(),
        "cores": os.cpu_count(),
        "usable_cores": _usable_cores(),
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
        "tensorflow": _tensorflow(),
    }


def made_here() -> dict[str, Any]:
    """Where and when something is computed, in a few words: for what a run keeps by the hundreds."""
    return {"host": socket.gethostname(), "instruction_sets": instruction_sets(), "at": _now()}


def instruction_sets() -> list[str]:
    """What of this processor the last bits of results depend on."""
    info = _cpuinfo()
    flags = set((info.get("flags") or info.get("Features") or "").split())
    return [name for name in _INSTRUCTION_SETS if name in flags]


@cache
def libraries() -> dict[str, str]:
    """Every installed distribution with its version: plugins may use any of them."""
    found = {str(item.name): item.version for item in metadata.distributions() if item.name}
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))


def required() -> set[str]:
    """The names of the distributions that deepfeat requires; none where it runs without being installed."""
    try:
        lines = metadata.requires("deepfeat") or []
    except metadata.PackageNotFoundError:
        lines = []
    return {re.split(r"[^A-Za-z0-9._-]", line)[0] for line in lines}


def for_a_report() -> dict[str, str]:
    """What a bug report needs to say: the versions of what deepfeat requires, and the machine."""
    commit = git_commit()
    info = machine()
    cores = f"{info['usable_cores']} of {info['cores']} cores"
    return {
        "deepfeat": f"{deepfeat_version()}{f' (commit {commit[:12]}{commit[40:]})' if commit else ''}",
        "python": info["python"],
        **_required(),
        "system": info["system"],
        "processor": f"{info['cpu']}, {cores}",
        "instructions": " ".join(info["instruction_sets"][-3:]),
        "installed in": str(Path(__file__).resolve().parents[2]),
    }


def _required() -> dict[str, str]:
    """The versions of what deepfeat itself requires, as far as it is installed."""
    installed = libraries()
    known = {_canonical(name): (name, version) for name, version in installed.items()}
    found = (known.get(_canonical(name)) for name in required())
    return dict(sorted((pair for pair in found if pair), key=lambda pair: pair[0].lower()))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _tensorflow() -> dict[str, Any] | None:
    """Threads and devices of TensorFlow; None where this process has not loaded it."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return None
    threading = tensorflow.config.threading
    return {
        "version": tensorflow.__version__,
        "intra_op_threads": threading.get_intra_op_parallelism_threads(),
        "inter_op_threads": threading.get_inter_op_parallelism_threads(),
        "gpus": [device.name for device in tensorflow.config.list_physical_devices("GPU")],
    }


def _cpuinfo() -> dict[str, str]:
    """The first processor of Linux's list; empty elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.split("\n\n", maxsplit=1)[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _usable_cores() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _git(directory: Path, *arguments: str) -> str | None:
    """What git prints; None where it fails or is not there."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        done = subprocess.run(
            [git, "-C", str(directory), *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
