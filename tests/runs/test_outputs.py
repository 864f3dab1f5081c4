"""The result files of a run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.methods.importance import Importance
from deepfeat.nets.network import Network
from deepfeat.runs.outputs import (
    remove_results,
    write_extras,
    write_history,
    write_members,
    write_models,
    write_scores,
)
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.skill import MemberSkill
from deepfeat.training.loop import MemberRecord
from deepfeat.writing.csvfiles import read_table


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return RunPaths(tmp_path / "run")


RECORDS = [
    MemberRecord(
        11, epochs=7, best_epoch=4, train_loss=0.25, valid_loss=0.5, scores={"auc": 0.75, "f1": 0.5}
    ),
    MemberRecord(12, epochs=2, failure="the loss became NaN or infinite in epoch 3"),
]


def test_models_csv_has_a_row_per_member_and_empty_cells_for_what_failed(paths: RunPaths) -> None:
    judged = MemberSkill(
        "auc", np.array([0.75, np.nan]), np.full(2, 0.5), np.array([1.0, np.nan]), np.array([True, False])
    )
    write_members(paths, RECORDS, judged)
    assert paths.members.read_text().splitlines() == [
        "member,seed,epochs,best_epoch,train_loss,valid_loss,auc,f1,beats_constant,averaged,failure",
        "0,11,7,4,0.25,0.5,0.75,0.5,1,1,",
        "1,12,2,0,,,,,,0,the loss became NaN or infinite in epoch 3",
    ]


def test_a_history_has_a_row_per_epoch_and_the_best_among_them(paths: RunPaths) -> None:
    short = replace(RECORDS[0], best_epoch=2, history=np.array([[1 / 3, 0.5], [0.25, 123456.78]]))
    write_history(paths, [short, RECORDS[1]])
    assert paths.history.read_text().splitlines() == [
        "member,epoch,train_loss,valid_loss",
        "0,1,0.333333,0.5",
        "0,2,0.25,123457.0",
    ]
    long = MemberRecord(11, epochs=5000, best_epoch=3001, history=np.ones((5000, 2)))
    write_history(paths, [long])
    epochs = read_table(paths.history)["epoch"].tolist()
    assert len(epochs) in (200, 201)
    assert {1, 3001, 5000} <= set(epochs)
    write_history(paths, [])
    assert paths.history.read_text() == "member,epoch,train_loss,valid_loss\n"


def test_what_a_method_says_besides_is_written_where_there_is_any(
    make_data: Callable[..., Dataset], paths: RunPaths
) -> None:
    data = make_data("multiclass", widths=(1, 1))
    ones = np.ones((2, 2))
    write_extras(paths, "plain", np.arange(2), data, Importance(ones), "sum")
    assert not paths.methods.exists()
    answer = Importance(
        ones,
        sign=-ones,
        per_class=np.array([[[3.0, 1.0], [0.0, 0.0], [1.0, 1.0]], [[1.0, 3.0], [0.0, 2.0], [1.0, 1.0]]]),
        class_sign=np.full((2, 3, 2), 0.5),
        effect=np.array([0.5, -1.0]),
        p_value=np.array([0.01, 0.5]),
        selected=np.array([True, False]),
        null_hypothesis="no effect",
    )
    write_extras(paths, "full", np.array([0, 4]), data, answer, "sum")
    assert paths.signs("full").read_text().splitlines() == ["member,f0,f1", "0,-1.0,-1.0", "4,-1.0,-1.0"]
    assert paths.class_scores("full").read_text().splitlines() == [
        "class,feature,importance,sign",
        *("low,f0,0.5,0.5", "low,f1,0.5,0.5"),
        *("middle,f0,0.0,0.5", "middle,f1,0.5,0.5"),
        *("high,f0,0.5,0.5", "high,f1,0.5,0.5"),
    ]
    assert paths.estimates("full").read_text().splitlines() == [
        "feature,effect,p_value,selected",
        "f0,0.5,0.01,1",
        "f1,-1.0,0.5,0",
    ]


def test_scores_have_a_row_per_member_and_a_column_per_feature(paths: RunPaths) -> None:
    scores = np.array([[0.5, 1.0, 0.0], [0.25, 0.0, 2.0]])
    write_scores(paths, "gate", np.array([0, 3]), ["weight", "=SUM(A1)", "member"], scores)
    assert paths.method("gate").read_text().splitlines() == [
        "member,weight,'=SUM(A1),member",
        "0,0.5,1.0,0.0",
        "3,0.25,0.0,2.0",
    ]
    read = read_table(paths.method("gate"))
    np.testing.assert_array_equal(read.iloc[:, 1:], scores)


def test_every_member_that_did_not_fail_is_saved(
    make_data: Callable[..., Dataset],
    make_network: Callable[..., Network],
    train: Callable[..., Ensemble],
    paths: RunPaths,
) -> None:
    data = make_data()
    ensemble = train(data, make_network(), 3, epochs=1)
    ensemble.records[1].failure = "lost"
    write_models(paths, ensemble)
    assert sorted(path.name for path in paths.models.iterdir()) == ["model_00000.keras", "model_00002.keras"]
    opened = keras.models.load_model(paths.model(2))
    np.testing.assert_allclose(opened(data.x), ensemble.predict(data.x)[2], atol=1e-5)


def test_an_earlier_run_leaves_no_results_behind_but_its_log(paths: RunPaths) -> None:
    old = [
        *(paths.ranking, paths.members, paths.experiment, paths.provenance, paths.report),
        *(paths.answer, paths.skill, paths.history, paths.convergence, paths.groups, paths.per_class),
        *(paths.method("gate"), paths.failure("shap"), paths.model(7), paths.figure("ranking", ".svg")),
    ]
    mine = paths.root / "notes.txt"
    for path in (*old, paths.log, mine):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")
    remove_results(paths)
    assert [path for path in old if path.exists()] == []
    assert paths.log.exists()
    assert mine.exists()
    remove_results(paths)
