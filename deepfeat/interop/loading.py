"""A finished run in Python: its tables, its explanations, its networks."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from deepfeat.errors import InputError, Problem
from deepfeat.report.results import Results
from deepfeat.runs.provenance import file_sha256
from deepfeat.writing.csvfiles import read_table

if TYPE_CHECKING:
    import keras
    from shap import Explanation

    from deepfeat.ensemble import Ensemble

# the tables of a run, and which of their columns are text
_TABLES = MappingProxyType(
    {
        "ranking": ("feature",),
        "members": ("failure",),
        "skill": ("model", "score"),
        "history": (),
        "aggregates": ("feature",),
        "agreement": ("method",),
        "disagreements": ("feature", "high", "low", "note"),
        "stability": ("of",),
        "convergence": (),
        "per_class": ("class", "feature"),
        "groups": ("group", "kind", "features"),
    }
)
_EXPLANATION = "explanation.npz"


@dataclass(frozen=True)
class Run(Results):
    """A finished run; everything is read when it is asked for. See `docs/outputs.md` for every column.

    Attributes:
        root: the run's directory.
        data: the table that the networks were trained on, where it is not any more where the experiment
            says; only `ensemble` needs it.
    """

    data: Path | None = None

    @property
    def tables(self) -> list[str]:
        """The tables that this run has; `run.table(name)` reads one."""
        return [name for name in _TABLES if getattr(self.paths, name).is_file()]

    def table(self, name: str) -> pd.DataFrame:
        """A table of the run.

        Args:
            name: one of `tables`, such as `skill`.

        Raises:
            InputError: it is not there, or damaged.
            KeyError: no run has such a table.
        """
        if name not in _TABLES:
            raise KeyError(f"no table is called {name!r}; there are {', '.join(_TABLES)}")
        return read_table(getattr(self.paths, name), text=_TABLES[name])

    def raw_scores(self, method: str) -> pd.DataFrame:
        """A method's scores as it gave them: a row per network or repetition, a column per feature."""
        table = read_table(self.paths.method(method))
        return table.iloc[:, 1:].set_axis(pd.Index(table.iloc[:, 0], name="member"), axis=0)

    def estimates(self, method: str) -> pd.DataFrame:
        """What a method estimates for each feature: effects, intervals, p-values.

        Raises:
            InputError: it estimates nothing.
        """
        return read_table(self.paths.estimates(method), text=["feature"])

    @property
    def explained(self) -> list[str]:
        """The methods that left an explanation of single rows."""
        return [name for name in self.methods if (self.paths.artefacts(name) / _EXPLANATION).is_file()]

    def explanation(self, method: str | None = None) -> "Explanation":
        """The explanation that a method left, for the plots of the shap library.

        Args:
            method: which; not needed where one method alone left an explanation.

        Raises:
            InputError: there is none, or several and none was named.
        """
        from shap import Explanation  # noqa: PLC0415 - takes seconds to import

        found = [method] if method is not None else self.explained
        if len(found) != 1:
            reason = f"left by {', '.join(found)}; name one of them" if found else "left by no method"
            raise self._problem(self.paths.methods, f"{_EXPLANATION} was {reason}")
        path = self.paths.artefacts(found[0]) / _EXPLANATION
        try:
            with np.load(path, allow_pickle=False) as stored:
                return Explanation(**{name: _plain(stored[name]) for name in stored.files})
        except (OSError, ValueError) as error:
            raise self._problem(path, f"cannot be read: {error}; run it again") from error

    def model(self, member: int) -> "keras.Model":
        """A network of the run as a plain Keras model, from encoded rows to answers.

        Args:
            member: its number.

        Raises:
            InputError: it is not there, or its file is not what the run left.
        """
        path = self.paths.model(member)
        if not path.is_file():
            raise self._problem(path, "not there; name the number of a network of the run")
        known = self.record.get("artefacts", {}).get(path.relative_to(self.root).as_posix())
        if file_sha256(path) != known:
            raise self._problem(path, "not what the run left, and not opened; run the experiment again")
        import keras  # noqa: PLC0415 - takes seconds to import

        return keras.models.load_model(path, safe_mode=True)

    @cached_property
    def ensemble(self) -> "Ensemble":
        """All networks of the run together, on their table.

        Raises:
            InputError: the table is not there or not the same, or a network is missing in the ledger.
        """
        from deepfeat.runs.reopening import reopened  # noqa: PLC0415 - loads TensorFlow

        data = self.record.get("data")
        if not isinstance(data, dict) or "sha256" not in data:
            raise self._problem(self.paths.provenance, "does not say what the data were; run it again")
        return reopened(self.paths, str(data["sha256"]), self.data)

    def _problem(self, path: Path, reason: str) -> InputError:
        return InputError(Problem(str(path), 0, 0, reason))


def load_run(path: str | Path, *, data: str | Path | None = None) -> Run:
    """Open a finished run.

    Args:
        path: its directory, such as `ExpOutput/breast_cancer`.
        data: the table, where it was moved since.

    Raises:
        InputError: it is no directory of a finished run.
    """
    run = Run(Path(path), data=None if data is None else Path(data))
    if not run.paths.ranking.is_file():
        raise InputError(Problem(str(path), 0, 0, "holds no ranking.csv; is this the directory of a run?"))
    return run


def _plain(value: np.ndarray[Any, Any]) -> Any:  # noqa: ANN401 - a list of names, or numbers as they are
    return value.tolist() if value.dtype.kind == "U" else value
