"""Names for annotations.

Importing the real classes would load TensorFlow, which listing and validating methods must not.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepfeat.ensemble import Ensemble
    from deepfeat.training.plan import FitPlan
else:
    Ensemble = FitPlan = Any

__all__ = ["Ensemble", "FitPlan"]
