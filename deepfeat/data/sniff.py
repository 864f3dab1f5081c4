"""Telling what a file is by its first bytes, before any reader is let loose on it."""

import codecs
import re
from pathlib import Path
from typing import Literal

from deepfeat.data.faults import shorten
from deepfeat.errors import InputError, Problem, did_you_mean, nearest

FileKind = Literal["text", "parquet"]

_HEAD_BYTES = 4096
_PARQUET = b"PAR1"
_PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
_TEXT_CURE = "export the table as CSV (UTF-8)"

# bytes that no text has
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")

# those of letters and digits alone, which may be the first column's name, count only beside binary bytes
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", _TEXT_CURE),
    (b"\x1f\x8b", "a gzip archive", "unpack it first (gunzip)"),
    (b"BZh", "a bzip2 archive", "unpack it first (bunzip2)"),
    (b"\xfd7zXZ\x00", "an xz archive", "unpack it first (unxz)"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it first (unzstd)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it first"),
    (b"%PDF-", "a PDF document", _TEXT_CURE),
    (b"\x93NUMPY", "a NumPy array", _TEXT_CURE),
    (b"\x89HDF", "an HDF5 file", _TEXT_CURE),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV or Parquet"),
    (b"ARROW1", "an Arrow/Feather file", "write it as Parquet"),
    (b"ORC", "an ORC file", "write it as Parquet"),
    (b"Obj\x01", "an Avro file", "write it as Parquet"),
    (b"RDX", "an R workspace", "write the table with write.csv(..., row.names = FALSE)"),
    (b"$FL2@(#)", "an SPSS file", _TEXT_CURE),
    (b"<stata_dta>", "a Stata file", _TEXT_CURE),
    (b"\x89PNG", "a PNG image", "give a table"),
    (b"\xff\xd8\xff", "a JPEG image", "give a table"),
    (b"\x80\x04", "a Python pickle", "write the table as CSV or Parquet (pickles are never opened)"),
    (b"\x80\x05", "a Python pickle", "write the table as CSV or Parquet (pickles are never opened)"),
    (b"version https://git-lfs", "a Git LFS pointer instead of the file", "fetch the file with git lfs pull"),
    (codecs.BOM_UTF32_LE, "UTF-32 text", "save the file as UTF-8"),
    (codecs.BOM_UTF32_BE, "UTF-32 text", "save the file as UTF-8"),
    (codecs.BOM_UTF16_LE, "UTF-16 text", "save the file as UTF-8"),
    (codecs.BOM_UTF16_BE, "UTF-16 text", "save the file as UTF-8"),
)

_MARKUP = (
    (
        re.compile(rb"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE),
        "an HTML page",
        "download the file itself",
    ),
    (re.compile(rb"\s*<\?xml", re.IGNORECASE), "an XML document", _TEXT_CURE),
    (re.compile(rb'\s*[{\[]\s*["{}\[\]]'), "JSON", _TEXT_CURE),
    (re.compile(rb"\s*(%[^\n]*\n\s*)*@relation\b", re.IGNORECASE), "a Weka ARFF file", _TEXT_CURE),
)


def sniff(path: Path, setting: str = "data.path") -> FileKind:
    """What kind of table `path` holds.

    Args:
        path: a file that may not exist.
        setting: the setting to check when it does not.

    Returns:
        `text` (a delimited table) or `parquet`.

    Raises:
        InputError: it is missing, empty, no regular file, unreadable, or of a format that is not a table.
    """
    head = _head(path, setting)
    if _begins_with(_PARQUET, head):
        return _check_parquet(path)
    found = _foreign_format(head)
    if found is None and path.suffix.lower() in _PARQUET_SUFFIXES:
        found = "a file that is not Parquet", "name it .csv if it is a text table, or write it as Parquet"
    if found is not None:
        raise _fault(path, f"found {found[0]}; {found[1]}")
    return "text"


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of a file, as many as there are but no more than `count`; no others are read.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as handle:
        return handle.read(count)


def _head(path: Path, setting: str) -> bytes:
    """The first bytes of a readable, not empty, regular file."""
    try:
        if path.is_dir():
            raise _fault(path, f"found a directory; give a file in {setting}")
        if not path.exists():
            raise _fault(path, f"found no such file; check {setting}{_neighbours(path)}")
        if not path.is_file():
            raise _fault(path, f"found a device or pipe; give a regular file in {setting}")
        head = first_bytes(path, _HEAD_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _fault(path, f"found a file that cannot be read ({reason}); check {setting}") from error
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        raise _fault(path, "found an empty file; give a table with a header and rows")
    return head


def _foreign_format(head: bytes) -> tuple[str, str] | None:
    """What the first bytes are and how to mend that, if they are no text table."""
    if head.startswith(b"PK\x03\x04"):
        if b"xl/" in head or b"[Content_Types].xml" in head:
            return "an Excel workbook (.xlsx)", _TEXT_CURE
        return "a ZIP archive", "unpack it first"
    for signature, what, cure in _SIGNATURES:
        if _begins_with(signature, head):
            return what, cure
    text = head.removeprefix(codecs.BOM_UTF8)
    for pattern, what, cure in _MARKUP:
        if pattern.match(text):
            return what, cure
    nuls = head.count(0)
    if nuls * 3 >= len(head):  # every other byte of UTF-16 text in a Latin script is NUL
        return "UTF-16 text without its mark, or binary data", "save the file as UTF-8 text"
    return None


def _begins_with(signature: bytes, head: bytes) -> bool:
    return head.startswith(signature) and (not signature.isalnum() or _BINARY.search(head) is not None)


def _check_parquet(path: Path) -> FileKind:
    """A Parquet file ends as it begins, and keeps the name that says so."""
    if path.suffix.lower() in {".csv", ".tsv", ".tab", ".txt"}:
        raise _fault(path, f"found a Parquet file named {path.suffix}; rename it to .parquet")
    with path.open("rb") as handle:
        handle.seek(-min(len(_PARQUET), path.stat().st_size), 2)
        if handle.read() != _PARQUET:
            raise _fault(path, "found a Parquet file that is cut off; copy or write it again")
    return "parquet"


def _neighbours(path: Path) -> str:
    """` (did you mean ...)` from the files beside a missing one, or those of its kind where none is near."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except (OSError, ValueError):
        return ""
    names = [name for name in names if not name.startswith(".")]
    near = nearest(path.name, names) is not None
    alike = [] if near else [name for name in names if Path(name).suffix == path.suffix]
    return f" ({shorten(did_you_mean(path.name, alike or names), 200)})" if names else ""


def _fault(path: Path, message: str) -> InputError:
    return InputError(Problem(str(path), 0, 0, message))
