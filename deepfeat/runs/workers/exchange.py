"""Tables, plans, ensembles and answers as files: arrays as .npy and .npz without pickle, the rest as JSON.

Arrays are mapped from their files read-only, so that a copy in every process costs no memory, and one that is
changed by mistake is an error where it happens.
"""

import json
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.data.images.layout import Images
from deepfeat.ensemble import Ensemble
from deepfeat.methods.importance import Importance, MethodError
from deepfeat.nets.network import Network
from deepfeat.nets.template import Template
from deepfeat.runs.ledger.packing import (
    answer_arrays,
    answer_of,
    answer_words,
    from_npz,
    histories,
    history,
    plan_arrays,
    plan_of,
    to_npz,
    training_record,
    training_result,
)
from deepfeat.training.inference import Inference
from deepfeat.training.members import DiskMembers, Members, MemoryMembers, Place, stack_arrays
from deepfeat.training.plan import FitPlan

Array = NDArray[Any]

WHERE = "where.txt"
"""The file that says where a worker was when it crashed or was ended."""

# What an answer may take besides a score for every member, output and feature.
_ANSWER_BYTES = 64 << 20
_NOTES = 1 << 18
# Rows of an answer whose number the method chooses.
_REPETITIONS = 10_000


def write_dataset(folder: Path, data: Dataset) -> None:
    """Write a table into a folder."""
    folder.mkdir(parents=True)
    _write_arrays(
        folder,
        {
            "x": data.x,
            "y": data.y,
            "source_rows": data.source_rows,
            "groups": data.groups,
            "specimens": None if data.images is None else data.images.specimens,
        },
    )
    _write_json(
        folder / "data.json",
        {
            "name": data.name,
            "task": data.task,
            "features": [asdict(feature) for feature in data.features],
            "classes": data.classes,
            "notes": data.notes,
            "warnings": data.warnings,
            "sha256": data.sha256,
            "images": None if data.images is None else _images_told(data.images),
        },
    )


def read_dataset(folder: Path) -> Dataset:
    """The table that `write_dataset` wrote, its arrays read-only."""
    told = _read_json(folder / "data.json")
    arrays = _read_arrays(folder, "x", "y", "source_rows", "groups", "specimens")
    specimens, images = arrays.pop("specimens"), told.pop("images")
    if images is not None:
        # JSON has lists for tuples
        known: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in images.items()
        }
        images = Images(**known, specimens=specimens)
    features = tuple(Feature(**{**one, "levels": tuple(one["levels"])}) for one in told.pop("features"))
    texts: dict[str, Any] = {name: tuple(told.pop(name)) for name in ("classes", "notes", "warnings")}
    return Dataset(**told, **texts, **arrays, features=features, images=images)


def _images_told(images: Images) -> dict[str, Any]:
    """What there is to know of images besides their pixels."""
    return {field.name: getattr(images, field.name) for field in fields(images) if field.name != "specimens"}


def write_plan(folder: Path, plan: FitPlan) -> None:
    """Write a plan into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.npz").write_bytes(to_npz(plan_arrays(plan)))


def read_plan(folder: Path) -> FitPlan:
    """The plan that `write_plan` wrote.

    Raises:
        OSError, ValueError, KeyError, TypeError: it is no plan. Whether it can be trained is not checked.
    """
    return plan_of(from_npz((folder / "plan.npz").read_bytes()))


def write_ensemble(folder: Path, ensemble: Ensemble) -> None:
    """Write what members consist of and how they were trained into a folder; not their table and network.

    Members that are on disk stay where they are.
    """
    write_plan(folder, ensemble.plan)
    (folder / "losses.npz").write_bytes(to_npz(histories(ensemble.records)))
    told: dict[str, Any] = {"records": [training_result(record) for record in ensemble.records]}
    if isinstance(ensemble.members, DiskMembers):
        places = [
            (str(place.path.absolute()), place.sha256, place.index) for place in ensemble.members.places
        ]
        told["places"] = places
    else:
        arrays = stack_arrays(ensemble.members.load(range(len(ensemble))))
        _write_arrays(folder, arrays)
        told["arrays"] = sorted(arrays)
    _write_json(folder / "members.json", told)


def read_ensemble(
    folder: Path, template: Template, data: Dataset, inference: Inference | None = None
) -> Ensemble:
    """The ensemble that `write_ensemble` wrote, its weights read-only.

    Args:
        folder: where it is.
        template: the network of its members.
        data: the table that they were trained on.
        inference: the network compiled, where that was done before.
    """
    told = _read_json(folder / "members.json")
    losses = from_npz((folder / "losses.npz").read_bytes())
    records = [training_record(result, history(losses, i)) for i, result in enumerate(told["records"])]
    members: Members
    if "places" in told:
        members = DiskMembers([Place(Path(path), sha256, index) for path, sha256, index in told["places"]])
    else:
        arrays = _read_arrays(folder, *told["arrays"])
        weights = [arrays[name] for name in told["arrays"] if name.startswith("weight_")]
        members = MemoryMembers((weights, arrays["inputs"], arrays["targets"]))
    return Ensemble(template, data, read_plan(folder), members, records, inference=inference)


def write_importance(folder: Path, answer: Importance) -> None:
    """Write an answer into a folder."""
    (folder / "answer.npz").write_bytes(to_npz(answer_arrays(answer)))
    _write_json(folder / "answer.json", answer_words(answer))


def read_importance(folder: Path, rows: int | None, data: Dataset) -> Importance:
    """The answer that `write_importance` wrote, checked: it comes from the code of a stranger.

    Args:
        folder: where it is.
        rows: how many it must have, see `Method.rows`.
        data: the table.

    Raises:
        MethodError: it is no answer, or too large, or one that `Importance.check` refuses.
    """
    most = 8 * (rows or _REPETITIONS) * data.n_features * (2 + 2 * data.n_outputs) + _ANSWER_BYTES
    try:
        answer = _answer_in(folder, most)
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        MemoryError,
        RecursionError,
        zipfile.BadZipFile,
    ) as error:
        raise MethodError(f"the answer cannot be read: {error}") from error
    answer.check(rows, data.n_features)
    return answer


def _answer_in(folder: Path, most: int) -> Importance:
    """The answer in a folder, unless it takes more bytes than `most`."""
    stored, words = folder / "answer.npz", folder / "answer.json"
    if not stored.is_file() or not words.is_file():
        raise ValueError("it is no file")  # opening a pipe would wait without end
    with zipfile.ZipFile(stored) as entries:
        size = sum(entry.file_size for entry in entries.infolist())
    if max(size, stored.stat().st_size) > most or words.stat().st_size > _NOTES:
        raise MethodError(
            f"the answer is larger than {most >> 20} MiB; return scores, and leave the rest in files"
        )
    return answer_of(from_npz(stored.read_bytes()), _read_json(words))


def network_told(network: Network) -> dict[str, str]:
    """A network as text: where its class is, and its parameters."""
    kind = type(network)
    return {
        "module": kind.__module__,
        "name": kind.__qualname__,
        "params": network.params.model_dump_json(exclude_unset=True),
    }


def network_from(told: Mapping[str, str]) -> Network:
    """The network that `network_told` told of; its module is one that was loaded before.

    Raises:
        LookupError: there is no such network.
        ValueError: its parameters are wrong.
    """
    kind: Any = sys.modules.get(told["module"])
    for part in told["name"].split("."):
        kind = getattr(kind, part, None)
    if isinstance(kind, type) and issubclass(kind, Network):
        return kind(kind.Params.model_validate_json(told["params"]))
    name = f"{told['module']}.{told['name']}"
    raise LookupError(f"there is no network {name}; define it in the file of the plugin")


def _write_arrays(folder: Path, arrays: Mapping[str, Array | None]) -> None:
    for name, array in arrays.items():
        if array is not None:
            np.save(folder / f"{name}.npy", array, allow_pickle=False)


def _read_arrays(folder: Path, *names: str) -> dict[str, Any]:
    """Arrays mapped read-only from their files, None for each that is not there."""
    return {name: _mapped(folder / f"{name}.npy") for name in names}


def _mapped(path: Path) -> Array | None:
    if not path.exists():
        return None
    try:
        array: Array = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:
        # Nothing cannot be mapped.
        array = np.load(path, allow_pickle=False)
        array.setflags(write=False)
    return array


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="ascii")


def _read_json(path: Path) -> dict[str, Any]:
    told = json.loads(path.read_text(encoding="ascii"))
    if not isinstance(told, dict):
        raise ValueError(f"{path.name} holds no mapping")  # noqa: TRY004 - it is the content that is wrong
    return told
