"""The result files of a run, each written as a whole or not at all."""

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.methods.importance import Importance
from deepfeat.ranking.aggregate import mean_over_members
from deepfeat.ranking.normalise import Normalisation, normalise
from deepfeat.runs.keras_file import save_model
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.skill import MemberSkill
from deepfeat.training.loop import MemberRecord
from deepfeat.writing.atomic import is_temporary, write_with
from deepfeat.writing.csvfiles import write_table

_EPOCHS = 200
_LEFT_FOR_GOOD = 3600.0  # seconds


def remove_results(paths: RunPaths) -> None:
    """Delete what an earlier run left, so that nothing of it can be taken for a result of this one."""
    for path in paths.results():
        path.unlink()


def remove_leftovers(paths: RunPaths) -> None:
    """Delete what a killed run left half written, and the folders of methods that it had asked.

    Others may publish to the ledger at this moment, so there only what is an hour old is deleted. Everything
    else belongs to the run that holds the lease.
    """
    shutil.rmtree(paths.work, ignore_errors=True)
    old = time.time() - _LEFT_FOR_GOOD
    for path in list(paths.root.rglob("*")):
        if is_temporary(path):
            with suppress(OSError):
                if not path.is_relative_to(paths.ledger) or path.stat().st_mtime < old:
                    _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def write_members(paths: RunPaths, records: Sequence[MemberRecord], judged: MemberSkill) -> None:
    """`models.csv`: how every member trained, and its held-out scores; empty cells for those that failed.

    `beats_constant` and `averaged` are 1 or 0, the first empty where it is not known.
    """
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
                "beats_constant": [_flag(value) for value in judged.beats_constant],
                "averaged": judged.averaged.astype(np.int64),
                "failure": [record.failure or "" for record in records],
            }
        ),
    )


def write_history(paths: RunPaths, records: Sequence[MemberRecord]) -> None:
    """`history.csv`: training and validation loss, a row per member and epoch.

    Of long trainings at most 200 epochs are kept, evenly spaced, the first, the last and the best among them;
    six digits of each loss.
    """
    columns: dict[str, list[NDArray[Any]]] = {"member": [], "epoch": [], "train_loss": [], "valid_loss": []}
    for number, record in enumerate(records):
        epochs = len(record.history)
        if not epochs:
            continue
        shown = np.unique(np.linspace(0, epochs - 1, min(epochs, _EPOCHS)).round().astype(np.int64))
        if record.best_epoch:
            shown = np.union1d(shown, record.best_epoch - 1)
        losses = _six_digits(record.history[shown])
        columns["member"].append(np.full(len(shown), number))
        columns["epoch"].append(shown + 1)
        columns["train_loss"].append(losses[:, 0])
        columns["valid_loss"].append(losses[:, 1])
    write_table(
        paths.history,
        pd.DataFrame({name: np.concatenate(parts) if parts else [] for name, parts in columns.items()}),
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


def write_extras(
    paths: RunPaths,
    method: str,
    members: NDArray[np.int64],
    data: Dataset,
    answer: Importance,
    normalisation: Normalisation,
) -> None:
    """What else a method answered: directions, importances for each class, estimates."""
    features = list(data.feature_names)
    if answer.sign is not None:
        signs = pd.DataFrame(answer.sign, columns=features)
        signs.insert(0, "member", members, allow_duplicates=True)
        write_table(paths.signs(method), signs)
    if answer.per_class is not None:
        classes = answer.per_class.shape[1]
        names = data.classes if classes == len(data.classes) else [str(number) for number in range(classes)]
        shares = [mean_over_members(normalise(answer.per_class[:, c], normalisation)) for c in range(classes)]
        table = {
            "class": np.repeat(np.array(names, dtype=object), len(features)),
            "feature": features * classes,
            "importance": np.concatenate(shares),
        }
        if answer.class_sign is not None:
            table["sign"] = mean_over_members(answer.class_sign).reshape(-1)
        write_table(paths.class_scores(method), pd.DataFrame(table))
    if answer.estimates:
        columns = {name: _estimate(values) for name, values in answer.estimates.items()}
        write_table(paths.estimates(method), pd.DataFrame({"feature": features, **columns}))


def _estimate(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """An estimate as it is written; a decision as 1 or 0."""
    return values.astype(np.int64) if values.dtype == np.bool_ else values


def _flag(value: float) -> str:
    return "" if np.isnan(value) else str(int(value))


def _six_digits(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([[float(f"{value:.6g}") for value in row] for row in values.tolist()]).reshape(-1, 2)
