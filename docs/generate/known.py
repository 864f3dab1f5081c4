"""A table of which it is known what matters, and how: every method is asked about it, for the page it has.

`python docs/generate/known.py [METHOD...]` makes the table, runs every shipped method on it as any user would,
or those that are named (a good while, and it goes on where it was stopped), and keeps what each said in
`docs/methods/known.json`, of which the figures are drawn. What is known of the others stays there.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from deepfeat.errors import ExitCode
from deepfeat.methods.method import Cost, Method
from deepfeat.methods.registry import load_registry
from deepfeat.runs.paths import RunPaths

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "methods" / "known.json"
WORK = ROOT / "build" / "known"
ROWS, SEED, MODELS, EPOCHS = 600, 20, 10, 150
SHORTER: dict[str, dict[str, Any]] = {
    "lime": {"rows": 20, "samples": 500},
    "loco_refit": {"seeds": 5},
    "roar": {"folds": 2},
    "shap": {"rows": 30, "explainer": "expected_gradients"},
    "stability": {"pairs": 10},
    "stochastic_gates": {"penalties": 6, "epochs": 150},
}
"""Parameters that make the dearest methods quicker, so that all of them take minutes and not an hour."""
COLUMNS = {
    "line": "straight",
    "weak": "straight",
    "hill": "curved",
    "pair_a": "together",
    "pair_b": "together",
    "twin": "stands in",
    **{f"noise_{number}": "nothing" for number in range(1, 7)},
}
"""Each feature, and in which way it matters."""


def make_table(path: Path) -> None:
    """Write the table: rows of 12 features, and a target of two classes.

    Args:
        path: of the CSV file.
    """
    rng = np.random.default_rng(SEED)
    frame = pd.DataFrame(rng.normal(size=(ROWS, len(COLUMNS))), columns=list(COLUMNS))
    frame["twin"] = 0.95 * frame["line"] + np.sqrt(1 - 0.95**2) * frame["twin"]
    logit = (
        1.5 * frame["line"]
        + 0.6 * frame["weak"]
        + 1.2 * (frame["hill"] ** 2 - 1)
        + 1.8 * frame["pair_a"] * frame["pair_b"]
    )
    frame["target"] = np.where(rng.uniform(size=ROWS) < 1 / (1 + np.exp(-logit)), "yes", "no")
    frame.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def experiment(methods: Mapping[str, type[Method]]) -> dict[str, Any]:
    """The experiment that asks them all, cheap ones first.

    Args:
        methods: by name.
    """
    costs = list(Cost)
    names = sorted(methods, key=lambda name: costs.index(methods[name].cost))
    return {
        "name": "known",
        "data": {"path": "known.csv", "target": "target"},
        "training": {"models": MODELS, "epochs": EPOCHS},
        "controls": "always",
        "methods": [{name: SHORTER[name]} if name in SHORTER else name for name in names],
    }


def said(paths: RunPaths, name: str, recorded: dict[str, Any]) -> dict[str, Any]:
    """What a method said of the table.

    Args:
        paths: of the run.
        name: of the method.
        recorded: what `run.json` has of it.
    """
    answer: dict[str, Any] = {
        "seconds": recorded.get("seconds"),
        "notes": recorded.get("notes", []),
    }
    for key in ("null_hypothesis", "assumption", "scale"):
        answer[key] = recorded.get(key, "")
    scores = paths.root / "methods" / f"{name}.csv"
    if scores.exists():
        table = pd.read_csv(scores)[list(COLUMNS)]
        shares = table.clip(lower=0).div(table.clip(lower=0).sum(axis=1), axis=0)
        answer["shares"] = {column: round(float(shares[column].mean()), 5) for column in COLUMNS}
        # one row, about all networks together, has no spread
        spread = shares.std().fillna(0.0)
        answer["spread"] = {column: round(float(spread[column]), 5) for column in COLUMNS}
    estimates = paths.root / "methods" / f"{name}.estimates.csv"
    if estimates.exists():
        frame = pd.read_csv(estimates).set_index("feature")
        kept = [
            column
            for column in ("effect", "ci_low", "ci_high", "p_value", "q_value", "selected")
            if column in frame
        ]
        answer["estimates"] = json.loads(
            frame.loc[list(COLUMNS), kept].to_json(orient="index", double_precision=6)
        )
    return answer


def main(names: Sequence[str]) -> int:
    """Make the table, run, and keep what was said.

    Args:
        names: of the methods to ask; all, where there is none.
    """
    # those that are asked about images alone have no answer about a table
    known = load_registry(environ={}).methods
    methods = {
        name: method
        for name, method in known.items()
        if "table" in method.inputs and name in (names or known)
    }
    WORK.mkdir(parents=True, exist_ok=True)
    make_table(WORK / "known.csv")
    (WORK / "experiment.yml").write_text(yaml.safe_dump(experiment(methods), sort_keys=False))
    command = [sys.executable, "-m", "deepfeat", "run", "experiment.yml", "--output", "."]
    code = subprocess.run(command, cwd=WORK, check=False).returncode
    if code not in {ExitCode.COMPLETE, ExitCode.PARTIAL, ExitCode.INTERRUPTED}:
        return code
    paths = RunPaths.of(WORK, "known")
    recorded = json.loads(paths.provenance.read_text()).get("methods", {})
    RESULTS.parent.mkdir(exist_ok=True)
    # a method that failed, or was not asked before the run was stopped, has no figure
    answered = [name for name in methods if (paths.root / "methods" / f"{name}.csv").exists()]
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    found |= {name: said(paths, name, recorded.get(name, {})) for name in answered}
    RESULTS.write_text(json.dumps(dict(sorted(found.items())), indent=1, allow_nan=False) + "\n")
    print(f"wrote {RESULTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
