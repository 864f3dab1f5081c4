"""The default experiment, run as a user runs it: `deepfeat run experiment.yml` on the table as a CSV file."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from deepfeat.testing.families import KnownProblem

ROOT = Path(__file__).resolve().parents[2]
TARGET = "target"


def default_experiment(problem: KnownProblem, seed: int, settings: list[str]) -> dict[str, Any]:
    """Run it.

    Args:
        problem: the table.
        seed: the experiment's seed.
        settings: further settings of the command line, `key.path=value`.

    Returns:
        `scores`: per column of `ranking.csv` that holds an importance, one score per feature in the order of
        the table; `verdict`: whether the answer says that the ranking may be used, where it says so.

    Raises:
        subprocess.CalledProcessError: the run failed.
    """
    with TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        frame = pd.DataFrame(problem.x).set_axis(list(problem.feature_names), axis="columns")
        target = problem.y if problem.task == "regression" else [f"class {label}" for label in problem.y]
        frame.assign(**{TARGET: target}).to_csv(table, index=False)
        command = [sys.executable, "-m", "deepfeat", "run", str(ROOT / "experiment.yml"), f"seed={seed}"]
        chosen = ["name=truth", f"data.path={table}", f"data.target={TARGET}", f"data.task={problem.task}"]
        subprocess.run(
            [*command, *chosen, *settings, "--output", folder],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return _answer(Path(folder) / "truth", problem)


def _answer(run: Path, problem: KnownProblem) -> dict[str, Any]:
    ranking = pd.read_csv(run / "ranking.csv").set_index("feature").loc[list(problem.feature_names)]
    methods = [path.stem for path in sorted((run / "methods").glob("*.csv")) if path.stem in ranking]
    scores = {name: ranking[name].tolist() for name in ("importance", *methods)}
    answer = run / "answer.json"
    return {"scores": scores, "answer": json.loads(answer.read_text()) if answer.exists() else None}
