"""A cluster that is this process: what workers would do is done when it is given out."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from deepfeat.config.engine import DaskConfig
from deepfeat.runs.console import RunConsole
from deepfeat.runs.engines.notes import Notes
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import Prepared, prepare


class Done:
    """A future that is over."""

    def __init__(self, key: str, status: str, result: str = "", error: Exception | None = None) -> None:
        self.key, self.status = key, status
        self._result, self._error = result, error

    def add_done_callback(self, call: Callable[[Any], object]) -> None:
        if self.status != "pending":
            call(self)

    def result(self, **_: object) -> str:
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._result

    def exception(self, **_: object) -> Exception | None:
        return self._error

    def release(self) -> None:
        self.status = "released"


class HereClient:
    """Does at once what it is given; `instead` replaces how a task ends, by its number.

    Attributes:
        status: of the connection.
        workers: that the scheduler tells of.
        given: what was given out.
    """

    def __init__(self) -> None:
        self.status, self.workers = "running", {"tcp://here": 1}
        self.given: list[tuple[str, str]] = []
        self.instead: dict[int, Callable[[str], Done]] = {}
        self.scheduler = self
        self.ncores: Any = None
        self.events: dict[str, Callable[[Any], None]] = {}

    def subscribe_topic(self, topic: str, handler: Callable[[Any], None]) -> None:
        self.events[topic] = handler

    def submit(self, task: Callable[[str], str], told: str, key: str, *, pure: bool) -> Done:
        assert not pure
        self.given.append((task.__name__, told))
        number = len(self.given) - 1
        if number in self.instead:
            return self.instead[number](key)
        return Done(key, "finished", task(told))

    def sync(self, *_: object, **__: object) -> Mapping[str, int]:
        return self.workers


class Here:
    """Runs of an experiment whose engine is a cluster of this process."""

    done = Done

    def __init__(self, experiment: Path) -> None:
        self.experiment = experiment
        self.paths = RunPaths.of(experiment.parent / "cluster", "tiny")
        self.client = HereClient()
        self.said = io.StringIO()

    def prepared(self, *overrides: str) -> Prepared:
        return prepare(self.experiment, overrides)

    def engine(self, prepared: Prepared, **config: Any) -> Any:  # noqa: ANN401
        from deepfeat.runs.engines.dask import DaskEngine  # noqa: PLC0415 - loads TensorFlow

        return DaskEngine(self.client, DaskConfig(**config), prepared, Notes(self.paths.ledger))

    def __call__(self, *overrides: str, **config: Any) -> int:  # noqa: ANN401
        from deepfeat.runs.runner import run  # noqa: PLC0415 - loads TensorFlow

        prepared = self.prepared(*overrides)
        engine = self.engine(prepared, **config)
        return int(run(prepared, self.paths, RunConsole(self.said, width=200), engine=engine))


@pytest.fixture
def here(runs: Any) -> Here:  # noqa: ANN401
    """The experiment of `runs`: four networks in two stacks; methods are asked in this process."""
    return Here(runs.experiment)
