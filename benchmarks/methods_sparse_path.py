"""Whether sparse_path keeps what matters and nothing else: `python benchmarks/methods_sparse_path.py`.

Tables of known families, ten seeds each. A seed is right if the features kept at the cross-validated penalty
are exactly the relevant ones: four of twenty for `additive`, none of twenty for `noise`.
Interrupted or run again it goes on where it was.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import pandas as pd
from machine import machine
from records import Records
from results import FOLDER, add_folder, save

from deepfeat.methods import Context
from deepfeat.methods.registry import load_registry
from deepfeat.testing.families import PROBLEMS, average_precision
from deepfeat.testing.trained import TrainedEnsembles

CASES = {"additive": (500, 20), "noise": (500, 20)}
SEEDS = range(10)


def once(family: str, seed: int) -> dict[str, Any]:
    """One table, asked once."""
    problem = PROBLEMS[family](*CASES[family], seed)
    data = problem.dataset()
    method = load_registry(environ={}).methods["sparse_path"]
    networks = TrainedEnsembles()

    def fit(plan: Any, *, data: Any = data, **how: Any) -> Any:  # noqa: ANN401
        return networks.refit(data, plan, **how)

    start = perf_counter()
    with TemporaryDirectory() as folder:
        context = Context(seed, "sparse_path", Path(folder), fit=fit)
        answer = method().explain(None, data, context)
        kept = pd.read_csv(Path(folder) / "kept.csv")["feature"].tolist()
    relevant = [data.feature_names[index] for index in problem.relevant]
    return {
        "exact": sorted(kept) == sorted(relevant),
        "missed": len(set(relevant) - set(kept)),
        "extra": len(set(kept) - set(relevant)),
        "average_precision": average_precision(answer.scores.mean(axis=0), problem.relevant),
        "seconds": round(perf_counter() - start, 1),
    }


def main() -> None:
    """Every family and seed asked for, and how many were right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS))
    add_folder(parser)
    options = parser.parse_args()
    about, rows = machine(), []
    known = Records((options.results or FOLDER) / "methods_sparse_path.jsonl")
    for family in options.families:
        for seed in options.seeds:
            key = {"family": family, "rows": CASES[family][0], "features": CASES[family][1], "seed": seed}
            rows.append(known.get(key) or known.add(key, once(family, seed)))
            print(rows[-1], flush=True)
        right = sum(row["exact"] for row in rows if row["family"] == family)
        print(f"{family}: exactly right in {right} of {len(options.seeds)} seeds", flush=True)
    is_whole = options.families == list(CASES) and options.seeds == list(SEEDS)
    save("methods_sparse_path", {"machine": about, "rows": rows}, options.results, is_whole=is_whole)


if __name__ == "__main__":
    main()
