"""The ledger of one run directory: finds what is there, and publishes what was computed.

Objects hold arrays and files; a record names the objects of one publication with their sha256, and is written
last. So there is nothing to see of a publication until all of it is on disk, and a record that does not match
its objects, or itself, counts as absent.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deepfeat.errors import DeepfeatError, ExitCode
from deepfeat.runs.ledger.objects import Objects
from deepfeat.runs.ledger.records import Record, read_record
from deepfeat.writing.atomic import OutputError, write_bytes, write_first

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A result in the ledger.

    Attributes:
        record: the publication it is part of; all its objects are whole.
        index: which of the record's results it is.
    """

    record: Record
    index: int


def forget(root: Path) -> None:
    """Remove everything that a ledger holds.

    Args:
        root: the directory of the ledger; it need not exist.

    Raises:
        OutputError: something cannot be removed.
    """
    # Records first: what is left when this is stopped half way is nothing but objects that nobody refers to.
    for name in ("records", "objects", "work"):
        try:
            shutil.rmtree(root / name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise OutputError(root / name, error) from error


class LedgerError(DeepfeatError):
    """Results that were there are gone; somebody else changes the run directory."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, root: Path) -> None:
        super().__init__(f"{root}: a result vanished or was damaged while in use; run the command again")


class Ledger:
    """What is computed in one run directory. Several processes may use it at the same time.

    Args:
        root: the directory of the ledger; made with the first publication.
        mend: whether damaged records are removed, so that they are told of only once.
    """

    def __init__(self, root: Path, *, mend: bool = True) -> None:
        self.root, self._mend = root, mend
        self.objects = Objects(root / "objects")
        self._records = root / "records"
        self._read: dict[str, Record | None] = {}
        self._places: dict[str, list[str]] = {}
        self._used: dict[str, Record] = {}

    def refresh(self) -> None:
        """Take notice of what others have published meanwhile."""
        for path in sorted(self._records.glob("*.json")):
            known = path.name in self._read
            # One that was damaged and removed may have been published again.
            if known and (self._read[path.name] is not None or not self._mend):
                continue
            try:
                record = read_record(path)
            except ValueError as error:
                self._damaged(path, f"{path}: {error}")
            else:
                self._add(record)

    def adopt(self, name: str) -> bool:
        """Take notice of one publication of somebody else, without looking at all of them.

        Args:
            name: of the record.

        Returns:
            Whether it is there, with all its objects.
        """
        record = self._valid(self._records / name)
        if record is not None:
            self._add(record)
        return record is not None

    def find(self, key: str) -> Found | None:
        """A result, or None where it is not there or damaged; damage is logged."""
        for name in self._places.get(key, ()):
            record = self._read[name]
            if record is not None and self._is_whole(record):
                return Found(record, record.keys.index(key))
        return None

    def get(self, key: str) -> Found:
        """A result that was seen, or published, a moment ago.

        Raises:
            LedgerError: it is gone, or damaged.
        """
        found = self.find(key)
        if found is None:
            raise LedgerError(self.root)
        self._used[found.record.name] = found.record
        return found

    def publish(self, record: Record, files: Mapping[str, bytes]) -> None:
        """Make results visible to everybody at once, and for good.

        Where somebody else has published the same results before, theirs are kept.

        Args:
            record: without its `files`.
            files: content by name.

        Raises:
            OutputError: something cannot be written; then nothing was published.
        """
        stored = {name: self.objects.put(content) for name, content in files.items()}
        record = replace(record, files=dict(sorted(stored.items())))
        path = self._records / record.name
        if not write_first(path, record.to_bytes()):
            theirs = self._valid(path)
            if theirs is None:
                write_bytes(path, record.to_bytes())
            else:
                if theirs.files != record.files:
                    log.warning("%s: computed twice with different results; the first is kept", path)
                record = theirs
        self._add(record)

    def records(self) -> Iterator[Record]:
        """Every readable record, by name; their objects may be damaged."""
        self.refresh()
        yield from (record for _, record in sorted(self._read.items()) if record is not None)

    def computed_on(self) -> list[dict[str, Any]]:
        """Where the results were computed that were taken from here: hosts, and kinds of processors."""
        counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
        for record in self._used.values():
            made = record.made
            counts[made.get("host", ""), tuple(made.get("instruction_sets", ()))] += len(record.keys)
        return [
            {"host": host, "instruction_sets": list(sets), "results": number}
            for (host, sets), number in sorted(counts.items())
        ]

    def _add(self, record: Record) -> None:
        if self._read.get(record.name) is None:
            for key in record.keys:
                names = self._places.setdefault(key, [])
                if record.name not in names:
                    names.append(record.name)
        self._read[record.name] = record

    def _valid(self, path: Path) -> Record | None:
        """The record under this name, if it and its objects are what they were."""
        try:
            record = read_record(path)
        except ValueError:
            return None
        return record if all(self.objects.is_whole(sha256) for sha256 in record.files.values()) else None

    def _is_whole(self, record: Record) -> bool:
        for name, sha256 in record.files.items():
            if not self.objects.is_whole(sha256):
                path, of = self.objects.path(sha256), self._records / record.name
                self._damaged(of, f"{path} ({name} of {of}) is {'damaged' if path.exists() else 'missing'}")
                if self._mend:
                    with suppress(OSError):
                        path.unlink()
                return False
        return True

    def _damaged(self, path: Path, why: str) -> None:
        log.warning("%s; it counts as absent, and what it held is computed again", why)
        self._read[path.name] = None
        if self._mend:
            with suppress(OSError):
                path.unlink()
