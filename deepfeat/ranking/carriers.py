"""Which models carry a ranking: the networks, or others that methods have fitted beside them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from deepfeat.ranking.skill import NETWORKS

# what is said of a share has two digits
_PARTS = 100


@dataclass(frozen=True)
class Carriers:
    """How much of the ranking each model carries.

    Attributes:
        shares: by model, together 1, the heaviest first: `networks`, which is always there, for all methods
            that ask them, and each other method by its name.
        predicting: the other methods whose models predict the target, so that they can be judged.
    """

    shares: Mapping[str, float]
    predicting: Collection[str] = ()

    @classmethod
    def of(
        cls,
        methods: Sequence[str],
        weights: Mapping[str, float] | None,
        others: Collection[str],
        predicting: Collection[str],
    ) -> "Carriers":
        """Add the weights of the methods up by model.

        Args:
            methods: that are averaged.
            weights: how much each counts; None, and weights that are all 0, count all alike.
            others: the methods that do not ask the networks of the experiment.
            predicting: those of them whose models predict the target.
        """
        given = {name: 1.0 if weights is None else weights.get(name, 0.0) for name in methods}
        total = sum(given.values())
        shares = {NETWORKS: 0.0}
        for name, weight in given.items():
            model = name if name in others else NETWORKS
            shares[model] = shares.get(model, 0.0) + (weight / total if total else 1 / len(given))
        heaviest_first = dict(sorted(shares.items(), key=lambda item: -item[1]))
        return cls(heaviest_first, tuple(name for name in predicting if name in heaviest_first))

    @property
    def by_networks(self) -> bool:
        """Whether the networks carry at least as much as the other models that predict."""
        return self.shares[NETWORKS] >= sum(self.shares[name] for name in self.predicting)

    @property
    def told(self) -> dict[str, float]:
        """The shares that are worth mentioning, in hundredths that add up to 1."""
        return rounded(self.shares)


def rounded(shares: Mapping[str, float]) -> dict[str, float]:
    """Shares in hundredths that add up to 1, as shares do (the method of the largest remainder).

    Args:
        shares: together 1.

    Returns:
        Those that are not nothing then, in the order given.
    """
    whole = {name: int(_PARTS * share) for name, share in shares.items()}
    # of equal remainders the first; a hair of floating point must not decide
    by_remainder = sorted(shares, key=lambda name: round(whole[name] - _PARTS * shares[name], 6))
    for name in by_remainder[: _PARTS - sum(whole.values())]:
        whole[name] += 1
    return {name: parts / _PARTS for name, parts in whole.items() if parts}


ONLY_NETWORKS = Carriers({NETWORKS: 1.0})
