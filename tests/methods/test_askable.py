"""A method that is asked again, about other networks."""

import numpy as np
import pytest

from deepfeat.methods import Importance, Method, MethodError
from deepfeat.methods.askable import Askable
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted


class Drawn(Method):
    """Random numbers, and a file."""

    name = "drawn"
    columns = 6

    def explain(self, ensemble, data, context) -> Importance:  # noqa: ANN001, ARG002
        context.artefact("left.txt").write_text("here")
        return Importance(context.rng.uniform(size=(len(ensemble), self.columns)))


class Wrong(Drawn):
    """Has a score too many."""

    columns = 7


def test_it_answers_with_the_randomness_of_the_experiment() -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data, 3)
    first, again, other = (Askable(Drawn, Drawn.Params(), seed)(ensemble, data) for seed in (0, 0, 1))
    assert first.equals(again)
    assert not np.array_equal(first.scores, other.scores)


def test_an_answer_that_cannot_be_used_is_refused() -> None:
    data = planted().dataset()
    with pytest.raises(MethodError, match=r"shape \(3, 7\)"):
        Askable(Wrong, Wrong.Params(), 0)(LinearEnsemble.fit(data, 3), data)
