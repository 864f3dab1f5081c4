"""Tables larger than the memory they may take: the same data set, bit for bit, from pieces and files."""

import errno
import io
import os
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deepfeat.config.schema import DataConfig
from deepfeat.data import columnar
from deepfeat.data.dataset import Dataset
from deepfeat.data.delimited import DelimitedSource
from deepfeat.data.load import load_table
from deepfeat.data.outline import outline_table
from deepfeat.data.reading import Chunk
from deepfeat.errors import InputError

ROWS = 600


@pytest.fixture
def frame() -> pd.DataFrame:
    """Numbers with gaps, categories with gaps, a group, and a text column that begins with numbers."""
    generator = np.random.default_rng(1)
    frame = pd.DataFrame(generator.normal(size=(ROWS, 5)), columns=[f"x{i}" for i in range(5)])
    frame["late"] = ["1", "2"] * 20 + ["a", "b"] * (ROWS // 2 - 20)
    frame["kind"] = generator.choice(["u", "v", None], ROWS)
    frame["patient"] = generator.integers(0, 50, ROWS)
    frame.loc[generator.random(ROWS) < 0.3, "x1"] = np.nan
    frame.loc[generator.random(ROWS) < 0.1, "x3"] = np.nan
    frame["y"] = generator.choice(["no", "yes"], ROWS)
    return frame


def settings(missing: str) -> DataConfig:
    return DataConfig(path="t", group="patient", missing=missing)  # type: ignore[arg-type]


def assert_same(a: Dataset, b: Dataset) -> None:
    np.testing.assert_array_equal(a.x, b.x)
    np.testing.assert_array_equal(a.y, b.y)
    np.testing.assert_array_equal(a.groups, b.groups)
    assert (a.features, a.classes, a.notes, a.sha256) == (b.features, b.classes, b.notes, b.sha256)


@pytest.mark.parametrize("missing", ["impute", "drop"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_pieces_make_the_whole(suffix: str, missing: str, frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / f"t{suffix}"
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path, row_group_size=70)
    whole = load_table(settings(missing), path)
    pieces = load_table(settings(missing), path, memory_limit=1000, chunk_cells=300)
    assert type(whole.x) is np.ndarray
    assert isinstance(pieces.x, np.memmap)
    assert not any(data.x.flags.writeable for data in (whole, pieces))
    assert_same(whole, pieces)
    assert whole.warnings == pieces.warnings
    assert np.isfinite(whole.x).all()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_long_texts_make_smaller_pieces(
    suffix: str, frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame["note"] = [f"{i} " + "long " * 200 for i in range(ROWS)]
    frame = frame[["note", *frame.columns[:-1]]]
    path = tmp_path / f"t{suffix}"
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    config = settings("impute").model_copy(update={"ignore": ["note"]})
    whole = outline_table(config, path)
    monkeypatch.setattr("deepfeat.data.delimited.CHUNK_BYTES", 10_000)
    monkeypatch.setattr("deepfeat.data.columnar.CHUNK_BYTES", 10_000)
    pieces = outline_table(config, path)
    assert len(list(whole.chunks)) == 1
    assert len(list(pieces.chunks)) > 20
    assert_same(load_table(config, path), load_table(config, path, memory_limit=0))


def test_a_text_table_and_a_parquet_table_are_the_same_data(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    text, columns = (load_table(settings("impute"), tmp_path / name) for name in ("t.csv", "t.parquet"))
    assert_same(text, columns)
    np.testing.assert_array_equal(text.source_rows, columns.source_rows + 1)


@pytest.mark.parametrize(
    "kind", [pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.decimal128(21, 2), pa.string()], ids=str
)
def test_any_type_of_number_is_that_number(kind: pa.DataType, tmp_path: Path) -> None:
    values = [i * 7 % 40 for i in range(40)]
    numbers = pa.array(map(str, values)) if kind == pa.string() else pa.array(values).cast(kind)
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": numbers, "y": [i % 2 for i in range(40)]}), path)
    data = load_table(DataConfig(path="t"), path)
    np.testing.assert_array_equal(data.x[:, 0], values)


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_any_type_of_text_is_a_category(kind: pa.DataType, tmp_path: Path) -> None:
    texts = pa.array(["u", "v", None, "w"] * 10).cast(kind)
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"c": texts, "flag": [True, False, None, True] * 10, "y": [True, False] * 20}), path
    )
    data = load_table(DataConfig(path="t"), path)
    assert [feature.levels for feature in data.features] == [("u", "v", "w"), ("False", "True")]
    assert data.classes == ("False", "True")


def test_names_with_dots_are_no_nested_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns = {
        "Sepal": list(np.arange(20) % 7 / 2),
        "Sepal.Length": list(np.arange(20) % 5 / 3),
        "y": [0, 1] * 10,
    }
    pq.write_table(pa.table(columns), path)
    data = load_table(DataConfig(path="t", ignore=["Sepal"]), path)
    np.testing.assert_array_equal(data.x[:, 0], np.float32(columns["Sepal.Length"]))


def test_a_large_table_leaves_no_file_behind(
    frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    frame.to_csv(tmp_path / "t.csv", index=False)
    data = load_table(settings("impute"), tmp_path / "t.csv", memory_limit=1000)
    assert isinstance(data.x, np.memmap)
    assert list(scratch.iterdir()) == []
    assert np.isfinite(data.x).all(), "the mapping outlives the file"


def test_a_full_disk_is_the_users_to_mend(
    frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame.to_csv(tmp_path / "t.csv", index=False)

    class FullDisk(io.FileIO):
        def __init__(self, dir: Path) -> None:  # noqa: A002 - as it is called
            super().__init__(dir / "file", "x+")

        def write(self, data: bytes) -> int:  # type: ignore[override]
            if len(data) > 1000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    monkeypatch.setattr("deepfeat.data.matrix.tempfile.TemporaryFile", FullDisk)
    with pytest.raises(InputError, match=r"\(No space left on device\); free space, or use another output"):
        load_table(settings("impute"), tmp_path / "t.csv", scratch=tmp_path, memory_limit=1000)


def test_a_file_that_changes_while_it_is_read_is_refused(
    frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    chunks = DelimitedSource.chunks

    def growing(self: DelimitedSource, used: Sequence[int]) -> Iterator[Chunk]:
        yield from chunks(self, used)
        with path.open("a") as handle:
            handle.write("0,0,0,0,0,a,u,1,yes\n")

    monkeypatch.setattr(DelimitedSource, "chunks", growing)
    with pytest.raises(InputError, match="found a file that changed while it was read"):
        load_table(settings("impute"), path)


@pytest.fixture
def large_parquet(tmp_path: Path) -> Path:
    """40,000 rows of 100 numbers: 32 MB in the file, 16 MB encoded."""
    path = tmp_path / "t.parquet"
    generator = np.random.default_rng(0)
    schema = pa.schema([(f"x{i}", pa.float64()) for i in range(100)] + [("y", pa.int8())])
    with pq.ParquetWriter(path, schema, use_dictionary=False) as writer:
        for _ in range(10):
            labels = pa.array(generator.integers(0, 2, 4000), pa.int8())
            numbers = generator.normal(size=(100, 4000))
            writer.write_table(pa.table([*map(pa.array, numbers), labels], schema=schema))
    return path


def test_a_large_parquet_table_is_encoded_in_little_memory(
    large_parquet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrow = []
    make_chunk = columnar._chunk

    def watched(columns: Sequence[Any], read: int) -> Chunk:
        arrow.append(pa.total_allocated_bytes())
        return make_chunk(columns, read)

    monkeypatch.setattr(columnar, "_chunk", watched)
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    data = load_table(DataConfig(path="t"), large_parquet, memory_limit=1024 * 1024, chunk_cells=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(data.x, np.memmap)
    assert data.x.nbytes == 40_000 * 100 * 4
    assert large_parquet.stat().st_size > 2 * data.x.nbytes
    assert peak < data.x.nbytes / 2, "NumPy held a fraction of the encoded table"
    assert max(arrow) - before < data.x.nbytes / 2, "so did Arrow of the table in the file"
