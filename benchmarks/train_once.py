"""Train one ensemble on a random table in this process; print time and peak memory as one line of JSON.

A process of its own for every configuration is what makes its peak memory its own.
"""

import argparse
import json
import os
import resource
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.ensemble import fit
from deepfeat.nets.default import Default
from deepfeat.training import device
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import merge_settings
from deepfeat.training.trainer import Trainer

BUDGET = 2 << 30
"""Memory for one stack: what deepfeat takes by itself on a machine with 8 GiB free."""


def random_table(rows: int, features: int) -> Dataset:
    """Normal inputs, and a label that the first two decide."""
    x = np.random.default_rng(0).standard_normal((rows, features), dtype=np.float32)
    return Dataset(
        name="random",
        x=x,
        y=(x[:, :1] + x[:, 1:2] > 0).astype(np.float32),
        task="binary",
        features=tuple(Feature(f"x{j}", j, j + 1) for j in range(features)),
        classes=("no", "yes"),
        source_rows=np.arange(1, rows + 1),
    )


def peak_mib() -> float:
    """Most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Clock:
    """When each epoch of each stack ended."""

    def __init__(self) -> None:
        self.stacks: list[list[float]] = []

    def __call__(self, _finished: int, epoch: int, _loss: float) -> None:
        """Progress of a training; the last epoch of a stack may be told twice."""
        if epoch == 1:
            self.stacks.append([])
        if epoch > len(self.stacks[-1]):
            self.stacks[-1].append(perf_counter())

    def epoch_seconds(self) -> float:
        """One epoch of all stacks: the sum of their medians, first epochs (compilation) left out."""
        return sum(median(np.diff(ends).tolist()) for ends in self.stacks)


def train(members: int, features: int, rows: int, epochs: int) -> dict[str, Any]:
    """Train the default network and measure.

    Args:
        members: networks of the ensemble.
        features: columns of the table, all of them numbers.
        rows: rows of the table.
        epochs: epochs that are timed; one more comes before.
    """
    device.prepare()
    start_mib = peak_mib()
    network, data = Default(), random_table(rows, features)
    # So patient that no member leaves while the clock runs.
    chosen = {"epochs": epochs + 1, "patience": 10**6}
    settings = merge_settings(network.training, chosen, data.task)
    plan = build_plan(data, settings.split, members, 0, network)
    clock, begin = Clock(), perf_counter()
    ensemble = fit(plan, Trainer(data, network, settings, memory=BUDGET), clock)
    seconds = perf_counter() - begin
    assert len(ensemble.succeeded) == members
    return {
        "members": members,
        "features": features,
        "rows": rows,
        "epochs": epochs,
        "stacks": len(clock.stacks),
        "ms_per_member_epoch": 1000 * clock.epoch_seconds() / members,
        "seconds_in_all": seconds,
        "start_mib": start_mib,
        "peak_mib": peak_mib(),
    }


def main() -> None:
    """Measure what is asked for."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("members", "features", "rows", "epochs"):
        parser.add_argument(f"--{name}", type=int, required=True)
    print(json.dumps(train(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
