"""One method, asked once: the only place where `explain` is called in a run.

A run calls it in a process of its own, see `deepfeat.runs.workers`, unless `limits.isolation` is false.
"""

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from deepfeat.config.sizes import parse_size
from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.importance import Importance
from deepfeat.methods.method import Method, MethodParams
from deepfeat.runs.console import RunConsole
from deepfeat.runs.prepare import Prepared
from deepfeat.runs.workers import client
from deepfeat.runs.workers.isolated import IsolatedMethods, Limits, MethodFailed

Ask = Callable[[type[Method], MethodParams, Context, Sequence[int], float], Importance]


@contextmanager
def asking(prepared: Prepared, ensemble: Ensemble, folder: Path, console: RunConsole) -> Iterator[Ask]:
    """How the methods of an experiment are asked: in processes of their own, unless it says not to.

    Args:
        prepared: the experiment.
        ensemble: what they are asked about.
        folder: where the files go that their processes read; others may remove them there unless it is the
            directory of a run whose lease is held, or one of one's own.
        console: told how far a method is.

    Yields:
        A function of a method, its parameters, its context, the members that it is asked about, and the
        seconds of its time that were used before. It returns the checked answer, and raises whatever kept the
        method from answering; see `failure`.
    """
    limits = prepared.loaded.experiment.limits
    if limits.isolation and client.IS_AVAILABLE:
        memory = None if limits.method_memory is None else parse_size(limits.method_memory)
        most, show = Limits(limits.method_seconds, memory), console.method_progress()
        with IsolatedMethods(prepared.registry, ensemble, prepared.data, folder, most, show) as isolated:
            yield isolated.ask
    else:
        console.note("the methods run in this process: one that crashes ends the run")
        yield partial(ask_here, ensemble)


def ask_here(
    ensemble: Ensemble,
    method: type[Method],
    params: MethodParams,
    context: Context,
    members: Sequence[int],
    used: float,
) -> Importance:
    """Ask a method in this process; see `Ask`."""
    del used  # there is no limit
    return ask(method, params, ensemble.select(members), ensemble.data, context)


def failure(error: Exception) -> tuple[str, str]:
    """What kept a method from answering: in a line, and in full.

    Args:
        error: what asking it raised.
    """
    if isinstance(error, MethodFailed):
        return str(error), error.trace
    return f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error))


def ask(
    method: type[Method],
    params: MethodParams,
    ensemble: Ensemble,
    data: Dataset,
    context: Context,
) -> Importance:
    """The checked answer of a method about these members.

    Args:
        method: what is asked.
        params: its parameters.
        ensemble: the members it is asked about.
        data: their table.
        context: what else it may use; its folder receives the files that the method writes.

    Raises:
        MethodError: the answer cannot be used.
        Exception: whatever the method raised.
    """
    answer = method(params).explain(ensemble, data, context)
    if not isinstance(answer, Importance):
        raise TypeError(f"explain returned {type(answer).__name__}; it must return an Importance")
    answer.check(method.rows(len(ensemble)), data.n_features)
    return answer
