"""The machine that a measurement was made on: what its figures depend on besides the code."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("deepfeat", "tensorflow-cpu", "tensorflow", "keras", "numpy")


def machine() -> dict[str, Any]:
    """Processor, memory, system, libraries, and how busy the machine was."""
    models = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.processor(),
        "cpus": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name)) is not None},
        "load_before": round(os.getloadavg()[0], 2),
    }


def describe(about: dict[str, Any]) -> str:
    """One sentence of `machine()`; what an older result file lacks is left out."""
    parts = [f"{about['cpus']} CPUs ({about['cpu']})"]
    if "memory_gib" in about:
        parts.append(f"{about['memory_gib']:g} GiB of memory")
    parts.append(about["system"])
    if "python" in about:
        parts.append(f"Python {about['python']}")
    parts += [f"{name} {number}" for name, number in about.get("versions", {}).items()]
    return f"Measured on {', '.join(parts)}; load average before the run {about['load_before']:.2f}."


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []
