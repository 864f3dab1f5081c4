"""What a worker does: load one plugin, ask one method, leave the answer, and end."""

import logging
import os
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.errors import InputError, Problem
from deepfeat.methods.askable import Askable, members_alone
from deepfeat.methods.context import Context
from deepfeat.methods.discovery import load_again
from deepfeat.methods.importance import MethodError
from deepfeat.methods.method import Method
from deepfeat.methods.registry import Registry, build_registry
from deepfeat.nets import device
from deepfeat.nets.network import Network
from deepfeat.nets.template import Template, build_template
from deepfeat.runs.asking import ask
from deepfeat.runs.workers import sandbox
from deepfeat.runs.workers.channel import Channel, Message
from deepfeat.runs.workers.exchange import (
    WHERE,
    network_from,
    network_told,
    read_dataset,
    read_ensemble,
    read_importance,
    write_dataset,
    write_importance,
    write_plan,
)
from deepfeat.training.inference import Inference
from deepfeat.training.plan import FitPlan
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.shape import shape_of

# Characters of a text that are passed on; the rest of a longer one says nothing new.
LONGEST_TEXT = 20_000
LONGEST_NAME = 200
LONGEST_MESSAGE = 1_000
# Threads that each process of a method may have on average.
THREADS_EACH = 16
_SECONDS_BETWEEN_PROGRESS = 0.5


def warm() -> None:
    """Load what every worker needs, so that it is there in the copies."""
    import keras  # noqa: F401, PLC0415 - loads TensorFlow, which takes seconds
    import pandas  # noqa: F401, ICN001, PLC0415 - as above
    import tensorflow  # noqa: F401, ICN001, PLC0415 - as above


def work(request: Message, channel: int, output: int, scratch: Path, where_are_you: int) -> NoReturn:
    """Carry out a request, in a process that was forked for it.

    Args:
        request: as `isolated` makes it.
        channel: open socket to the main process.
        output: open file for what is printed.
        scratch: where temporary files go.
        where_are_you: the signal that makes it print where it is.
    """
    folder = Path(request["folder"])
    outbox = Path(request["outbox"])
    sandbox.enter(
        output=output,
        where=outbox / WHERE,
        scratch=scratch,
        writable=(folder, outbox),
        memory=int(request["memory"]),
        processes=THREADS_EACH * int(request["processes"]),
        where_are_you=where_are_you,
    )
    messages = Channel(socket.socket(fileno=channel))
    try:
        _logged_to(messages)
        _Question(request, messages, outbox).answer()
        messages.send({"answered": True})
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, and try to exit
        messages.send({"failed": _told(error)})
    sys.stdout.flush()
    sys.stderr.flush()
    # Nothing of what the plugin has registered to be called at the end is called.
    os._exit(0)


class _Question:
    """One method, and what it is asked about.

    Args:
        request: names the plugin, the method, its parameters and the folders of its inputs.
        messages: to the main process.
        outbox: where the answer goes.
    """

    def __init__(self, request: Message, messages: Channel, outbox: Path) -> None:
        self._request, self._messages, self._outbox = request, messages, outbox
        self._networks: dict[str, tuple[Template, Inference]] = {}
        self._fits = 0

    def answer(self) -> None:
        """Ask the method and write what it answers."""
        request = self._request
        device.prepare()
        registry = build_registry([load_again(**plugin) for plugin in request["plugins"]])
        method = self._method(registry, request["method"])
        params = method.Params.model_validate_json(request["params"])
        inputs = Path(request["inputs"])
        self._data = data = read_dataset(inputs / "data")
        self._network = network_from(request["network"])
        ensemble = self._ensemble(inputs / "ensemble", self._network, data)
        if request["members"] != list(range(len(ensemble))):
            ensemble = ensemble.select(request["members"])
        others = {name: read_importance(Path(place), None, data) for name, place in request["others"].items()}
        again = self._again(registry)
        context = Context(
            seed=request["seed"],
            method=method.name,
            folder=Path(request["folder"]),
            fit=self._fit,
            progress=_Progress(self._messages),
            answers=MappingProxyType(others),
            askable=members_alone(again),
            again=MappingProxyType(again),
        )
        self._messages.send({"begun": True})
        write_importance(self._outbox, ask(method, params, ensemble, data, context))

    def _method(self, registry: Registry, name: str) -> type[Method]:
        """A method, from the plugins exactly as the main process has loaded them."""
        if problem := registry.missing(name):
            raise MethodError(problem)
        return registry.methods[name]

    def _again(self, registry: Registry) -> dict[str, Askable]:
        """The methods that this one may ask, in this process."""
        again = {}
        for name, params in self._request["again"].items():
            method = self._method(registry, name)
            again[name] = Askable(method, method.Params.model_validate_json(params), self._request["seed"])
        return again

    def _ensemble(self, folder: Path, network: Network, data: Dataset) -> Ensemble:
        shape = shape_of(data)
        key = repr((network.describe(), shape))
        if key not in self._networks:
            template = build_template(network, shape)
            self._networks[key] = template, Inference(template)
        template, inference = self._networks[key]
        return read_ensemble(folder, template, data, inference)

    def _fit(
        self,
        plan: FitPlan,
        *,
        data: Dataset | None = None,
        network: Network | None = None,
        training: Mapping[str, Any] | None = None,
    ) -> Ensemble:
        """Have the main process train it; see `deepfeat.methods.context.Fit`."""
        TrainingSettings.model_validate(dict(training or {}))
        self._fits += 1
        folder = self._outbox / f"fit-{self._fits}"
        write_plan(folder, plan)
        if data is not None:
            write_dataset(folder / "data", data)
        self._messages.send(
            {
                "fit": folder.name,
                "data": data is not None,
                "network": None if network is None else network_told(network),
                "training": dict(training or {}),
            }
        )
        reply = self._messages.receive()
        if reply is None:
            raise MethodError("the run has ended")
        if "refused" in reply:
            raise InputError(Problem(*problem) for problem in reply["refused"])
        return self._ensemble(Path(reply["fitted"]), network or self._network, data or self._data)


class _Progress:
    """Passes on how far a method is, but not more often than somebody can read."""

    def __init__(self, messages: Channel) -> None:
        self._messages = messages
        self._last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """See `deepfeat.methods.context.Context.progress`."""
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_PROGRESS:
            self._last = now
            self._messages.send({"progress": [int(done), int(total)]})


class _Passed(logging.Handler):
    """Passes log records on to the main process."""

    def __init__(self, messages: Channel) -> None:
        super().__init__(logging.DEBUG)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record as its level, its logger and its text."""
        try:
            text = record.getMessage()[:LONGEST_TEXT]
            self._messages.send({"log": [record.levelno, record.name, text]})
        except OSError:
            self.handleError(record)


def _logged_to(messages: Channel) -> None:
    logger = logging.getLogger("deepfeat")
    logger.handlers = [_Passed(messages)]
    logger.setLevel(logging.DEBUG)
    logger.propagate = False


def _told(error: BaseException) -> Message:
    """An exception as text."""
    kind = type(error).__name__
    try:
        message, trace = str(error), "".join(traceback.format_exception(error))
    except Exception:  # noqa: BLE001 - an exception of a stranger may not even say what it is
        message, trace = "cannot be shown", f"{kind}: cannot be shown\n"
    if len(trace) > 2 * LONGEST_TEXT:
        trace = f"{trace[:LONGEST_TEXT]}\n...\n{trace[-LONGEST_TEXT:]}"
    return {
        "kind": kind[:LONGEST_NAME],
        "message": message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} ...",
        "traceback": trace,
    }
