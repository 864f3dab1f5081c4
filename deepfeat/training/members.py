"""Where the weights of trained members are: in memory, or in files, read when needed."""

import hashlib
import io
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.training.loop import TrainedStack
from deepfeat.training.memory import available_memory

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


@dataclass(frozen=True)
class Place:
    """Where one member is on disk.

    Attributes:
        path: an `.npz` file with `stack_arrays` of one or more members.
        sha256: digest of the whole file, in hexadecimal.
        index: which of the members in it.
    """

    path: Path
    sha256: str
    index: int


class DamagedFileError(ValueError):
    """A file of members is missing, or is not what it was when it was written."""


class DiskMembers(Members):
    """Members in files, read when they are asked for; the latest files read are kept while memory lasts.

    A file is opened only if its digest is the expected one, and never unpickled.

    Args:
        places: one per member.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self.places = list(places)

    def __len__(self) -> int:
        """Number of members."""
        return len(self.places)

    def load(self, members: Sequence[int]) -> Loaded:
        """See `Members.load`; raises DamagedFileError for a file that is missing or damaged."""
        wanted = [self.places[member] for member in members]
        stacks = {place.sha256: _stack(place) for place in wanted}
        read = [(stacks[place.sha256], place.index) for place in wanted]
        values = [
            np.stack([stack[0][variable][index] for stack, index in read])
            for variable in range(len(read[0][0][0]))
        ]
        inputs = np.stack([stack[1][:, index] for stack, index in read], axis=1)
        return values, inputs, np.stack([stack[2][:, index] for stack, index in read], axis=1)

    def select(self, members: Sequence[int]) -> "DiskMembers":
        """See `Members.select`."""
        return DiskMembers([self.places[member] for member in members])


def _placed(parts: Sequence[Array], places: Sequence[NDArray[np.int64]]) -> Array:
    """One array of the parts' rows, each at its place, without another copy: it may be gigabytes."""
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for part, place in zip(parts, places, strict=True):
        whole[place] = part
    return whole


def stack_arrays(loaded: Loaded) -> dict[str, Array]:
    """What the `.npz` file of some members holds, by name; `Place.index` counts along the member axis."""
    values, inputs, targets = loaded
    named = {f"weight_{index:03d}": value for index, value in enumerate(values)}
    return {**named, "inputs": inputs, "targets": targets}


# The latest stacks that were read, oldest first, by digest; together they take at most `_kept_bytes`.
_kept: OrderedDict[str, Loaded] = OrderedDict()


def _stack(place: Place) -> Loaded:
    """The members of a whole file."""
    if place.sha256 in _kept:
        _kept.move_to_end(place.sha256)
        return _kept[place.sha256]
    try:
        content = place.path.read_bytes()
    except OSError as error:
        raise DamagedFileError(f"{place.path}: cannot be read: {error.strerror or error}") from error
    if hashlib.sha256(content).hexdigest() != place.sha256:
        raise DamagedFileError(f"{place.path}: is not what was written; its sha256 differs")
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        names = sorted(name for name in stored.files if name.startswith("weight_"))
        stack = [stored[name] for name in names], stored["inputs"], stored["targets"]
    _kept[place.sha256] = stack
    while len(_kept) > 1 and sum(map(_bytes, _kept.values())) > _kept_bytes():
        _kept.popitem(last=False)
    return stack


def _bytes(loaded: Loaded) -> int:
    return sum(array.nbytes for array in (*loaded[0], *loaded[1:]))


@cache
def _kept_bytes() -> int:
    return available_memory() // 4
