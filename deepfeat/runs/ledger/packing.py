"""Trained members, their plan and answers as arrays and JSON, and back. Nothing is ever pickled."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import fields
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.splits import Split
from deepfeat.methods.importance import Importance
from deepfeat.training.loop import MemberRecord
from deepfeat.training.plan import FitPlan

Array = NDArray[Any]
_PARTS = ("train", "valid", "held_out")
_LOSSES = ("train_loss", "valid_loss")


def to_npz(arrays: Mapping[str, Array]) -> bytes:
    """Arrays as the content of an `.npz` file; the same arrays give the same bytes.

    Raises:
        ValueError: an array holds Python objects.
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    return buffer.getvalue()


def from_npz(content: bytes) -> dict[str, Array]:
    """The arrays of an `.npz` file.

    Raises:
        ValueError: an array holds Python objects, or this is no file that `to_npz` has made.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as entries:
        # to_npz compresses nothing: what would take more memory than its file is not from there.
        if sum(entry.file_size for entry in entries.infolist()) > len(content):
            raise ValueError("it holds more than it is long")
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


# --- members ------------------------------------------------------------------------------------------------


def training_result(record: MemberRecord) -> dict[str, Any]:
    """How the training of a member went, as JSON; its history is not in it."""
    return {
        "seed": int(record.seed),
        "epochs": record.epochs,
        "best_epoch": record.best_epoch,
        **{name: _number(getattr(record, name)) for name in _LOSSES},
        "failure": record.failure,
        "scores": {name: _number(value) for name, value in record.scores.items()},
    }


def training_record(result: Mapping[str, Any], history: Array) -> MemberRecord:
    """The inverse of `training_result`."""
    losses = {name: float(result[name]) for name in _LOSSES}
    scores = {name: float(value) for name, value in result["scores"].items()}
    return MemberRecord(**{**result, **losses, "scores": scores}, history=history)


def histories(records: Sequence[MemberRecord]) -> dict[str, Array]:
    """The losses per epoch of some members, one after another."""
    return {
        "history": np.concatenate([record.history for record in records]),
        "history_ends": np.cumsum([len(record.history) for record in records]),
    }


def history(arrays: Mapping[str, Array], index: int) -> Array:
    """(epochs, 2) losses of one member, from `histories`."""
    start, stop = np.concatenate([[0], arrays["history_ends"]])[index : index + 2]
    own: Array = arrays["history"][start:stop]
    return own


# --- plans --------------------------------------------------------------------------------------------------


def plan_arrays(plan: FitPlan) -> dict[str, Array]:
    """A plan as arrays. Rows that several members share are in it once."""
    known: dict[int, int] = {}
    arrays: dict[str, Array] = {}
    rows = np.empty((len(plan), len(_PARTS)), dtype=np.int64)
    for member, split in enumerate(plan.splits):
        for part, name in enumerate(_PARTS):
            own = getattr(split, name)
            if id(own) not in known:
                known[id(own)] = len(known)
                arrays[f"rows_{known[id(own)]:05d}"] = own.astype(np.int32)
            rows[member, part] = known[id(own)]
    arrays |= {
        "name": np.array(plan.name),
        "seeds": np.array([f"{seed}" for seed in plan.seeds]),
        "rows": rows,
        "mask": plan.mask,
        "penalty": plan.penalty,
    }
    if plan.targets is not None:
        arrays["targets"] = plan.targets
    return arrays


def plan_of(arrays: Mapping[str, Array]) -> FitPlan:
    """The inverse of `plan_arrays`."""
    rows = {
        number: arrays[f"rows_{number:05d}"].astype(np.int64) for number in np.unique(arrays["rows"]).tolist()
    }
    return FitPlan(
        name=str(arrays["name"]),
        seeds=tuple(int(seed) for seed in arrays["seeds"]),
        splits=tuple(Split(*(rows[number] for number in own)) for own in arrays["rows"].tolist()),
        mask=arrays["mask"],
        penalty=arrays["penalty"],
        targets=arrays.get("targets"),
    )


# --- answers ------------------------------------------------------------------------------------------------


def answer_arrays(answer: Importance) -> dict[str, Array]:
    """The arrays of an answer that it has, by name."""
    found = {field.name: getattr(answer, field.name) for field in fields(answer)}
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}


def answer_words(answer: Importance) -> dict[str, Any]:
    """The texts and weights of an answer, by name, as JSON."""
    found = {field.name: getattr(answer, field.name) for field in fields(answer)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if isinstance(value, str | tuple | dict)
    }


def answer_of(arrays: Mapping[str, Array], words: Mapping[str, Any]) -> Importance:
    """The answer from its arrays, texts and weights."""
    texts = {name: tuple(value) if isinstance(value, list) else value for name, value in words.items()}
    given: dict[str, Any] = {**arrays, **texts}
    return Importance(**given)


def _number(value: float) -> float | str:
    """A number as JSON has it, or the name of one that it has not."""
    number = float(value)
    return number if isfinite(number) else str(number)
