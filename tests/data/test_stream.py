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


def mixed(write: Callable[..., Path], name: str, numbers: list[object], kinds: list[str]) -> Path:
    """A table with a number, a category and a target."""
    rows = [
        f"{number},{kind},{row % 2}" for row, (number, kind) in enumerate(zip(numbers, kinds, strict=True))
    ]
    return write(name, "\n".join(["a,kind,y", *rows]) + "\n")


@pytest.fixture
def own(write: Callable[..., Path]) -> Path:
    """What networks were trained on: `z` is the most frequent kind, 4.5 the median."""
    return mixed(write, "own.csv", [*range(10)] * 2, ["x", "y", "z", "z"] * 5)


def test_texts_where_numbers_were_are_refused(own: Path, write: Callable[..., Path]) -> None:
    other = mixed(write, "other.csv", ["", "high", "low", "high"] * 5, ["x"] * 10 + ["y"] * 10)
    with pytest.raises(InputError) as caught:
        streamed(other, path=str(own), target="y")
    assert str(caught.value) == (
        "other.csv:3:1: found 'high' in 'a' (15 such cells), a column of numbers in own.csv; write numbers, "
        "or leave the cell empty"
    )


def test_a_text_in_a_row_that_training_would_drop_is_refused(own: Path, write: Callable[..., Path]) -> None:
    other = mixed(write, "other.csv", [*range(19), "high"], ["x", "y"] * 9 + ["x", ""])
    with pytest.raises(InputError, match=r"other\.csv:21:1: found 'high' in 'a', a column of numbers"):
        streamed(other, path=str(own), target="y", missing="drop")


@pytest.mark.parametrize(("kinds", "first"), [(["p", "q"], "p"), (["", "Z"], "Z"), (["1", "2"], "1")])
def test_categories_of_which_none_is_known_are_refused(
    kinds: list[str], first: str, own: Path, write: Callable[..., Path]
) -> None:
    other = mixed(write, "other.csv", [*range(20)], kinds * 10)
    line = 2 + kinds.index(first)
    with pytest.raises(InputError) as caught:
        streamed(other, path=str(own), target="y")
    assert str(caught.value) == (
        f"other.csv:{line}:2: found '{first}' in 'kind', in which no value is one of the categories in "
        "own.csv; write them as there: x, y, z"
    )


def test_every_column_that_means_nothing_is_told_at_once(own: Path, write: Callable[..., Path]) -> None:
    other = mixed(write, "other.csv", ["high", "low"] * 10, ["p", "q"] * 10)
    with pytest.raises(InputError) as caught:
        streamed(other, path=str(own), target="y")
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(2, 1), (2, 2)]


def test_categories_of_which_some_are_known_are_told(own: Path, write: Callable[..., Path]) -> None:
    other = mixed(write, "other.csv", [*range(20)], ["x", "new", "", "y"] * 5)
    told: list[str] = []
    config = DataConfig(path=str(own), target="y")
    (rows,) = stream(config, load_data(config), Path, other, 100, told.append)
    (warning,) = told
    assert warning == (
        "kind: 5 of 15 values are categories that the networks do not know (first: 'new' in line 3), taken "
        "as z, the most frequent category that they know."
    )
    assert rows.x[:4, 1:].tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 1, 0]]


def test_categories_that_are_numbers_are_known_however_they_are_written(write: Callable[..., Path]) -> None:
    own = mixed(write, "own.csv", [*range(20)], ["1", "2", "30", "30"] * 5)
    other = mixed(write, "other.csv", [*range(20)], ["2.0", "30", "3e1", "01"] * 5)
    rows = streamed(other, path=str(own), target="y", categories=["kind"])
    assert rows[0].x[:4, 1:].tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0]]


def test_missing_values_are_filled_in_without_a_word(own: Path, write: Callable[..., Path]) -> None:
    other = mixed(write, "other.csv", [1, ""] * 10, ["x", "", "y", ""] * 5)
    told: list[str] = []
    config = DataConfig(path=str(own), target="y")
    (rows,) = stream(config, load_data(config), Path, other, 100, told.append)
    assert told == []
    assert rows.x[:2].tolist() == [[1, 1, 0, 0], [4.5, 0, 0, 1]]
