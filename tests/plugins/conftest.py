"""The shipped plugins, as the registry finds them."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Context, CrossFit, Ensemble, Importance, Method
from deepfeat.methods.discovery import PACKAGE
from deepfeat.methods.registry import Registry, load_registry
from deepfeat.testing.linear import LinearEnsemble, LinearEnsembles
from deepfeat.testing.trained import TrainedEnsembles

Ask = Callable[..., Importance]


@pytest.fixture
def drawn() -> None:
    """Figures of the test that asks for this are drawn."""


@pytest.fixture(autouse=True)
def drawn_elsewhere(request: pytest.FixtureRequest, unsynced: None) -> None:
    """Figures are put together, but not drawn: where all must conform one of each method is."""
    if request.module.__name__.rpartition(".")[2] != "test_shipped" and "drawn" not in request.fixturenames:
        request.getfixturevalue("undrawn")


class Infer:
    """`infer("effect", data, folds=3)`: the answer of a method that trains again, with linear models."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self._registry, self._folder = registry, folder

    def context(self, name: str) -> Context:
        return Context(
            0, name, self._folder, fit=lambda plan, *, data, **_: LinearEnsembles().refit(data, plan)
        )

    def method(self, name: str) -> type[Method]:
        return self._registry.methods[name]

    def crossfit(self, name: str, data: Dataset) -> CrossFit:
        return CrossFit.of(data, self.method(name).Params(), self.context(name))

    def __call__(self, name: str, data: Dataset, **params: object) -> Importance:
        method = self.method(name)
        answer = method(method.Params(**params)).explain(
            LinearEnsemble.fit(data, 2), data, self.context(name)
        )
        answer.check(None, data.n_features)
        return answer


@pytest.fixture(scope="session")
def loaded() -> tuple[Registry, dict[str, ModuleType]]:
    """The shipped plugins, and their modules by the names of their files.

    Whoever loads the plugins again, as other tests do, has others in `sys.modules`.
    """
    registry = load_registry(environ={})
    package = f"{PACKAGE}."
    names = [name for name in sys.modules if name.startswith(package)]
    return registry, {name.removeprefix(package): sys.modules[name] for name in names}


@pytest.fixture(scope="session")
def registry(loaded: tuple[Registry, dict[str, ModuleType]]) -> Registry:
    return loaded[0]


@pytest.fixture(scope="session")
def modules(loaded: tuple[Registry, dict[str, ModuleType]]) -> dict[str, ModuleType]:
    return loaded[1]


@pytest.fixture
def ask_refits(registry: Registry, tmp_path: Path) -> Ask:
    """`ask_refits("sparse_path", data, networks, plans=[])`: what a method says that trains all it needs.

    It is given linear models, or what is made by the ensembles given instead; the plans are told.
    """

    def answer(
        name: str,
        data: Dataset,
        make: TrainedEnsembles | None = None,
        plans: list[Any] | None = None,
        **params: float,
    ) -> Importance:
        method = registry.methods[name]

        def fit(plan: Any, **how: Any) -> Any:  # noqa: ANN401
            if plans is not None:
                plans.append(plan)
            return (make or LinearEnsembles()).refit(data, plan, **how)

        context = Context(0, name, tmp_path, fit=fit)
        given: Importance = method(method.Params(**params)).explain(None, data, context)
        given.check(None, data.n_features)
        return given

    return answer


@pytest.fixture
def ask(registry: Registry, tmp_path: Path) -> Ask:
    """`ask("probe", ensemble, data, step="unit")`: a method's answer, checked; refits are linear models."""

    def answer(name: str, ensemble: Ensemble, data: Dataset, **params: object) -> Importance:
        method = registry.methods[name]
        fit = LinearEnsembles().refit
        context = Context(0, name, tmp_path, fit=lambda plan, *, data=data, **how: fit(data, plan, **how))
        given = method(method.Params(**params)).explain(ensemble, data, context)
        given.check(method.rows(len(ensemble)), data.n_features)
        return given

    return answer


@pytest.fixture
def infer(registry: Registry, tmp_path: Path) -> Infer:
    """Asks methods that do inference; they leave their files in `tmp_path`."""
    return Infer(registry, tmp_path)
