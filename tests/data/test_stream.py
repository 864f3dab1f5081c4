"""Rows of a file as a trained network takes them: each with its class, or with none where it has none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepfeat.config.schema import DataConfig
from deepfeat.data.load import load_data
from deepfeat.data.stream import Rows, stream
from deepfeat.errors import InputError


def streamed(other: Path | None = None, rows: int = 100, **settings: object) -> list[Rows]:
    """A file, after loading that of the settings."""
    config = DataConfig(**settings)  # type: ignore[arg-type]
    return list(stream(config, load_data(config), Path, other, rows))


def labels(other: Path | None = None, **settings: object) -> list[str]:
    """The labels of a file, read in several parts."""
    return [str(label) for part in streamed(other, 7, **settings) for label in part.labels]


def table(write: Callable[..., Path], name: str, *targets: str) -> Path:
    """A table with a number and a target."""
    rows = [f"{row}.5,{target}" for row, target in enumerate(targets)]
    return write(name, "\n".join(["a,y", *rows]) + "\n")


def test_rows_of_an_unknown_class_have_no_label(write: Callable[..., Path]) -> None:
    own = table(write, "own.csv", *["cat", "dog", "emu"] * 5)
    other = table(write, "other.csv", *["emu", "yak", "cat"] * 5)
    assert labels(path=str(own), target="y") == ["cat", "dog", "emu"] * 5
    assert labels(other, path=str(own), target="y") == ["emu", "", "cat"] * 5


@pytest.mark.parametrize("classes", [["no", "yes"], ["cat", "dog", "emu"], ["1.5", "2", "-3"]])
def test_rows_without_a_target_have_no_label(classes: list[str], write: Callable[..., Path]) -> None:
    own = table(write, "own.csv", *[*classes, ""] * 20)
    task = "regression" if "2" in classes else "auto"
    assert labels(path=str(own), target="y", missing="drop", task=task) == [*classes, ""] * 20


def test_rows_with_a_label_missing_have_none(write: Callable[..., Path]) -> None:
    rows = "".join(f"{row}.5,1,0\n{row},0,1\n-{row},0,\n" for row in range(8))
    own = write("own.csv", "a,y,z\n" + rows)
    assert labels(path=str(own), targets=["y", "z"], missing="drop") == ["y", "z", ""] * 8


@pytest.mark.parametrize("dtype", [np.float32, np.int64, "U1", "S1"])
def test_labels_of_images_are_the_classes_whatever_they_are_stored_as(dtype: object, tmp_path: Path) -> None:
    given = np.array([0, 1, 2] * 4).astype(dtype)  # type: ignore[call-overload]
    np.savez(tmp_path / "own.npz", x=np.arange(12 * 16, dtype=np.uint8).reshape(12, 4, 4), y=given)
    assert labels(images=str(tmp_path / "own.npz")) == ["0", "1", "2"] * 4


def test_images_of_an_unknown_class_have_no_label(tmp_path: Path) -> None:
    x = np.arange(12 * 16, dtype=np.uint8).reshape(12, 4, 4)
    np.savez(tmp_path / "own.npz", x=x, y=[0, 1, 2] * 4)
    np.savez(tmp_path / "other.npz", x=x[:5], y=[2.0, 3.0, np.nan, 0.5, 1.0])
    own = {"images": str(tmp_path / "own.npz")}
    assert labels(tmp_path / "other.npz", **own) == ["2", "", "", "", "1"]


@pytest.mark.parametrize(("lowest", "highest"), [(-40, 900), (0, 1000), (300, 400)])
def test_other_images_are_scaled_like_those_that_networks_know(
    lowest: int, highest: int, tmp_path: Path
) -> None:
    x = np.linspace(0, 1000, 12 * 16).reshape(12, 4, 4)
    others = np.linspace(lowest, highest, 12 * 16).reshape(12, 4, 4)
    np.savez(tmp_path / "own.npz", x=x, y=[0, 1, 2] * 4)
    np.savez(tmp_path / "other.npz", x=others, y=[0, 1, 2] * 4)
    (rows,) = streamed(tmp_path / "other.npz", images=str(tmp_path / "own.npz"))
    np.testing.assert_allclose(rows.x.reshape(12, 4, 4), others / 1000, atol=1e-6)


def test_other_images_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    x = np.linspace(0, 1000, 12 * 16).reshape(12, 4, 4)
    np.savez(tmp_path / "own.npz", x=x, y=[0, 1, 2] * 4)
    np.savez(tmp_path / "other.npz", x=np.where(x > 900, np.nan, x), y=[0, 1, 2] * 4)
    with pytest.raises(InputError, match="pixels that are not finite"):
        streamed(tmp_path / "other.npz", images=str(tmp_path / "own.npz"))


def test_numbers_of_images_are_labels_where_they_are_known(tmp_path: Path) -> None:
    x = np.arange(12 * 16, dtype=np.uint8).reshape(12, 4, 4)
    np.savez(tmp_path / "own.npz", x=x, y=np.arange(12) / 4)
    np.savez(tmp_path / "other.npz", x=x[:3], y=[0.5, np.nan, 1])
    own = {"images": str(tmp_path / "own.npz"), "task": "regression"}
    assert labels(tmp_path / "other.npz", **own) == ["0.5", "", "1"]
