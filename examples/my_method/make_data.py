"""Writes known.csv: twelve made columns, four of which decide on the target, two upwards and two downwards.

python examples/my_method/make_data.py [FOLDER]
"""

import sys
from pathlib import Path

import pandas as pd

from deepfeat.testing.families import make_additive

ROWS, COLUMNS, SEED = 500, 12, 1


def make(folder: Path) -> str:
    """Write the table into a folder; returns which columns matter."""
    made = make_additive(ROWS, COLUMNS, SEED)
    table = pd.DataFrame(made.x, columns=list(made.feature_names)).round(4)
    path = folder / "known.csv"
    table.assign(target=["yes" if label else "no" for label in made.y]).to_csv(
        path, index=False, lineterminator="\n"
    )
    names = ", ".join(made.feature_names[column] for column in made.relevant)
    return f"{path}: {ROWS} rows, {COLUMNS} columns; those that matter are {names}"


if __name__ == "__main__":
    print(make(Path(*sys.argv[1:])))
