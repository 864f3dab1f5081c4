"""`methods new`: what it writes, and what it refuses."""

import subprocess
import sys
from pathlib import Path

import pytest

from deepfeat.errors import InputError
from deepfeat.methods.registry import Registry, load_registry
from deepfeat.testing.conformance import CHECKS
from deepfeat.testing.scaffold import new_method


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(environ={})


def test_both_files_pass_as_they_are(tmp_path: Path, registry: Registry) -> None:
    method, test = new_method("my_own_way", tmp_path / "mine", tmp_path / "tests" / "deep", registry)
    assert (method, test) == (tmp_path / "mine/my_own_way.py", tmp_path / "tests/deep/test_my_own_way.py")
    for path in (method, test):
        text = path.read_text()
        assert "example" not in text
        assert "Example" not in text
    assert "class MyOwnWay(Method):" in method.read_text()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(test)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CHECKS)} passed" in done.stdout


def test_both_files_are_clean(tmp_path: Path, registry: Registry) -> None:
    """As strictly as our own: what is written must not be the first thing that a linter complains of."""
    root = Path(__file__).parents[2]
    files = new_method("my_own_way", tmp_path / "plugins", tmp_path / "tests", registry)
    ruff = str(Path(sys.executable).parent / "ruff")
    for command in (["check", "--ignore", "INP001"], ["format", "--check"]):
        done = subprocess.run(
            [ruff, *command, "--no-cache", "--config", str(root / "pyproject.toml"), *map(str, files)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("My-Method", "'My-Method' cannot be the name of a method; use lower case"),
        ("../up", "cannot be the name of a method"),
        ("", "cannot be the name of a method"),
        ("rank", "rank is a column of ranking.csv; choose another"),
        ("gate", "there is a method gate in "),
    ],
)
def test_a_name_that_cannot_be_used(name: str, words: str, tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(InputError) as error:
        new_method(name, tmp_path, tmp_path, registry)
    assert words in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path, registry: Registry) -> None:
    for name in ("mine.py", "test_mine.py"):
        (tmp_path / name).write_text("precious")
    with pytest.raises(InputError) as error:
        new_method("mine", tmp_path, tmp_path, registry)
    assert len(error.value.problems) == 2
    assert (tmp_path / "mine.py").read_text() == "precious"


def test_all_or_nothing(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "tests").write_text("a file where a directory is needed")
    with pytest.raises(InputError):
        new_method("mine", tmp_path / "plugins", tmp_path / "tests", registry)
    assert list((tmp_path / "plugins").iterdir()) == []
