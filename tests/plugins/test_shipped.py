"""Every shipped method fulfils what every method must."""

from typing import Any

import pytest

from deepfeat.methods import Method, MethodParams
from deepfeat.methods.registry import Registry, load_registry
from deepfeat.testing.conformance import (
    CHECKS,
    Check,
    check_name,
    check_writes_only_in_its_folder,
)
from deepfeat.testing.linear import LinearEnsembles

METHODS = load_registry(environ={}).methods

# What is planted is so plain that these find it with a fraction of their rows, repetitions and models, and
# all else that is checked holds for any parameters. The slow tests take them as they are by default.
LESS: dict[str, dict[str, Any]] = {
    "boosted_trees": {"splits": 2, "trees": 10, "repeats": 1},
    "hrt": {"draws": 100},
    "lasso": {"splits": 1},
    "lime": {"rows": 10, "samples": 200},
    "random_forest": {"splits": 2, "trees": 10, "repeats": 1},
    "ridge": {"splits": 1},
    "roar": {"folds": 2, "random_orders": 1},
    "shadow": {"copies": 10},
    "shap": {"rows": 20, "background": 20, "plots": 1},
    "sparse_path": {"penalties": 6, "folds": 2},
    "stability": {"pairs": 10},
    "stepwise": {"seeds": 4, "folds": 2},
    "stochastic_gates": {"penalties": 4, "folds": 2},
}


def with_less(method: type[Method]) -> type[Method]:
    """The method, with less to do where nobody says how much."""
    less = LESS.get(method.name)
    if less is None:
        return method
    usual = method.Params(**less)

    class Less(method):  # type: ignore[misc, valid-type]
        __doc__ = method.__doc__

        def __init__(self, params: MethodParams | None = None) -> None:
            super().__init__(params or usual)

    return Less


def test_nothing_shipped_is_broken(registry: Registry) -> None:
    assert registry.broken == ()


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
@pytest.mark.parametrize(
    "method",
    [
        *(pytest.param(with_less(method), id=name) for name, method in METHODS.items()),
        *(
            pytest.param(METHODS[name], id=f"{name} with its defaults", marks=pytest.mark.slow)
            for name in LESS
        ),
    ],
)
def test_it_conforms(method: type[Method], check: Check, request: pytest.FixtureRequest) -> None:
    if reason := method.exempt.get(check_name(check)):
        pytest.skip(reason)
    if check is not check_writes_only_in_its_folder:  # which draws, once for all
        request.getfixturevalue("undrawn")
    check(method, LinearEnsembles())


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_it_says_what_it_sees_and_what_not(method: type[Method]) -> None:
    assert method.sees
    assert method.blind_to
    assert method.trust
