"""Pixels become columns and go back to where they were."""

import numpy as np
import pytest

from deepfeat.data.images.layout import Images, usual_region


@pytest.mark.parametrize("region", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("shape", [(4, 6, 3), (5, 7, 1), (1, 1, 3)])
def test_pictures_come_back(shape: tuple[int, int, int], region: int) -> None:
    images = Images(*shape, region)
    pictures = np.random.default_rng(0).random((2, 3, *shape)).astype(np.float32)
    rows = images.to_columns(pictures)
    assert rows.shape == (2, 3, images.columns)
    assert np.array_equal(images.to_pictures(rows), pictures)


def test_the_columns_of_a_region_are_side_by_side() -> None:
    images = Images(3, 4, 2, region=2)
    assert images.grid == (2, 2)
    assert images.names == ("y0-1 x0-1", "y0-1 x2-3", "y2 x0-1", "y2 x2-3")
    assert images.ends == (8, 16, 20, 24)
    picture = np.zeros((3, 4, 2), dtype=np.float32)
    picture[2, 2:] = 1
    assert np.flatnonzero(images.to_columns(picture)).tolist() == [20, 21, 22, 23]


def test_of_single_pixels_the_order_is_plain() -> None:
    images = Images(3, 4, 2)
    assert np.array_equal(images.order, np.arange(24))
    assert images.names[:2] == ("y0 x0", "y0 x1")


def test_there_are_at_most_eight_regions_along_a_side() -> None:
    assert [usual_region(*size) for size in ((32, 32), (28, 28), (5, 9), (4, 4), (224, 100))] == [
        4,
        4,
        2,
        1,
        28,
    ]
