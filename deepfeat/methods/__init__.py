"""Importance methods: everything that a plugin needs, and nothing heavy.

A plugin imports from here; see `docs/plugins.md`.
"""

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import by_columns, with_features, with_rows
from deepfeat.inference.penalised import Lines
from deepfeat.inference.residuals import Residuals
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.clusters import correlated_clusters
from deepfeat.methods.context import Context
from deepfeat.methods.controls import ControlParams, ask_others
from deepfeat.methods.crossfit import CrossFit, CrossFitParams
from deepfeat.methods.evidence import Findings, conclude
from deepfeat.methods.features import per_step, to_columns, to_features, two_levels
from deepfeat.methods.figures import describe_figure, save_figure
from deepfeat.methods.folds import fold_plan, plan_like
from deepfeat.methods.gradients import integrated_slopes
from deepfeat.methods.grouped import refuse_groups
from deepfeat.methods.held_out import HeldOutParams, held_out_rows, rise_when_replaced, sample
from deepfeat.methods.hookspecs import hookimpl
from deepfeat.methods.importance import Importance, MethodError, direction, sum_columns
from deepfeat.methods.measures import measure
from deepfeat.methods.method import Cost, Method, MethodParams
from deepfeat.methods.parts import members_at_a_time
from deepfeat.methods.penalties import judged_path, show_path
from deepfeat.methods.per_model import per_model
from deepfeat.methods.per_split import (
    LinearYardstick,
    PerSplitParams,
    Share,
    inner_folds,
    shares,
    used_splits,
)
from deepfeat.methods.pictures import Panel, enlarged, images_of, panels_figure
from deepfeat.methods.retraining import (
    JudgedParams,
    RetrainingParams,
    network_losses,
    only_rows,
    refuse_too_many,
    retrained_losses,
    screened,
)
from deepfeat.methods.selection import (
    Size,
    by_one_standard_error,
    complementary_halves,
    cross_fitted,
    size_of,
)
from deepfeat.methods.shuffled import OtherModel, ShuffledParams, shuffled_importance
from deepfeat.methods.shuffling import shuffled_rows
from deepfeat.methods.unseen import enough_held_out, unseen_answers
from deepfeat.training.plan import FitPlan
from deepfeat.training.randomness import member_seed
from deepfeat.training.replaced import rebuilt

__all__ = [
    "Context",
    "ControlParams",
    "Cost",
    "CrossFit",
    "CrossFitParams",
    "Dataset",
    "Ensemble",
    "Findings",
    "FitPlan",
    "HeldOutParams",
    "Importance",
    "JudgedParams",
    "LinearYardstick",
    "Lines",
    "Method",
    "MethodError",
    "MethodParams",
    "OtherModel",
    "Panel",
    "PerSplitParams",
    "Residuals",
    "RetrainingParams",
    "Share",
    "ShuffledParams",
    "Size",
    "ask_others",
    "by_columns",
    "by_one_standard_error",
    "complementary_halves",
    "conclude",
    "correlated_clusters",
    "cross_fitted",
    "describe_figure",
    "direction",
    "enlarged",
    "enough_held_out",
    "fold_plan",
    "held_out_rows",
    "hookimpl",
    "images_of",
    "inner_folds",
    "integrated_slopes",
    "judged_path",
    "measure",
    "member_seed",
    "members_at_a_time",
    "network_losses",
    "only_rows",
    "panels_figure",
    "per_model",
    "per_step",
    "plan_like",
    "rebuilt",
    "refuse_groups",
    "refuse_too_many",
    "retrained_losses",
    "rise_when_replaced",
    "sample",
    "save_figure",
    "screened",
    "shares",
    "show_path",
    "shuffled_importance",
    "shuffled_rows",
    "size_of",
    "sum_columns",
    "to_columns",
    "to_features",
    "two_levels",
    "unseen_answers",
    "used_splits",
    "with_features",
    "with_rows",
]
