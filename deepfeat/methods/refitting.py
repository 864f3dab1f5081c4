"""What retraining costs: the networks a method trained, the time, and the time they would take one by one."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble, FitPlan
from deepfeat.methods.context import Fit
from deepfeat.nets.network import Network
from deepfeat.writing.labels import duration


class CountedFit:
    """A `context.fit` that counts.

    Args:
        fit: what trains.

    Attributes:
        networks: how many were asked for.
        seconds: how long that took; networks that were trained before and kept take no time.
        one_by_one: projected seconds of `keras.Model.fit` for the same networks, one after another.
    """

    def __init__(self, fit: Fit) -> None:
        self._fit = fit
        self.networks = 0
        self.seconds = 0.0
        self.one_by_one = 0.0

    def __call__(
        self,
        plan: FitPlan,
        *,
        data: Dataset | None = None,
        network: Network | None = None,
        training: Mapping[str, Any] | None = None,
    ) -> Ensemble:
        """Train what a plan says; see `deepfeat.methods.context.Fit`."""
        start = perf_counter()
        ensemble = self._fit(plan, data=data, network=network, training=training)
        self.seconds += perf_counter() - start
        self.networks += len(plan)
        self.one_by_one += ensemble.seconds_one_by_one()
        return ensemble

    def record(self) -> dict[str, float]:
        """The three figures, for `run.json`; empty where nothing was trained."""
        if not self.networks:
            return {}
        return {
            "networks": self.networks,
            "seconds": round(self.seconds, 3),
            "one_by_one_seconds": round(self.one_by_one, 3),
        }

    def sentence(self) -> str:
        """The same in words."""
        return (
            f"needed {self.networks} networks; training those that were not there took "
            f"{duration(self.seconds)}, one by one with keras.Model.fit all of them would take about "
            f"{duration(self.one_by_one)}"
        )
