"""The result files of a run, each written as a whole or not at all."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.ensemble import Ensemble
from deepfeat.runs.keras_file import save_model
from deepfeat.runs.paths import RunPaths
from deepfeat.training.loop import MemberRecord
from deepfeat.writing.atomic import write_with
from deepfeat.writing.csvfiles import write_table


def remove_results(paths: RunPaths) -> None:
    """Delete what an earlier run left, so that nothing of it can be taken for a result of this one."""
    for path in paths.results():
        path.unlink()


def write_members(paths: RunPaths, records: Sequence[MemberRecord]) -> None:
    """`models.csv`: how every member trained, and its held-out scores; empty cells for those that failed."""
    scores = {name: None for record in records for name in record.scores}
    write_table(
        paths.members,
        pd.DataFrame(
            {
                "member": range(len(records)),
                "seed": [record.seed for record in records],
                "epochs": [record.epochs for record in records],
                "best_epoch": [record.best_epoch for record in records],
                "train_loss": [record.train_loss for record in records],
                "valid_loss": [record.valid_loss for record in records],
                **{name: [record.scores.get(name, float("nan")) for record in records] for name in scores},
                "failure": [record.failure or "" for record in records],
            }
        ),
    )


def write_models(paths: RunPaths, ensemble: Ensemble) -> None:
    """One standard Keras file per member that did not fail."""
    numbers = ensemble.succeeded
    for number, model in zip(numbers, ensemble.select(numbers.tolist()).models(), strict=True):
        write_with(paths.model(int(number)), partial(save_model, model))


def write_scores(
    paths: RunPaths,
    method: str,
    members: NDArray[np.int64],
    features: Sequence[str],
    scores: NDArray[np.float64],
) -> None:
    """`methods/<method>.csv`: a row per member or repetition, a column per feature, raw scores."""
    table = pd.DataFrame(scores, columns=list(features))
    table.insert(0, "member", members, allow_duplicates=True)
    write_table(paths.method(method), table)
