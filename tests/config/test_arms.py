"""Arms: an experiment with some settings changed, and where those are written."""

from pathlib import Path

import pytest

from deepfeat.config import dump_experiment, load_experiment
from deepfeat.errors import InputError

TEXT = """\
name: demo
data: {path: t.csv}
network: {preset: default, units: [8]}
training: {models: 4, split: {rows: 100}}
methods: [gate, permutation]
arms:
  few: {training: {split: {rows: 10}}, methods: [gate]}
  other: {network: {preset: ashraf-2021}}
  same:
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "experiment.yml"
    path.write_text(TEXT)
    return path


def test_an_arm_is_the_experiment_with_its_settings_changed(file: Path) -> None:
    few = load_experiment(file, environ={}, arm="few").experiment
    assert (few.name, few.arms) == ("demo.few", {})
    assert few.training.split is not None
    assert (few.training.models, few.training.split.rows) == (4, 10)
    assert [entry.name for entry in few.methods] == ["gate"]
    same = load_experiment(file, environ={}, arm="same").experiment
    itself = load_experiment(file, environ={}).experiment
    assert same.model_copy(update={"name": "demo", "arms": itself.arms}) == itself


def test_another_preset_begins_with_its_own_parameters(file: Path) -> None:
    other = load_experiment(file, environ={}, arm="other").experiment
    assert (other.network.preset, other.network.params) == ("ashraf-2021", {})


def test_overrides_hold_for_the_experiment_and_reach_its_arms(file: Path) -> None:
    overrides = ["training.models=9", "arms.few.seed=5"]
    assert load_experiment(file, overrides, environ={}, arm="few").experiment.training.models == 9
    assert load_experiment(file, overrides, environ={}, arm="few").experiment.seed == 5
    assert load_experiment(file, overrides, environ={}).experiment.seed == 0


def test_what_is_resolved_loads_back_with_its_arms(file: Path, tmp_path: Path) -> None:
    loaded = load_experiment(file, environ={}).experiment
    again = tmp_path / "again.yml"
    again.write_text(dump_experiment(loaded))
    assert load_experiment(again, environ={}).experiment == loaded


@pytest.mark.parametrize(
    ("target", "found"),
    [('"${T2:-7}"', "7"), ("age", "age"), ("'12'", "12")],
)
def test_the_setting_of_an_arm_wins_over_what_the_environment_says_of_the_base(
    target: str, found: str, tmp_path: Path
) -> None:
    path = tmp_path / "experiment.yml"
    path.write_text(
        'name: demo\ndata: {path: t.csv, target: "${TARGET:-diagnosis}"}\nmethods: [gate]\n'
        f"arms: {{other: {{data: {{target: {target}}}}}}}\n"
    )
    environ = {"TARGET": "30"}
    assert load_experiment(path, environ=environ).experiment.data.target == "30"
    assert load_experiment(path, environ=environ, arm="other").experiment.data.target == found
    overrides = ["arms.other.data.target=8"]
    assert load_experiment(path, overrides, environ=environ, arm="other").experiment.data.target == "8"


def test_a_number_where_an_arm_needs_text_is_a_fault_whatever_the_base_says(tmp_path: Path) -> None:
    path = tmp_path / "experiment.yml"
    path.write_text(
        'name: demo\ndata: {path: t.csv, target: "${TARGET:-diagnosis}"}\nmethods: [gate]\n'
        "arms: {other: {data: {target: 12}}}\n"
    )
    with pytest.raises(InputError, match=r"experiment\.yml:4:23: data\.target: expected text, found 12"):
        load_experiment(path, environ={}, arm="other")


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ("few: {training: {modles: 3}}", "7:20: training.modles: unknown key; did you mean models?"),
        ("few: {name: x}", "7:9: arms.few.name: an arm has no name of its own; remove it"),
        ("few: 3", "7:3: arms.few: expected the settings that differ, found 3; write key: value"),
        ("few/er: {}", "7:3: arms.few/er: found 'few/er'; use letters"),
    ],
)
def test_faults_are_told_where_they_are_written(file: Path, arm: str, said: str) -> None:
    file.write_text(TEXT.split("  few:", maxsplit=1)[0] + f"  {arm}\n")
    with pytest.raises(InputError) as raised:
        load_experiment(file, environ={})
    (problem,) = raised.value.problems
    assert str(problem).startswith(f"{file}:{said}")
