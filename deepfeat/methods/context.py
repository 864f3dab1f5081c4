"""What a method may use besides the ensemble and the data."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble, FitPlan
from deepfeat.methods.importance import Importance, MethodError
from deepfeat.nets.network import Network


class Fit(Protocol):
    """Trains networks for a method, by the same means and with the same promises as the main ensemble."""

    def __call__(
        self,
        plan: FitPlan,
        *,
        data: Dataset | None = None,
        network: Network | None = None,
        training: Mapping[str, Any] | None = None,
    ) -> Ensemble:
        """Train what a plan says.

        Args:
            plan: what each member is trained on. Equal plans give equal networks, which are trained once
                however many methods ask for them.
            data: the table that the plan's rows and features belong to; by default that of the experiment.
            network: by default that of the experiment.
            training: settings that differ from those of the experiment, such as `{"epochs": 100}`; with a
                network of its own the defaults of that network come in between.

        Raises:
            InputError: the plan cannot be trained.
            pydantic.ValidationError: `training` has a setting that does not exist.
        """


def _no_fit(plan: FitPlan, **_: Any) -> Ensemble:  # noqa: ANN401
    raise MethodError(
        f'plan {plan.name!r}: this method may not train networks; set kind = "experiment" on it'
    )


def _no_progress(done: int, total: int) -> None:
    del done, total


@dataclass(frozen=True, eq=False)
class Context:
    """Randomness, messages, a folder and refits for one call of one method.

    Attributes:
        seed: the seed of the experiment.
        method: the name of the method; different methods draw different numbers.
        folder: where the method may leave files, which the report shows; use `artefact` to name them.
        fit: trains what a plan says, see `Fit`; only for methods of kind `experiment`.
        progress: call it as `progress(done, total)` now and then.
        answers: what the other methods of the experiment answered, by name; only for methods that are asked
            `after_others`, else empty. Those that failed are not in it.
        askable: of these the methods that can be asked about other networks, as `ask(ensemble, data)`: those
            of kind `member`.
        again: these, and of kind `experiment` the methods that train no networks: all that can be asked about
            other networks of other rows. The answer of the latter need not have a row per network.
    """

    seed: int
    method: str
    folder: Path
    fit: Fit = _no_fit
    progress: Callable[[int, int], None] = _no_progress
    answers: Mapping[str, Importance] = field(default_factory=lambda: MappingProxyType({}))
    askable: Mapping[str, Callable[[Ensemble, Dataset], Importance]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    again: Mapping[str, Callable[[Ensemble, Dataset], Importance]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @cached_property
    def rng(self) -> np.random.Generator:
        """Random numbers that depend on the experiment's seed and the method's name alone.

        Every set of members sees the same stream. Use it for what all members share (which rows to look at,
        how to shuffle them), and `member_rng` for what each member draws for itself; then the answer for a
        member does not depend on which other members are asked together with it.
        """
        return self._generator()

    def member_rng(self, member_seed: int) -> np.random.Generator:
        """Random numbers of one member's own.

        Args:
            member_seed: the member's seed, `ensemble.plan.seeds[i]`.
        """
        return self._generator(member_seed)

    @cached_property
    def logger(self) -> logging.Logger:
        """Where messages go: to the console and to the log of the run."""
        return logging.getLogger(f"deepfeat.methods.{self.method}")

    def artefact(self, name: str) -> Path:
        """Path of a file to write in the method's folder, which is made if need be.

        Args:
            name: a plain file name such as `path.csv`.

        Raises:
            MethodError: the name would lead out of the folder.
        """
        if name in ("", ".", "..") or Path(name).name != name or "\\" in name:
            raise MethodError(f"{name!r} is not a plain file name")
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / name

    def _generator(self, *key: int) -> np.random.Generator:
        # A digest and not hash(): that one differs from process to process.
        digest = hashlib.sha256(self.method.encode()).digest()
        words = np.frombuffer(digest[:16], dtype="<u4").tolist()
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(*words, *key)))
