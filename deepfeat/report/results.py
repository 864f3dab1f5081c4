"""Reads back what a run left in its directory."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from deepfeat.config import Experiment, load_experiment
from deepfeat.errors import InputError, Problem
from deepfeat.ranking.normalise import normalise
from deepfeat.ranking.skill import NETWORKS
from deepfeat.ranking.table import method_columns
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.canvas import INDEX
from deepfeat.writing.csvfiles import read_table

# the columns of models.csv that are no scores
_ABOUT_TRAINING = frozenset(
    {
        "member",
        "seed",
        "epochs",
        "best_epoch",
        "train_loss",
        "valid_loss",
        "beats_constant",
        "averaged",
        "failure",
    }
)


@dataclass(frozen=True)
class Results:
    """A finished run, read when it is asked for.

    Args:
        root: the run's directory.

    Reading raises `InputError` where a file is missing or damaged.
    """

    root: Path
    _scores: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def paths(self) -> RunPaths:
        """Where its files are."""
        return RunPaths(self.root)

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment as it was run."""
        # its variables were filled in when it was run, so those of today do not count
        return load_experiment(self.paths.experiment, environ={}, dotenv=False).experiment

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """A row per feature, best first, see `deepfeat.ranking.table.build_ranking`."""
        if not self.paths.ranking.is_file() and (failures := self.record.get("failures")):
            told = f"no ranking: {'; '.join(failures)}"
            raise InputError(Problem(str(self.paths.root), 0, 0, f"{told}; mend this and run it again"))
        return read_table(self.paths.ranking, text=["feature"])

    @property
    def methods(self) -> list[str]:
        """The methods that the ranking averages."""
        return method_columns(self.ranking)

    def asks_networks(self, methods: Iterable[str]) -> bool:
        """Whether the methods ask each network by itself, and no models of their own."""
        asked = self.record.get("methods", {})
        return all(asked.get(method, {}).get("kind", "member") == "member" for method in methods)

    @cached_property
    def members(self) -> pd.DataFrame:
        """A row per network: how it trained, and its held-out scores."""
        return read_table(self.paths.members, text=["failure"])

    @property
    def held_out(self) -> pd.DataFrame:
        """A row per network, a column per held-out score, the first of the task first."""
        return self.members[[name for name in self.members.columns if name not in _ABOUT_TRAINING]]

    @cached_property
    def record(self) -> dict[str, Any]:
        """What `run.json` says: versions, machine, digests, and what each method says of itself."""
        return self._json(self.paths.provenance)

    @cached_property
    def answer(self) -> dict[str, Any]:
        """What `answer.json` says: the answer in words, and what it rests on; empty where it is not there."""
        return self._json(self.paths.answer) if self.paths.answer.is_file() else {}

    @property
    def carriers(self) -> dict[str, float]:
        """The models that carry the ranking, with their weights: `networks` alone, or others too."""
        shares: dict[str, float] = self.answer.get("carried_by") or {}
        return {model: share for model, share in shares.items() if share > 0} or {NETWORKS: 1.0}

    @property
    def networks_alone(self) -> bool:
        """Whether no other models carry the ranking."""
        return set(self.carriers) == {NETWORKS}

    @property
    def varied(self) -> str:
        """What differs between the answers that are averaged."""
        return "networks" if self.networks_alone else "networks and splits"

    @property
    def data_notes(self) -> list[str]:
        """What was done to the table before anything was learned from it, a sentence each."""
        return list(self.record.get("data", {}).get("notes", ()))

    def figures(self, method: str) -> dict[str, dict[str, Any]]:
        """What a method says of the figures in its folder: by file, `title`, `alt` and `csv`.

        `csv` is the name of a file in that folder; None where there is no such file.
        """
        folder = self.paths.artefacts(method)
        described = self._json(folder / INDEX) if (folder / INDEX).is_file() else {}
        return {file: {**told, "csv": _in(folder, told.get("csv"))} for file, told in described.items()}

    def _json(self, path: Path) -> dict[str, Any]:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(Problem(str(path), 0, 0, "not there; is this the directory of a run?")) from None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(Problem(str(path), 0, 0, f"cannot be read: {error}; run it again")) from error
        if not isinstance(content, dict):
            raise InputError(Problem(str(path), 0, 0, "holds no object; run it again"))
        return content

    def optional(self, path: Path, text: Iterable[str] = ()) -> pd.DataFrame | None:
        """A table that not every run has; None where it is not there."""
        return read_table(path, text=text) if path.is_file() else None

    def scores(self, method: str) -> pd.DataFrame:
        """A method's normalised scores: a row per member that has some, a column per feature.

        The index is the members' numbers. Members that failed are left out.
        """
        if method not in self._scores:
            table = read_table(self.paths.method(method))
            # by position: a feature may be called `member` too
            members, raw = table.iloc[:, 0], table.iloc[:, 1:]
            answered = raw.notna().all(axis=1)
            values = normalise(raw[answered].to_numpy(), self.experiment.ranking.normalise)
            index = pd.Index(members[answered], name="member")
            self._scores[method] = pd.DataFrame(values, index=index, columns=raw.columns)
        return self._scores[method]


def _in(folder: Path, csv: object) -> str | None:
    """The name of a CSV file if the folder has it; what a plugin names need not be there."""
    file = folder / Path(str(csv)).name
    return file.name if csv and file.suffix == ".csv" and file.is_file() else None
