"""The end of a run: the digest of every result file, so that a later change of one can be noticed."""

from typing import Any

from deepfeat.runs import provenance
from deepfeat.runs.crate import CRATE, crate
from deepfeat.runs.inside import is_inside
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.atomic import write_text


def seal(paths: RunPaths) -> None:
    """Describe the run as a Workflow Run RO-Crate, and add the digests of everything to `run.json`.

    The digest of `run.json` itself is in it too, so that it is known of every file whether it was changed.

    Args:
        paths: of a run that has ended.

    Raises:
        OutputError: one of the two files cannot be written.
    """
    record = provenance.earlier(paths.provenance)
    if record is None:
        return
    record["artefacts"] = artefacts(paths)
    _write(paths, record)


def seal_page(paths: RunPaths) -> None:
    """Take note of the page and the figures that were drawn again; of nothing else in the run.

    Args:
        paths: of a run. Where its `run.json` is not what the run left, it stays as it is.

    Raises:
        OutputError: a file cannot be written.
    """
    record = provenance.earlier(paths.provenance)
    if record is None or not isinstance(record.get("artefacts"), dict) or not _is_intact(paths, record):
        return
    drawn = {
        name: sha256
        for name, sha256 in artefacts(paths).items()
        if paths.root / name == paths.report or paths.figures in (paths.root / name).parents
    }
    record["artefacts"] = dict(sorted({**record["artefacts"], **drawn}.items()))
    _write(paths, record)


def reopen(paths: RunPaths) -> None:
    """Say in `run.json` that a run goes on, before anything of it is written again.

    Until then it says that it is complete if it once was, and whoever worked for an arm that is lost now
    would believe that. What it says of the results stays, so that a change of them is still noticed.

    Args:
        paths: of a run, whose lease is held.

    Raises:
        OutputError: it cannot be written.
    """
    record = provenance.earlier(paths.provenance)
    if record is None or not provenance.has_ended(record):
        return
    is_intact = _is_intact(paths, record)
    record = provenance.going_on(record)
    if is_intact:
        record["sha256"] = _own_digest(record)
    write_text(paths.provenance, provenance.as_json(record))


def _write(paths: RunPaths, record: dict[str, Any]) -> None:
    """The crate, and then `run.json` with its digest and its own."""
    record["artefacts"].pop(CRATE, None)
    write_text(paths.crate, provenance.as_json(crate(record, paths.root)))
    record["artefacts"][CRATE] = provenance.file_sha256(paths.crate)
    record["sha256"] = _own_digest(record)
    write_text(paths.provenance, provenance.as_json(record))


def artefacts(paths: RunPaths) -> dict[str, str]:
    """sha256 of every result file but the two that tell of the run, by path within the run directory."""
    return {
        path.relative_to(paths.root).as_posix(): provenance.file_sha256(path)
        for path in sorted(paths.results())
        if path not in (paths.provenance, paths.crate)
    }


def changed(paths: RunPaths, record: dict[str, Any] | None) -> list[str]:
    """What is wrong with the result files of a run, a line each.

    Args:
        paths: of the run.
        record: its `run.json`; None where there is none that can be read.
    """
    if record is None:
        return [f"{paths.provenance}: is {'damaged' if paths.provenance.exists() else 'missing'}"]
    known = record.get("artefacts")
    if not isinstance(known, dict):
        return [f"{paths.provenance}: has no digests of results, because the run has not ended"]
    found = []
    if not _is_intact(paths, record):
        found.append(f"{paths.provenance}: was changed since the run ended")
    for name, sha256 in known.items():
        path = paths.root / name
        if not is_inside(path, paths.root):
            found.append(f"{path}: leads out of the run directory")
        elif not path.is_file():
            found.append(f"{path}: is missing")
        elif provenance.file_sha256(path) != sha256:
            found.append(f"{path}: was changed since the run ended")
    return found


def damage(paths: RunPaths, record: dict[str, Any] | None, *, is_same: bool) -> list[str]:
    """What happened to the results of an earlier execution before they are replaced, a line each.

    Args:
        paths: of the run.
        record: its `run.json`; None where there is none that can be read.
        is_same: whether the same is to be computed again; else its results matter to nobody any more.
    """
    if record is None:
        return changed(paths, None) if any(paths.results()) else []
    has_ended = "artefacts" in record
    return changed(paths, record) if has_ended and (is_same or not _is_intact(paths, record)) else []


def _is_intact(paths: RunPaths, record: dict[str, Any]) -> bool:
    """Whether `run.json` is what was written; what JSON does not care for counts too."""
    text = provenance.as_json(record).encode()
    return record.get("sha256") == _own_digest(record) and paths.provenance.read_bytes() == text


def _own_digest(record: dict[str, Any]) -> str:
    return provenance.digest({name: value for name, value in record.items() if name != "sha256"})
