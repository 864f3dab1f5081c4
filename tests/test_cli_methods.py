"""`deepfeat methods ...` as it is typed: what it prints, and the exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FAILING = """
from deepfeat.methods import Method


class Failing(Method):
    "Fails."

    name = "failing"

    def explain(self, ensemble, data, context):
        raise RuntimeError("no answer today")
"""


def test_a_new_method_conforms_and_is_found(deepfeat) -> None:  # noqa: ANN001
    code, out, _ = deepfeat("methods", "new", "my_way")
    assert code == 0
    assert out.splitlines() == [
        "plugins/my_way.py: the method",
        "tests/plugins/test_my_way.py: its test",
        "Next: deepfeat methods check plugins/my_way.py --quick",
        "To use it, an experiment names its directory: plugins: [plugins]",
    ]
    code, out, _ = deepfeat("methods", "check", "plugins/my_way.py", "--quick")
    assert (code, out.splitlines()[-1]) == (0, "my_way: conforms")
    code, out, _ = deepfeat("methods", "check", "my_way", "--quick", "--plugins", "plugins")
    assert code == 0
    code, out, _ = deepfeat("methods", "show", "my_way", "--json", "--plugins", "plugins")
    assert [parameter["name"] for parameter in json.loads(out)["parameters"]] == ["rows"]


def test_it_goes_where_it_is_told(deepfeat) -> None:  # noqa: ANN001
    code, _, _ = deepfeat("methods", "new", "my_way", "--dir", "a/b", "--tests", "c")
    assert code == 0
    assert Path("a/b/my_way.py").is_file()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "c"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["gate", "No!", "feature"])
def test_a_wrong_name_is_the_users_fault(name: str, deepfeat) -> None:  # noqa: ANN001
    code, out, err = deepfeat("methods", "new", name)
    assert (code, out) == (2, "")
    assert err.startswith("command line: ")
    assert len(err.splitlines()) == 1
    assert list(Path().iterdir()) == []


def test_a_check_that_fails_is_told_by_the_exit_code(deepfeat) -> None:  # noqa: ANN001
    Path("failing.py").write_text(FAILING)
    code, out, _ = deepfeat("methods", "check", "failing.py", "--quick")
    assert code == 3
    assert (
        "answers                         FAILED: RuntimeError: no answer today (failing.py, line 11)" in out
    )


@pytest.mark.parametrize("target", ["gat", "nowhere.py", "broken.py"])
def test_what_cannot_be_checked_is_the_users_fault(target: str, deepfeat) -> None:  # noqa: ANN001
    Path("broken.py").write_text("import no_such_library")
    code, out, err = deepfeat("methods", "check", target)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_list_in_every_form(deepfeat) -> None:  # noqa: ANN001
    code, out, _ = deepfeat("methods", "list", "--json")
    assert code == 0
    names = [method["name"] for method in json.loads(out)["methods"]]
    assert {"gate", "first_layer"} <= set(names)
    _, table, _ = deepfeat("methods")
    _, markdown, _ = deepfeat("methods", "list", "--markdown")
    assert all(name in table and f"| `{name}` |" in markdown for name in names)


def test_none_of_it_needs_tensorflow(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    code = """
import sys
from deepfeat.cli import program
for words in (
    ["methods", "list"], ["methods", "show", "gate"], ["methods", "new", "mine"],
    ["methods", "check", "failing.py", "--quick"],
):
    program.main(words, standalone_mode=False)
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_trained_networks_are_asked(tmp_path: Path) -> None:
    """In a process of its own: what the user sees, and that nothing else is printed."""
    done = subprocess.run(
        [sys.executable, "-m", "deepfeat", "methods", "check", str(ROOT / "examples/plugins/without.py")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("without, asked about trained networks:\n")
    assert done.stdout.endswith("without: conforms\n")
