from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deepfeat.data.matrix import column_medians, open_matrix


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
    cache = None if limit else tmp_path
    with open_matrix((3, 2), cache, limit) as writer:
        for block in blocks:
            writer.append(block)
        np.testing.assert_array_equal(writer.view(), np.concatenate(blocks))
        writer.replace_nan(np.array([-1, -2], np.float32))
        x = writer.finish("0123456789abcdef-and-more")
    np.testing.assert_array_equal(x, [[1, -2], [-1, 4], [5, 6]])
    assert not x.flags.writeable
    names = [entry.name for entry in tmp_path.iterdir()]
    assert names == ([] if limit else ["x-0123456789abcdef.npy"])


def test_a_matrix_that_is_not_finished_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_matrix((3, 2), tmp_path, 0):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
