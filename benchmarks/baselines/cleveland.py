"""The experiment whose training speed is compared: Ashraf (2021) on the Cleveland heart disease table.

The first half of the rows trains, the last half validates after every epoch; batches of 64; three layers of
128 with noise, dropout and an L2 penalty; double soft F1 summed over five labels; Adam.
Needs numpy only, so that it works in the environment of every alternative.
"""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np

FEATURES, LABELS, UNITS, LAYERS = 13, 5, 128, 3
BATCH = 64
NOISE, DROPOUT, L2 = 0.005, 0.5, 1e-3
LEARNING_RATE, BETA_1, BETA_2, EPSILON = 1e-4, 0.9, 0.999, 1e-7
GATE_LIMIT = 3**0.5
TINY = 1e-16
ROWS = 297

FILE = "processed.cleveland.data"
ROOT = Path(__file__).resolve().parents[2]
PLACES = (ROOT / "Data",)

Array = np.ndarray


def table() -> tuple[Array, Array, str]:
    """Inputs (297, 13) divided by the norm of their column, labels (297, 5) one-hot, and where they are from.

    The file is looked for in the folder that `CLEVELAND_DATA` names and in `PLACES`. Without it a random
    table of the same shape is trained on, which takes as long.
    """
    named = os.environ.get("CLEVELAND_DATA")
    for folder in (*([Path(named)] if named else []), *PLACES):
        if (folder / FILE).is_file():
            return *_read(folder / FILE), FILE
    rng = np.random.default_rng(0)
    x, label = rng.uniform(1, 2, size=(ROWS, FEATURES)), rng.integers(LABELS, size=ROWS)
    return *_scaled(x, label), f"random table of the shape of {FILE}, which was not found"


def halves() -> tuple[tuple[Array, Array], tuple[Array, Array], str]:
    """Training inputs and labels (148 rows), validation inputs and labels (149 rows), and their origin."""
    x, y, origin = table()
    half = len(x) // 2
    return (x[:half], y[:half]), (x[half:], y[half:]), origin


def layer_sizes() -> list[tuple[int, int]]:
    """(inputs, outputs) of every dense layer."""
    widths = [FEATURES, *[UNITS] * LAYERS, LABELS]
    return list(pairwise(widths))


def batches(rows: int) -> list[slice]:
    """Consecutive batches of `rows` rows; the last one may be smaller, as in Keras."""
    return [slice(start, min(start + BATCH, rows)) for start in range(0, rows, BATCH)]


def flops_per_member_epoch() -> int:
    """Floating point operations in the matrix products of one epoch of one member.

    A training row passes every kernel three times (forward, gradient of the kernel, gradient of the input), a
    validation row once; a product of a row and a kernel takes two operations per element of the kernel.
    """
    kernels = sum(inputs * outputs for inputs, outputs in layer_sizes())
    train = ROWS // 2
    return 2 * kernels * (3 * train + (ROWS - train))


def _read(path: Path) -> tuple[Array, Array]:
    lines = [line.split(",") for line in path.read_text().split() if "?" not in line]
    values = np.array(lines, dtype=np.float64)
    return _scaled(values[:, :-1], values[:, -1].astype(np.int64))


def _scaled(x: Array, label: Array) -> tuple[Array, Array]:
    x = x / np.linalg.norm(x, axis=0)
    return x.astype(np.float32), np.eye(LABELS, dtype=np.float32)[label]
