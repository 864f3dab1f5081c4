"""Whether a penalty keeps what matters and nothing else: `python benchmarks/methods_penalties.py`.

`sparse_path` and `stochastic_gates` on tables of known families, ten seeds each. A seed is right if the
features kept at the cross-validated penalty are exactly the relevant ones: four of twenty for `additive`,
none of twenty for `noise`. Interrupted or run again it goes on where it was.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import pandas as pd
from machine import machine
from results import FOLDER, add_folder, load, save

from deepfeat.methods import Context
from deepfeat.methods.registry import load_registry
from deepfeat.testing.families import PROBLEMS, average_precision
from deepfeat.testing.trained import TrainedEnsembles

NAME = "methods_penalties"
METHODS = ("sparse_path", "stochastic_gates")
CASES = {"additive": (500, 20), "noise": (500, 20)}
SEEDS = range(10)


def once(name: str, family: str, seed: int) -> dict[str, Any]:
    """One table, asked once."""
    problem = PROBLEMS[family](*CASES[family], seed)
    data = problem.dataset()
    method = load_registry(environ={}).methods[name]
    networks = TrainedEnsembles()

    def fit(plan: Any, *, data: Any = data, **how: Any) -> Any:  # noqa: ANN401
        return networks.refit(data, plan, **how)

    start = perf_counter()
    with TemporaryDirectory() as folder:
        context = Context(seed, name, Path(folder), fit=fit)
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
    """Every method, family and seed asked for that is not known yet, each kept at once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=METHODS)
    parser.add_argument("--families", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS))
    parser.add_argument("--quick", action="store_true", help="one table, to see that it works")
    add_folder(parser)
    options = parser.parse_args()
    wanted = [
        {
            "method": method,
            "family": family,
            "rows": CASES[family][0],
            "features": CASES[family][1],
            "seed": seed,
        }
        for method in options.methods
        for family in options.families
        for seed in options.seeds
    ]
    known = (load(NAME, options.results or FOLDER) or {}).get("rows", [])
    for key in wanted[:1] if options.quick else wanted:
        if not any(key.items() <= row.items() for row in known):
            known.append({**key, **once(key["method"], key["family"], key["seed"])})
            known.sort(key=lambda row: (METHODS.index(row["method"]), row["family"], row["seed"]))
            results = {"machine": machine(), "rows": known}
            save(NAME, results, options.results, is_whole=not options.quick)
            print(known[-1], flush=True)
    print(markdown({"rows": known}))


def markdown(results: dict[str, Any]) -> str:
    """How many seeds were right, and what happened in the others."""
    lines = [
        "| method | family | exactly right | missed | falsely kept | s for one, in the mean |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for method in METHODS:
        for family in CASES:
            own = [row for row in results["rows"] if (row["method"], row["family"]) == (method, family)]
            if own:
                cells = (
                    f"{sum(row['exact'] for row in own)} of {len(own)}",
                    str(sum(row["missed"] for row in own)),
                    str(sum(row["extra"] for row in own)),
                    f"{sum(row['seconds'] for row in own) / len(own):.0f}",
                )
                lines.append(f"| `{method}` | {family} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
