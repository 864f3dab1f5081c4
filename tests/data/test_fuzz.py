"""Whatever a file holds, it is a data set or a list of faults: no other error, no broken data set."""

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from deepfeat.config.schema import DataConfig
from deepfeat.data.dataset import Dataset
from deepfeat.data.header import canonical
from deepfeat.data.load import load_table
from deepfeat.errors import InputError

Bounded = Callable[[], AbstractContextManager[None]]
GOOD = "x,c,y\n" + "".join(f"{i}.5,{'uv'[i % 2]},{i % 3 % 2}\n" for i in range(14))


def load(content: bytes, name: str = "t.csv", **config: Any) -> Dataset:  # noqa: ANN401 (settings of any type)
    with TemporaryDirectory() as directory:
        path = Path(directory) / name
        path.write_bytes(content)
        return load_table(DataConfig(path=name, **config), path, chunk_cells=20)


def load_or_refuse(content: bytes, name: str = "t.csv", **config: Any) -> None:  # noqa: ANN401
    try:
        data = load(content, name, **config)
    except InputError as error:
        check_faults(error)
    else:
        check_data(data)


def check_faults(error: InputError) -> None:
    assert error.problems
    for problem in error.problems:
        assert problem.message.startswith("found ")
        assert "; " in problem.message
        assert str(problem).isprintable(), "one line that no terminal acts on"


def check_data(data: Dataset) -> None:
    assert data.n_rows >= 10
    assert data.x.shape == (data.n_rows, data.features[-1].stop)
    assert data.y.shape == (data.n_rows, data.n_outputs)
    assert np.isfinite(data.x).all()
    assert np.isfinite(data.y).all()
    assert len(np.unique(data.y, axis=0)) > 1
    assert (np.diff(data.source_rows) > 0).all()


CELLS = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.floats(width=32).map(repr),
    st.sampled_from(
        ["", "?", "a", "b", "1e999", "1,5", '"', '""', "\0", "\x1b[2J", "2020-01-01", "é", "\r", " "]
    ),
    st.text(max_size=5),
)


@settings(deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=10, max_size=20),
    st.sampled_from(["drop", "impute"]),
    st.sampled_from(["auto", "binary", "multiclass", "regression"]),
)
def test_any_cells(little_memory: Bounded, rows: list[list[str]], missing: str, task: str) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["x", "z", "y"], *rows])
    with little_memory():
        load_or_refuse(buffer.getvalue().encode("utf-8", "surrogatepass"), missing=missing, task=task)


@settings(deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 20), st.binary(max_size=20))
@example(0, 0, b"")
def test_a_damaged_text_table(little_memory: Bounded, start: int, length: int, replacement: bytes) -> None:
    content = GOOD.encode()
    with little_memory():
        load_or_refuse(content[:start] + replacement + content[start + length :])


def parquet() -> bytes:
    buffer = io.BytesIO()
    table = pa.table({"x": [i / 7 for i in range(14)], "c": ["u", "v"] * 7, "y": [0, 1] * 7})
    pq.write_table(table, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_parquet_table(little_memory: Bounded, seed: int) -> None:
    generator = np.random.default_rng(seed)
    content = bytearray(parquet())
    for place in generator.integers(4, len(content) - 8, generator.integers(1, 4)):
        content[place] = generator.integers(256)
    with little_memory():
        load_or_refuse(bytes(content), "t.parquet")


# a header of numbers, or one that begins like a remark, is refused; so every name begins with a letter
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8).map("n{}".format)
LEVELS = st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=4)
N_ROWS = 30


class CleanTable(NamedTuple):
    names: list[str]
    numbers: NDArray[np.float32]
    categories: list[list[str]]
    classes: list[str]


@st.composite
def clean_tables(draw: st.DrawFn) -> CleanTable:
    n_numbers, n_categories = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    n = n_numbers + n_categories + 1
    names = draw(st.lists(NAMES, min_size=n, max_size=n, unique_by=canonical))
    finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
    numbers = draw(arrays(np.float32, (n_numbers, N_ROWS), elements=finite))
    levels = draw(st.lists(LEVELS, min_size=n_categories, max_size=n_categories))
    categories = [[own[i % len(own)] for i in range(N_ROWS)] for own in levels]
    return CleanTable(names, numbers, categories, [["case", "control"][i % 2] for i in range(N_ROWS)])


@settings(deadline=None)
@given(clean_tables())
def test_a_clean_table_comes_back_as_it_was(table: CleanTable) -> None:
    buffer = io.StringIO()
    texts = [[str(value) for value in column] for column in table.numbers]
    csv.writer(buffer).writerows([table.names, *zip(*texts, *table.categories, table.classes, strict=True)])
    data = load(buffer.getvalue().encode())
    assert data.feature_names == tuple(table.names[:-1])
    assert [data.classes[int(code)] for code in data.y[:, 0]] == table.classes
    for feature, values in zip(data.features, [*table.numbers, *table.categories], strict=True):
        encoded = data.x[:, feature.start : feature.stop]
        if feature.levels:
            assert [feature.levels[code] for code in encoded.argmax(axis=1)] == values
            assert (encoded.sum(axis=1) == 1).all()
        else:
            np.testing.assert_array_equal(encoded[:, 0], values)
