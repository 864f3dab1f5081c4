"""Arms on the page: a table of them, their ranks, and the figures that several of them have."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from deepfeat.config import dump_experiment, load_experiment
from deepfeat.report.arms import arm_tables, beside, side_by_side
from deepfeat.report.page import write_report
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths

MakeRun = Callable[..., RunPaths]
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301"
    "0100c9fe92ef0000000049454e44ae426082"
)


def leave_figure(paths: RunPaths, value: float) -> None:
    folder = paths.artefacts("gate")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "curve.png").write_bytes(PIXEL)
    (folder / "curve.csv").write_text(f"x,y\n1,{value}\n")
    told = {"curve.png": {"title": "A curve", "alt": "It rises.", "csv": "curve.csv"}}
    (folder / "figures.json").write_text(json.dumps(told))


@pytest.fixture
def run(make_run: MakeRun) -> RunPaths:
    """An experiment with one arm that was carried out, and one that was not."""
    paths = make_run(["a", "b", "c"], name="heart.few")
    leave_figure(paths, 2)
    aside = paths.root.rename(paths.root.with_name("aside"))
    paths = make_run(["a", "b", "c"])
    leave_figure(paths, 1)
    paths.arm("few").root.parent.mkdir()
    aside.rename(paths.arm("few").root)
    experiment = load_experiment(paths.experiment, environ={}).experiment
    arms = {"few": {"training": {"split": {"rows": 10}}}, "later": {"seed": 3}}
    paths.experiment.write_text(dump_experiment(experiment.model_copy(update={"arms": arms})))
    return paths


def test_arms_that_were_carried_out_stand_beside_the_experiment(run: RunPaths) -> None:
    assert list(beside(Results(run.root))) == ["experiment", "few"]
    arms, ranks = arm_tables(Results(run.root))
    assert [row[1].text for row in arms.rows] == ["", "training.split.rows: 10"]
    assert ranks.heads == ["feature", "experiment", "few"]
    table = pd.read_csv(run.comparison / "arms.csv")
    assert table["rank correlation"].tolist() == pytest.approx([1, 1])
    assert {"arm", "differs", "network", "networks", "epochs", "auc"} <= {*table.columns}


def test_figures_of_several_arms_are_shown_together(run: RunPaths) -> None:
    (found,) = side_by_side(Results(run.root))
    assert [picture.title for picture in found.pictures] == ["experiment: A curve", "few: A curve"]
    assert found.pictures[1].links[0][1] == "arms/few/methods/gate/curve.csv"
    joined = pd.read_csv(run.comparison / "gate.curve.csv")
    assert joined.to_dict("list") == {"arm": ["experiment", "few"], "x": [1, 1], "y": [1.0, 2.0]}


def test_a_figure_that_arms_share_is_shown_once(run: RunPaths) -> None:
    leave_figure(run.arm("few"), 1)
    (found,) = side_by_side(Results(run.root))
    assert found.title == "A curve"
    assert [picture.title for picture in found.pictures] == ["experiment and few: A curve"]


def test_numbers_that_an_arm_lacks_are_not_joined(run: RunPaths) -> None:
    (run.arm("few").artefacts("gate") / "curve.csv").unlink()
    assert len(side_by_side(Results(run.root))) == 1
    assert not run.comparison.exists()


@pytest.mark.usefixtures("undrawn")
def test_the_page_has_a_section_of_arms(run: RunPaths, tmp_path: Path) -> None:
    text = write_report(run.root).read_text(encoding="utf-8")
    assert 'id="arms"' in text
    assert "few: A curve" in text
    assert "each has axes of its own" in text
    assert '<div class="together"><h4>A curve</h4>' in text  # a printed page does not end with a heading
    elsewhere = write_report(run.root, tmp_path / "elsewhere" / "page.html").read_text(encoding="utf-8")
    assert 'href="../run/arms/few/methods/gate/curve.png"' in elsewhere


@pytest.mark.usefixtures("undrawn")
def test_without_arms_there_is_no_such_section(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"])
    assert 'id="arms"' not in write_report(paths.root).read_text(encoding="utf-8")
    assert not paths.comparison.exists()
