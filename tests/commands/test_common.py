"""What the first words after a command stand for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.commands.common import experiment_and_overrides, plugged_in, run_paths
from deepfeat.config import load_experiment

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


PLUGIN = """
from deepfeat import per_model


@per_model("found_here")
def found_here(model):
    "Is found."
    return [0.0]
"""


@pytest.fixture
def plugin_of_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that the `.env` of the directory names, and that of the directory `sub`."""
    monkeypatch.delenv("DEEPFEAT_PLUGINS", raising=False)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "found_here.py").write_text(PLUGIN)
    (tmp_path / "sub").mkdir()
    for folder in (tmp_path, tmp_path / "sub"):
        (folder / ".env").write_text("DEEPFEAT_PLUGINS=mine\n")


@pytest.mark.usefixtures("plugin_of_dotenv")
@pytest.mark.parametrize(
    "words",
    [
        ("methods", "list", "--json"),
        ("methods", "show", "found_here"),
        ("methods", "check", "found_here", "--quick"),
        ("schema",),
    ],
    ids=" ".join,
)
def test_a_plugin_of_dotenv_is_found_wherever_methods_are(words: tuple[str, ...], deepfeat: Type) -> None:
    _, out, err = deepfeat(*words)
    assert "found_here" in out
    assert "there is no method" not in err


@pytest.mark.usefixtures("plugin_of_dotenv")
def test_plugins_are_those_of_the_folder_of_the_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").unlink()
    assert "found_here" not in plugged_in().methods
    assert "found_here" in plugged_in((), Path("sub")).methods


@pytest.mark.usefixtures("plugin_of_dotenv")
def test_a_key_that_completes_a_word_executes_nothing_of_the_directory(
    deepfeat: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_DEEPFEAT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "deepfeat methods show found_")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert deepfeat()[1].strip() == ""


def test_results_go_home(
    write_experiment: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    path = write_experiment()
    (tmp_path / ".env").write_text("OUTPUT_DIR=~/results\n")
    loaded = load_experiment(path)
    assert run_paths(loaded, None).root == tmp_path / "home/results/tiny"
    assert run_paths(loaded, Path("~/other")).root == tmp_path / "home/other/tiny"


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
