"""A page of 20,000 features: how large it is and how soon it can be used: `python benchmarks/report_page.py`.

Makes the directory of a run with that many features, as a run leaves it but for the training, writes its
page, and opens it in Chromium several times. Opening ends when the script has drawn the table; finding a
feature is measured from the key to the drawn rows. Prints what it found and writes
`benchmarks/results/report_page.json`. Needs Chromium and the development packages.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from machine import machine
from results import add_folder, save

from deepfeat.config import Experiment, dump_experiment
from deepfeat.ranking.table import build_ranking
from deepfeat.report.page import write_report
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.atomic import write_text
from deepfeat.writing.csvfiles import write_table

NAME = "report_page"
FEATURES, QUICK_FEATURES = 20_000, 2_000
MEMBERS, OPENINGS = 20, 5
METHODS = ("gate", "first_layer", "permutation", "integrated_gradients", "shap")
ESTIMATES = ("effect", "std_error", "ci_low", "ci_high", "p_value", "q_value")
LARGEST, LONGEST = 15e6, 3.0
"""Bytes of the page, and seconds until it can be used, at most."""

READY = """() => {
  const status = document.getElementById("ranking-status");
  return !document.getElementById("ranking-controls").hidden && status.textContent.includes("of");
}"""
FIND = """(name) => {
  const start = performance.now();
  const box = document.getElementById("ranking-filter");
  box.value = name;
  box.dispatchEvent(new Event("input"));
  document.body.getBoundingClientRect();
  return performance.now() - start;
}"""


def make_run(root: Path, features: int) -> RunPaths:
    """The directory of a run of five methods, one of them with estimates for each feature.

    Args:
        root: where.
        features: how many.
    """
    paths = RunPaths(root)
    names = [f"ENSG{number:011d}" for number in range(features)]
    settings = {"name": "genes", "data": {"path": "genes.csv"}, "methods": list(METHODS)}
    write_text(paths.experiment, dump_experiment(Experiment.model_validate(settings)))
    generator = np.random.default_rng(0)
    weights = generator.pareto(1.5, size=features)
    scores = {method: generator.gamma(2, size=(MEMBERS, features)) * weights for method in METHODS}
    for method, values in scores.items():
        table = pd.DataFrame(values, columns=names)
        table.insert(0, "member", range(MEMBERS))
        write_table(paths.method(method), table)
    ranking = build_ranking(names, scores, resamples=200)
    estimates = pd.DataFrame(generator.uniform(size=(features, len(ESTIMATES))), columns=list(ESTIMATES))
    write_table(paths.ranking, ranking.join(estimates.add_prefix("effect.")))
    members = {"member": range(MEMBERS), "seed": range(MEMBERS), "epochs": 100, "failure": ""}
    write_table(paths.members, pd.DataFrame(members).assign(auc=generator.uniform(0.8, 1, size=MEMBERS)))
    write_text(paths.provenance, json.dumps({"state": "complete"}))
    return paths


def opened(page: Path) -> tuple[list[float], list[float]]:
    """Seconds until the page can be used, and milliseconds to find a feature, of each opening."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        sys.exit("there is no Chromium; install it (apt-get install chromium)")
    seconds, finding = [], []
    with sync_playwright() as tool:
        for _ in range(OPENINGS):
            browser = tool.chromium.launch(executable_path=found, args=["--no-sandbox"])
            tab = browser.new_page()
            begin = perf_counter()
            tab.goto(page.as_uri())
            tab.wait_for_function(READY)
            seconds.append(perf_counter() - begin)
            finding.append(tab.evaluate(FIND, "ENSG00000001"))
            browser.close()
    return seconds, finding


def measure(features: int) -> dict[str, Any]:
    """Make, write, open.

    Args:
        features: how many.
    """
    with tempfile.TemporaryDirectory(prefix="deepfeat-page-") as folder:
        paths = make_run(Path(folder) / "genes", features)
        begin = perf_counter()
        page = write_report(paths.root)
        writing = perf_counter() - begin
        seconds, finding = opened(page)
        return {
            "features": features,
            "page_bytes": page.stat().st_size,
            "seconds_to_write": writing,
            "seconds_to_open": statistics.median(seconds),
            "slowest_opening": max(seconds),
            "milliseconds_to_find": statistics.median(finding),
        }


def markdown(results: dict[str, Any]) -> str:
    """A line for the page."""
    row = results["page"]
    cells = [
        f"{row['features']:,}",
        f"{row['page_bytes'] / 1e6:.2f}",
        f"{row['seconds_to_write']:.1f}",
        f"{row['seconds_to_open']:.2f}",
        f"{row['slowest_opening']:.2f}",
        f"{row['milliseconds_to_find']:.0f}",
    ]
    return "\n".join(
        [
            f"| features | page MB | s to write | s to open, median of {OPENINGS} | slowest | ms to find |",
            "| ---: | ---: | ---: | ---: | ---: | ---: |",
            f"| {' | '.join(cells)} |",
        ]
    )


def main() -> None:
    """Measure, print, write; 1 where the page is too large or too slow."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer features, to see that it works")
    add_folder(parser)
    options = parser.parse_args()
    page = measure(QUICK_FEATURES if options.quick else FEATURES)
    results = {"machine": machine(), "page": page}
    save(NAME, results, options.results, is_whole=not options.quick)
    print(markdown(results))
    sys.exit(0 if page["page_bytes"] < LARGEST and page["seconds_to_open"] < LONGEST else 1)


if __name__ == "__main__":
    main()
