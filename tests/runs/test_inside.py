"""Nothing leads out of a run directory."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.errors import ExitCode, InputError
from deepfeat.runs.inside import is_inside, refuse_links


@pytest.mark.parametrize("name", ["a", "a/b", "a/../b", ".", "loop/x"])
def test_inside(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    assert is_inside(tmp_path / name, tmp_path)


@pytest.mark.parametrize("name", ["..", "a/../../b", "/etc/passwd", "away/x", "a\0b", "self"])
def test_outside_or_nowhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "away").symlink_to("/tmp")  # noqa: S108 - any other place
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert not is_inside(tmp_path / name, tmp_path)


def test_links_that_stay_inside_are_none_of_our_business(tmp_path: Path) -> None:
    root = tmp_path / "run"
    refuse_links(root)
    (root / "figures").mkdir(parents=True)
    (root / "pictures").symlink_to("figures")
    (tmp_path / "link").symlink_to(root)
    refuse_links(tmp_path / "link")


def test_every_link_that_leads_out_is_named(tmp_path: Path) -> None:
    root = tmp_path / "run"
    (root / "methods").mkdir(parents=True)
    (root / "methods" / "gate").symlink_to(tmp_path)
    (root / "report.html").symlink_to(tmp_path / "nothing")
    with pytest.raises(InputError) as caught:
        refuse_links(root)
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"{root}/methods/gate: leads out of the run directory; put what it leads to in")
    assert second.startswith(f"{root}/report.html: leads out of the run directory; ")


@pytest.mark.usefixtures("shipped_once")
@pytest.mark.parametrize("command", [("run",), ("run", "--shard", "1/2"), ("report", "ExpOutput/tiny")])
def test_nothing_is_written_through_a_link(
    command: tuple[str, ...],
    deepfeat: Callable[..., tuple[int, str, str]],
    write_experiment: Callable[..., Path],
    tmp_path: Path,
) -> None:
    run = write_experiment().parent / "ExpOutput" / "tiny"
    mine = tmp_path / "mine"
    (mine / "gate").mkdir(parents=True)
    (mine / "gate" / "notes.txt").write_text("my own")
    run.mkdir(parents=True)
    (run / "methods").symlink_to(mine)
    (run / "figures").symlink_to(mine)
    (run / "logs").symlink_to(mine)
    code, _, said = deepfeat(*command)
    assert code == ExitCode.USER_INPUT
    assert "methods: leads out of the run directory" in said
    assert [path.name for path in mine.rglob("*")] == ["gate", "notes.txt"]
