"""Is the default ranking right? The default experiment and its rivals on tables with a known answer.

`python benchmarks/truth` carries out `experiment.yml` with so many networks (`--models`), and what a user
would pick instead, on every family of `cases.py`, five seeds each, and writes `docs/accuracy.md` and its
means into `README.md`. It takes hours on a small machine, and goes seed by seed; interrupted or run again it
goes on where it was: what was measured is in `benchmarks/results/truth.jsonl`. `--families` without a name
measures nothing, and only writes the pages.

XGBoost and LassoNet are optional (`pip install xgboost-cpu lassonet torch`); without them their columns are
left out, and the page says so.
"""

import argparse
import os
import sys
from pathlib import Path
from time import process_time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path.insert(1, str(HERE.parent))

from cases import CASES, MODELS, NOISE, OURS, REPORT_SEEDS, TUNING_SEEDS, Case, cell  # noqa: E402
from ours import default_experiment  # noqa: E402
from page import write_page  # noqa: E402
from records import Records  # noqa: E402
from rivals import TOOLS  # noqa: E402

from deepfeat.testing.families import KnownProblem, average_precision  # noqa: E402


def measure(tool: str, problem: KnownProblem, seed: int, models: int, settings: list[str]) -> dict[str, Any]:
    """Scores of one tool on one table, judged; seconds are those of the processor, of all threads."""
    start = process_time()
    if tool == OURS:
        found = default_experiment(problem, seed, models, settings)
    else:
        found = {"scores": {"importance": TOOLS[tool](problem.dataset(), seed).tolist()}}
    seconds = process_time() - start
    judged = {name: judge(values, problem) for name, values in found["scores"].items()}
    told = {name: found[name] for name in ("usable", "weights") if name in found}
    return {"judged": judged, **told, "seconds": round(seconds, 1)}


def judge(scores: list[float], problem: KnownProblem) -> dict[str, float | None]:
    """Average precision, and the share of relevant features among the first as many as there are."""
    if not problem.relevant:
        return {"average_precision": None, "precision": None}
    # ties are broken against the tool by looking at the relevant features last
    order = sorted(range(len(scores)), key=lambda j: (-scores[j], j in problem.relevant))
    hits = len(set(order[: len(problem.relevant)]) & set(problem.relevant))
    return {
        "average_precision": average_precision(scores, problem.relevant),
        "precision": hits / len(problem.relevant),
    }


def available(tool: str) -> bool:
    """Whether the libraries of a tool are there; says so where they are not."""
    needs = {"XGBoost, TreeSHAP": ["xgboost"], "LassoNet": ["lassonet", "torch"]}.get(tool, [])
    try:
        for name in needs:
            __import__(name)
    except ImportError as error:
        print(f"{tool}: skipped, {error}", file=sys.stderr)
        return False
    return True


def main() -> None:
    """Measure what is missing, and write the pages from all there is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    families = [case.family for case in (*CASES, NOISE)]
    parser.add_argument("--families", nargs="*", choices=families, default=families, metavar="FAMILY")
    parser.add_argument("--tools", nargs="*", choices=(OURS, *TOOLS), default=(OURS, *TOOLS), metavar="TOOL")
    parser.add_argument("--seeds", nargs="*", type=int)
    parser.add_argument("--tuning", action="store_true", help="the seeds of the choice, not of the report")
    parser.add_argument("--models", type=int, default=MODELS, help="networks of the default experiment")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="change the experiment")
    parser.add_argument("--results", type=Path, default=HERE.parent / "results" / "truth.jsonl")
    options = parser.parse_args()
    records = Records(options.results)
    seeds = options.seeds or (TUNING_SEEDS if options.tuning else REPORT_SEEDS)
    tools = [tool for tool in options.tools if available(tool)]
    for seed in seeds:
        for case in (*CASES, NOISE):
            if case.family in options.families:
                # of what is not there to be found no rival says anything
                for tool in tools if case is not NOISE else [OURS] * (OURS in tools):
                    one(records, case, seed, tool, options.models, options.set)
    if options.results == parser.get_default("results") and not options.set:
        print(f"wrote {write_page(records)}")


def one(records: Records, case: Case, seed: int, tool: str, models: int, settings: list[str]) -> None:
    """Measure one cell, if it has not been."""
    key = cell(case, seed, tool, models)
    key |= {"settings": settings} if settings and tool == OURS else {}
    if records.get(key) is None:
        found = records.add(key, measure(tool, case.draw(seed), seed, models, settings))
        precision = found["judged"]["importance"]["average_precision"]
        shown = "-" if precision is None else f"{precision:.3f}"
        print(f"{case.family:22} {seed} {tool:28} {shown}  {found['seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
