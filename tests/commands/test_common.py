"""What the first words after a command stand for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.commands.common import experiment_and_overrides

Type = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    "setting",
    [
        "training.models=3",
        "data.path=Data/table.csv",
        "plugins=[mine/]",
        "logging.mlflow=http://127.0.0.1:5000",
        "methods.my_method.rows=2",
        f"methods=[{', '.join(['gate'] * 100)}]",
        "=3",
    ],
)
def test_a_setting_in_the_place_of_the_file_is_taken_as_it_is_typed(setting: str) -> None:
    assert experiment_and_overrides(setting, ("seed=1",)) == (Path("experiment.yml"), [setting, "seed=1"])


@pytest.mark.parametrize("file", ["mine.yml", "folder/mine.yml", "/a/b=c/mine.yml", "a/b=c.yml"])
def test_a_file_is_a_file_whether_it_is_there_or_not(file: str) -> None:
    assert experiment_and_overrides(file, ("seed=1",)) == (Path(file), ["seed=1"])


def test_a_file_that_is_there_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a=b.yml").touch()
    assert experiment_and_overrides("a=b.yml", ()) == (Path("a=b.yml"), [])


@pytest.mark.parametrize("command", [("validate",), ("run", "--dry-run"), ("submit", "slurm", "--dry-run")])
def test_every_command_that_takes_an_experiment_takes_a_setting_with_a_path_alone(
    command: tuple[str, ...], deepfeat: Type, write_experiment: Callable[..., Path]
) -> None:
    write_experiment(data={"path": "elsewhere.csv"})
    Path("sub").mkdir()
    Path("table.csv").rename("sub/table.csv")
    code, out, err = deepfeat(*command, "data.path=sub//table.csv")
    assert (code, err) == (0, "")
    if command[0] == "submit":
        assert "OVERRIDES=(data.path=sub//table.csv)\n" in out
