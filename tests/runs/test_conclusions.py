"""What a run concludes, and the form of every file that says so.

The golden files hold what is written for made-up networks and answers. After a wanted change of a form,
`DEEPFEAT_WRITE_GOLDEN=1 pytest tests/runs/test_conclusions.py` writes them anew; look at what git shows then.
"""

import csv
import json
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepfeat.config import RankingConfig
from deepfeat.data.dataset import Dataset, Feature
from deepfeat.data.splits import Split
from deepfeat.methods.importance import Importance
from deepfeat.ranking.agreement import Outlook
from deepfeat.runs import skill
from deepfeat.runs.conclusions import Conclusions, conclude, with_q_values, write_conclusions
from deepfeat.runs.outputs import write_extras, write_history, write_members, write_scores
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.skill import MemberSkill, judge_members
from deepfeat.training.loop import MemberRecord
from deepfeat.training.plan import FitPlan

GOLDEN = Path(__file__).parent / "golden"
PAGE = Path(__file__).parents[2] / "docs" / "outputs.md"
NAMES = ("=cmd|'/c calc'!A0", "b, and c", "kind_x", "kind_y", "plain", "<b>bold</b>")
CONFIG = RankingConfig(bootstrap=100, skill_splits=3, groups={"pathway": [NAMES[0], NAMES[4]]})


def _data() -> Dataset:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 6)).round(3)
    x[:, 1] = (x[:, 0] + 0.1 * x[:, 1]).round(3)
    x[:, 2] = x[:, 3] > 0
    x[:, 3] = 1 - x[:, 2]
    y = np.eye(3)[np.digitize(x[:, 0], [-0.5, 0.5])]
    return Dataset(
        name="made",
        x=x.astype(np.float32),
        y=y.astype(np.float32),
        task="multiclass",
        features=tuple(Feature(name, i, i + 1) for i, name in enumerate(NAMES)),
        classes=("low", "-middle", "high"),
        source_rows=np.arange(1, 121),
    )


@dataclass
class Networks:
    """Stands for a trained ensemble: six members, of which one failed and one has no skill."""

    data: Dataset = field(default_factory=_data)
    scores: tuple[float, ...] = (0.9, 0.95, 0.92, 0.4, 0.0, 0.91)

    def __post_init__(self) -> None:
        rows = np.arange(120)
        splits = tuple(Split(rows[i::6], rows[(i + 1) % 6 :: 6], rows[(i + 2) % 6 :: 6]) for i in range(6))
        self.plan = FitPlan("main", tuple(range(6)), splits, np.ones((6, 6), bool), np.zeros(6))
        self.records = [
            MemberRecord(
                number,
                epochs=3,
                best_epoch=2,
                train_loss=0.25,
                valid_loss=0.5,
                history=np.array([[1.0, 1.5], [0.25, 0.5], [0.2, 0.75]]),
                scores={"auc": score, "f1": 0.5, "precision": 0.5, "recall": 0.5},
            )
            for number, score in enumerate(self.scores)
        ]
        self.records[4] = MemberRecord(4, epochs=1, failure="the loss became NaN or infinite in epoch 2")

    def __len__(self) -> int:
        return 6

    @property
    def succeeded(self) -> np.ndarray:
        return np.array([i for i, record in enumerate(self.records) if record.failure is None])


def _answers() -> dict[str, Importance]:
    rng = np.random.default_rng(1)
    weights = np.array([8.0, 4, 2, 1, 1, 0])
    first = weights * rng.integers(1, 9, size=(5, 6)) / 8
    second = weights[::-1] * rng.integers(1, 9, size=(5, 6)) / 8
    by_class = np.stack([first, second, first], axis=1)
    return {
        "first": Importance(first, sign=np.sign(first), per_class=by_class, class_sign=np.sign(by_class)),
        "second": with_q_values(
            Importance(
                second,
                effect=weights / 8,
                std_error=np.full(6, 0.25),
                ci_low=weights / 8 - 0.5,
                ci_high=weights / 8 + 0.5,
                p_value=np.array([0.001, 0.01, 0.02, 0.5, 0.5, 1.0]),
                selected=weights > 3,
                null_hypothesis="the feature has no effect",
            ),
            "bh",
        ),
    }


ABOUT = {"first": Outlook("weights", "effects"), "second": Outlook("effects", "weights")}


def _concluded(networks: Networks, config: RankingConfig = CONFIG) -> tuple[MemberSkill, Conclusions]:
    ensemble: Any = networks
    judged = judge_members(ensemble, config.skilless)
    return judged, conclude(ensemble, judged, _answers(), config, 0, about=ABOUT)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> RunPaths:
    paths = RunPaths(tmp_path_factory.mktemp("run"))
    networks = Networks()
    judged, found = _concluded(networks)
    write_members(paths, networks.records, judged)
    write_history(paths, networks.records)
    for name, answer in _answers().items():
        write_scores(paths, name, networks.succeeded, NAMES, answer.scores)
        write_extras(paths, name, networks.succeeded, networks.data, answer, "sum")
    write_conclusions(paths, found)
    return paths


def _cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def _numbers_out(value: Any) -> Any:  # noqa: ANN401 - a cell, or any JSON
    """Numbers to nine digits: the last ones may differ between processors."""
    if isinstance(value, dict):
        return {key: _numbers_out(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_numbers_out(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, str) and re.fullmatch(r"-?\d+\.\d+(e-?\d+)?", value):
        return f"{float(value):.9g}"
    return value


def test_every_file_has_its_documented_form(written: RunPaths) -> None:
    files = sorted(str(path.relative_to(written.root)) for path in written.root.rglob("*") if path.is_file())
    if os.environ.get("DEEPFEAT_WRITE_GOLDEN"):
        for name in files:
            (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_bytes((written.root / name).read_bytes())
    golden = sorted(str(path.relative_to(GOLDEN)) for path in GOLDEN.rglob("*") if path.is_file())
    assert files == golden
    for name in files:
        if name.endswith(".json"):
            found, wanted = (json.loads((root / name).read_text()) for root in (written.root, GOLDEN))
        else:
            found, wanted = _cells(written.root / name), _cells(GOLDEN / name)
        assert _numbers_out(found) == _numbers_out(wanted), name


def test_no_cell_of_any_file_is_a_formula(written: RunPaths) -> None:
    for path in written.root.rglob("*.csv"):
        for row in _cells(path):
            for cell in row:
                assert not cell.startswith(("=", "+", "@", "\t", "\r")), (path.name, cell)
                assert not cell.startswith("-") or _is_number(cell), (path.name, cell)


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell) is not None


def test_the_page_of_outputs_names_every_file_and_column(written: RunPaths) -> None:
    page = PAGE.read_text()
    for path in written.root.rglob("*.csv"):
        name = str(path.relative_to(written.root))
        for method in ("first", "second"):
            name = name.replace(f"methods/{method}", "methods/<method>")
        assert f"`{name}`" in page, name
        columns = _cells(path)[0]
        if name in ("methods/<method>.csv", "methods/<method>.sign.csv"):
            columns = columns[:1]  # and the features
        for column in columns:
            plain = re.sub(r"^(first|second)(?=$|\.)", "<method>", column)
            if plain.startswith("<method>.") and plain != "<method>.sign":
                plain = "<method>.<estimate>"
            assert f"`{plain}`" in page, (name, column)
    for key in json.loads(written.answer.read_text()):
        assert f"`{key}`" in page, key


@pytest.mark.usefixtures("few_trees")
def test_members_without_skill_are_left_out_unless_they_are_to_stay() -> None:
    judged, left_out = _concluded(Networks())
    assert judged.beats_constant.tolist()[:4] == [1, 1, 1, 0]
    assert np.isnan(judged.beats_constant[4])
    assert judged.averaged.tolist() == [True, True, True, False, False, True]
    assert (left_out.members.averaged, left_out.members.skilless, left_out.members.failed) == (4, 1, 1)
    _, kept = _concluded(Networks(), replace_config(skilless="keep"))
    assert kept.members.averaged == 5
    assert not kept.ranking["importance"].equals(left_out.ranking["importance"])


def replace_config(**changes: object) -> RankingConfig:
    return RankingConfig.model_validate({**CONFIG.model_dump(exclude_none=True), **changes})


@pytest.mark.usefixtures("few_trees")
def test_where_no_member_has_skill_all_are_kept_and_the_answer_says_so() -> None:
    judged, found = _concluded(Networks(scores=(0.4, 0.45, 0.42, 0.4, 0.0, 0.5)))
    assert judged.averaged.sum() == 5
    assert found.answer.usable is False
    assert found.answer.headline[0].startswith("There is nothing to rank")
    assert "are kept all the same: 5 of 6" in " ".join(found.answer.details)


@pytest.mark.usefixtures("few_trees")
def test_other_models_that_carry_the_ranking_are_judged_with_the_networks() -> None:
    networks: Any = Networks()
    right = networks.data.y.astype(float)
    trees = Importance(np.arange(6.0)[None] + 1, predictions=right)
    answers = {**_answers(), "trees": trees}
    weights = {"first": 0.0, "second": 0.0, "trees": 1.0}
    found = conclude(networks, judge_members(networks), answers, CONFIG, 0, ABOUT, weights)
    assert found.carriers.shares == {"trees": 1.0, "networks": 0.0}
    assert found.answer.judged == "joint"
    assert found.skill.row("joint")["mean"] == 1.0
    assert "matter most to trees (weight 1.00)" in found.answer.headline[0]
    # a method that neither asks the networks nor predicts carries its share under its own name
    about = {"second": Outlook(asks_networks=False)}
    alike = conclude(networks, judge_members(networks), _answers(), CONFIG, 0, about)
    assert alike.carriers.shares == {"networks": 0.5, "second": 0.5}
    assert alike.answer.judged == "networks"


@pytest.mark.usefixtures("few_trees")
def test_a_method_without_weight_has_no_voice_and_one_that_cannot_be_judged_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    networks: Any = Networks()
    right = networks.data.y.astype(float)
    monkeypatch.setattr(skill, "networks_together", lambda _, __, rows: right[rows])
    first = _answers()["first"]
    backwards = Importance(first.scores[:1, ::-1])
    answers = {
        **_answers(),
        "trees": replace(first, predictions=right),
        "glm": backwards,
        "bad": replace(first, predictions=1 - right),
    }
    weights = {"first": 0.2, "second": 0.2, "trees": 0.6, "glm": 0.0, "bad": 0.0}
    about = {name: Outlook(asks_networks=False) for name in ("trees", "glm", "bad")}
    config = replace_config(weights="stacking")
    judged = judge_members(networks)
    found = conclude(networks, judged, answers, config, 0, about, weights)
    assert found.notes[0] == (
        "the methods count with weights that stacking found: first 0.200, second 0.200, trees 0.600, "
        "glm not weighed, bad 0.000"
    )
    del answers["glm"], answers["bad"]
    alone = conclude(networks, judged, answers, config, 0, about, weights)
    assert found.kendall_w == alone.kendall_w
    assert "the methods that count on the order" in " ".join(found.answer.details)
    assert "the methods on the order" in " ".join(alone.answer.details)
    # networks of no weight were judged all the same
    nothing = conclude(networks, judged, _answers() | answers, config, 0, about, {"trees": 1.0})
    assert "first 0.000, second 0.000, trees 1.000" in nothing.notes[0]


@pytest.mark.usefixtures("few_trees")
def test_the_answer_names_what_all_controls_have_found() -> None:
    networks: Any = Networks(scores=(0.9, 0.95, 0.92, 0.9, 0.0, 0.91))
    judged = judge_members(networks, "leave_out")
    answers = {"first": _answers()["first"]}

    def said(*found: list[int]) -> str:
        chosen = [np.isin(np.arange(6), features) for features in found]
        return conclude(networks, judged, answers, CONFIG, 0, found=chosen).answer.headline[0]

    assert said().count("interval") == 4
    assert said([0, 1, 2]).count("interval") == 4
    assert said([0, 1, 2], [0, 1, 5]).count("interval") == 3
    assert said([1, 2]).count("interval") == 2


def test_an_answer_of_repetitions_keeps_all_its_rows() -> None:
    networks: Any = Networks()
    answers = {"first": _answers()["first"], "counts": Importance(np.ones((9, 6)))}
    found = conclude(networks, judge_members(networks), answers, CONFIG, 0)
    rows = found.tables["stability"].set_index("of")["rows"]
    assert rows.to_dict() == {"importance": 4, "first": 4, "counts": 9}


@pytest.mark.usefixtures("few_trees")
def test_repetitions_are_not_taken_for_the_networks_of_which_there_are_as_many() -> None:
    networks: Any = Networks()
    rows = np.eye(6)[:5]  # the fourth network that did not fail has no skill
    split_by_split = Importance(rows, predictions=networks.data.y.astype(float))
    answers = {"first": Importance(rows), "folds": Importance(rows), "forest": split_by_split}
    about = {name: Outlook(asks_networks=False) for name in ("folds", "forest")}
    weights = {"first": 0.0, "folds": 0.5, "forest": 0.5}
    found = conclude(networks, judge_members(networks), answers, CONFIG, 0, about, weights)
    counted = found.tables["stability"].set_index("of")["rows"]
    assert counted[["first", "folds", "forest"]].tolist() == [4, 5, 4]
    ranking = found.ranking.set_index("feature")
    assert ranking.loc[NAMES[3], ["first", "folds", "forest"]].tolist() == pytest.approx([0, 0.2, 0])


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("rows", [4, 9], ids=["as many fits as networks", "fits of its own number"])
def test_what_other_models_find_does_not_pass_for_agreement_of_the_networks(rows: int) -> None:
    networks: Any = Networks()
    first = _answers()["first"]
    other = Importance(np.tile([0.0, 0, 0, 9, 90, 0], (rows, 1)))
    about = {"forest": Outlook(asks_networks=False)}
    judged = judge_members(networks)
    alone = conclude(networks, judged, {"first": first}, CONFIG, 0)
    beside = conclude(networks, judged, {"first": first, "forest": other}, CONFIG, 0, about)
    assert beside.ranking["feature"][0] == "plain"
    assert beside.stability == alone.stability
    assert beside.convergence.curve.equals(alone.convergence.curve)
    shares = [found.ranking.set_index("feature")["top_share"].to_dict() for found in (beside, alone)]
    assert shares[0] == shares[1]
    assert "By the methods that ask them, single networks" in " ".join(beside.answer.details)
    groups = [found.tables["groups"].set_index("group")["top_share"].to_dict() for found in (beside, alone)]
    assert groups[0] == groups[1]
    # a method that does not count says nothing either
    weights = {"first": 0.5, "second": 0.0, "forest": 0.5}
    answers = {**_answers(), "forest": other}
    weighed = conclude(networks, judged, answers, CONFIG, 0, about, weights)
    assert weighed.stability == alone.stability


@pytest.mark.usefixtures("few_trees")
def test_where_no_method_asks_networks_nothing_is_said_of_them(tmp_path: Path) -> None:
    networks: Any = Networks()
    answers = {"forest": Importance(_answers()["first"].scores[:4])}
    about = {"forest": Outlook(asks_networks=False)}
    found = conclude(networks, judge_members(networks), answers, CONFIG, 0, about)
    assert found.ranking["top_share"].isna().all()
    assert found.tables["stability"].set_index("of")["rows"].to_dict() == {"forest": 4, "importance": 0}
    told = " ".join(found.answer.details)
    assert "ingle networks" not in told
    assert "enough" not in told
    paths = RunPaths(tmp_path / "run")
    write_conclusions(paths, found)
    assert json.loads(paths.answer.read_text())["stability"]["value"] is None


@pytest.mark.usefixtures("few_trees")
def test_what_an_earlier_execution_left_and_this_one_does_not_write_goes(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path / "run")
    _, found = _concluded(Networks())
    write_conclusions(paths, found)
    assert paths.per_class.exists()
    empty = found.tables["per_class"].iloc[:0, :0]
    write_conclusions(paths, replace(found, tables={**found.tables, "per_class": empty}))
    assert not paths.per_class.exists()


def test_q_values_of_the_method_itself_are_kept() -> None:
    given = Importance(np.ones((1, 2)), p_value=np.array([0.01, 0.04]), null_hypothesis="nothing")
    assert with_q_values(given, "holm").q_value.tolist() == pytest.approx([0.02, 0.04])
    own = replace(given, q_value=np.array([0.5, 0.5]))
    assert with_q_values(own, "bh") is own
    assert with_q_values(Importance(np.ones((1, 2))), "bh").q_value is None
