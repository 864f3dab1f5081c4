"""How good the networks of a run are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import r2_score

from deepfeat.data.dataset import Dataset
from deepfeat.ranking.carriers import Carriers
from deepfeat.runs import skill as module
from deepfeat.runs.skill import judge_members, measure_skill
from deepfeat.training.loop import MemberRecord
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import SplitSettings

pytestmark = pytest.mark.usefixtures("few_trees")

MakeData = Callable[..., Dataset]


@dataclass
class Networks:
    """Stands for a trained ensemble whose scores are made up."""

    data: Dataset
    plan: FitPlan
    records: list[MemberRecord]

    def __len__(self) -> int:
        return len(self.records)

    @property
    def succeeded(self) -> np.ndarray:
        return np.array([i for i, record in enumerate(self.records) if record.failure is None], dtype=int)


def networks(data: Dataset, network: Any, scores: list[float], **split: float) -> Any:  # noqa: ANN401
    name = "r2" if data.task == "regression" else "auc"
    plan = build_plan(data, SplitSettings(**split), len(scores), 0, network)
    return Networks(data, plan, [MemberRecord(i, scores={name: score}) for i, score in enumerate(scores)])


def test_members_are_judged_by_a_constant_on_their_own_rows(
    make_data: MakeData, make_network: Callable[..., Any]
) -> None:
    ensemble = networks(make_data("regression"), make_network(), [0.5, -0.5, 0.1])
    judged = judge_members(ensemble)
    data, split = ensemble.data, ensemble.plan.splits[0]
    truth = data.y[split.held_out]
    by_hand = r2_score(truth, np.full(len(truth), data.y[split.train].mean()))
    assert judged.constant[0] == pytest.approx(by_hand)
    assert by_hand < 0
    assert judged.beats_constant.tolist() == [1, 0, 1]
    assert judged.averaged.tolist() == [True, False, True]
    assert judged.skilless == 1
    assert judge_members(ensemble, "keep").averaged.all()


def test_members_that_failed_or_have_no_score_are_not_judged(
    make_data: MakeData, make_network: Callable[..., Any]
) -> None:
    ensemble = networks(make_data(), make_network(), [0.9, np.nan, 0.9])
    ensemble.records[2] = MemberRecord(2, failure="lost")
    judged = judge_members(ensemble)
    assert np.isnan(judged.beats_constant[1:]).all()
    assert judged.averaged.tolist() == [True, True, False]


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_baselines_stand_beside_the_networks(
    make_data: MakeData, make_network: Callable[..., Any], task: str
) -> None:
    data = make_data(task, rows=200, widths=(1, 3, 1))
    ensemble = networks(data, make_network(), [0.8, 0.75, 0.8, 0.85])
    found, notes = measure_skill(ensemble, judge_members(ensemble), splits=3, seed=0)
    table = found.table.set_index("model")
    assert table.index.tolist() == ["networks", "constant", "linear", "forest", "boosted"]
    assert table["splits"].tolist() == [4, 4, 3, 3, 3]
    assert table.loc["linear", "mean"] > table.loc["constant", "mean"] + 0.1
    assert notes == ["the linear model and the trees to compare with were trained on the first 3 of 4 splits"]


def test_what_models_predict_together_is_compared_as_well(
    make_data: MakeData, make_network: Callable[..., Any]
) -> None:
    data = make_data(rows=200)
    ensemble = networks(data, make_network(), [0.5, 0.45, 0.5, 0.55])
    judged = judge_members(ensemble)
    right = data.y.astype(float)
    carriers = Carriers({"trees": 1.0, "networks": 0.0}, ("trees",))
    found, _ = measure_skill(ensemble, judged, splits=3, seed=0, others={"trees": right}, carriers=carriers)
    assert found.row("joint")["mean"] == 1.0
    assert found.row("joint")["splits"] == 3
    assert found.joint == ("skill", "", False)
    # rows for which a model has no answer do not count
    right[::2] = np.nan
    found, _ = measure_skill(ensemble, judged, splits=3, seed=0, others={"trees": right}, carriers=carriers)
    assert found.row("joint")["mean"] == 1.0


def test_averaged_networks_stand_beside_what_all_models_predict_together(
    make_data: MakeData, make_network: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mean of many answers is better than each; that is not what the other models add."""
    data = make_data(rows=200)
    ensemble = networks(data, make_network(), [0.5, 0.45, 0.5, 0.55])
    right = data.y.astype(float)
    monkeypatch.setattr(module, "networks_together", lambda _, __, rows: right[rows])
    judged, wrong = judge_members(ensemble), 1 - right
    carriers = Carriers({"networks": 0.75, "trees": 0.25}, ("trees",))
    found, _ = measure_skill(ensemble, judged, splits=3, seed=0, others={"trees": wrong}, carriers=carriers)
    assert found.table["model"].tolist()[:3] == ["networks", "averaged", "joint"]
    assert found.row("averaged")["mean"] == 1.0
    assert found.row("averaged")["splits"] == 3
    # networks that carry nothing do not stand there as if they did
    alone = Carriers({"trees": 1.0, "networks": 0.0}, ("trees",))
    found, _ = measure_skill(ensemble, judged, splits=3, seed=0, others={"trees": wrong}, carriers=alone)
    assert "averaged" not in found.table["model"].tolist()


def test_without_held_out_rows_the_validation_rows_are_compared_on_and_that_is_said(
    make_data: MakeData, make_network: Callable[..., Any]
) -> None:
    ensemble = networks(make_data(), make_network(), [0.8, 0.8], train=0.7, valid=0.3, test=0.0)
    found, notes = measure_skill(ensemble, judge_members(ensemble), splits=2, seed=0)
    assert np.isfinite(found.table["mean"]).all()
    assert not found.held_out
    assert notes == [
        (
            "no rows are held out, so all scores are on the rows that decided when training stopped, which "
            "flatters the networks; set training.split.test"
        )
    ]


def test_on_one_split_that_all_networks_share_the_others_are_trained_once(
    make_data: MakeData, make_network: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def once(part: Any) -> np.ndarray:  # noqa: ANN401
        asked.append(part)
        return part.asked[:, :1]

    monkeypatch.setattr(module, "BASELINES", {"linear": once})
    ensemble = networks(make_data(), make_network(), [0.8, 0.75, 0.85], method="last")
    right = ensemble.data.y.astype(float)
    carriers = Carriers({"trees": 1.0, "networks": 0.0}, ("trees",))
    found, notes = measure_skill(
        ensemble,
        judge_members(ensemble),
        splits=2,
        seed=0,
        others={"trees": right},
        carriers=carriers,
    )
    assert len(asked) == 1
    assert found.one_split
    table = found.table.set_index("model")
    assert table["splits"].tolist() == [1, 1, 1, 1]
    assert table.loc[["joint", "constant", "linear"], ["low", "high"]].isna().all(axis=None)
    assert np.isfinite(table.loc["networks", ["low", "high"]].astype(float)).all()
    # each network beside the one score, not the first alone
    assert table.loc["linear", "difference"] == pytest.approx(0.8 - table.loc["linear", "mean"])
    assert found.joint == ("unknown", "", False)
    (note,) = notes
    assert note.startswith("all networks share one split of the rows: the linear model and the trees")


def test_a_large_table_costs_baselines_no_more_and_that_is_said(
    make_data: MakeData, make_network: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LEAST_ROWS", 20)
    monkeypatch.setattr(module, "_MOST_NUMBERS", 200)
    monkeypatch.setattr(module, "_MOST_ASKED", 100)
    seen: list[tuple[int, int]] = []

    def spy(part: Any) -> np.ndarray:  # noqa: ANN401
        seen.append((len(part.x), len(part.asked)))
        return np.zeros((len(part.asked), 1))

    monkeypatch.setattr(module, "BASELINES", {"linear": spy})
    ensemble = networks(make_data(rows=400), make_network(), [0.8, 0.8])
    _, notes = measure_skill(ensemble, judge_members(ensemble), splits=2, seed=0)
    assert seen == [(50, 25), (50, 25)]
    assert notes == [
        "of the held-out rows of so large a table they predict some, evenly spaced",
        "they learn from 50 rows drawn from the training rows of each split",
    ]


def test_evenly_spaced_rows_reach_from_end_to_end() -> None:
    assert module._evenly(np.arange(10), 4).tolist() == [0, 3, 6, 9]
    assert module._evenly(np.arange(3), 4).tolist() == [0, 1, 2]
