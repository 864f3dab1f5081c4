"""Where the numbers come from: data, code, machine and settings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from deepfeat.report.results import Results
from deepfeat.writing.labels import counted, duration


def provenance_facts(results: Results) -> list[tuple[str, str]]:
    """Terms and what they are; an empty text where it is not known.

    Args:
        results: of a finished run.
    """
    record = results.record
    data, experiment, ours = (record.get(name, {}) for name in ("data", "experiment", "deepfeat"))
    return [
        ("State", _state(record)),
        ("Data", _data(data)),
        ("Digest of the data", str(data.get("sha256", ""))),
        ("Digest of the experiment", str(experiment.get("sha256", ""))),
        ("Seed", str(experiment.get("seed", ""))),
        (
            "deepfeat",
            " ".join(
                filter(None, [ours.get("version"), ours.get("commit") and f"(commit {ours['commit']})"])
            ),
        ),
        ("Run", _when(record)),
        ("Machine", _machine(record.get("machine", {}))),
        ("Libraries", _libraries(record)),
    ]


def _state(record: Mapping[str, Any]) -> str:
    code = record.get("exit_code")
    return f"{record.get('state', '')}{'' if code is None else f', exit code {code}'}"


def _data(data: Mapping[str, Any]) -> str:
    if "rows" not in data:
        return str(data.get("name", ""))
    classes = "" if data["task"] == "regression" else f" ({', '.join(data['classes'])})"
    size = f"{counted(data['rows'], 'row')}, {counted(data['features'], 'feature')}"
    return f"{data['name']}: {size}, {data['task']}{classes}"


def _when(record: Mapping[str, Any]) -> str:
    if not record.get("started"):
        return ""
    started = datetime.fromisoformat(record["started"]).strftime("%Y-%m-%d %H:%M UTC")
    return started + (f", {duration(record['seconds'])}" if record.get("seconds") else "")


def _machine(machine: Mapping[str, Any]) -> str:
    if not machine:
        return ""
    parts = [
        machine["cpu"],
        counted(machine["usable_cores"] or machine["cores"], "core"),
        ", ".join(machine["instruction_sets"]),
    ]
    gpus = (machine.get("tensorflow") or {}).get("gpus")
    return "; ".join(filter(None, [*parts, ", ".join(gpus or ())]))


def _libraries(record: Mapping[str, Any]) -> str:
    versions = {name.lower(): version for name, version in record.get("libraries", {}).items()}
    names = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "pandas", "scikit-learn")
    python = record.get("machine", {}).get("python")
    named = [f"Python {python}"] if python else []
    return ", ".join([*named, *(f"{name} {versions[name]}" for name in names if name in versions)])
