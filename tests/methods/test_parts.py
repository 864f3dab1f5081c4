"""An ensemble a part at a time."""

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods import members_at_a_time
from deepfeat.testing.linear import LinearEnsemble


@pytest.mark.parametrize(("numbers", "sizes"), [(1, [4]), (40, [2, 2]), (35, [2, 2]), (1000, [1, 1, 1, 1])])
def test_parts_follow_each_other(
    numbers: int, sizes: list[int], data: Dataset, ensemble: LinearEnsemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepfeat.methods.parts.PART_NUMBERS", 100)
    parts = list(members_at_a_time(ensemble, numbers))
    assert [len(part) for _, part in parts] == sizes
    for members, part in parts:
        np.testing.assert_array_equal(part.kernels, ensemble.kernels[members])
