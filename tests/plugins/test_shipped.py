"""Every shipped method fulfils what every method must."""

import pytest

from deepfeat.methods import Method
from deepfeat.methods.registry import Registry, load_registry
from deepfeat.testing.conformance import CHECKS, Check, check_name
from deepfeat.testing.linear import LinearEnsembles

METHODS = load_registry(environ={}).methods


def test_nothing_shipped_is_broken(registry: Registry) -> None:
    assert registry.broken == ()


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_it_conforms(method: type[Method], check: Check) -> None:
    if reason := method.exempt.get(check_name(check)):
        pytest.skip(reason)
    check(method, LinearEnsembles())


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_it_says_what_it_sees_and_what_not(method: type[Method]) -> None:
    assert method.sees
    assert method.blind_to
    assert method.trust
