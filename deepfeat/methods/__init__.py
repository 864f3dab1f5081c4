"""Importance methods: everything that a plugin needs, and nothing heavy.

A plugin imports from here; see `docs/plugins.md`.
"""

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.hookspecs import hookimpl
from deepfeat.methods.importance import Importance, MethodError, sum_columns
from deepfeat.methods.method import Cost, Method, MethodParams
from deepfeat.methods.per_model import per_model

__all__ = [
    "Context",
    "Cost",
    "Dataset",
    "Ensemble",
    "Importance",
    "Method",
    "MethodError",
    "MethodParams",
    "hookimpl",
    "per_model",
    "sum_columns",
]
