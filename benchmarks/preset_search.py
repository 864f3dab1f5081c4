"""Which settings learn and rank best, on problems with a known answer: `python benchmarks/preset_search.py`.

Trains every candidate of `candidates.yml` (or `--candidates FILE`) on every table, beside a random forest,
and prints what it found. Interrupted or run again it goes on where it was: results are kept, one per line,
in `benchmarks/results/`; a candidate whose settings changed, be it in its preset, is trained anew.
Candidates are chosen on the seeds of the search; what is reported of the winner comes from other seeds
(`--report`).
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any

import numpy as np
import yaml
from forest import TREES, forest_results
from known_cases import CASES, Case, Sample, draw, held_out_score
from records import Records
from search_tables import candidates_table, families_table, line

from deepfeat.data.dataset import Dataset, Task
from deepfeat.ensemble import Ensemble, fit
from deepfeat.nets.network import Network
from deepfeat.nets.presets import PRESETS
from deepfeat.testing.families import average_precision
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import TrainingSettings, merge_settings
from deepfeat.training.trainer import Trainer

HERE = Path(__file__).resolve().parent
SEARCH_SEEDS, REPORT_SEEDS = (0, 1), (100, 101, 102, 103, 104)

Candidate = dict[str, dict[str, Any]]


def resolve(candidate: Candidate, task: Task) -> tuple[Network, TrainingSettings]:
    """The network and the settings that a candidate stands for, with all that its preset says."""
    chosen = dict(candidate.get("network", {}))
    kind = PRESETS[chosen.pop("preset", "default")]
    network = kind(kind.Params(**chosen))
    return network, merge_settings(network.training, candidate.get("training", {}), task)


def train_ensemble(data: Dataset, candidate: Candidate, members: int, seed: int) -> Ensemble:
    """Train one candidate on one table: the only place that knows how deepfeat trains."""
    network, settings = resolve(candidate, data.task)
    plan = build_plan(data, settings.split, members, seed, network)
    return fit(plan, Trainer(data, network, settings))


def evaluate(sample: Sample, candidate: Candidate, members: int, seed: int) -> dict[str, Any]:
    """How well a candidate learns and ranks: all its members, and the third of the best validation loss."""
    start = perf_counter()
    ensemble = train_ensemble(sample.data, candidate, members, seed)
    seconds = perf_counter() - start
    failed = len(ensemble) - len(ensemble.succeeded)
    ensemble = ensemble.select(ensemble.succeeded)
    losses = np.array([record.valid_loss for record in ensemble.records])
    third = np.argsort(losses, kind="stable")[: -(-len(losses) // 3)]
    answers = ensemble.predict(sample.held_out_x)
    total = ensemble.gates.sum(axis=1, keepdims=True)
    shares = np.divide(ensemble.gates, total, out=np.zeros_like(ensemble.gates), where=total > 0)

    def score(part: slice | np.ndarray) -> float:
        return held_out_score(sample.data.task, sample.held_out_y, answers[part].mean(axis=0))

    def precision(part: slice | np.ndarray) -> float:
        return average_precision(shares[part].mean(axis=0), sample.relevant)

    return {
        "score": score(slice(None)),
        "score_best_third": score(third),
        "gates_ap": precision(slice(None)),
        "gates_ap_best_third": precision(third),
        "epochs": fmean(record.epochs for record in ensemble.records),
        "dead_gates": float((shares == 0).mean()),
        "failed": failed,
        "seconds": round(seconds, 1),
    }


def search(
    cases: list[Case],
    seeds: tuple[int, ...],
    candidates: dict[str, Candidate],
    members: int,
    folder: Path,
    jobs: int,
) -> Iterator[dict[str, Any]]:
    """Every result of every case, seed and candidate, measured now or before, beside the forest's."""
    forests, trials = Records(folder / "forest.jsonl"), Records(folder / "preset_search.jsonl")
    for case in cases:
        for seed in seeds:
            table = {"family": case.family, "n": case.n, "p": case.p, "seed": seed}
            sample = draw(case, seed)
            forest_key = {**table, "trees": TREES}
            forest = forests.get(forest_key)
            if forest is None:
                forest = forests.add(forest_key, forest_results(sample, seed, jobs))
            for name, candidate in candidates.items():
                network, settings = resolve(candidate, sample.data.task)
                key = {
                    **table,
                    "network": network.describe(),
                    "training": settings.model_dump(mode="json"),
                    "members": members,
                }
                trial = trials.get(key)
                if trial is None:
                    trial = trials.add(key, evaluate(sample, candidate, members, seed))
                    print(line(name, case, seed, trial, forest), flush=True)
                yield {**trial, "name": name, "group": case.group, "forest": forest}


def main() -> None:
    """Search what is asked for, print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--candidates", type=Path, default=HERE / "candidates.yml")
    parser.add_argument("--only", nargs="*", help="names of candidates; all without it")
    parser.add_argument("--groups", nargs="*", choices=sorted({case.group for case in CASES}))
    parser.add_argument("--families", nargs="*", choices=sorted({case.family for case in CASES}))
    parser.add_argument("--report", action="store_true", help="the seeds of the report, not of the search")
    parser.add_argument("--seeds", nargs="*", type=int, help="these instead")
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes of the forest")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    candidates = yaml.safe_load(options.candidates.read_text())
    cases = [
        case
        for case in CASES
        if (not options.groups or case.group in options.groups)
        and (not options.families or case.family in options.families)
    ]
    seeds = tuple(options.seeds or (REPORT_SEEDS if options.report else SEARCH_SEEDS))
    chosen = {name: candidates[name] for name in options.only or candidates}
    results = list(search(cases, seeds, chosen, options.members, options.results, options.jobs))
    print(f"\n{families_table(results)}\n\n{candidates_table(results)}")


if __name__ == "__main__":
    main()
