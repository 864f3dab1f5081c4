"""The engine whose work is done by workers of dask.distributed, on this machine or on a cluster.

The ledger is the truth, not the scheduler: a task publishes what it has computed and returns the name of a
record. So whatever happens to workers, to the scheduler or to this process, the same command goes on.
"""

import json
import logging
import secrets
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from distributed import Client, Future
from distributed.scheduler import KilledWorker

from deepfeat.config import parse_size
from deepfeat.config.engine import DaskConfig
from deepfeat.ensemble import Ensemble
from deepfeat.errors import ExitCode
from deepfeat.runs.answers import LedgerAnswers, Question, unanswered
from deepfeat.runs.console import RunConsole
from deepfeat.runs.engines import calls
from deepfeat.runs.engines.cluster import WorkersError, worker_memory, workers_here
from deepfeat.runs.engines.errors import EngineError
from deepfeat.runs.engines.nanny import ENDED
from deepfeat.runs.engines.notes import Notes, plugins_told, shown
from deepfeat.runs.fitting import LedgerFit
from deepfeat.runs.ledger.keys import Work, member_keys, training_work
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.prepare import Prepared
from deepfeat.runs.provenance import digest
from deepfeat.runs.workers import client
from deepfeat.runs.workers.isolated import MethodFailed
from deepfeat.training.loop import Progress
from deepfeat.training.plan import FitPlan
from deepfeat.training.trainer import Trainer

log = logging.getLogger(__name__)

Part = Sequence[tuple[str, list[int]]]

# Seconds between two looks at the scheduler, and for its answer: together well below half a minute.
_GLANCE, _ANSWER = 5.0, 15.0
# Seconds in which what a task says gets here from its worker, if that is still there.
_RESULT = 5.0
# Seconds in which the reason why a worker ended reaches the run.
_REASON = 3.0
# What a worker takes before it trains anything: TensorFlow, and copies of it for methods.
_BASE_MEMORY = 1 << 30
_LEAST_MEMORY = 64 << 20


class StoppedError(EngineError):
    """A worker has found what keeps the whole run from going on, such as a full disk."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = ExitCode(code)


class DaskEngine:
    """Gives the work of a run to workers; see `Engine`.

    Args:
        connection: to a scheduler.
        config: how often work is tried, and how long to wait for a worker.
        prepared: the experiment.
        notes: where workers read what to do.
    """

    stack_memory: int | None

    def __init__(self, connection: Client, config: DaskConfig, prepared: Prepared, notes: Notes) -> None:
        self._client, self._config, self._prepared, self._notes = connection, config, prepared, notes
        self._token = secrets.token_hex(4)
        self._count = 0
        self._looked = time.monotonic()
        self._alone: float | None = None  # since when no worker is known
        self._ended: dict[str, str] = {}
        connection.subscribe_topic(ENDED, self._worker_ended)
        self.stack_memory = None
        if config.memory is not None or not config.joins:  # else nobody knows yet
            memory = worker_memory(config.memory, workers_here(config))
            self.stack_memory = max(_LEAST_MEMORY, (memory - _BASE_MEMORY) // 2)

    def beside(self, prepared: Prepared, ledger: Path) -> "DaskEngine":
        """The engine of the next run that the same workers do: of another arm, or of the experiment.

        Args:
            prepared: its experiment.
            ledger: its ledger.
        """
        other = DaskEngine(self._client, self._config, prepared, Notes(ledger))
        # What is free now is what the same workers have left, who may take as much as before.
        other.stack_memory = self.stack_memory
        return other

    # --- the two kinds of work ------------------------------------------------------------------------------

    def train(
        self,
        fit: LedgerFit,
        stacks: Sequence[FitPlan],
        trainer: Trainer,
        work: Work,
        progress: Progress | None,
    ) -> Mapping[str, str]:
        """See `Engine.train`."""
        training = self._notes.training(
            trainer.data, trainer.template.network, trainer.settings, work, self._prepared.registry
        )
        requests = (
            {"root": self._root, "training": training, "plan": self._notes.plan(stack)} for stack in stacks
        )
        lost: dict[str, str] = {}
        done, losses = 0, []
        for number, reply in self._replies(calls.train, requests):
            stack = stacks[number]
            match reply:
                case {"record": str(name)}:
                    self._adopt(fit.ledger, name)
                    losses += self._losses(fit.ledger, member_keys(stack, work))
                case {"failed": [str(told), str(trace)]}:
                    log.debug("a stack has failed: %s", trace)
                    lost |= dict.fromkeys(member_keys(stack, work), told)
            done += len(stack)
            if progress is not None:
                progress(done, 0, float(np.mean(losses)) if losses else float("nan"))
        return lost

    def ask_ahead(
        self,
        answers: LedgerAnswers,
        questions: Sequence[Question],
        prepared: Prepared,
        ensemble: Ensemble,
        console: RunConsole,
    ) -> None:
        """See `Engine.ask_ahead`: everything but methods that train, which give out their trainings."""
        wanted = [
            (asked, part)
            for asked in questions
            if not asked.method.after_others
            and not asked.method(asked.params).fits(prepared.data, len(asked.keys))
            for part in unanswered(answers.ledger, asked)
        ]
        if not wanted:
            return
        names = list(dict.fromkeys(asked.method.name for asked, _ in wanted))
        console.stage(f"Having workers ask {', '.join(names)}")
        show = console.method_progress()
        requests = self._questions(wanted, ensemble, answers.seed)
        for done, (number, reply) in enumerate(self._replies(calls.ask, requests), 1):
            asked, part = wanted[number]
            match reply:
                case {"record": str(name)}:
                    self._adopt(answers.ledger, name)
                    answers.elsewhere[asked.key] += sum(len(members) for _, members in part)
                case {"failed": [str(told), str(trace)]}:
                    answers.failed[asked.key] = MethodFailed(told, "", trace)
            show(done, len(wanted))

    def _questions(
        self, wanted: Sequence[tuple[Question, Part]], ensemble: Ensemble, seed: int
    ) -> Iterator[dict[str, Any]]:
        prepared, limits = self._prepared, self._prepared.loaded.experiment.limits
        work = training_work(prepared.data, prepared.network, prepared.settings)
        shared = {
            "training": self._notes.training(
                prepared.data, prepared.network, prepared.settings, work, prepared.registry
            ),
            "ensemble": self._notes.ensemble(ensemble, digest([work, member_keys(ensemble.plan, work)])),
            "seed": seed,
            "isolation": limits.isolation and client.IS_AVAILABLE,
            "limits": {
                "seconds": limits.method_seconds,
                "memory": None if limits.method_memory is None else parse_size(limits.method_memory),
            },
        }
        for asked, part in wanted:
            note = self._notes.asking(
                {
                    **shared,
                    "method": asked.method.name,
                    "params": asked.params.model_dump_json(exclude_unset=True),
                    "plugins": plugins_told(prepared.registry, asked.method),
                    "work": asked.work,
                    "keys": list(asked.keys),
                }
            )
            yield {"root": self._root, "asking": note, "part": part}

    # --- giving out, and waiting ----------------------------------------------------------------------------

    def _replies(
        self, task: Callable[[str], str], requests: Iterable[Mapping[str, Any]]
    ) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """How tasks end, as they end: the number of each, and what it says."""
        finished: SimpleQueue[Future] = SimpleQueue()
        waiting: dict[str, tuple[int, Future]] = {}
        lost: list[Future] = []
        self._count += 1
        try:
            for number, request in enumerate(requests):
                key = f"{task.__name__}-{self._token}-{self._count}-{number}"
                future = self._client.submit(task, json.dumps(request), key=key, pure=False)
                waiting[future.key] = number, future
                future.add_done_callback(finished.put)
            while waiting:
                try:
                    future = finished.get(timeout=1)
                except Empty:
                    self._look()
                    # Not before: what is lost counts as over until the scheduler has it done again.
                    for future in lost:
                        future.add_done_callback(finished.put)
                    lost.clear()
                    continue
                reply = self._reply(future)
                if reply is None:
                    lost.append(future)
                    continue
                self._alone = None  # somebody works, even if nobody has looked
                number, _ = waiting.pop(future.key)
                future.release()
                yield number, reply
        except EngineError:
            raise
        except (Exception, CancelledError) as error:
            # What dask raises while it loses its scheduler depends on the moment.
            if self._client.status == "running" and "Cancelled" not in type(error).__name__:
                raise
            raise self._lost(f"the connection has ended ({type(error).__name__})") from error
        finally:
            # Nobody waits for what is left when this is stopped.
            for _, future in waiting.values():
                future.release()

    def _reply(self, future: Future) -> Mapping[str, Any] | None:
        """How a task has ended; None if what it says was lost with its worker, and is found out again."""
        error: BaseException | None = None
        if future.status in {"pending", "lost"}:
            return None
        try:
            if future.status == "finished":
                reply: Mapping[str, Any] = json.loads(future.result(timeout=_RESULT))
                match reply:
                    case {"stop": str(told), "code": int(code)}:
                        raise StoppedError(told, code)
                return reply
            if future.status == "error":
                error = future.exception(timeout=_RESULT)
        except (TimeoutError, OSError):
            return None
        except KilledWorker as killed:
            error = killed
        if error is not None:
            if isinstance(error, KilledWorker):
                told = self._why_killed(error)
                return {"failed": [told, told]}
            raise WorkersError(f"a worker cannot do its work: {type(error).__name__}: {error}") from error
        raise self._lost("it has forgotten what it had to do")

    def _why_killed(self, error: KilledWorker) -> str:
        address = error.last_worker.address
        end = time.monotonic() + _REASON
        while address not in self._ended and time.monotonic() < end:
            time.sleep(0.1)
        why = self._ended.get(address, f"the worker at {address} has vanished")
        return f"it has ended {error.allowed_failures + 1} workers; the last time {why}"

    def _worker_ended(self, event: tuple[float, Mapping[str, str]]) -> None:
        _, told = event
        self._ended[told["worker"]] = told["why"]
        log.warning("a worker has ended: %s; what it was doing is done again", told["why"])

    def _look(self) -> None:
        """See that there are a scheduler and a worker.

        Raises:
            WorkersError: there is none.
        """
        if self._client.status != "running":
            raise self._lost("the connection has ended")
        now = time.monotonic()
        if now - self._looked < _GLANCE:
            return
        self._looked = now
        try:
            workers = self._client.sync(self._client.scheduler.ncores, workers=None, callback_timeout=_ANSWER)
        except (OSError, TimeoutError) as error:
            raise self._lost(f"it does not answer: {error}") from error
        if workers:
            self._alone = None
        elif self._alone is None:
            # Not since the last worker that was seen: nobody looks while this process works by itself.
            self._alone = now
            log.warning("there is no worker at the moment; waiting for one")
        elif now - self._alone > self._config.wait:
            raise WorkersError(
                f"there was no worker for {self._config.wait:.0f} s; what was finished is kept; start some, "
                "and run the same command again"
            )

    def _lost(self, why: str) -> WorkersError:
        return WorkersError(
            f"the scheduler is lost: {why}; what was finished is kept, and the same command goes on"
        )

    def _adopt(self, ledger: Ledger, name: str) -> None:
        """Take notice of what a worker has published; a shared disk may show it a little later."""
        shown(ledger.root / "records" / name)
        ledger.adopt(name)

    def _losses(self, ledger: Ledger, keys: Sequence[str]) -> list[float]:
        """The validation losses of members that were trained."""
        found = [ledger.find(key) for key in keys]
        losses = [float(each.record.results[each.index]["valid_loss"]) for each in found if each is not None]
        return [loss for loss in losses if np.isfinite(loss)]

    @property
    def _root(self) -> str:
        return str(self._notes.root.parents[1])
