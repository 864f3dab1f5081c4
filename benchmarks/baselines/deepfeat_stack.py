"""The same training as one stack of deepfeat."""

from time import perf_counter

import cleveland as setup
import numpy as np

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.nets.ashraf import Ashraf2021
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import merge_settings
from deepfeat.training.trainer import Trainer

PACKAGES = ("keras", "tensorflow")
DETAILS: dict[str, float] = {}
"""What else the last measurement found: mean validation loss at the end, to see that members learn."""

FIRST = 2


def dataset() -> Dataset:
    """The table of the experiment: five labels that exclude each other."""
    x, y, origin = setup.table()
    return Dataset(
        name=origin,
        x=x,
        y=y,
        task="multiclass",
        features=tuple(Feature(f"x{j}", j, j + 1) for j in range(setup.FEATURES)),
        classes=tuple(str(label) for label in range(setup.LABELS)),
        source_rows=np.arange(1, len(x) + 1),
    )


def time_per_member_epoch(n_members: int = 100, epochs: int = 50) -> float:
    """Milliseconds per member and epoch, start and compilation (the first epochs) left out.

    Args:
        n_members: members trained as one stack.
        epochs: epochs that are timed.
    """
    seconds = _seconds(n_members, FIRST + epochs) - _seconds(n_members, FIRST)
    return 1000 * seconds / (n_members * epochs)


def _seconds(n_members: int, epochs: int) -> float:
    """What a training takes that is not the first of its process."""
    network, data = Ashraf2021(), dataset()
    # So patient that no member leaves while the clock runs.
    chosen = {"epochs": epochs, "patience": 10**6}
    settings = merge_settings(network.training, chosen, data.task)
    plan = build_plan(data, settings.split, n_members, 0, network)
    trainer = Trainer(data, network, settings, stack_size=n_members)
    trainer.train(plan)
    start = perf_counter()
    trained = trainer.train(plan)
    seconds = perf_counter() - start
    DETAILS.setdefault("valid_loss", float(np.mean([record.valid_loss for record in trained.records])))
    return seconds
