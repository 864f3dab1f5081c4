"""The image data sets that Keras knows, read by Keras and kept where it keeps them."""

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from deepfeat.config.schema import ImagesConfig
from deepfeat.data.images.arrays import from_arrays
from deepfeat.data.images.found import Found
from deepfeat.errors import InputError, Problem, did_you_mean
from deepfeat.writing.start_up import start_up_messages_logged

PREFIX = "keras:"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"
_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True)
class _Set:
    """A data set of Keras: its files, and the names of its classes.

    Attributes:
        folder: below `datasets` of the Keras home.
        files: what each file is called there, and where it comes from.
        classes: their names; none where they are digits.
    """

    files: tuple[tuple[str, str], ...]
    folder: str = "datasets"
    classes: tuple[str, ...] = ()


SETS = {
    "mnist": _Set((("mnist.npz", f"{_GOOGLE}mnist.npz"),)),
    "fashion_mnist": _Set(
        tuple(
            (name, f"{_GOOGLE}{name}")
            for name in (
                "train-labels-idx1-ubyte.gz",
                "train-images-idx3-ubyte.gz",
                "t10k-labels-idx1-ubyte.gz",
                "t10k-images-idx3-ubyte.gz",
            )
        ),
        "datasets/fashion-mnist",
        ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"),
    ),
    "cifar10": _Set(
        (("cifar-10-batches-py-target_archive", f"{_TORONTO}cifar-10-python.tar.gz"),),
        classes=(
            *("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        ),
    ),
    "cifar100": _Set((("cifar-100-python-target_archive", f"{_TORONTO}cifar-100-python.tar.gz"),)),
}


def find_in_keras(config: ImagesConfig) -> Found:
    """The training images of a data set, then its test images; downloaded by Keras where they are not there.

    Args:
        config: names it, as `keras:cifar10`.

    Raises:
        InputError: there is no such data set, or it is not there and cannot be downloaded.
    """
    name = config.path.removeprefix(PREFIX)
    if name not in SETS:
        raise InputError(
            Problem(config.path, 0, 0, f"no image data set of Keras; {did_you_mean(name, SETS)}")
        )
    chosen = SETS[name]
    try:
        with start_up_messages_logged():
            module = import_module(f"keras.datasets.{name}")
        parts = module.load_data()
    except Exception as error:
        files = ", ".join(f"{url} as {home() / chosen.folder / file}" for file, url in chosen.files)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"cannot be had ({reason}); connect to the internet, or put {files}"
        raise InputError(Problem(config.path, 0, 0, message)) from error
    return from_arrays(
        config,
        config.path,
        [x for x, _ in parts],
        [np.asarray(y).reshape(-1) for _, y in parts],
        chosen.classes,
    )


def home() -> Path:
    """Where Keras keeps what it has downloaded."""
    return Path(os.environ.get("KERAS_HOME") or Path("~").expanduser() / ".keras")
