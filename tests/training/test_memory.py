"""Memory left, as the machine and its control groups tell it."""

from pathlib import Path

import psutil
import pytest

from deepfeat.training import memory

MIB = 1 << 20


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without control groups."""
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    monkeypatch.setattr(memory, "MEMBERSHIP", tmp_path / "membership")
    return tmp_path


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n")


def test_without_control_groups_the_machine_decides(groups: Path) -> None:
    assert 0 < memory.available_memory() <= psutil.virtual_memory().total


def test_a_container_takes_its_own_limit_and_not_its_page_cache(groups: Path) -> None:
    write(groups, membership="0::/docker/1")  # the path outside; inside, the group is the root
    write(
        groups,
        memory__max=f"{100 * MIB}",
        memory__current=f"{90 * MIB}",
        memory__stat=f"anon {20 * MIB}\nactive_file {30 * MIB}\ninactive_file {40 * MIB}",
    )
    assert memory.available_memory() == 80 * MIB


def test_the_tightest_of_the_groups_around_counts(groups: Path) -> None:
    write(groups, membership="4:cpu,memory:/slurm/job/step\n1:pids:/")
    root = groups / "memory"
    usage = {"memory__usage_in_bytes": "0", "memory__stat": "total_active_file 0"}
    write(root, memory__limit_in_bytes="9223372036854771712", **usage)
    write(root / "slurm" / "job", memory__limit_in_bytes=f"{8 * MIB}", **usage)
    write(root / "slurm" / "job" / "step", memory__limit_in_bytes=f"{16 * MIB}", **usage)
    assert memory.available_memory() == 8 * MIB


def test_a_group_without_limit_or_beyond_it(groups: Path) -> None:
    write(groups, membership="0::/a/b")
    write(groups / "a" / "b", memory__max="max", memory__current="5", memory__stat="anon 5")
    assert memory.available_memory() > 0
    write(groups / "a", memory__max="10", memory__current="15", memory__stat="anon 5")
    assert memory.available_memory() == 0
