"""What a worker does: train one stack, or ask one method about some members, and publish it.

A task is told in JSON, and tells in JSON how it ended; everything else is in the run directory. What a task
has published before is not done again, so it does no harm when a task is given out twice.
"""

import json
import logging
import os
import secrets
import socket
import tempfile
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from deepfeat.ensemble import Ensemble
from deepfeat.errors import DeepfeatError, ExitCode
from deepfeat.methods.builtin import BUILTIN
from deepfeat.methods.discovery import load_again
from deepfeat.methods.plugin import BrokenPlugin, Plugin
from deepfeat.methods.refitting import CountedFit
from deepfeat.methods.registry import Registry, build_registry
from deepfeat.nets import device
from deepfeat.runs.answers import LedgerAnswers, Question
from deepfeat.runs.asking import Ask, ask_here, failure
from deepfeat.runs.engines.nanny import WHERE_VARIABLE
from deepfeat.runs.engines.notes import Notes
from deepfeat.runs.fitting import LedgerFit
from deepfeat.runs.ledger.differences import changes
from deepfeat.runs.ledger.keys import Work, member_keys, training_work
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.ledger.records import record_name
from deepfeat.runs.logfile import logged_to
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.workers.exchange import network_from, read_dataset, read_ensemble
from deepfeat.runs.workers.isolated import IsolatedMethods, Limits
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer

log = logging.getLogger(__name__)

# Compiled networks, and ensembles written out for methods, that a worker keeps for the next task.
_KEPT = 4
# A stack has been sized where the run is.
_NO_LIMIT = 1 << 62

Told = dict[str, Any]

# Containers that share a network have one name, and each of them has a process 7.
_ME = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class OtherCodeError(DeepfeatError):
    """A worker would compute something else than the run does."""

    exit_code = ExitCode.USER_INPUT


class TrainsError(DeepfeatError):
    """A method wants networks to be trained that it did not announce; the run asks it then."""


def train(told: str) -> str:
    """Train a stack and publish it.

    Args:
        told: JSON with `root` (the run directory), `training` and `plan` (names of notes).

    Returns:
        JSON: `record` with the name of what was published, or why there is none, see `_ended`.
    """
    return _ended(told, _train)


def ask(told: str) -> str:
    """Ask a method about some members, and publish what it says.

    Args:
        told: JSON with `root`, `asking` (the name of a note) and `part` (results: key and members of each).

    Returns:
        As `train`; `left` where the run itself has to ask.
    """
    return _ended(told, _ask)


def _ended(told: str, work: Callable[[Path, Told], Told]) -> str:
    """How a task ended: `record`, `left`, `failed` (two texts), or `stop` (a text, and an exit code)."""
    request: Told = json.loads(told)
    root = Path(request["root"])
    try:
        _note_run(root)
        with logged_to(root / "logs" / "workers" / f"{_ME}.log"):
            try:
                reply = work(root, request)
            except Exception as error:
                log.debug("a task has failed", exc_info=error)
                raise
    except TrainsError:
        reply = {"left": True}
    except DeepfeatError as error:
        reply = {"stop": f"{socket.gethostname()}: {error}", "code": int(error.exit_code)}
    except Exception as error:  # noqa: BLE001 - told as text: dask would send the object itself
        # The first line stands in a table; all of it is in the log of this worker.
        first = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        reply = {"failed": [first, "".join(traceback.format_exception(error))]}
    return json.dumps(reply)


def _note_run(root: Path) -> None:
    """Tell the process that watches over this one for whom it works."""
    folder = os.environ.get(WHERE_VARIABLE)
    if folder:
        (Path(folder) / "run").write_text(str(root), encoding="utf-8")


# --- training -----------------------------------------------------------------------------------------------


def _train(root: Path, request: Told) -> Told:
    paths = RunPaths(root)
    notes, ledger = Notes(paths.ledger), Ledger(paths.ledger)
    trainer, work, _ = _trainer(notes, request["training"])
    plan = notes.read_plan(request["plan"])
    name = record_name("members", member_keys(plan, work))
    if not ledger.adopt(name):
        LedgerFit(ledger).train_stack(plan, trainer, work)
    return {"record": name}


@dataclass(frozen=True)
class _Made:
    """What can be used again for the next task of its kind."""

    trainer: Trainer
    work: Work
    plugins: list[Plugin | BrokenPlugin]


_made: OrderedDict[tuple[Path, str], _Made] = OrderedDict()
_loaded: dict[tuple[str, str], Plugin | BrokenPlugin] = {}
_lock = threading.Lock()


def _trainer(notes: Notes, name: str) -> tuple[Trainer, Work, list[Plugin | BrokenPlugin]]:
    with _lock:
        key = notes.root, name
        if key not in _made:
            _made[key] = _make(notes, notes.read_json(name))
            while len(_made) > _KEPT:
                _made.popitem(last=False)
        _made.move_to_end(key)
        made = _made[key]
    return made.trainer, made.work, made.plugins


def _make(notes: Notes, told: Told) -> _Made:
    device.prepare()
    plugins = _plugins(told["plugins"])
    data = read_dataset(notes.seen(told["data"]))
    try:
        network = network_from(told["network"])
    except LookupError as error:
        broken = [f"{one.source}: {one.error}" for one in plugins if isinstance(one, BrokenPlugin)]
        raise OtherCodeError("; ".join([str(error), *broken])) from error
    settings = TrainingSettings.model_validate_json(json.dumps(told["settings"]))
    _same_work(told["work"], training_work(data, network, settings))
    return _Made(Trainer(data, network, settings, memory=_NO_LIMIT), told["work"], plugins)


def _same_work(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    """Refuse to compute what would have another name in the ledger.

    Raises:
        OtherCodeError: naming what is different here.
    """
    different = changes(theirs, json.loads(json.dumps(ours)))
    if different:
        raise OtherCodeError(
            f"this worker would not compute the same; different are: {', '.join(different)}; give it the "
            "same code and the same libraries"
        )


def _plugins(told: list[dict[str, str]]) -> list[Plugin | BrokenPlugin]:
    for one in told:
        key = one["source"], one["sha256"]
        if key not in _loaded:
            _loaded[key] = load_again(**one)
    return [_loaded[one["source"], one["sha256"]] for one in told]


# --- asking -------------------------------------------------------------------------------------------------


def _ask(root: Path, request: Told) -> Told:
    paths = RunPaths(root)
    notes, ledger = Notes(paths.ledger), Ledger(paths.ledger)
    told = notes.read_json(request["asking"])
    part = [(key, list(members)) for key, members in request["part"]]
    name = record_name("answer", [key for key, _ in part])
    if ledger.adopt(name):
        return {"record": name}
    registry = build_registry([BUILTIN, *_plugins(told["plugins"])])
    if problem := registry.missing(told["method"]):
        raise OtherCodeError(problem)
    method = registry.methods[told["method"]]
    asked = Question(
        method, method.Params.model_validate_json(told["params"]), told["work"], tuple(told["keys"])
    )
    with _asking(notes, told, registry) as ask_it, tempfile.TemporaryDirectory(prefix="deepfeat-") as scratch:
        answers = LedgerAnswers(told["seed"], [], ledger, paths, _no_fit, Path(scratch))
        try:
            answers.ask_part(asked, part, ask_it, {}, CountedFit(_no_fit), 0.0)
        except (DeepfeatError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - plugins are code of strangers, and the others' results stand
            return {"failed": list(failure(error))}
    return {"record": name}


def _no_fit(*_: object, **__: object) -> Any:  # noqa: ANN401 - it never returns
    raise TrainsError("it trains networks")


@dataclass
class _Open:
    """The ensemble that methods were asked about last, written out for their processes."""

    key: object = None
    isolated: IsolatedMethods | None = None


_open = _Open()
# Grows while methods are asked: what has been loaded in this process, by class.
_sources: dict[Any, Plugin] = {}


@contextmanager
def _asking(notes: Notes, told: Told, registry: Registry) -> Iterator[Ask]:
    """How methods are asked about the members of a run: in processes of their own, unless it says not to."""
    trainer, _, plugins = _trainer(notes, told["training"])
    _sources.update(build_registry([BUILTIN, *plugins]).sources)
    _sources.update(registry.sources)
    if not told["isolation"]:
        yield partial(ask_here, _members(notes, told, trainer))
        return
    key = notes.root, told["training"], told["ensemble"], json.dumps(told["limits"])
    if _open.key != key or _open.isolated is None:
        if _open.isolated is not None:
            _open.isolated.__exit__(None, None, None)
        _open.isolated = IsolatedMethods(
            Registry(sources=_sources),
            _members(notes, told, trainer),
            trainer.data,
            Path(tempfile.gettempdir()),
            Limits(**told["limits"]),
            lambda *_: None,
        )
        _open.key = key
    yield _open.isolated.ask


def _members(notes: Notes, told: Told, trainer: Trainer) -> Ensemble:
    return read_ensemble(notes.seen(told["ensemble"]), trainer.template, trainer.data, trainer.inference)
