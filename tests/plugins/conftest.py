"""The shipped plugins, as the registry finds them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Context, Ensemble, Importance
from deepfeat.methods.registry import Registry, load_registry
from deepfeat.testing.linear import LinearEnsembles

Ask = Callable[..., Importance]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_registry(environ={})


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
