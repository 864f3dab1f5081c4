"""The files of a run. Nothing else knows their names."""

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from deepfeat.runs.crate import CRATE

_LONGEST = 80
_ARMS, _LEDGER = "arms", ".deepfeat"


@dataclass(frozen=True)
class RunPaths:
    """Where everything of one run is.

    Attributes:
        root: the run's directory; it need not exist.
    """

    root: Path

    @classmethod
    def of(cls, output: Path, experiment: str) -> "RunPaths":
        """The run of an experiment below the output directory."""
        return cls(output / safe_name(experiment))

    @property
    def ranking(self) -> Path:
        """The result: a row per feature, best first."""
        return self.root / "ranking.csv"

    @property
    def members(self) -> Path:
        """A row per trained network: seed, epochs, losses, held-out scores."""
        return self.root / "models.csv"

    @property
    def answer(self) -> Path:
        """The answer in words, and what it rests on."""
        return self.root / "answer.json"

    @property
    def skill(self) -> Path:
        """The networks beside a constant, a linear model and trees."""
        return self.root / "skill.csv"

    @property
    def history(self) -> Path:
        """The losses of each network over its epochs."""
        return self.root / "history.csv"

    @property
    def aggregates(self) -> Path:
        """What each way to average the methods says of each feature."""
        return self.root / "aggregates.csv"

    @property
    def agreement(self) -> Path:
        """Rank correlations of the methods."""
        return self.root / "agreement.csv"

    @property
    def disagreements(self) -> Path:
        """Features that one method ranks high and another low."""
        return self.root / "disagreements.csv"

    @property
    def stability(self) -> Path:
        """Whether the same features come out on top in every network."""
        return self.root / "stability.csv"

    @property
    def convergence(self) -> Path:
        """How much ensembles of other sizes would agree with this one."""
        return self.root / "convergence.csv"

    @property
    def per_class(self) -> Path:
        """A ranking for each class."""
        return self.root / "per_class.csv"

    @property
    def groups(self) -> Path:
        """Groups of features, ranked as one feature each."""
        return self.root / "groups.csv"

    @property
    def experiment(self) -> Path:
        """The experiment as it was run, every default and override resolved."""
        return self.root / "experiment.yml"

    @property
    def provenance(self) -> Path:
        """How the results came about: versions, machine, digests, times."""
        return self.root / "run.json"

    @property
    def crate(self) -> Path:
        """The same as a research object that archives understand."""
        return self.root / CRATE

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.root / "report.html"

    @property
    def log(self) -> Path:
        """Everything that was said, and more; each execution appends."""
        return self.root / "logs" / "deepfeat.log"

    @property
    def scratch(self) -> Path | None:
        """A directory on the disk of the results, for files without a name; None where it is not writable.

        It is the nearest that exists, because nothing is made before it is known that the input can be used.
        Temporary directories are often small, or memory.
        """
        # `Path.is_dir` raises where a directory may not be looked into
        nearest = next(folder for folder in (self.root, *self.root.parents) if os.path.isdir(folder))  # noqa: PTH112
        return nearest if os.access(nearest, os.W_OK) else None

    @property
    def ledger(self) -> Path:
        """What is already computed, for resuming; arms have that of the run they stand beside."""
        around = self.root.parent
        if around.name == _ARMS and (shared := around.parent / _LEDGER).is_dir():
            return shared
        return self.root / _LEDGER

    @property
    def work(self) -> Path:
        """Where the run that holds the lease gives methods their folders while it asks them."""
        return self.ledger / "work"

    @property
    def tracked(self) -> Path:
        """Which trackers have been handed the results of which execution."""
        return self.ledger / "tracked.json"

    def arm(self, name: str) -> "RunPaths":
        """The run of an arm of this experiment."""
        return RunPaths(self.root / _ARMS / safe_name(name))

    def arms(self) -> Iterator["RunPaths"]:
        """The arms that were begun, by name."""
        folders = sorted((self.root / _ARMS).glob("*"))
        yield from (RunPaths(folder) for folder in folders if RunPaths(folder).provenance.is_file())

    @property
    def comparison(self) -> Path:
        """The directory of what compares the arms."""
        return self.root / "comparison"

    @property
    def methods(self) -> Path:
        """The directory of the methods' scores."""
        return self.root / "methods"

    @property
    def models(self) -> Path:
        """The directory of the trained networks."""
        return self.root / "models"

    @property
    def figures(self) -> Path:
        """The directory of the figures."""
        return self.root / "figures"

    def method(self, name: str) -> Path:
        """A method's scores: a row per member, a column per feature."""
        return self.methods / f"{safe_name(name)}.csv"

    def signs(self, method: str) -> Path:
        """The direction of each feature's influence, in the form of `method`."""
        return self.methods / f"{safe_name(method)}.sign.csv"

    def class_scores(self, method: str) -> Path:
        """A method's importances for each class: a row per class and feature."""
        return self.methods / f"{safe_name(method)}.classes.csv"

    def estimates(self, method: str) -> Path:
        """A method's estimates with their intervals and p-values: a row per feature."""
        return self.methods / f"{safe_name(method)}.estimates.csv"

    def answers(self, method: str) -> tuple[Path, ...]:
        """The tables of what a method answered."""
        return self.method(method), self.signs(method), self.class_scores(method), self.estimates(method)

    def artefacts(self, method: str) -> Path:
        """A directory for whatever else a method wants to keep."""
        return self.methods / safe_name(method)

    def failure(self, method: str) -> Path:
        """Why a method failed: the traceback."""
        return self.artefacts(method) / "failure.txt"

    def model(self, member: int) -> Path:
        """One trained network, as a standard Keras file."""
        return self.models / f"model_{member:05d}.keras"

    def figure(self, name: str, suffix: str) -> Path:
        """A figure in one format; `suffix` begins with its dot."""
        return self.figures / f"{safe_name(name)}{suffix}"

    def results(self) -> Iterator[Path]:
        """The result files that an earlier run left here, for a new run to replace."""
        single = (
            *(self.ranking, self.members, self.experiment, self.provenance, self.crate, self.report),
            self.answer,
            *(self.skill, self.history, self.aggregates, self.agreement, self.disagreements),
            *(self.stability, self.convergence, self.per_class, self.groups),
        )
        yield from (path for path in single if path.is_file())
        for pattern in ("methods/**/*", "models/model_*.keras", "figures/*.*", "comparison/*.csv"):
            yield from sorted(path for path in self.root.glob(pattern) if path.is_file())


def safe_name(name: str) -> str:
    """A file name that stands for a name which somebody else chose.

    Letters, digits, `.`, `_` and `-` of ASCII stay as they are. A name with anything else, with a leading dot
    or dash, or too long for a file system keeps what it can and gets eight digits of its digest, so that
    different names get different files.

    Args:
        name: any text.

    Returns:
        1 to 80 ASCII characters, never `.`, `..`, hidden, or with a separator.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    kept = re.sub(r"[^A-Za-z0-9._-]+", "_", plain).lstrip(".-")
    if kept == name and 0 < len(name) <= _LONGEST:
        return name
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept[: _LONGEST - 9].strip('.-_') or 'unnamed'}-{digest}"
