"""The end of a run: the digest of every result file, so that a later change of one can be noticed."""

from pathlib import Path
from typing import Any

from deepfeat.runs import provenance
from deepfeat.runs.crate import CRATE, crate
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.atomic import write_text


def seal(paths: RunPaths) -> None:
    """Add the digests of the results to `run.json`, and describe the run as a Workflow Run RO-Crate.

    Args:
        paths: of a run that has ended.

    Raises:
        OutputError: one of the two files cannot be written.
    """
    record = provenance.earlier(paths.provenance)
    if record is None:
        return
    record["artefacts"] = artefacts(paths)
    write_text(paths.provenance, provenance.as_json(record))
    write_text(paths.root / CRATE, provenance.as_json(crate(record, paths.root)))


def artefacts(paths: RunPaths) -> dict[str, str]:
    """sha256 of every result file but `run.json` itself, by path within the run directory."""
    return {
        path.relative_to(paths.root).as_posix(): provenance.file_sha256(path)
        for path in sorted(paths.results())
        if path != paths.provenance
    }


def changed(paths: RunPaths, record: dict[str, Any]) -> list[str]:
    """What is wrong with the result files of a run, a line each.

    Args:
        paths: of the run.
        record: its `run.json`.
    """
    known = record.get("artefacts")
    if not isinstance(known, dict):
        return [f"{paths.provenance}: has no digests of results, because the run has not ended"]
    found = []
    for name, sha256 in known.items():
        path = paths.root / name
        if not _is_inside(path, paths.root):
            found.append(f"{path}: leads out of the run directory")
        elif not path.is_file():
            found.append(f"{path}: is missing")
        elif provenance.file_sha256(path) != sha256:
            found.append(f"{path}: was changed since the run ended")
    return found


def _is_inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())
