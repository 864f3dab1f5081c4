"""Folders and arrays of small images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deepfeat.config.schema import DataConfig
from deepfeat.data.dataset import Dataset
from deepfeat.data.images.load import load_images

Load = Callable[..., Dataset]
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes one image below the folder `pictures`, by default a grey square of its own shade."""

    def write(name: str, pixels: Any = None, size: tuple[int, int] = (6, 8), mode: str | None = None) -> Path:  # noqa: ANN401
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shade = sum(map(ord, name)) % 256
        array = np.full(size, shade, dtype=np.uint8) if pixels is None else np.asarray(pixels)
        image = Image.fromarray(array)
        (image.convert(mode) if mode else image).save(path)
        return path

    return write


@pytest.fixture
def folders(save: Save) -> Path:
    """Two classes of four grey images."""
    for name in ("cat", "dog"):
        for number in range(4):
            save(f"{name}/{number}.png")
    return save("cat/0.png").parents[1]


@pytest.fixture
def load() -> Load:
    """Loads images, with settings beside their path."""

    def images(path: Path | str, task: str = "auto", **settings: Any) -> Dataset:  # noqa: ANN401
        config = {"images": {"path": str(path), "specimen": 0, **settings}, "task": task}
        return load_images(DataConfig.model_validate(config))

    return images
