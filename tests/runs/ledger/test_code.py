"""Which changes of the code make older results void."""

import sys
from pathlib import Path

import pytest

from deepfeat.nets.default import Default
from deepfeat.nets.network import Network
from deepfeat.runs.ledger import code
from deepfeat.runs.ledger.code import ASKING, TRAINING, code_version, meaning, source_version, versions

SOURCE = '''
"""A module."""


class A:
    """A class."""

    def f(self):
        """A function."""
        return 1  # of course
'''


def test_comments_docstrings_and_layout_mean_nothing() -> None:
    other = "\n# a comment\nclass A:\n    def f(self):\n\n        return (1)\n"
    assert meaning(SOURCE) == meaning(other)


@pytest.mark.parametrize("change", [("1", "2"), ("def f", "def g"), ("return 1", "yield 1")])
def test_everything_else_does(change: tuple[str, str]) -> None:
    assert meaning(SOURCE) != meaning(SOURCE.replace(*change))


def test_the_version_follows_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "PACKAGE", tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "a.py").write_text(SOURCE)
    (tmp_path / "one.py").write_text("x = 1\n")

    def version() -> str:
        code_version.cache_clear()
        return code_version(("nets", "one.py"))

    before = version()
    (tmp_path / "nets" / "a.py").write_text(SOURCE.replace("A class", "Still a class"))
    (tmp_path / "other.py").write_text("not looked at")
    assert version() == before
    (tmp_path / "nets" / "b.py").write_text("")
    with_another_file = version()
    (tmp_path / "one.py").write_text("x = 2\n")
    assert len({before, with_another_file, version()}) == 3
    code_version.cache_clear()


@pytest.mark.parametrize("parts", [TRAINING, ASKING])
def test_what_is_listed_exists(parts: tuple[str, ...]) -> None:
    assert all((code.PACKAGE / part).exists() for part in parts)
    assert len(code_version(parts)) == 64


def test_a_method_may_use_every_room_that_plugins_may_import() -> None:
    assert {"data", "ensemble.py", "methods", "nets", "ranking", "training", "writing"} <= set(ASKING)
    assert not {"cli.py", "commands", "config", "report", "runs", "starting", "testing"} & set(ASKING)


def test_training_depends_on_no_room_that_is_not_listed() -> None:
    """Modules of the package that training loads, but for those whose work is digested by itself."""
    listed = {Path(part).with_suffix("").as_posix().replace("/", ".") for part in TRAINING}
    digested = {"errors", "data.splits", "data.digest", "data.matrix", "_registration", "runs", "writing"}
    for path in [code.PACKAGE / "ensemble.py", *(code.PACKAGE / "training").rglob("*.py")]:
        for line in path.read_text().splitlines():
            if line.startswith("from deepfeat."):
                room = line.split()[1].removeprefix("deepfeat.")
                known = (*listed, *digested)
                assert any(room == part or room.startswith(f"{part}.") for part in known), line


def test_a_network_of_the_package_has_no_source_of_its_own_and_one_of_a_plugin_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_network.py").write_text("class Mine:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import my_network  # type: ignore[import-not-found]  # noqa: PLC0415

    assert source_version(Default) == ""
    assert len(source_version(my_network.Mine)) == 64
    sys.modules.pop("my_network")


def test_a_class_without_a_file_is_known_by_its_name() -> None:
    made = type("Made", (Network,), {"__module__": "nowhere"})
    assert source_version(made) == "nowhere.Made"


def test_versions_of_what_is_installed() -> None:
    assert versions(("numpy", "no-such-thing")).keys() == {"python", "numpy"}
    assert {"python", "numpy", "keras", "pandas", "scikit-learn", "jinja2"} <= versions().keys()
