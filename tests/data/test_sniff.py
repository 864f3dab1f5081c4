"""Files that are no tables are told by their first bytes, in one line that says what they are."""

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather, orc

from deepfeat.data.sniff import sniff
from deepfeat.errors import ExitCode, InputError

CSV = "x,z,y\n" + "".join(f"{i}.5,{i % 3},{'ab'[i % 2]}\n" for i in range(12))


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": [1.5, 2.5], "y": ["a", "b"]}), buffer)
    return buffer.getvalue()


def orc_file() -> bytes:
    buffer = io.BytesIO()
    orc.write_table(pa.table({"x": [1.5, 2.5], "y": ["a", "b"]}), buffer)
    return buffer.getvalue()


def arrow() -> bytes:
    buffer = io.BytesIO()
    feather.write_feather(pa.table({"x": [1.5, 2.5], "y": ["a", "b"]}), buffer)
    return buffer.getvalue()


CASES: dict[str, tuple[str, str | bytes, str]] = {
    "empty": ("t.csv", "", "found an empty file; give a table with a header and rows"),
    "blank": ("t.csv", "  \n\n \n", "found an empty file; give a table with a header and rows"),
    "bom only": ("t.csv", b"\xef\xbb\xbf", "found an empty file; give a table with a header and rows"),
    "xlsx": (
        "t.csv",
        zipped("[Content_Types].xml", "xl/workbook.xml"),
        "found an Excel workbook (.xlsx); export the table as CSV (UTF-8)",
    ),
    "zip": ("t.csv", zipped("t.csv"), "found a ZIP archive; unpack it first"),
    "xls": (
        "t.csv",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512,
        "found an old Excel workbook (.xls); export the table as CSV (UTF-8)",
    ),
    "gzip": ("t.csv", gzip.compress(CSV.encode(), mtime=0), "found a gzip archive; unpack it first (gunzip)"),
    "bzip2": ("t.csv", bz2.compress(CSV.encode()), "found a bzip2 archive; unpack it first (bunzip2)"),
    "xz": ("t.csv", lzma.compress(CSV.encode()), "found an xz archive; unpack it first (unxz)"),
    "pdf": ("t.csv", b"%PDF-1.7\n...", "found a PDF document; export the table as CSV (UTF-8)"),
    "npy": ("t.csv", npy(), "found a NumPy array; export the table as CSV (UTF-8)"),
    "pickle": (
        "t.csv",
        pickle.dumps([1], 4),
        "found a Python pickle; write the table as CSV or Parquet (pickles are never opened)",
    ),
    "hdf5": ("t.csv", b"\x89HDF\r\n\x1a\n", "found an HDF5 file; export the table as CSV (UTF-8)"),
    "sqlite": (
        "t.csv",
        b"SQLite format 3\x00",
        "found an SQLite database; export the table as CSV or Parquet",
    ),
    "rar": ("t.csv", b"Rar!\x1a\x07\x01\x00", "found a RAR archive; unpack it first"),
    "orc": ("t.csv", orc_file(), "found an ORC file; write it as Parquet"),
    "arrow": ("t.csv", arrow(), "found an Arrow/Feather file; write it as Parquet"),
    "r": (
        "t.csv",
        b"RDX3\nX\n\x00\x00\x00\x03\x00\x04\x01\x02",
        "found an R workspace; write the table with write.csv(..., row.names = FALSE)",
    ),
    "spss": (
        "t.csv",
        b"$FL2@(#) SPSS DATA FILE MS Windows\x02\x00",
        "found an SPSS file; export the table as CSV (UTF-8)",
    ),
    "png": ("t.csv", b"\x89PNG\r\n\x1a\n", "found a PNG image; give a table"),
    "git lfs": (
        "t.csv",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "found a Git LFS pointer instead of the file; fetch the file with git lfs pull",
    ),
    "html": (
        "t.csv",
        "<!DOCTYPE html>\n<html><body>404</body></html>",
        "found an HTML page; download the file itself",
    ),
    "xml": ("t.csv", "<?xml version='1.0'?><a/>", "found an XML document; export the table as CSV (UTF-8)"),
    "json": ("t.csv", '[{"x": 1}]', "found JSON; export the table as CSV (UTF-8)"),
    "arff": (
        "t.csv",
        "% c\n@relation iris\n@attribute x numeric\n",
        "found a Weka ARFF file; export the table as CSV (UTF-8)",
    ),
    "utf16": ("t.csv", CSV.encode("utf-16"), "found UTF-16 text; save the file as UTF-8"),
    "utf16 no bom": (
        "t.csv",
        CSV.encode("utf-16-le"),
        "found UTF-16 text without its mark, or binary data; save the file as UTF-8 text",
    ),
    "utf32": ("t.csv", CSV.encode("utf-32"), "found UTF-32 text; save the file as UTF-8"),
    "binary": (
        "t.csv",
        bytes(range(32)) * 40 + b"\x00" * 2000,
        "found UTF-16 text without its mark, or binary data; save the file as UTF-8 text",
    ),
    "parquet named csv": ("t.csv", parquet(), "found a Parquet file named .csv; rename it to .parquet"),
    "csv named parquet": (
        "t.parquet",
        CSV,
        "found a file that is not Parquet; name it .csv if it is a text table, or write it as Parquet",
    ),
    "parquet cut": (
        "t.parquet",
        parquet()[:-3],
        "found a Parquet file that is cut off; copy or write it again",
    ),
}


@pytest.mark.parametrize(("name", "content", "message"), CASES.values(), ids=CASES)
def test_a_file_of_another_format_is_named(
    name: str, content: str | bytes, message: str, write: Callable[..., Path]
) -> None:
    with pytest.raises(InputError) as caught:
        sniff(write(name, content))
    assert str(caught.value) == f"{name}: {message}"
    assert caught.value.exit_code is ExitCode.USER_INPUT


def test_a_text_table_and_a_parquet_table_are_recognised(write: Callable[..., Path]) -> None:
    assert sniff(write("t.csv", CSV)) == "text"
    assert sniff(write("t", CSV)) == "text"
    assert sniff(write("bom.csv", b"\xef\xbb\xbf" + CSV.encode())) == "text"
    assert sniff(write("t.parquet", parquet())) == "parquet"
    assert sniff(write("t.anything", parquet())) == "parquet"


@pytest.mark.parametrize(
    "first", ["ORCID", "ORC1", "RDX", "PAR1", "BZhao", "ARROW1", "Obj", "PK", "$FL2", "Rar!"]
)
def test_the_name_of_the_first_column_may_be_how_other_formats_begin(
    first: str, write: Callable[..., Path]
) -> None:
    assert sniff(write("t.csv", CSV.replace("x", first, 1))) == "text"


def test_a_missing_file_is_told_with_its_nearest_neighbour(write: Callable[..., Path]) -> None:
    write("heart.csv", CSV)
    with pytest.raises(InputError) as caught:
        sniff(Path("haert.csv"))
    assert str(caught.value) == "haert.csv: found no such file; check data.path (did you mean heart.csv?)"


def test_a_missing_file_without_a_near_one_is_told_with_those_of_its_kind(write: Callable[..., Path]) -> None:
    for name in ("b.csv", "a.csv", "README.md", ".hidden.csv"):
        write(name, CSV)
    with pytest.raises(InputError, match=r"check data\.path \(use one of: a\.csv, b\.csv\)"):
        sniff(Path("elsewhere.csv"))


def test_a_directory_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found a directory; give"):
        sniff(tmp_path)


def test_a_device_is_never_read() -> None:
    with pytest.raises(InputError, match="found a device or pipe; give"):
        sniff(Path("/dev/zero"))


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000], ids=["nul", "long"])
def test_a_path_that_no_system_accepts_is_a_fault_of_the_path(name: str) -> None:
    with pytest.raises(InputError, match=r"check data\.path"):
        sniff(Path(name))
