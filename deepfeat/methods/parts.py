"""The members of an ensemble a part at a time, for what does not fit into memory for all of them."""

from collections.abc import Iterator

from deepfeat.methods.annotations import Ensemble

PART_NUMBERS = 1 << 25


def members_at_a_time(ensemble: Ensemble, numbers: int) -> Iterator[tuple[slice, Ensemble]]:
    """Cut an ensemble into parts of consecutive members.

    Args:
        ensemble: the trained members.
        numbers: how many numbers have to be kept in memory for one member.

    Yields:
        Which members the part has, and the part.
    """
    size = max(1, PART_NUMBERS // max(1, numbers))
    for first in range(0, len(ensemble), size):
        members = range(first, min(first + size, len(ensemble)))
        yield slice(members.start, members.stop), ensemble.select(members)
