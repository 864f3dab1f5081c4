"""Train one ensemble on a random table in this process; print time and peak memory as one line of JSON.

A process of its own for every configuration is what makes its peak memory its own.
"""

import argparse
import json
import os
import resource
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.ensemble import fit
from deepfeat.nets import device
from deepfeat.nets.default import Default
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


@dataclass(frozen=True)
class Timing:
    """A training of the default network, twice: with compilation, and once more without."""

    first: float
    second: float
    stacks: int


def timed(members: int, data: Dataset, epochs: int) -> Timing:
    """Seconds of two trainings of so many epochs."""
    network = Default()
    # So patient that no member leaves while the clock runs.
    settings = merge_settings(network.training, {"epochs": epochs, "patience": 10**6}, data.task)
    plan = build_plan(data, settings.split, members, 0, network)
    trainer = Trainer(data, network, settings, memory=BUDGET)
    begin = perf_counter()
    ensemble = fit(plan, trainer)
    between = perf_counter()
    assert len(ensemble.succeeded) == members
    stacks = trainer.stacks(plan)
    for stack in stacks:
        trainer.train(plan.select(stack))
    return Timing(between - begin, perf_counter() - between, len(stacks))


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
    data = random_table(rows, features)
    # The difference of two trainings: drawing the first weights, and what else is done once, is left out.
    short, long = timed(members, data, 1), timed(members, data, 1 + epochs)
    return {
        "members": members,
        "features": features,
        "rows": rows,
        "epochs": epochs,
        "stacks": long.stacks,
        "ms_per_member_epoch": 1000 * (long.second - short.second) / (members * epochs),
        "seconds_in_all": long.first,
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
