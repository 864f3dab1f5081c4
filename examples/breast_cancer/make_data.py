"""Writes breast_cancer.csv from the copy of the data that comes with scikit-learn.

    python examples/breast_cancer/make_data.py [FOLDER]

The file is the same, byte for byte, whoever runs this; `Data/breast_cancer.csv` is it.
"""

import csv
import sys
from pathlib import Path

from sklearn.datasets import load_breast_cancer


def make(folder: Path) -> str:
    """Write the table into a folder: a header, a row per tumour, the diagnosis in words."""
    data = load_breast_cancer()
    path = folder / "breast_cancer.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([*data.feature_names, "diagnosis"])
        for measurements, diagnosis in zip(data.data.tolist(), data.target.tolist(), strict=True):
            # repr is the shortest text that reads back as the same number
            writer.writerow([*map(repr, measurements), data.target_names[diagnosis]])
    return f"{path}: 569 tumours, 30 measurements of each, and the diagnosis"


if __name__ == "__main__":
    print(make(Path(*sys.argv[1:])))
