"""Importance methods: everything that a plugin needs, and nothing heavy.

A plugin imports from here; see `docs/plugins.md`.
"""

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import by_columns, with_features
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.features import to_columns, to_features
from deepfeat.methods.figures import describe_figure, save_figure
from deepfeat.methods.held_out import HeldOutParams, held_out_rows, rise_when_replaced, sample
from deepfeat.methods.hookspecs import hookimpl
from deepfeat.methods.importance import Importance, MethodError, direction, sum_columns
from deepfeat.methods.measures import measure
from deepfeat.methods.method import Cost, Method, MethodParams
from deepfeat.methods.parts import members_at_a_time
from deepfeat.methods.per_model import per_model
from deepfeat.methods.per_split import PerSplitParams, Share, linear_importance, shares, used_splits
from deepfeat.methods.residuals import Residuals
from deepfeat.training.replaced import rebuilt

__all__ = [
    "Context",
    "Cost",
    "Dataset",
    "Ensemble",
    "HeldOutParams",
    "Importance",
    "Method",
    "MethodError",
    "MethodParams",
    "PerSplitParams",
    "Residuals",
    "Share",
    "by_columns",
    "describe_figure",
    "direction",
    "held_out_rows",
    "hookimpl",
    "linear_importance",
    "measure",
    "members_at_a_time",
    "per_model",
    "rebuilt",
    "rise_when_replaced",
    "sample",
    "save_figure",
    "shares",
    "sum_columns",
    "to_columns",
    "to_features",
    "used_splits",
    "with_features",
]
