"""Do two ensembles agree? Spearman's correlation between the rankings of independent ensembles.

    python benchmarks/repeatability.py [--members 10] [--ensembles 3] [--only default ...]

Every candidate of `candidates.yml` trains several ensembles that share nothing but the table: other seeds,
so other splits, starting weights and noise. Each is read by its mean normalised gates. The tables are breast
cancer (`Data/`) and, where `CLEVELAND_DATA` names the folder of `processed.cleveland.data` and `attributes`,
Cleveland heart disease with its five classes, and with the four degrees of disease as one class.
"""

import argparse
import os
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import fmean

import numpy as np
import yaml
from preset_search import Candidate, resolve
from scipy.stats import spearmanr

from deepfeat.config import DataConfig
from deepfeat.data.dataset import Dataset
from deepfeat.data.load import load_table
from deepfeat.ensemble import Ensemble, fit
from deepfeat.ranking.normalise import normalise
from deepfeat.training.plan import build_plan
from deepfeat.training.trainer import Trainer

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "Data"


def tables() -> dict[str, Dataset]:
    """The tables there are, by name."""
    path = DATA / "breast_cancer.csv"
    found = {"breast cancer": load_table(DataConfig(path=str(path), target="diagnosis"), path)}
    if folder := os.environ.get("CLEVELAND_DATA"):
        path = Path(folder) / "processed.cleveland.data"
        degrees = load_table(DataConfig(path=str(path), missing="drop"), path, Path(folder) / "attributes")
        found["cleveland, 5 classes"] = degrees
        sick = 1 - degrees.y[:, :1]
        found["cleveland, 2 classes"] = replace(degrees, y=sick, task="binary", classes=("healthy", "sick"))
    return found


def ranking(data: Dataset, candidate: Candidate, members: int, seed: int) -> tuple[np.ndarray, float]:
    """(features,) mean normalised gates of one ensemble, and the mean held-out AUC of its members."""
    network, settings = resolve(candidate, data.task)
    plan = build_plan(data, settings.split, members, seed, network)
    ensemble: Ensemble = fit(plan, Trainer(data, network, settings))
    scores = [record.scores["auc"] for record in ensemble.records if record.scores]
    return normalise(ensemble.gates, "sum").mean(axis=0), fmean(scores)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--ensembles", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="names of candidates; all without it")
    options = parser.parse_args()
    candidates = yaml.safe_load((HERE / "candidates.yml").read_text())
    print("| table | candidate | Spearman between ensembles | mean | AUC of a member |")
    print("| --- | --- | --- | --- | --- |")
    for name in options.only or candidates:
        for title, data in tables().items():
            made = [
                ranking(data, candidates[name], options.members, 100 + seed)
                for seed in range(options.ensembles)
            ]
            rho = [float(spearmanr(a, b)[0]) for (a, _), (b, _) in combinations(made, 2)]
            auc = fmean(auc for _, auc in made)
            each = ", ".join(f"{value:.2f}" for value in rho)
            print(f"| {title} | {name} | {each} | {fmean(rho):.3f} | {auc:.3f} |", flush=True)


if __name__ == "__main__":
    main()
