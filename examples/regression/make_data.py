"""Writes diabetes.csv from the copy of the data that comes with scikit-learn, in the units of the clinic.

    python examples/regression/make_data.py [FOLDER]

Efron, Hastie, Johnstone & Tibshirani (2004), "Least angle regression", Annals of Statistics 32.
"""

import sys
from pathlib import Path

from sklearn.datasets import load_diabetes

NAMES = {
    "bp": "blood_pressure",
    "s1": "total_cholesterol",
    "s2": "ldl",
    "s3": "hdl",
    "s4": "cholesterol_ratio",
    "s5": "log_triglycerides",
    "s6": "glucose",
    "target": "progression",
}


def make(folder: Path) -> str:
    """Write the table into a folder."""
    table = load_diabetes(as_frame=True, scaled=False).frame.rename(columns=NAMES)
    path = folder / "diabetes.csv"
    table.astype({"sex": int}).to_csv(path, index=False, lineterminator="\n")
    return f"{path}: {len(table)} patients, 10 measurements of each, and the progression after a year"


if __name__ == "__main__":
    print(make(Path(*sys.argv[1:])))
