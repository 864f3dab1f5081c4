"""Asking one method: what is refused before its answer is used. Whole runs are in test_failing_methods.py."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepfeat.ensemble import Ensemble
from deepfeat.methods import Context, Importance, Method, MethodError
from deepfeat.runs.asking import ask


@pytest.fixture(scope="module")
def ensemble(make_data: Callable[..., Any], make_network: Callable[..., Any], train: Any) -> Ensemble:  # noqa: ANN401
    trained: Ensemble = train(make_data(), make_network(), members=2, epochs=1)
    return trained


def _method(answer: Callable[[Ensemble], Any]) -> type[Method]:
    class Given(Method):
        """Answers what it was given."""

        name = "given"

        def explain(self, ensemble: Any, data: Any, context: Any) -> Any:  # noqa: ANN401, ARG002
            return answer(ensemble)

    return Given


def _asked(ensemble: Ensemble, folder: Path, answer: Callable[[Ensemble], Any]) -> Importance:
    method = _method(answer)
    return ask(method, method.Params(), ensemble, ensemble.data, Context(0, "given", folder))


def test_an_answer_is_returned_as_it_is(ensemble: Ensemble, tmp_path: Path) -> None:
    scores = np.arange(8.0).reshape(2, 4)
    assert np.array_equal(_asked(ensemble, tmp_path, lambda _: Importance(scores)).scores, scores)


def test_something_else_than_an_importance_is_refused(ensemble: Ensemble, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="explain returned list"):
        _asked(ensemble, tmp_path, lambda _: [1, 2])


def test_a_wrong_shape_is_refused(ensemble: Ensemble, tmp_path: Path) -> None:
    with pytest.raises(MethodError, match=r"scores has shape \(3, 4\), expected \(2, 4\)"):
        _asked(ensemble, tmp_path, lambda _: Importance(np.ones((3, 4))))
