"""Makes `shapes.npz`: circles, squares and triangles on noise: `python examples/make_shapes.py`."""

from pathlib import Path

import numpy as np

SIDE, EACH, SEED = 16, 150, 0
NAMES = ("circle", "square", "triangle")


def draw(kind: str, rng: np.random.Generator) -> np.ndarray:
    """One image, (16, 16) from 0 to 255: a bright shape of random size and place on darker noise."""
    radius = rng.integers(3, 6)
    y, x = rng.integers(radius, SIDE - radius, 2)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    down, across = rows - y, columns - x
    inside = {
        "circle": down**2 + across**2 <= radius**2,
        "square": np.maximum(np.abs(down), np.abs(across)) <= round(radius * 0.85),
        "triangle": (down <= radius * 0.8) & (2 * np.abs(across) <= down + radius),
    }[kind]
    image = rng.normal(60, 25, (SIDE, SIDE)) + inside * rng.uniform(90, 140)
    return np.clip(image, 0, 255).astype(np.uint8)


def main() -> None:
    """Write the file beside this script; the same bytes every time."""
    rng = np.random.default_rng(SEED)
    labels = rng.permutation(np.repeat(np.arange(len(NAMES)), EACH))
    images = np.stack([draw(NAMES[code], rng) for code in labels])
    np.savez_compressed(Path(__file__).with_name("shapes.npz"), x=images, y=np.array(NAMES)[labels])


if __name__ == "__main__":
    main()
