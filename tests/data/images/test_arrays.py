"""Images in `.npz` files: ranges, channels, labels; and what is never read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.errors import InputError

Load = Callable[..., Dataset]

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 4, 6, 3)).astype(np.uint8)
LABELS = np.arange(12) % 3


def saved(path: Path, **arrays: Any) -> Path:  # noqa: ANN401
    np.savez(path / "images.npz", **arrays)
    return path / "images.npz"


def refusal(load: Load, path: Path, **settings: Any) -> str:  # noqa: ANN401
    with pytest.raises(InputError) as raised:
        load(path, **settings)
    (problem,) = raised.value.problems
    return problem.message


@pytest.mark.parametrize("names", [("x", "y"), ("images", "labels")])
def test_images_and_labels(load: Load, tmp_path: Path, names: tuple[str, str]) -> None:
    data = load(saved(tmp_path, **{names[0]: PIXELS, names[1]: LABELS}))
    assert (data.task, data.classes, data.n_rows) == ("multiclass", ("0", "1", "2"), 12)
    assert data.images is not None
    assert np.array_equal(data.images.to_pictures(data.x), PIXELS.astype(np.float32) / np.float32(255))


def test_training_and_test_parts_follow_one_another(load: Load, tmp_path: Path) -> None:
    parts = {
        "x_train": PIXELS[:8],
        "y_train": LABELS[:8, None],
        "x_test": PIXELS[8:],
        "y_test": LABELS[8:, None],
    }
    whole = load(saved(tmp_path, x=PIXELS, y=LABELS))
    assert load(saved(tmp_path, **parts)).sha256 == whole.sha256


@pytest.mark.parametrize(
    ("pixels", "darkest", "brightest"),
    [
        (np.linspace(0, 1, 48).reshape(12, 2, 2), 0, 1),
        (np.linspace(0, 200, 48).reshape(12, 2, 2), 0, 200 / 255),
        (np.linspace(-1, 1, 48).reshape(12, 2, 2), 0, 1),
        (np.arange(48, dtype=np.uint16).reshape(12, 2, 2) * 1000, 0, 1),
        (np.arange(48).reshape(12, 2, 2) > 20, 0, 1),
    ],
)
def test_values_are_scaled_to_0_to_1(
    load: Load, tmp_path: Path, pixels: np.ndarray[Any, Any], darkest: float, brightest: float
) -> None:
    data = load(saved(tmp_path, x=pixels, y=LABELS))
    assert (data.x.min(), data.x.max()) == pytest.approx((darkest, brightest))


def test_channels_and_sizes_are_changed_on_request(load: Load, tmp_path: Path) -> None:
    path = saved(tmp_path, x=PIXELS, y=LABELS)
    grey = load(path, channels="grey")
    assert grey.images is not None
    assert grey.images.shape == (4, 6, 1)
    weights = np.array([0.299, 0.587, 0.114])
    assert grey.x[0, 0] == pytest.approx(PIXELS[0, 0, 0] @ weights / 255, abs=1e-6)
    small = load(path, size=[2, 3])
    assert small.images is not None
    assert small.images.shape == (2, 3, 3)
    clear = load(saved(tmp_path, x=np.concatenate([PIXELS, PIXELS[..., :1] * 0 + 51], axis=3), y=LABELS))
    assert clear.x == pytest.approx(load(path).x * 0.0 + clear.x)
    assert clear.images is not None
    assert clear.images.channels == 3
    assert clear.x[0, 0] == pytest.approx(PIXELS[0, 0, 0, 0] / 255 * 0.2, abs=1e-6)


def test_labels_are_texts_or_numbers(load: Load, tmp_path: Path) -> None:
    named = load(saved(tmp_path, x=PIXELS, y=np.array(["b", "a"])[LABELS % 2]))
    assert (named.task, named.classes) == ("binary", ("a", "b"))
    level = load(saved(tmp_path, x=PIXELS, y=np.linspace(0, 1, 12)), task="regression")
    assert (level.task, level.n_outputs) == ("regression", 1)
    assert "no whole numbers" in refusal(load, saved(tmp_path, x=PIXELS, y=np.linspace(0, 1, 12)))
    assert "one class" in refusal(load, saved(tmp_path, x=PIXELS, y=np.zeros(12)))


class Bomb:
    """Something that must never be loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("unpickled",))


def test_objects_are_refused_and_never_unpickled(load: Load, tmp_path: Path) -> None:
    path = saved(tmp_path, x=PIXELS, y=np.array([Bomb()] * 12, dtype=object))
    assert refusal(load, path) == (
        "y holds Python objects, which are never unpickled; save plain numbers or texts"
    )


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"pictures": PIXELS, "y": LABELS},
            "holds pictures, y; name the arrays of images and labels x and y",
        ),
        ({"x": PIXELS[0, 0], "y": LABELS}, "x has shape (6, 3)"),
        ({"x": np.zeros((12, 4, 4, 5)), "y": LABELS}, "x has 5 channels"),
        ({"x": PIXELS, "y": LABELS[:5]}, "give one number or text for each of the 12 images"),
        ({"x": np.full((12, 4, 4), np.nan), "y": LABELS}, "pixels that are not finite"),
        (
            {"x": np.full((12, 4, 4), 300.0), "y": LABELS},
            "has 300 in every pixel of every image; there is nothing to tell them apart by",
        ),
        (
            {"x_train": PIXELS, "y_train": LABELS, "x_test": PIXELS[:, :3], "y_test": LABELS},
            "holds x_train with images of 4 x 6 x 3 and x_test with images of 3 x 6 x 3; give all",
        ),
        (
            {"x_train": PIXELS, "y_train": LABELS, "x_test": PIXELS[..., 0], "y_test": LABELS},
            "holds x_train with images of 4 x 6 x 3 and x_test with images of 4 x 6; give all",
        ),
        ({"x": np.array([["a"] * 4] * 4 * 12).reshape(12, 4, 4), "y": LABELS}, "x holds <U1"),
    ],
)
def test_what_is_no_set_of_images(load: Load, tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    assert message in refusal(load, saved(tmp_path, **arrays))


def test_damaged_files(load: Load, tmp_path: Path) -> None:
    path = saved(tmp_path, x=PIXELS, y=LABELS)
    path.write_bytes(path.read_bytes()[:300])
    assert "is no .npz file" in refusal(load, path)
    path.write_text("x,y\n1,2\n")
    assert "is no .npz file" in refusal(load, path)
