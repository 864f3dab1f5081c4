"""The plugin does what every method must do."""

from pathlib import Path

import pytest

from deepfeat.methods.registry import load_registry
from deepfeat.testing.conformance import CHECKS, check_name
from deepfeat.testing.linear import LinearEnsembles

FILE = Path(__file__).parents[1] / "steepness.py"
STEEPNESS = load_registry([FILE]).methods["steepness"]


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
def test_it_conforms(check):
    """Every check of the kit."""
    check(STEEPNESS, LinearEnsembles())
