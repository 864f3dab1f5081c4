"""Tables, plans, ensembles and answers that cross over to another process come out as they were."""

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.methods.importance import Importance, MethodError
from deepfeat.nets.default import Default
from deepfeat.nets.network import Network
from deepfeat.runs.workers.exchange import (
    network_from,
    network_told,
    read_dataset,
    read_ensemble,
    read_importance,
    read_plan,
    write_dataset,
    write_ensemble,
    write_importance,
    write_plan,
)
from deepfeat.testing.pictures import pictures

Make = Callable[..., Any]


def same(first: object, second: object) -> bool:
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return (
            first.dtype == second.dtype
            and first.shape == second.shape
            and first.tobytes() == second.tobytes()
        )
    return first == second


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_a_table(make_data: Make, tmp_path: Path, task: str) -> None:
    data: Dataset = make_data(task, widths=(1, 3, 1), n_groups=5)
    data = replace(data, name="ü <b>", notes=("one",), warnings=("two", "three"), sha256="abc")
    write_dataset(tmp_path / "data", data)
    back = read_dataset(tmp_path / "data")
    for field in fields(Dataset):
        assert same(getattr(back, field.name), getattr(data, field.name)), field.name
    for array in (back.x, back.y, back.groups, back.source_rows):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize("pixel_range", [None, (-40.25, 900.1)])
def test_images_come_out_as_they_were(pixel_range: tuple[float, float] | None, tmp_path: Path) -> None:
    data = pictures("shape", count=4)
    assert data.images is not None
    images = replace(data.images, pixel_range=pixel_range)
    write_dataset(tmp_path / "data", replace(data, images=images))
    back = read_dataset(tmp_path / "data").images
    for field in fields(images):
        assert same(getattr(back, field.name), getattr(images, field.name)), field.name


def test_a_plan_with_rows_of_different_number_and_targets_of_its_own(
    make_data: Make, train: Make, make_network: Make, tmp_path: Path
) -> None:
    plan = train(make_data(), make_network(), epochs=1).plan
    splits = list(plan.splits)
    splits[1] = replace(splits[1], train=splits[1].train[:5], held_out=splits[1].held_out[:0])
    targets = np.random.default_rng(0).normal(size=(3, 96, 1)).astype(np.float32)
    plan = replace(plan, splits=tuple(splits), targets=targets)
    write_plan(tmp_path, plan)
    back = read_plan(tmp_path)
    assert (back.name, back.seeds) == (plan.name, plan.seeds)
    assert same(np.asarray(back.mask), plan.mask)
    assert same(np.asarray(back.targets), targets)
    for first, second in zip(back.splits, splits, strict=True):
        for part in ("train", "valid", "held_out"):
            np.testing.assert_array_equal(getattr(first, part), getattr(second, part))


def test_an_ensemble_answers_with_the_same_bits(
    make_data: Make, train: Make, make_network: Make, tmp_path: Path
) -> None:
    ensemble: Ensemble = train(make_data(), make_network())
    write_ensemble(tmp_path, ensemble)
    back = read_ensemble(tmp_path, ensemble.template, ensemble.data)
    assert same(back.predict(ensemble.data.x), ensemble.predict(ensemble.data.x))
    assert same(back.gates, ensemble.gates)
    for first, second in zip(back.records, ensemble.records, strict=True):
        assert same(first.history, second.history)
        assert replace(first, history=second.history) == second
    assert not np.load(tmp_path / "weight_000.npy", mmap_mode="r").flags.writeable


def test_an_answer(make_data: Make, tmp_path: Path) -> None:
    data = make_data()
    rng = np.random.default_rng(0)
    answer = Importance(
        rng.normal(size=(2, 4)),
        per_class=rng.normal(size=(2, 3, 4)),
        effect=rng.normal(size=4),
        p_value=rng.uniform(size=4),
        selected=np.array([True, False, True, False]),
        null_hypothesis="nothing <b>happens</b>",
        notes=("first", "second \x1b[31m"),
    )
    write_importance(tmp_path, answer)
    assert read_importance(tmp_path, 2, data).equals(answer)
    with pytest.raises(MethodError, match=r"scores has shape \(2, 4\), expected \(3, 4\)"):
        read_importance(tmp_path, 3, data)


def test_an_answer_is_never_unpickled(make_data: Make, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "was here",)

    stored = io.BytesIO()
    array = np.array([Evil()], dtype=object)
    np.save(stored, array, allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "answer.npz", "w") as archive:
        archive.writestr("scores.npy", stored.getvalue())
    (tmp_path / "answer.json").write_text("{}")
    with pytest.raises(MethodError, match="cannot be read"):
        read_importance(tmp_path, 1, make_data())
    (tmp_path / "answer.npz").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(MethodError, match="cannot be read"):
        read_importance(tmp_path, 1, make_data())
    assert not (tmp_path / "was here").exists()


@pytest.mark.parametrize(
    "words", ["", "[1]", '{"scores": "many"}', '{"notes": [1]}', '{"notes": {"a": 1}}', "\x00", "[" * 100_000]
)
def test_an_answer_with_damaged_words_is_refused(make_data: Make, tmp_path: Path, words: str) -> None:
    write_importance(tmp_path, Importance(np.ones((2, 4))))
    (tmp_path / "answer.json").write_text(words)
    with pytest.raises(MethodError):
        read_importance(tmp_path, 2, make_data())


def test_an_answer_that_would_fill_the_memory_is_not_opened(make_data: Make, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "answer.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 27,)}
        )
        with archive.open("scores.npy", "w", force_zip64=True) as entry:
            entry.write(header.getvalue())
            for _ in range(128):
                entry.write(bytes(1 << 20))
    (tmp_path / "answer.json").write_text("{}")
    assert (tmp_path / "answer.npz").stat().st_size < 1 << 20
    with pytest.raises(MethodError, match="larger than 64 MiB"):
        read_importance(tmp_path, 2, make_data())


def test_an_answer_of_a_few_bytes_in_a_large_file_is_not_read(make_data: Make, tmp_path: Path) -> None:
    write_importance(tmp_path, Importance(np.ones((2, 4))))
    stored = (tmp_path / "answer.npz").read_bytes()
    with (tmp_path / "answer.npz").open("wb") as file:
        file.seek(1 << 40)
        file.write(stored)
    with pytest.raises(MethodError, match="larger than 64 MiB"):
        read_importance(tmp_path, 2, make_data())


@pytest.mark.parametrize("name", ["answer.npz", "answer.json"])
def test_an_answer_that_is_a_pipe_is_not_waited_for(make_data: Make, tmp_path: Path, name: str) -> None:
    write_importance(tmp_path, Importance(np.ones((2, 4))))
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(MethodError, match="cannot be read: it is no file"):
        read_importance(tmp_path, 2, make_data())


def test_a_network() -> None:
    network = Default(Default.Params(units=(3, 5), dropout=0.25))
    assert network_from(network_told(network)).describe() == network.describe()


@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("nowhere", "Net"), ("deepfeat.nets.default", "Other"), ("builtins", "object")],
)
def test_nothing_else_is_taken_for_a_network(module: str, name: str) -> None:
    with pytest.raises(LookupError, match="there is no network"):
        network_from({"module": module, "name": name, "params": "{}"})
    assert issubclass(Default, Network)
