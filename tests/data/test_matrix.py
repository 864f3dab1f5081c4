from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deepfeat.data.matrix import column_medians, open_matrix
from deepfeat.errors import InputError


@settings(deadline=None)
@given(
    arrays(
        np.float32, st.tuples(st.integers(1, 9), st.integers(1, 6)), elements=st.floats(-1e6, 1e6, width=32)
    ),
    st.integers(1, 1000),
)
def test_medians_do_not_depend_on_the_memory_they_may_take(x: np.ndarray, memory: int) -> None:
    columns = np.arange(x.shape[1])[::2]
    expected = np.median(x.astype(np.float64), axis=0)[::2].astype(np.float32)
    np.testing.assert_array_equal(column_medians(x, columns, memory), expected)


def test_medians_leave_gaps_out() -> None:
    x = np.array([[1, np.nan], [np.nan, 5], [4, 7]], dtype=np.float32)
    np.testing.assert_array_equal(column_medians(x, np.array([0, 1]), 1000), [2.5, 6])
    assert column_medians(x, np.array([], dtype=np.int64), 1000).shape == (0,)


@pytest.mark.parametrize("limit", [10**6, 0], ids=["memory", "file"])
def test_blocks_are_joined_and_gaps_filled(limit: int, tmp_path: Path) -> None:
    blocks = [np.array([[1, np.nan]], np.float32), np.array([[np.nan, 4], [5, 6]], np.float32)]
    with open_matrix((3, 2), tmp_path, limit) as writer:
        for block in blocks:
            writer.append(block)
        np.testing.assert_array_equal(writer.view(), np.concatenate(blocks))
        writer.replace_nan(np.array([-1, -2], np.float32))
        x = writer.finish()
    np.testing.assert_array_equal(x, [[1, -2], [-1, 4], [5, 6]])
    assert not x.flags.writeable
    assert isinstance(x, np.memmap) == (limit == 0)


def test_the_file_has_no_name_and_lies_where_it_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with open_matrix((3, 2), tmp_path, 0) as writer:
        writer.append(np.ones((3, 2), np.float32))
        assert list(tmp_path.iterdir()) == []
        x = writer.finish()
    opened = [line for line in Path("/proc/self/maps").read_text().splitlines() if f"{tmp_path}/" in line]
    assert len(opened) == 1
    assert opened[0].endswith("(deleted)")
    np.testing.assert_array_equal(x, np.ones((3, 2)))


def test_a_disk_without_room_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = (
        r"found no way to write the encoded table of 0 MiB here \(No such file or directory\); free space"
    )
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "system"))
    with pytest.raises(InputError, match=f"^{tmp_path}/run: {reason}, or use another output directory$"):
        open_matrix((3, 2), tmp_path / "run", 0).__enter__()
    with pytest.raises(
        InputError, match=f"^{tmp_path}/system: {reason}, or set TMPDIR to another directory$"
    ):
        open_matrix((3, 2), None, 0).__enter__()
