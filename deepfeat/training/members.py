"""Where the weights of trained members are: in memory, or in one file each, loaded when needed."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.training.loop import TrainedStack

Array = NDArray[Any]
# Per variable (members, *shape); (2, members, columns) scaling of inputs; (2, members, outputs) of targets.
Loaded = tuple[list[Array], Array, Array]


class Members(ABC):
    """Weights and scaling constants of trained members."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of members."""

    @abstractmethod
    def load(self, members: Sequence[int]) -> Loaded:
        """Weights, input scaling and target scaling of some members."""

    @abstractmethod
    def select(self, members: Sequence[int]) -> "Members":
        """Some of the members, in the given order."""

    def chunks(self, size: int) -> Iterator[Loaded]:
        """All members in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.load(range(start, min(start + size, len(self))))


class MemoryMembers(Members):
    """Members held as arrays.

    Args:
        loaded: weights and scaling of all of them.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._values, self._inputs, self._targets = loaded

    @classmethod
    def join(
        cls, stacks: Sequence[TrainedStack], places: Sequence[NDArray[np.int64]] | None = None
    ) -> "MemoryMembers":
        """The members of several stacks.

        Args:
            stacks: the trained stacks.
            places: for each stack the numbers that its members get; without it they follow one another.
        """
        sizes = [len(stack.records) for stack in stacks]
        homes = places if places is not None else np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
        values = [_placed(parts, homes) for parts in zip(*(stack.values for stack in stacks), strict=True)]
        inputs = np.stack([_placed(parts, homes) for parts in zip(*(s.inputs for s in stacks), strict=True)])
        targets = np.stack(
            [_placed(parts, homes) for parts in zip(*(s.targets for s in stacks), strict=True)]
        )
        return cls((values, inputs, targets))

    def __len__(self) -> int:
        """Number of members."""
        return len(self._inputs[0])

    def load(self, members: Sequence[int]) -> Loaded:
        """See `Members.load`."""
        index = np.asarray(members, dtype=np.int64)
        return [value[index] for value in self._values], self._inputs[:, index], self._targets[:, index]

    def select(self, members: Sequence[int]) -> "MemoryMembers":
        """See `Members.select`."""
        return MemoryMembers(self.load(members))


class DiskMembers(Members):
    """Members in one `.npz` file each, read when they are asked for and not kept.

    Args:
        files: one per member, `np.savez` of `member_arrays`.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = list(files)

    def __len__(self) -> int:
        """Number of members."""
        return len(self._files)

    def load(self, members: Sequence[int]) -> Loaded:
        """See `Members.load`; raises OSError or ValueError for a file that is missing or damaged."""
        read = [_read_member(self._files[member]) for member in members]
        values = [np.stack(parts) for parts in zip(*(values for values, _, _ in read), strict=True)]
        return values, np.stack([i for _, i, _ in read], axis=1), np.stack([t for _, _, t in read], axis=1)

    def select(self, members: Sequence[int]) -> "DiskMembers":
        """See `Members.select`."""
        return DiskMembers([self._files[member] for member in members])


def _placed(parts: Sequence[Array], places: Sequence[NDArray[np.int64]]) -> Array:
    """One array of the parts' rows, each at its place, without another copy: it may be gigabytes."""
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for part, place in zip(parts, places, strict=True):
        whole[place] = part
    return whole


def member_arrays(loaded: Loaded, member: int) -> dict[str, Array]:
    """What the `.npz` file of one member holds, by name."""
    values, inputs, targets = loaded
    named = {f"weight_{index:03d}": value[member] for index, value in enumerate(values)}
    return {**named, "inputs": inputs[:, member], "targets": targets[:, member]}


def _read_member(path: Path) -> tuple[list[Array], Array, Array]:
    with np.load(path, allow_pickle=False) as stored:
        names = sorted(name for name in stored.files if name.startswith("weight_"))
        return [stored[name] for name in names], stored["inputs"], stored["targets"]
