"""The experiment of an earlier run, which may be somebody else's."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from deepfeat.errors import ExitCode, InputError
from deepfeat.runs.again import loaded_again, prepared_again
from deepfeat.runs.paths import RunPaths

Write = Callable[..., Path]
Type = Callable[..., tuple[int, str, str]]


@pytest.fixture
def planted(write_experiment: Write) -> RunPaths:
    """A run directory with an experiment, a program, and a `.env` that names it."""
    paths = RunPaths(write_experiment().parent / "run")
    paths.root.mkdir()
    write_experiment().rename(paths.experiment)
    done = paths.root.parent / "done"
    (paths.root / "evil.py").write_text(f"from pathlib import Path\nPath({str(done)!r}).touch()\n")
    (paths.root / ".env").write_text(f"DEEPFEAT_PLUGINS={paths.root}/evil.py\n")
    paths.provenance.write_text(json.dumps({"folder": str(paths.root.parent), "data": {"sha256": "x"}}))
    paths.ranking.write_text("rank,feature\n")
    return paths


def plugins(paths: RunPaths, *names: str) -> None:
    content = yaml.safe_load(paths.experiment.read_text())
    paths.experiment.write_text(yaml.dump({**content, "plugins": list(names)}))


def test_its_table_is_found_where_its_own_file_was(planted: RunPaths) -> None:
    assert loaded_again(planted).resolve_path("table.csv") == planted.root.parent / "table.csv"
    planted.provenance.write_text('{"folder": 3}')
    assert loaded_again(planted).source == str(planted.experiment)


def test_an_environment_file_in_the_run_directory_does_not_count(planted: RunPaths) -> None:
    prepared = prepared_again(planted, ["training.models=3"])
    assert len(prepared.plan) == 3
    assert not (planted.root.parent / "done").exists()
    (planted.root / ".env").write_text("not a line of such a file\n")
    assert prepared_again(planted).data.n_rows == 60


@pytest.mark.parametrize("name", ["run/evil.py", "run", "here/../run/evil.py", "link.py", "run/out.py"])
def test_a_plugin_in_the_run_directory_is_not_executed(
    planted: RunPaths, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(planted.root.parent)
    Path("here").mkdir()
    Path("link.py").symlink_to(planted.root / "evil.py")
    (planted.root / "out.py").symlink_to(planted.root / "evil.py")
    plugins(planted, name)
    with pytest.raises(InputError, match="lies in the run directory, of which nothing is executed"):
        prepared_again(planted)
    assert not Path("done").exists()


def test_a_plugin_elsewhere_is(planted: RunPaths) -> None:
    (planted.root / "evil.py").rename(planted.root.parent / "mine.py")
    plugins(planted, "mine.py")
    prepared_again(planted)
    assert (planted.root.parent / "done").exists()


@pytest.mark.parametrize(
    "command", [("verify", "--recompute", "1", "run"), ("features", "run", "-l", "dense")]
)
def test_no_command_executes_one(planted: RunPaths, deepfeat: Type, command: tuple[str, ...]) -> None:
    plugins(planted, "run/evil.py")
    code, _, said = deepfeat(*command)
    assert code == ExitCode.USER_INPUT
    assert "evil.py lies in the run directory" in said
    assert not (planted.root.parent / "done").exists()
