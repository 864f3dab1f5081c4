"""Writes parts.csv: twenty made settings of a machine, five of which decide whether a part is good.

python examples/cluster/make_data.py [FOLDER]
"""

import sys
from pathlib import Path

import pandas as pd

from deepfeat.testing.families import make_friedman1

PARTS, SETTINGS, SEED = 600, 20, 2


def make(folder: Path) -> str:
    """Write the table into a folder; returns which settings matter."""
    made = make_friedman1(PARTS, SETTINGS, SEED)
    names = [f"setting_{number:02d}" for number in range(1, SETTINGS + 1)]
    path = folder / "parts.csv"
    table = pd.DataFrame(made.x, columns=names).round(4)
    table.assign(good=["yes" if label else "no" for label in made.y]).to_csv(
        path, index=False, lineterminator="\n"
    )
    one, other, curved, strong, weak = (names[column] for column in made.relevant)
    truth = f"{one} with {other} (together), {curved} (both ends), {strong} (strongly) and {weak}"
    return f"{path}: {PARTS} parts, {SETTINGS} settings; those that matter are {truth}"


if __name__ == "__main__":
    print(make(Path(*sys.argv[1:])))
