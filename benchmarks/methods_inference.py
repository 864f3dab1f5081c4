"""Inference for genotypes: `python benchmarks/methods_inference.py`.

A disease and 300 genotypes (0, 1 or 2 copies of an allele) of 500 people; five genotypes matter. `effect` and
`loco` are asked with their defaults, in a run like any user's, from the table to the ranking. What
`keras.Model.fit` would take for the same networks, one after another, is what the run itself projects from an
epoch of it; validation, shuffling and early stopping are left out of that, in favour of Keras.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from machine import machine
from results import add_folder, save

NAME = "methods_inference"
ROWS, FEATURES, RELEVANT = 500, 300, 5
METHODS = ("effect", "loco")
EXPERIMENT = """\
name: genotypes
data: {path: genotypes.csv, target: disease}
training: {models: 2, epochs: 5}
methods: [effect, loco]
"""


def genotypes(rows: int, features: int) -> pd.DataFrame:
    """Copies of an allele in Hardy-Weinberg proportions, and a disease that depends on the first few."""
    rng = np.random.default_rng(500)
    frequency = rng.uniform(0.1, 0.5, size=features)
    x = rng.binomial(2, frequency, size=(rows, features))
    standard = (x - 2 * frequency) / np.sqrt(2 * frequency * (1 - frequency))
    risk = 1 / (1 + np.exp(-standard[:, :RELEVANT].sum(axis=1)))
    table = pd.DataFrame(x, columns=[f"rs{j:04d}" for j in range(1, features + 1)])
    table["disease"] = np.where(rng.uniform(size=rows) < risk, "yes", "no")
    return table


def measure(rows: int, features: int) -> dict[str, Any]:
    """One run with both methods: the networks that they trained, the time, and what was found."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        genotypes(rows, features).to_csv(folder / "genotypes.csv", index=False)
        (folder / "experiment.yml").write_text(EXPERIMENT, encoding="utf-8")
        start = time.perf_counter()
        command = [sys.executable, "-m", "deepfeat", "run", "experiment.yml"]
        subprocess.run(command, cwd=folder, check=True, env=os.environ | {"OUTPUT_DIR": str(folder / "out")})
        seconds = time.perf_counter() - start
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = next((folder / "out").glob("**/run.json")).parent
        methods = json.loads((run / "run.json").read_text(encoding="utf-8"))["methods"]
        found = {
            name: pd.read_csv(run / "methods" / f"{name}.estimates.csv").set_index("feature")
            for name in METHODS
        }
    chosen = {name: own.index[own["q_value"] <= 0.05].tolist() for name, own in found.items()}
    relevant = {f"rs{j:04d}" for j in range(1, RELEVANT + 1)}
    return {
        "rows": rows,
        "features": features,
        "seconds": seconds,
        "cpu_seconds": spent.ru_utime + spent.ru_stime,
        "methods": {
            name: {
                **methods[name],
                "found": len(relevant & set(chosen[name])),
                "false": len(set(chosen[name]) - relevant),
            }
            for name in METHODS
        },
    }


def markdown(results: dict[str, Any]) -> str:
    """The table of the performance page."""
    # The second method finds the networks of the first in the ledger.
    trained = [own["refits"] for own in results["methods"].values()]
    networks = max(own["networks"] for own in trained)
    seconds = sum(own["seconds"] for own in trained)
    alone = max(own["one_by_one_seconds"] for own in trained)
    rows, features, whole = results["rows"], results["features"], results["seconds"]
    cpu = results["cpu_seconds"]
    cpu = results["cpu_seconds"]
    text = (
        f"{rows} rows, {features} features, {networks:,} networks, which the methods share. From the table "
        f"to the ranking {whole / 60:.1f} minutes, of which {seconds / 60:.1f} are for training; "
        f"{cpu / 60:.1f} minutes of processor time. One after the other with `keras.Model.fit`: about "
        f"{alone / 60:.0f} minutes, {alone / seconds:.0f} times as long."
    )
    lines = [
        text,
        "",
        "| method | of the five, q <= 0.05 | others, q <= 0.05 |\n| --- | --- | --- |",
    ]
    lines += [f"| `{name}` | {own['found']} | {own['false']} |" for name, own in results["methods"].items()]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a small table, to see that it works")
    add_folder(parser)
    options = parser.parse_args()
    about = machine()
    found = measure(*((200, 12) if options.quick else (ROWS, FEATURES)))
    results = {**found, "machine": about}
    save(NAME, results, options.results, is_whole=not options.quick)
    print(markdown(results))


if __name__ == "__main__":
    main()
