"""Is a run directory still what the run left? Everything is hashed again; nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deepfeat.errors import InputError, Problem
from deepfeat.runs import provenance
from deepfeat.runs.ledger.objects import Objects, file_is
from deepfeat.runs.ledger.records import read_record
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.sealing import changed
from deepfeat.writing.labels import counted


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what is wrong.

    Attributes:
        results: number of result files.
        records: number of records of the ledger.
        objects: number of files that records name.
        faults: a line each.
    """

    results: int
    records: int
    objects: int
    faults: tuple[str, ...]

    def __str__(self) -> str:
        """One line without the faults."""
        files, records = counted(self.results, "result file"), counted(self.records, "record")
        return f"{files}, {records} and {counted(self.objects, 'object')} of the ledger"


def verify(paths: RunPaths) -> Verified:
    """Hash every result file and everything in the ledger.

    Args:
        paths: of a run.

    Raises:
        InputError: this is not a run directory.
    """
    record = provenance.earlier(paths.provenance)
    if record is None and not paths.provenance.exists():
        reason = "there is no run here; name the directory of one, such as ExpOutput/breast_cancer"
        raise InputError(Problem(str(paths.root), 0, 0, reason))
    objects = Objects(paths.ledger / "objects")
    faults = changed(paths, record)
    named: set[str] = set()
    records = sorted((paths.ledger / "records").glob("*.json"))
    for path in records:
        try:
            named |= set(read_record(path).files.values())
        except ValueError as error:
            faults.append(f"{path}: {error}")
    faults += _damaged(objects, sorted(named))
    return Verified(len((record or {}).get("artefacts", {})), len(records), len(named), tuple(faults))


def _damaged(objects: Objects, named: list[str]) -> Iterator[str]:
    for sha256 in named:
        path: Path = objects.path(sha256)
        if not path.is_file():
            yield f"{path}: is missing"
        elif not file_is(path, sha256):
            yield f"{path}: is damaged"
