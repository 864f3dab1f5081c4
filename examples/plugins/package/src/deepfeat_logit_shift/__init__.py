"""A method for deepfeat, installed with pip."""

from collections.abc import Iterable

from deepfeat.methods import Method, hookimpl
from deepfeat_logit_shift.method import LogitShift


@hookimpl
def deepfeat_methods() -> Iterable[type[Method]]:
    """The methods of this package."""
    return [LogitShift]
