"""Where the weights of members are makes no difference."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepfeat.training import members as module
from deepfeat.training.loop import MemberRecord, TrainedStack
from deepfeat.training.members import (
    DamagedFileError,
    DiskMembers,
    Loaded,
    Members,
    MemoryMembers,
    Place,
    stack_arrays,
)

M = 5


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests write other files with the same content."""
    monkeypatch.setattr(module, "_kept", OrderedDict())


@pytest.fixture
def loaded() -> Loaded:
    generator = np.random.default_rng(0)
    values = [generator.normal(size=(M, *shape)).astype(np.float32) for shape in ((3,), (3, 2), (2,))]
    return values, generator.normal(size=(2, M, 4)), generator.normal(size=(2, M, 1))


@pytest.fixture
def members(loaded: Loaded, tmp_path: Path) -> dict[str, Members]:
    memory = MemoryMembers(loaded)
    stacks = {"first": [3, 0], "second": [1, 4, 2]}
    places: dict[int, Place] = {}
    for name, stack in stacks.items():
        path = tmp_path / f"{name}.npz"
        np.savez(path, **stack_arrays(memory.load(stack)))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        places |= {member: Place(path, sha256, index) for index, member in enumerate(stack)}
    return {"memory": memory, "disk": DiskMembers([places[member] for member in range(M)])}


def assert_same(first: Loaded, second: Loaded) -> None:
    for ours, theirs in zip([*first[0], *first[1:]], [*second[0], *second[1:]], strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("chosen", [[0], [4, 1], range(M), [2, 2]])
def test_any_members_can_be_loaded_in_any_order(
    members: dict[str, Members], loaded: Loaded, chosen: list[int]
) -> None:
    index = np.array(chosen)
    expected = [value[index] for value in loaded[0]], loaded[1][:, index], loaded[2][:, index]
    for kind in members.values():
        assert len(kind) == M
        assert_same(kind.load(chosen), expected)
        assert_same(kind.select(chosen).load(range(len(chosen))), expected)


@pytest.mark.parametrize("kind", ["memory", "disk"])
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_chunks_are_all_members_in_order(
    members: dict[str, Members], loaded: Loaded, kind: str, size: int
) -> None:
    chunks = list(members[kind].chunks(size))
    assert all(len(values[0]) <= size for values, _, _ in chunks)
    together = (
        [np.concatenate(parts) for parts in zip(*(values for values, _, _ in chunks), strict=True)],
        np.concatenate([inputs for _, inputs, _ in chunks], axis=1),
        np.concatenate([targets for _, _, targets in chunks], axis=1),
    )
    assert_same(together, loaded)


def test_stacks_are_joined_one_after_another_or_in_given_places(loaded: Loaded) -> None:
    def stack(members: list[int]) -> TrainedStack:
        values, inputs, targets = loaded
        return TrainedStack(
            [value[members] for value in values],
            (inputs[0][members], inputs[1][members]),
            (targets[0][members], targets[1][members]),
            [MemberRecord(seed) for seed in members],
        )

    assert_same(MemoryMembers.join([stack([0, 1]), stack([2, 3, 4])]).load(range(M)), loaded)
    places = [[3, 0], [1, 4, 2]]
    joined = MemoryMembers.join([stack(place) for place in places], [np.array(place) for place in places])
    assert_same(joined.load(range(M)), loaded)


def _pickled(file: Path) -> None:
    np.savez(file, weight_000=np.array([object()]))


@pytest.mark.parametrize(
    "damage",
    [Path.unlink, lambda file: file.write_bytes(b"not a zip file"), _pickled],
    ids=["missing", "no archive", "pickled"],
)
def test_a_damaged_file_is_refused(
    members: dict[str, Members], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(tmp_path / "second.npz")
    members["disk"].load([3, 0])
    with pytest.raises(DamagedFileError, match=r"second\.npz"):
        members["disk"].load([2])


def test_a_file_is_never_unpickled_even_if_its_digest_is_right(tmp_path: Path) -> None:
    _pickled(tmp_path / "pickled.npz")
    sha256 = hashlib.sha256((tmp_path / "pickled.npz").read_bytes()).hexdigest()
    with pytest.raises(ValueError, match="allow_pickle=False"):
        DiskMembers([Place(tmp_path / "pickled.npz", sha256, 0)]).load([0])


def test_only_the_latest_files_are_kept(
    members: dict[str, Members], tmp_path: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_kept_bytes", lambda: 1)
    assert_same(members["disk"].load(range(M)), loaded)
    assert len(module._kept) == 1
    members["disk"].load([0])
    (tmp_path / "first.npz").unlink()
    members["disk"].load([3])
    (tmp_path / "second.npz").unlink()
    with pytest.raises(DamagedFileError):
        members["disk"].load([1])
