"""Training until there are enough networks."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepfeat.config import RankingConfig
from deepfeat.data.dataset import Dataset
from deepfeat.methods.importance import Importance
from deepfeat.runs import growing
from deepfeat.runs.console import RunConsole
from deepfeat.runs.growing import grow
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare
from deepfeat.runs.runner import run
from deepfeat.training.loop import MemberRecord
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import SplitSettings
from deepfeat.writing.csvfiles import read_table

CONFIG = RankingConfig(top_k=2)


@dataclass
class Trained:
    """Stands for an ensemble: members with a skill and made-up importances."""

    plan: FitPlan
    data: Dataset
    records: list[MemberRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.records = [MemberRecord(seed, scores={"auc": 0.9}) for seed in self.plan.seeds]

    def __len__(self) -> int:
        return len(self.plan)

    @property
    def succeeded(self) -> np.ndarray:
        return np.arange(len(self))

    def select(self, members: Any) -> "Trained":  # noqa: ANN401
        return Trained(self.plan.select(members), self.data)


@pytest.fixture
def plan(make_data: Callable[..., Dataset], make_network: Callable[..., Any]) -> tuple[FitPlan, Dataset]:
    data = make_data()
    return build_plan(data, SplitSettings(), 400, 0, make_network()), data


def grown(plan: tuple[FitPlan, Dataset], noise: float) -> tuple[int, list[str], list[int]]:
    """How many are trained in the end, what was said, and the sizes on the way."""
    said: list[str] = []
    sizes: list[int] = []

    def train(part: FitPlan) -> Any:  # noqa: ANN401
        sizes.append(len(part))
        return Trained(part, plan[1])

    def ask(ensemble: Any) -> dict[str, Importance]:  # noqa: ANN401
        # a member's answer follows from its seed, whoever is asked with it
        drawn = [np.random.default_rng(seed).normal(size=4) for seed in ensemble.plan.seeds]
        return {"made": Importance(np.maximum([4.0, 3, 2, 1] + noise * np.array(drawn), 0.01))}

    ensemble = grow(plan[0], train, ask, CONFIG, 0, said.append)
    return len(ensemble), said, sizes


def test_a_clear_ranking_needs_one_step(plan: tuple[FitPlan, Dataset]) -> None:
    assert grown(plan, 0.1) == (50, ["50 networks are enough"], [50])


@pytest.mark.slow
def test_a_noisy_one_needs_more_and_repeats(plan: tuple[FitPlan, Dataset]) -> None:
    count, said, sizes = grown(plan, 3.0)
    assert 50 < count < 400
    assert sizes[0] == 50
    assert all(size % 50 == 0 for size in sizes)
    assert said[0].startswith("50 networks are not enough yet; training ")
    assert said[-1] == f"{count} networks are enough"
    assert grown(plan, 3.0) == (count, said, sizes)


def test_there_is_a_most(plan: tuple[FitPlan, Dataset]) -> None:
    short = plan[0].select(range(70)), plan[1]
    assert grown(short, 50.0)[0] == 70
    assert "most that may be trained" in grown(short, 50.0)[1][-1]


def test_where_no_method_answers_nothing_is_added(plan: tuple[FitPlan, Dataset]) -> None:
    said: list[str] = []
    ensemble = grow(plan[0], lambda part: Trained(part, plan[1]), lambda _: {}, CONFIG, 0, said.append)
    assert len(ensemble) == 50
    assert "cannot be told" in said[0]


@pytest.mark.usefixtures("compiled_once")
def test_a_whole_run(write_experiment: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "STEP", 3)
    path = write_experiment(training={"models": "auto", "most_models": 7})
    paths, screen = RunPaths(path.parent / "out"), io.StringIO()
    prepared = prepare(path)
    assert len(prepared.plan) == 7
    run(prepared, paths, RunConsole(screen, width=200))
    members = read_table(paths.members, text=["failure"])
    assert 3 <= len(members) <= 7
    assert members["seed"].tolist() == list(prepared.plan.seeds[: len(members)])
    assert f"{len(members)} networks are" in screen.getvalue()
    assert len(list(paths.models.iterdir())) == len(members)
