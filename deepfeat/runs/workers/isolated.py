"""One method, asked in a worker: what it is given, what is passed on meanwhile, and what is taken from it."""

import logging
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.errors import DeepfeatError, InputError, Problem
from deepfeat.methods.askable import Askable
from deepfeat.methods.context import Context, Fit
from deepfeat.methods.importance import Importance
from deepfeat.methods.method import Method, MethodParams
from deepfeat.methods.registry import Registry
from deepfeat.runs.inside import is_inside
from deepfeat.runs.workers.channel import ChannelError, Message
from deepfeat.runs.workers.client import Ended, Question, WorkerError, fork_server
from deepfeat.runs.workers.exchange import (
    WHERE,
    network_from,
    network_told,
    read_dataset,
    read_importance,
    read_plan,
    write_dataset,
    write_ensemble,
    write_importance,
)
from deepfeat.training.memory import available_memory
from deepfeat.writing.atomic import PREFIX

# Lines of what a method prints and logs that are passed on; and bytes of it that a failure shows.
_LINES = 500
_LONGEST_LINE = 2000
_LAST_BYTES = 16_000
# Processes that a method may be at the same time: some libraries start one per core.
_PROCESSES = max(64, 4 * (os.cpu_count() or 1))
# Share of the free memory that a method may take where the experiment does not say.
_SHARE = 0.9


@dataclass(frozen=True)
class Limits:
    """What one method may take.

    Attributes:
        seconds: the longest time, without that of the networks trained for it; None for no limit.
        memory: bytes; None for most of what is free.
    """

    seconds: float | None = None
    memory: int | None = None


class MethodFailed(Exception):  # noqa: N818 - read as "the method failed"
    """A method gave no answer; said with the name, message and traceback of what happened in its worker.

    Attributes:
        trace: the traceback, or what the worker printed last, as text.
    """

    def __init__(self, kind: str, message: str, trace: str) -> None:
        super().__init__(f"{kind}: {message}" if message else kind)
        self.trace = trace


class IsolatedMethods:
    """Asks methods about one ensemble, each in a worker of its own.

    The table and the weights are written to files once, when the first method is asked; a worker maps them
    read-only. Use it as a context: at its end the files are removed.

    Args:
        registry: tells where the methods come from.
        ensemble: what they are asked about.
        data: its table.
        folder: where the files go, below a directory of their own.
        limits: what one method may take.
        show: called with how far a method is, and how far it has to go.
    """

    def __init__(
        self,
        registry: Registry,
        ensemble: Ensemble,
        data: Dataset,
        folder: Path,
        limits: Limits,
        show: Callable[[int, int], None],
    ) -> None:
        self._registry, self._ensemble, self._data = registry, ensemble, data
        self._limits, self._show = limits, show
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder)).absolute()
        self._inputs: _Inputs | None = None
        self._asked = 0

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(
        self,
        method: type[Method],
        params: MethodParams,
        context: Context,
        members: Sequence[int],
        used: float = 0.0,
    ) -> Importance:
        """The checked answer of a method.

        Args:
            method: what is asked.
            params: its parameters.
            context: what else it may use; its folder receives the files that the method writes.
            members: which members it is asked about.
            used: seconds of its time that were used before, about other members.

        Raises:
            MethodFailed: it raised something, took more than it may, or its worker ended without an answer.
            MethodError: its answer cannot be used.
            WorkerError: its worker could not be started.
        """
        self._asked += 1
        outbox = self._folder / f"asked-{self._asked}"
        outbox.mkdir(parents=True)
        was_there = context.folder.exists()
        context.folder.mkdir(parents=True, exist_ok=True)
        try:
            request = self._request(method, params, context, outbox)
            request |= {"members": [int(member) for member in members]}
            request |= {"seconds": self._limits.seconds and max(self._limits.seconds - used, 1e-3)}
            conversation = _Conversation(context, outbox, self._show)
            with fork_server().question(request) as question:
                ended = question.follow(
                    lambda message: conversation.told(message, question), conversation.printed
                )
            conversation.conclude(ended, self._limits)
            return read_importance(outbox, method.rows(len(members)), self._data)
        except ChannelError as error:
            raise WorkerError(f"the worker does not keep to the form of messages: {error}") from error
        finally:
            shutil.rmtree(outbox, ignore_errors=True)
            if not was_there:
                with suppress(OSError):
                    context.folder.rmdir()

    def _request(self, method: type[Method], params: MethodParams, context: Context, outbox: Path) -> Message:
        if self._inputs is None or not self._inputs.intact:
            shutil.rmtree(self._folder / "inputs", ignore_errors=True)
            self._inputs = _Inputs(self._folder / "inputs", self._ensemble, self._data)
        others = {}
        for name, answer in context.answers.items():
            place = outbox / f"answer-of-{name}"
            place.mkdir()
            write_importance(place, answer)
            others[name] = str(place)
        network = self._ensemble.template.network
        again = {name: ask for name, ask in context.again.items() if isinstance(ask, Askable)}
        plugins = [
            {"name": plugin.name, "source": _absolute(plugin.source), "sha256": plugin.sha256}
            for plugin in self._registry.needed(
                method, type(network), *(ask.method for ask in again.values())
            )
        ]
        free = int(_SHARE * available_memory())
        return {
            "method": method.name,
            "plugins": plugins,
            "params": params.model_dump_json(exclude_unset=True),
            "seed": context.seed,
            "folder": str(context.folder.absolute()),
            "outbox": str(outbox),
            "inputs": str(self._inputs.folder),
            "temporary": str(self._folder),
            "network": network_told(network),
            "others": others,
            "again": {name: ask.params.model_dump_json(exclude_unset=True) for name, ask in again.items()},
            "memory": self._limits.memory or free,
            "processes": _PROCESSES,
        }


class _Inputs:
    """The files that all methods see."""

    def __init__(self, folder: Path, ensemble: Ensemble, data: Dataset) -> None:
        self.folder = folder
        write_dataset(folder / "data", data)
        write_ensemble(folder / "ensemble", ensemble)
        for path in folder.rglob("*.*"):
            path.chmod(0o444)
        self._seen = self._look()

    @property
    def intact(self) -> bool:
        """Whether nobody has touched them since they were written."""
        return self._look() == self._seen

    def _look(self) -> dict[str, tuple[int, int]]:
        # The time of change of a file's entry cannot be set by a program.
        looks = ((path, path.stat()) for path in sorted(self.folder.rglob("*")))
        return {str(path): (look.st_size, look.st_ctime_ns) for path, look in looks}


class _Conversation:
    """What a worker says while it works, and what is made of it."""

    def __init__(self, context: Context, outbox: Path, show: Callable[[int, int], None]) -> None:
        self._context, self._outbox, self._show = context, outbox, show
        self._lines = _LINES
        self._size = 0
        self._last: deque[bytes] = deque()
        self._rest = b""
        self._failure: MethodFailed | None = None
        self._answered = False
        self._fits = 0

    def told(self, message: Message, question: Question) -> None:
        """A message of the worker."""
        match message:
            case {"log": [int(level), str(name), str(text)]}:
                self._log(logging.getLogger(_own(name)), level, text)
            case {"progress": [int(done), int(total)]}:
                self._show(done, total)
            case {"fit": str(name), "data": bool(own_table), "network": network, "training": dict(training)}:
                with question.paused():
                    reply = self._fitted(name, network, training, own_table=own_table)
                question.reply(reply)
            case {"failed": {"kind": str(kind), "message": str(text), "traceback": str(trace)}}:
                self._failure = MethodFailed(kind, text, trace)
            case {"begun": True}:
                question.begin()
            case {"answered": True}:
                self._answered = True
            case _:
                raise ChannelError("an unknown message")

    def printed(self, block: bytes) -> None:
        """Something was printed: the first lines are passed on, and the last bytes kept for a failure."""
        self._size += len(block)
        self._last.append(block)
        while sum(map(len, self._last)) - len(self._last[0]) > _LAST_BYTES:
            self._last.popleft()
        if self._lines <= 0:
            return
        *lines, rest = (self._rest + block).split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        for line in lines:
            if line.strip():
                self._log(
                    self._context.logger, logging.INFO, line[:_LONGEST_LINE].decode(errors="replace").rstrip()
                )

    def conclude(self, ended: Ended, limits: Limits) -> None:
        """Raise what kept the method from answering, if anything did."""
        log = self._context.logger
        log.debug(
            "took %.3f s and at most %.1f MiB in its worker, which %s",
            ended.seconds,
            ended.memory / 2**20,
            f"was ended because of: {ended.why}" if ended.why else ended,
        )
        if ended.left:
            log.warning("left %d processes behind, which were ended", ended.left)
        if ended.why is not None:
            kind, message = _OVER[ended.why]
            told = message.format(seconds=limits.seconds, memory=_size(limits.memory), processes=_PROCESSES)
            raise MethodFailed(kind, told, f"{kind}: {told}\n\n{self._where()}")
        if self._failure is not None:
            raise self._failure
        if not self._answered or ended.status != 0:
            message = f"its process {ended} before there was an answer"
            raise MethodFailed("WorkerError", message, f"{message}\n\n{self._where()}")

    def _where(self) -> str:
        """Where the worker was when it ended, if it could say so, and what it printed last."""
        trace = b""
        with suppress(OSError), (self._outbox / WHERE).open("rb") as file:
            trace = file.read(_LAST_BYTES)
        told = trace.decode(errors="replace").strip() or "It could not say where it was."
        text = b"".join(self._last)[-_LAST_BYTES:].decode(errors="replace").strip()
        return f"{told}\n" + (f"\nThe last that it printed:\n{text}\n" if text else "")

    def _log(self, logger: logging.Logger, level: int, text: str) -> None:
        self._lines -= 1
        if self._lines > 0:
            logger.log(min(level, logging.ERROR), "%s", text)
        elif self._lines == 0:
            logger.warning("says more than %d lines; the rest is left out", _LINES)

    def _fitted(self, name: str, network: Any, training: dict[str, Any], *, own_table: bool) -> Message:  # noqa: ANN401
        """Train what the method asks for; what it asks for is not to be trusted."""
        fit: Fit = self._context.fit
        try:
            folder = _within(self._outbox, name)
            plan = read_plan(folder)
            data = read_dataset(folder / "data") if own_table else None
            own = None if network is None else network_from(network)
            ensemble = fit(plan, data=data, network=own, training=training)
        except InputError as error:
            return {"refused": [[p.source, p.line, p.column, p.message] for p in error.problems]}
        except DeepfeatError:
            raise
        except (ValueError, TypeError, KeyError, IndexError, OSError) as error:
            problem = Problem("context.fit", 0, 0, f"{type(error).__name__}: {error}; correct the plan")
            return {"refused": [[problem.source, 0, 0, problem.message]]}
        self._fits += 1
        fitted = self._outbox / f"fitted-{self._fits}"
        write_ensemble(fitted, ensemble)
        return {"fitted": str(fitted)}


_OVER: Mapping[str, tuple[str, str]] = {
    "time": (
        "TimeLimitError",
        "took longer than {seconds:g} s; raise limits.method_seconds, or give it less to do",
    ),
    "memory": (
        "MemoryLimitError",
        "took more memory than {memory}; raise limits.method_memory, or give it less to do",
    ),
    "processes": (
        "ProcessLimitError",
        "was more than {processes} processes; have it wait for those that it starts",
    ),
    "stop": ("Stopped", "was stopped"),
}


def _within(folder: Path, name: str) -> Path:
    """What has this name in a folder; ValueError where it lies elsewhere."""
    if not is_inside(folder / name, folder):
        raise ValueError(f"{name!r} leads out of its place")
    return folder / name


def _size(memory: int | None) -> str:
    return "is free" if memory is None else f"{memory / 2**20:,.0f} MiB"


def _own(name: str) -> str:
    """A logger below ours: others belong to the main process."""
    return name if name.split(".", maxsplit=1)[0] == "deepfeat" else f"deepfeat.methods.{name}"


def _absolute(source: str) -> str:
    """The path of a plugin file as any process finds it; the name of an installed one as it is."""
    return str(Path(source).absolute()) if Path(source).is_file() else source
