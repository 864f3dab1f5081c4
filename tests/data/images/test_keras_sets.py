"""Data sets of Keras, which loads them itself; here they are made up."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import getsource
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.data.images import keras_sets
from deepfeat.errors import InputError

Load = Callable[..., Dataset]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("keras.datasets.cifar10")
    monkeypatch.setattr(keras_sets, "import_module", lambda _: module)
    return module


def test_training_and_test_images_with_the_names_of_their_classes(load: Load, known: ModuleType) -> None:
    def part(count: int) -> tuple[Any, Any]:
        rng = np.random.default_rng(count)
        return rng.integers(0, 256, (count, 32, 32, 3)).astype(np.uint8), np.arange(count)[:, None] % 10

    known.load_data = lambda: (part(50), part(10))  # type: ignore[attr-defined]
    data = load("keras:cifar10")
    assert data.n_rows == 60
    assert data.classes[:3] == ("airplane", "automobile", "bird")
    assert data.name == "keras:cifar10"
    assert data.n_features == 64


def test_without_a_network_it_is_said_where_to_put_the_file(
    load: Load, known: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise OSError("URL fetch failure on https://...: None -- no route")

    known.load_data = fails  # type: ignore[attr-defined]
    monkeypatch.setenv("KERAS_HOME", "/somewhere")
    with pytest.raises(InputError) as raised:
        load("keras:cifar10")
    (problem,) = raised.value.problems
    assert str(problem) == (
        "keras:cifar10: cannot be had (URL fetch failure on https://...: None -- no route); connect "
        "to the internet, or put https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz as "
        "/somewhere/datasets/cifar-10-batches-py-target_archive"
    )


def test_unknown_sets(load: Load) -> None:
    with pytest.raises(InputError, match="no image data set of Keras; did you mean cifar10"):
        load("keras:cifar11")


@pytest.mark.slow
def test_keras_reads_what_was_put_into_its_home(tmp_path: Path) -> None:
    chosen = keras_sets.SETS["fashion_mnist"]
    home = tmp_path / chosen.folder
    home.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for file, _ in chosen.files:
        count = 60 if file.startswith("train") else 20
        head = 8 if "labels" in file else 16
        values = np.arange(count) % 10 if "labels" in file else rng.integers(0, 256, (count, 28, 28))
        (home / file).write_bytes(gzip.compress(bytes(head) + values.astype(np.uint8).tobytes()))
    experiment = tmp_path / "e.yml"
    experiment.write_text(
        "name: demo\ndata: {images: keras:fashion_mnist}\nnetwork: {preset: cnn}\nmethods: [saliency]\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "deepfeat", "validate", str(experiment)],
        env={**os.environ, "KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "keras:fashion_mnist: 79 rows, 49 features, multiclass" in done.stdout


def test_the_names_are_those_that_keras_looks_for() -> None:
    for name, chosen in keras_sets.SETS.items():
        source = getsource(import_module(f"keras.src.datasets.{name}"))
        for file, url in chosen.files:
            assert file.removesuffix("_archive") in source
            assert url.rsplit("/", 1)[0] in source
