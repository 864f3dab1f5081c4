"""Do two ensembles agree? Spearman's correlation between the rankings of independent ensembles.

    python benchmarks/repeatability.py [--members 10] [--ensembles 3] [--only default ...]
    python benchmarks/repeatability.py --experiment    # the column `importance` of the default experiment

Every candidate of `candidates.yml` trains several ensembles that share nothing but the table: other seeds,
so other splits, starting weights and noise. Each is read by its mean normalised gates. The tables are breast
cancer (`Data/`) and, where `CLEVELAND_DATA` names the folder of `processed.cleveland.data` and `attributes`,
Cleveland heart disease with its five classes, and with the four degrees of disease as one class.
"""

import argparse
import os
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import numpy as np
import yaml
from preset_search import Candidate, resolve
from scipy.stats import spearmanr

from deepfeat.config import DataConfig
from deepfeat.data.dataset import Dataset
from deepfeat.data.load import load_table
from deepfeat.ensemble import Ensemble, fit
from deepfeat.ranking.normalise import normalise
from deepfeat.runs.prepare import prepare
from deepfeat.training.plan import build_plan
from deepfeat.training.trainer import Trainer

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE / "truth"))

from ours import carry_out  # noqa: E402 - found by the line above

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


def of_experiment(settings: list[str], members: int, seed: int) -> tuple[dict[str, np.ndarray], float]:
    """What the default experiment says of a table: the importance, and each method, by name."""
    always = [f"training.models={members}", f"seed={seed}", "controls=never"]
    with TemporaryDirectory() as folder:
        done = carry_out(prepare(HERE.parent / "experiment.yml", [*always, *settings]), Path(folder))
    by_feature = done.ranking().set_index("feature").loc[list(done.ensemble.data.feature_names)]
    found = {name: by_feature[name].to_numpy() for name in ("importance", *done.answers)}
    return found, fmean(record.scores["auc"] for record in done.ensemble.records if record.scores)


def experiment_tables() -> dict[str, list[str]]:
    """The same tables, as settings of the experiment."""
    found = {"breast cancer": []}
    if folder := os.environ.get("CLEVELAND_DATA"):
        paths = [f"data.path={folder}/processed.cleveland.data", f"data.names={folder}/attributes"]
        found["cleveland, 5 classes"] = [*paths, "data.target=last", "data.missing=drop"]
    return found


def line(title: str, name: str, made: list[np.ndarray], auc: float) -> str:
    """A row of the table that is printed."""
    rho = [float(spearmanr(a, b)[0]) for a, b in combinations(made, 2)]
    each = ", ".join(f"{value:.2f}" for value in rho)
    return f"| {title} | {name} | {each} | {fmean(rho):.3f} | {auc:.3f} |"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--ensembles", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="names of candidates; all without it")
    parser.add_argument("--experiment", action="store_true", help="the default experiment instead")
    options = parser.parse_args()
    seeds = [100 + seed for seed in range(options.ensembles)]
    print("| table | ranking | Spearman between ensembles | mean | AUC of a network |")
    print("| --- | --- | --- | --- | --- |")
    if options.experiment:
        for title, settings in experiment_tables().items():
            made = [of_experiment(settings, options.members, seed) for seed in seeds]
            auc = fmean(auc for _, auc in made)
            for name in made[0][0]:
                print(line(title, name, [found[name] for found, _ in made], auc), flush=True)
        return
    candidates = yaml.safe_load((HERE / "candidates.yml").read_text())
    for name in options.only or candidates:
        for title, data in tables().items():
            made = [ranking(data, candidates[name], options.members, seed) for seed in seeds]
            auc = fmean(auc for _, auc in made)
            print(line(title, name, [gates for gates, _ in made], auc), flush=True)


if __name__ == "__main__":
    main()
