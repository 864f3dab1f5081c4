"""Writes genes.csv: made expression of 2,000 genes in 200 patients, nine of which decide on the stage.

python examples/genes/make_data.py [FOLDER]
"""

import sys
from pathlib import Path

import pandas as pd

from deepfeat.testing.families import make_gene_expression

STAGES = ("early", "middle", "late")
PATIENTS, GENES, SEED = 200, 2000, 1


def make(folder: Path, patients: int = PATIENTS, genes: int = GENES) -> str:
    """Write the table into a folder; returns which genes matter."""
    made = make_gene_expression(patients, genes, SEED)
    table = pd.DataFrame(made.x, columns=list(made.feature_names)).round(3)
    path = folder / "genes.csv"
    table.assign(stage=[STAGES[number] for number in made.y]).to_csv(path, index=False, lineterminator="\n")
    names = [made.feature_names[gene] for gene in made.relevant]
    truth = "; ".join(f"{stage}: {', '.join(names[3 * number :][:3])}" for number, stage in enumerate(STAGES))
    return f"{path}: {patients} patients, {genes:,} genes; those that matter are, for {truth}"


if __name__ == "__main__":
    print(make(Path(*sys.argv[1:])))
