"""example_method does what every method must do."""

from pathlib import Path

import pytest

from deepfeat.methods.registry import load_registry
from deepfeat.testing.conformance import CHECKS, Check, check_name
from deepfeat.testing.linear import LinearEnsembles

FILE = Path(__file__).parent / "example_method.py"
METHOD = load_registry([FILE]).methods["example_method"]


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
def test_it_conforms(check: Check) -> None:
    """On linear models; `deepfeat methods check example_method` asks it about networks."""
    if reason := METHOD.exempt.get(check_name(check)):
        pytest.skip(reason)
    check(METHOD, LinearEnsembles())
