"""Writes snps.csv: made genotypes in linkage, and a disease with two additive loci and one epistatic pair.

python examples/snps/make_data.py [FOLDER]
"""

import sys
from pathlib import Path

import pandas as pd

from deepfeat.testing.families import make_genotypes

PEOPLE, LOCI, SEED = 1000, 40, 3


def make(folder: Path, people: int = PEOPLE, loci: int = LOCI) -> str:
    """Write the table into a folder; returns which loci matter."""
    made = make_genotypes(people, loci, SEED)
    table = pd.DataFrame(made.x.astype(int), columns=list(made.feature_names))
    path = folder / "snps.csv"
    table.assign(disease=["yes" if ill else "no" for ill in made.y]).to_csv(
        path, index=False, lineterminator="\n"
    )
    up, down, one, other = (made.feature_names[locus] for locus in made.relevant)
    truth = f"{up} (more of it, more disease), {down} (less), and {one} with {other} (only together)"
    return f"{path}: {people:,} people, {loci} loci; those that matter are {truth}"


if __name__ == "__main__":
    print(make(Path(*sys.argv[1:])))
