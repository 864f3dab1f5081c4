"""Which inputs matter to a deep network, how strongly, and how sure are we?

The names below are imported when they are first used, so that `import deepfeat` takes milliseconds. Importing
it also makes the layers of deepfeat known to Keras: `keras.models.load_model` opens the networks of a run.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deepfeat._registration import register_with_keras

if TYPE_CHECKING:
    from deepfeat.config import load_experiment
    from deepfeat.data.dataset import Dataset, Feature
    from deepfeat.data.load import load_table
    from deepfeat.ensemble import Ensemble, fit
    from deepfeat.errors import DeepfeatError, InputError
    from deepfeat.interop.loading import Run, load_run
    from deepfeat.interop.selector import DeepFeatureSelector
    from deepfeat.methods import Importance, Method, MethodParams, per_model
    from deepfeat.nets.network import Network, NetworkParams, NetworkShape
    from deepfeat.training.plan import FitPlan, build_plan
    from deepfeat.training.settings import TrainingSettings
    from deepfeat.training.trainer import Trainer

_HOME = {
    "Dataset": "deepfeat.data.dataset",
    "DeepFeatureSelector": "deepfeat.interop.selector",
    "DeepfeatError": "deepfeat.errors",
    "Ensemble": "deepfeat.ensemble",
    "Feature": "deepfeat.data.dataset",
    "FitPlan": "deepfeat.training.plan",
    "Importance": "deepfeat.methods",
    "InputError": "deepfeat.errors",
    "Method": "deepfeat.methods",
    "MethodParams": "deepfeat.methods",
    "Network": "deepfeat.nets.network",
    "NetworkParams": "deepfeat.nets.network",
    "NetworkShape": "deepfeat.nets.network",
    "Run": "deepfeat.interop.loading",
    "Trainer": "deepfeat.training.trainer",
    "TrainingSettings": "deepfeat.training.settings",
    "build_plan": "deepfeat.training.plan",
    "fit": "deepfeat.ensemble",
    "load_experiment": "deepfeat.config",
    "load_run": "deepfeat.interop.loading",
    "load_table": "deepfeat.data.load",
    "per_model": "deepfeat.methods",
}

__all__ = [
    "Dataset",
    "DeepFeatureSelector",
    "DeepfeatError",
    "Ensemble",
    "Feature",
    "FitPlan",
    "Importance",
    "InputError",
    "Method",
    "MethodParams",
    "Network",
    "NetworkParams",
    "NetworkShape",
    "Run",
    "Trainer",
    "TrainingSettings",
    "build_plan",
    "fit",
    "load_experiment",
    "load_run",
    "load_table",
    "per_model",
]

register_with_keras()


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOME:
        raise AttributeError(f"module 'deepfeat' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
