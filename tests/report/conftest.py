"""Run directories to draw from."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepfeat.config import Experiment, dump_experiment
from deepfeat.ranking.agreement import agreement_matrix
from deepfeat.ranking.normalise import normalise
from deepfeat.ranking.table import build_ranking
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.atomic import write_text
from deepfeat.writing.csvfiles import write_table

MakeRun = Callable[..., RunPaths]

ANSWER = {
    "usable": True,
    "verdict": "skill",
    "headline": ["Of these features one matters most.", "The networks reached a mean AUC of 0.900."],
    "details": ["Single networks agree well on the top 2."],
    "notes": ["the forest was trained on 5 splits"],
    "members": {"trained": 5, "failed": 0, "skilless": 0, "averaged": 5},
    "top_k": 2,
}


@pytest.fixture
def make_run(tmp_path: Path, unsynced: None) -> MakeRun:
    """Writes what a finished run leaves; with `full`, also everything that is not always there."""

    def make(
        features: list[str],
        *,
        members: int = 5,
        methods: tuple[str, ...] = ("gate", "first_layer"),
        shift: float = 0.0,
        scale: float = 1.0,
        failed: tuple[int, ...] = (),
        full: bool = False,
        name: str = "heart",
        **ranking: object,
    ) -> RunPaths:
        paths = RunPaths(tmp_path / "run")
        settings = {"normalise": "sum", "across_methods": "mean", "bootstrap": 100, **ranking}
        experiment = Experiment.model_validate(
            {"name": name, "data": {"path": "x.csv"}, "methods": list(methods), "ranking": settings}
        )
        write_text(paths.experiment, dump_experiment(experiment))
        generator = np.random.default_rng(0)
        weights = np.linspace(1.0, 0.1, len(features))
        scores = {
            m: (generator.gamma(4, size=(members, len(features))) * weights - shift) * scale for m in methods
        }
        keep = ~np.isin(np.arange(members), failed)
        for method, values in scores.items():
            values[~keep] = np.nan
            table = pd.DataFrame(values, columns=pd.Index(features, dtype="str"))
            table.insert(0, "member", range(members), allow_duplicates=True)
            write_table(paths.method(method), table)
        table = build_ranking(
            features,
            {method: values[keep] for method, values in scores.items()},
            normalisation=settings["normalise"],
            across=settings["across_methods"],
            resamples=settings["bootstrap"],
        )
        _write_members(paths, members, failed)
        record = _record(methods, len(features), members)
        if full:
            table = _write_everything(paths, record, table, scores)
        write_table(paths.ranking, table)
        write_text(paths.provenance, json.dumps(record))
        return paths

    return make


def _write_members(paths: RunPaths, members: int, failed: tuple[int, ...]) -> None:
    generator = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "member": range(members),
            "seed": range(members),
            "epochs": 20,
            "best_epoch": 12,
            "train_loss": generator.uniform(size=members),
            "valid_loss": generator.uniform(size=members),
            "auc": generator.uniform(0.8, 1, size=members),
            "f1": generator.uniform(0.7, 1, size=members),
            "failure": ["lost" if member in failed else "" for member in range(members)],
        }
    )
    table.loc[list(failed), ["auc", "f1"]] = np.nan
    write_table(paths.members, table)


def _record(methods: tuple[str, ...], n_features: int, members: int) -> dict[str, Any]:
    told = {
        "members": members,
        "seconds": 0.5,
        "notes": ["30 rows explained."],
        "summary": "Weight of the gate.",
        "sees": "how far a gate is open",
        "blind_to": "everything behind it",
        "removes": "not removed",
        "paper": "Somebody 2001",
        "scale": "",
        "null_hypothesis": "",
        "assumption": "",
        "params": {"rows": 30},
    }
    return {
        "format": 1,
        "state": "complete",
        "exit_code": 0,
        "started": "2026-01-02T03:04:05.678+00:00",
        "seconds": 61.5,
        "failures": [],
        "experiment": {"name": "heart", "sha256": "e" * 64, "seed": 0},
        "data": {
            "name": "hearts",
            "sha256": "d" * 64,
            "rows": 303,
            "features": n_features,
            "task": "binary",
            "classes": ["no", "yes"],
            "notes": [],
            "warnings": ["Column x says the same as column y."],
        },
        "plugins": {f"{method} (plugins/{method}.py)": "a" * 64 for method in methods},
        "deepfeat": {"version": "0.1.0", "commit": "c" * 40},
        "machine": {
            "cpu": "A processor",
            "cores": 2,
            "usable_cores": 2,
            "python": "3.11.0",
            "instruction_sets": ["avx2"],
            "tensorflow": {"gpus": []},
        },
        "libraries": {"keras": "3.15.1", "numpy": "2.4.0"},
        "network": {"preset": "default", "units": [128, 128]},
        "training": {
            "loss": "soft_f1",
            "optimizer": "adam",
            "learning_rate": 0.003,
            "batch_size": 64,
            "epochs": 500,
            "patience": 100,
            "split": {"method": "random", "train": 0.7, "valid": 0.2, "test": 0.1},
        },
        "methods": {method: dict(told) for method in methods},
    }


def _write_everything(
    paths: RunPaths, record: dict[str, Any], ranking: pd.DataFrame, scores: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """What a run leaves besides; the ranking comes back with the columns of tests."""
    features, methods = ranking["feature"].tolist(), list(scores)
    write_text(paths.answer, json.dumps(ANSWER))
    means = {method: normalise(values, "sum").mean(axis=0) for method, values in scores.items()}
    agreement = pd.DataFrame(agreement_matrix(means), columns=methods)
    agreement.insert(0, "method", methods)
    write_table(paths.agreement, agreement)
    write_table(
        paths.skill,
        pd.DataFrame(
            {
                "model": ["networks", "constant", "linear", "forest"],
                "score": "auc",
                "mean": [0.9, 0.5, 0.88, 0.85],
                "low": [0.85, 0.5, 0.8, np.nan],
                "high": [0.95, 0.5, 0.93, np.nan],
                "splits": 5,
            }
        ),
    )
    write_table(
        paths.convergence,
        pd.DataFrame(
            {
                "models": [1, 2, 5, 10, 20],
                "agreement": [0.6, 0.8, 0.9, 0.96, 0.99],
                "agreement_low": [0.3, 0.6, 0.85, 0.94, 0.98],
                "top_overlap": 0.8,
                "interval_width": 0.1,
            }
        ),
    )
    epochs = np.arange(1, 21)
    write_table(
        paths.history,
        pd.concat(
            [
                pd.DataFrame(
                    {
                        "member": member,
                        "epoch": epochs[: 20 - member],
                        "train_loss": (1 / epochs)[: 20 - member],
                        "valid_loss": (1.2 / epochs)[: 20 - member],
                    }
                )
                for member in range(5)
            ]
        ),
    )
    write_table(
        paths.stability,
        pd.DataFrame(
            {"of": ["importance", *methods], "top_k": 2, "rows": 5, "stability": 0.8, "low": 0.7, "high": 0.9}
        ),
    )
    write_table(
        paths.disagreements,
        pd.DataFrame(
            {
                "feature": features[:1],
                "high": methods[0],
                "low": methods[-1],
                "high_rank": 1,
                "low_rank": len(features),
                "note": [f"{features[0]} is number 1 for one and last for another"],
            }
        ),
    )
    write_table(
        paths.per_class,
        pd.concat(
            [ranking[["feature", "importance"]].assign(**{"class": label}) for label in ("no", "<b>yes</b>")]
        )[["class", "feature", "importance"]],
    )
    write_table(
        paths.groups,
        pd.DataFrame(
            {
                "group": [features[0]],
                "kind": "cluster",
                "size": len(features),
                "features": json.dumps(features),
                "importance": 1.0,
                "ci_low": 0.9,
                "ci_high": 1.0,
                "rank": 1,
            }
        ),
    )
    effects = np.linspace(1, -1, len(features))
    for method, scale in zip(
        methods,
        ("change of y per standard deviation", "log odds ratio of yes per standard deviation"),
        strict=False,
    ):
        estimates = pd.DataFrame(
            {
                "effect": effects,
                "std_error": 0.1,
                "ci_low": effects - 0.2,
                "ci_high": effects + 0.2,
                "p_value": np.linspace(0.0001, 1, len(features)),
                "q_value": np.linspace(0.0005, 1, len(features)),
            }
        )
        write_table(paths.estimates(method), pd.concat([ranking[["feature"]], estimates], axis=1))
        ranking = ranking.assign(**{f"{method}.{name}": estimates[name] for name in estimates})
        record["methods"][method] |= {"scale": scale, "null_hypothesis": "It does nothing."}
    return ranking
