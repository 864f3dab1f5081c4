"""Reads back what a run left in its directory."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from deepfeat.config import Experiment, load_experiment
from deepfeat.ranking.normalise import normalise
from deepfeat.ranking.table import method_columns
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.csvfiles import read_table


@dataclass(frozen=True)
class Results:
    """A finished run, read when it is asked for.

    Args:
        root: the run's directory.

    Reading raises `InputError` where a file is missing or damaged.
    """

    root: Path

    @property
    def paths(self) -> RunPaths:
        """Where its files are."""
        return RunPaths(self.root)

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment as it was run."""
        # its variables were filled in when it was run, so those of today do not count
        return load_experiment(self.paths.experiment, environ={}).experiment

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """A row per feature, best first, see `deepfeat.ranking.table.build_ranking`."""
        return read_table(self.paths.ranking, text=["feature"])

    @property
    def methods(self) -> list[str]:
        """The methods that the ranking averages."""
        return method_columns(self.ranking)

    def scores(self, method: str) -> pd.DataFrame:
        """A method's normalised scores: a row per member that has some, a column per feature.

        The index is the members' numbers. Members that failed are left out.
        """
        table = read_table(self.paths.method(method))
        # by position: a feature may be called `member` too
        members, raw = table.iloc[:, 0], table.iloc[:, 1:]
        answered = raw.notna().all(axis=1)
        values = normalise(raw[answered].to_numpy(), self.experiment.ranking.normalise)
        return pd.DataFrame(values, index=pd.Index(members[answered], name="member"), columns=raw.columns)
