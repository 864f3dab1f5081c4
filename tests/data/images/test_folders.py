"""Directories with a folder per class: what is read, and what is refused in one line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.errors import InputError

Load = Callable[..., Dataset]
Save = Callable[..., Path]


def said(load: Load, path: Path, **settings: object) -> list[str]:
    with pytest.raises(InputError) as raised:
        load(path, **settings)
    return [str(problem) for problem in raised.value.problems]


def test_folders_are_classes(load: Load, folders: Path) -> None:
    data = load(folders)
    assert (data.classes, data.task, data.n_rows) == (("cat", "dog"), "binary", 8)
    assert data.y[:, 0].tolist() == [0] * 4 + [1] * 4
    assert data.images is not None
    assert data.images.shape == (6, 8, 1)
    assert data.images.region == 1
    assert data.x[0].tolist() == pytest.approx([(sum(map(ord, "cat/0.png")) % 256) / 255] * 48)
    assert data.n_features == 48


def test_mixed_sizes_are_refused_or_resized(load: Load, save: Save, folders: Path) -> None:
    save("dog/odd.png", size=(9, 9))
    (problem,) = said(load, folders)
    assert problem.startswith(
        f"{folders}: images of 2 sizes: 8 of 9 have 6 x 8 pixels, dog/odd.png has 9 x 9"
    )
    assert "set data.images.size: [6, 8]" in problem
    data = load(folders, size=[3, 4])
    assert data.images is not None
    assert data.images.shape == (3, 4, 1)
    assert "9 images resized to 3 x 4 pixels." in data.notes


@pytest.mark.parametrize("damage", ["cut", "text", "empty"])
def test_a_corrupt_file_among_many_is_named_or_skipped(
    load: Load, folders: Path, save: Save, damage: str
) -> None:
    path = save("cat/broken.png", pixels=np.random.default_rng(0).integers(0, 255, (6, 8)).astype(np.uint8))
    content = path.read_bytes()
    path.write_bytes({"cut": content[:-30], "text": b"no image\n", "empty": b""}[damage])
    (problem,) = said(load, folders)
    assert problem.startswith(f"{path}: ")
    assert problem.endswith("; replace or remove it, or set data.images.unreadable: skip")
    data = load(folders, unreadable="skip")
    assert data.n_rows == 8
    assert data.warnings[0] == "1 file skipped that cannot be read: cat/broken.png."


def test_grey_coloured_and_transparent_images_mix(load: Load, save: Save, folders: Path) -> None:
    red = np.zeros((6, 8, 3), dtype=np.uint8)
    red[..., 0] = 255
    save("cat/red.png", pixels=red)
    clear = np.full((6, 8, 4), 255, dtype=np.uint8)
    clear[..., 3] = 51
    save("dog/clear.png", pixels=clear)
    data = load(folders)
    assert data.images is not None
    assert data.images.channels == 3
    assert "8 grey images taken as coloured ones, all channels alike." in data.notes
    assert "1 image with transparency laid over black." in data.notes
    pictures = data.images.to_pictures(data.x)
    assert pictures[4, 0, 0].tolist() == [1, 0, 0]
    assert pictures[-1, 0, 0].tolist() == pytest.approx([0.2] * 3)
    grey = load(folders, channels="grey")
    assert grey.images is not None
    assert grey.images.channels == 1
    assert "2 coloured images turned grey." in grey.notes


def test_deep_and_palette_images_are_scaled(load: Load, save: Save, folders: Path) -> None:
    save("cat/deep.png", pixels=np.full((6, 8), 65535 // 4, dtype=np.uint16))
    save("dog/palette.png", mode="P")
    save("dog/photo.jpg", pixels=np.full((6, 8, 3), 128, dtype=np.uint8))
    data = load(folders, channels="grey")
    assert data.images is not None
    assert data.x[4, 0] == pytest.approx(0.25, abs=1e-4)
    assert data.x[-1, 0] == pytest.approx(0.5, abs=0.01)


def test_a_class_with_one_image_is_refused(load: Load, save: Save, folders: Path) -> None:
    save("eel/only.png")
    (problem,) = said(load, folders)
    assert problem.startswith(f"{folders}: folder eel has 1 image; at least 3 are needed")


def test_empty_folders_and_none_at_all(load: Load, folders: Path, tmp_path: Path) -> None:
    (folders / "eel").mkdir()
    (folders / "eel" / "notes.txt").write_text("nothing")
    assert said(load, folders) == [f"{folders / 'eel'}: has no PNG or JPEG file; add images, or remove it"]
    (tmp_path / "bare").mkdir()
    assert "has no folders" in said(load, tmp_path / "bare")[0]
    assert said(load, tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'}: not there; correct data.images"]


def test_other_files_are_left_out_and_told(load: Load, folders: Path) -> None:
    (folders / "cat" / "Thumbs.db").write_bytes(b"x")
    (folders / "readme.txt").write_text("x")
    assert load(folders).warnings[0] == (
        "Left out in the folders of classes: 1 file without the name of a PNG or JPEG."
    )


def test_specimens_are_kept_out(load: Load, folders: Path, save: Save) -> None:
    data = load(folders, specimen=2)
    assert data.images is not None
    assert data.images.specimen_names == ("cat/3.png", "dog/3.png")
    assert data.images.specimen_classes == ("cat", "dog")
    assert data.n_rows == 6
    chosen = load(folders, specimen=["dog/1.png"])
    assert chosen.images is not None
    assert chosen.images.specimen_names == ("dog/1.png",)
    elsewhere = save("../visitor.png", size=(12, 16))
    visited = load(folders, specimen=[str(elsewhere)])
    assert visited.images is not None
    assert visited.images.specimen_classes == ("",)
    assert visited.images.specimens.shape == (1, 48)
    assert visited.n_rows == 8
    (problem,) = said(load, folders, specimen=["dog/9.png"])
    assert "has no image dog/9.png for data.images.specimen; the first is called cat/0.png" in problem
