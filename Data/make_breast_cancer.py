"""Writes breast_cancer.csv from the copy of the data that comes with scikit-learn.

    python Data/make_breast_cancer.py [FILE]

The file is the same, byte for byte, whoever runs this.
"""

import csv
import sys
from pathlib import Path

from sklearn.datasets import load_breast_cancer


def write_breast_cancer(path: Path) -> None:
    """Write the table: a header, a row per tumour, 30 measurements and the diagnosis in words."""
    data = load_breast_cancer()
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([*data.feature_names, "diagnosis"])
        for measurements, diagnosis in zip(data.data.tolist(), data.target.tolist(), strict=True):
            # repr is the shortest text that reads back as the same number
            writer.writerow([*map(repr, measurements), data.target_names[diagnosis]])


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("breast_cancer.csv")
    write_breast_cancer(target)
    print(f"wrote {target}")
