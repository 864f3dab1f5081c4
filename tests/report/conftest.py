"""Run directories to draw from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfeat.config import Experiment, dump_experiment
from deepfeat.ranking.table import build_ranking
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.atomic import write_text
from deepfeat.writing.csvfiles import write_table

MakeRun = Callable[..., RunPaths]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Writes what a finished run leaves."""

    def make(
        features: list[str],
        *,
        members: int = 5,
        methods: tuple[str, ...] = ("gate", "first_layer"),
        shift: float = 0.0,
        scale: float = 1.0,
        failed: tuple[int, ...] = (),
        **ranking: object,
    ) -> RunPaths:
        paths = RunPaths(tmp_path / "run")
        settings = {"normalise": "sum", "across_methods": "mean", "bootstrap": 100, **ranking}
        experiment = Experiment.model_validate(
            {"name": "heart", "data": {"path": "x.csv"}, "methods": list(methods), "ranking": settings}
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
            scores,
            keep=keep,
            normalisation=settings["normalise"],
            across=settings["across_methods"],
            resamples=settings["bootstrap"],
        )
        write_table(paths.ranking, table)
        return paths

    return make
