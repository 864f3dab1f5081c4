"""What an ensemble answers when one feature at a time takes other values."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset

Rows = NDArray[np.float32]
# (rows, columns) a member's rows, and the rows of the same shape that a feature's values are taken from.
Pair = tuple[Rows, Rows]
Output = Literal["probability", "logit"]

# Rows that are put together and asked at a time where inputs have to be rebuilt.
REBUILT_ROWS = 1 << 12
REBUILT_BYTES = 1 << 27


@dataclass(frozen=True, eq=False)
class Replaced:
    """Answers of one member for some features, each replaced in turn while all others stay as they are.

    Attributes:
        member: number of the member.
        features: (features,) which ones were replaced.
        before: (rows, outputs) answers with nothing replaced.
        after: (features, rows, outputs) answers with one feature replaced.
    """

    member: int
    features: NDArray[np.int64]
    before: NDArray[np.float32]
    after: NDArray[np.float32]


class Predicts(Protocol):
    """As much of an ensemble as `rebuilt` needs."""

    @property
    def data(self) -> Dataset:
        """The table."""

    def select(self, members: list[int], /) -> "Predicts":
        """The ensemble of some members."""

    def predict(self, x: Rows, output: Output) -> NDArray[np.float32]:
        """(members, rows, outputs)."""


def rebuilt(
    ensemble: Predicts, pairs: Iterable[Pair], output: Output, which: NDArray[np.int64] | None = None
) -> Iterator[Replaced]:
    """The plain way, for any network: put every changed table together and ask.

    The cost of a feature grows with the number of columns.

    Args:
        ensemble: whom to ask.
        pairs: one per member, in order.
        output: probabilities or logits.
        which: numbers of the features to replace; None for all.
    """
    features = ensemble.data.features
    wanted = np.arange(len(features)) if which is None else which
    for member, (x, other) in enumerate(pairs):
        alone: Any = ensemble.select([member])
        before = alone.predict(x, output)[0]
        size = max(1, min(REBUILT_ROWS // max(1, len(x)), REBUILT_BYTES // max(1, x.nbytes)))
        for first in range(0, len(wanted), size):
            some = wanted[first : first + size]
            changed = np.repeat(x[None], len(some), axis=0)
            for table, index in zip(changed, some, strict=True):
                columns = slice(features[index].start, features[index].stop)
                table[:, columns] = other[:, columns]
            after = alone.predict(changed.reshape(-1, x.shape[1]), output)[0]
            yield Replaced(member, some, before, after.reshape(len(some), *before.shape))
