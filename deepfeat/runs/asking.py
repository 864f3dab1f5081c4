"""One method, asked once: the only place where the code of a plugin is called in a run."""

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.importance import Importance
from deepfeat.methods.method import Method, MethodParams
from deepfeat.methods.timelimit import time_limit


def ask(
    method: type[Method],
    params: MethodParams,
    ensemble: Ensemble,
    data: Dataset,
    context: Context,
    *,
    seconds: float | None = None,
) -> Importance:
    """The checked answer of a method about these members.

    Args:
        method: what is asked.
        params: its parameters.
        ensemble: the members it is asked about.
        data: their table.
        context: what else it may use; its folder receives the files that the method writes.
        seconds: the longest time it may take; None for no limit.

    Raises:
        MethodError: the answer cannot be used, or took too long.
        Exception: whatever the method raised.
    """
    with time_limit(seconds):
        answer = method(params).explain(ensemble, data, context)
        if not isinstance(answer, Importance):
            raise TypeError(f"explain returned {type(answer).__name__}; it must return an Importance")
        answer.check(method.rows(len(ensemble)), data.n_features)
        return answer
