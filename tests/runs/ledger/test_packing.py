"""There and back again, to the bit."""

import io
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods.importance import Importance
from deepfeat.nets.default import Default
from deepfeat.runs.ledger import packing
from deepfeat.runs.ledger.keys import entries
from deepfeat.training.loop import MemberRecord
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import SplitSettings

RECORDS = [
    MemberRecord(
        2**63 + 1, 2, 1, 0.1 + 0.2, 1e-300, None, np.array([[1.0, 2.0], [3.0, 4.0]]), {"auc": 1 / 3}
    ),
    MemberRecord(5, failure="the loss became NaN or infinite in epoch 1"),
    MemberRecord(
        7, 1, 1, 0.5, 0.25, None, np.array([[0.5, 0.25]]), {"auc": float("nan"), "r2": -float("inf")}
    ),
]


def test_the_same_arrays_give_the_same_bytes() -> None:
    arrays = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3), "name": np.array("n\u00e4me")}
    content = packing.to_npz(arrays)
    assert content == packing.to_npz(dict(arrays))
    back = packing.from_npz(content)
    assert back["weights"].tobytes() == arrays["weights"].tobytes()
    assert str(back["name"]) == "n\u00e4me"


def test_objects_are_neither_written_nor_read(tmp_path: object) -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        packing.to_npz({"x": np.array([object()])})


def test_records_of_members() -> None:
    losses = packing.from_npz(packing.to_npz(packing.histories(RECORDS)))
    for index, record in enumerate(RECORDS):
        own = packing.history(losses, index)
        back = packing.training_record(packing.training_result(record), own)
        for field in fields(MemberRecord):
            ours, theirs = getattr(record, field.name), getattr(back, field.name)
            np.testing.assert_equal(theirs, ours)
    assert RECORDS[0].seed == packing.training_result(RECORDS[0])["seed"], "beyond what a float holds"


@pytest.mark.parametrize("own_targets", [False, True])
def test_plans(make_data: Callable[..., Dataset], own_targets: bool) -> None:  # noqa: FBT001
    data = make_data()
    plan = build_plan(data, SplitSettings(method="bootstrap"), 3, 2**40, Default(), name="a plan")
    mask = np.array([[True, False, True, True]] * 3)
    targets = np.random.default_rng(0).normal(size=(3, 96, 1)).astype(np.float32) if own_targets else None
    plan = FitPlan(plan.name, plan.seeds, plan.splits, mask, np.array([0.0, 0.1, 1e-9]), targets)
    back = packing.plan_of(packing.from_npz(packing.to_npz(packing.plan_arrays(plan))))
    assert entries(back) == entries(plan)
    assert (back.name, back.seeds) == (plan.name, plan.seeds)


def test_rows_that_members_share_are_stored_once(make_data: Callable[..., Dataset]) -> None:
    plan = build_plan(make_data(), SplitSettings(), 1, 0, Default()).select([0] * 50)
    assert sum(name.startswith("rows_") for name in packing.plan_arrays(plan)) == 3


@pytest.mark.parametrize(
    "answer",
    [
        Importance(np.ones((2, 3)), notes=("one", "two")),
        Importance(
            np.ones((2, 3)),
            sign=np.zeros((2, 3)),
            per_class=np.ones((2, 4, 3)),
            p_value=np.array([0.1, 0.2, 1.0]),
            selected=np.array([True, False, True]),
            null_hypothesis="nothing",
            assumption="everything",
        ),
    ],
)
def test_answers(answer: Importance) -> None:
    arrays = packing.from_npz(packing.to_npz(packing.answer_arrays(answer)))
    assert packing.answer_of(arrays, packing.answer_words(answer)).equals(answer)


def test_what_takes_more_memory_than_its_file_is_not_opened() -> None:
    arrays = {"history": np.zeros((1000, 2))}
    assert np.array_equal(packing.from_npz(packing.to_npz(arrays))["history"], arrays["history"])
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    with pytest.raises(ValueError, match="holds more than it is long"):
        packing.from_npz(packed.getvalue())
