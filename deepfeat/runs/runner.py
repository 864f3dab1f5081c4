"""One run: train the ensemble, ask the methods, rank the features, write the results."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.config import dump_experiment
from deepfeat.ensemble import Ensemble
from deepfeat.errors import DeepfeatError, ExitCode, InputError
from deepfeat.methods.cheapest import cheapest_member_methods
from deepfeat.methods.describe import asked_data
from deepfeat.methods.importance import Importance
from deepfeat.methods.method import Method, MethodParams
from deepfeat.ranking.agreement import Outlook
from deepfeat.runs import provenance
from deepfeat.runs.answers import Answer, LedgerAnswers, question
from deepfeat.runs.asking import Ask, asking, failure
from deepfeat.runs.conclusions import conclude, with_q_values, write_conclusions
from deepfeat.runs.console import RunConsole
from deepfeat.runs.engines.errors import EngineError
from deepfeat.runs.engines.local import Engine, LocalEngine
from deepfeat.runs.engines.notes import Notes
from deepfeat.runs.fitting import LedgerFit
from deepfeat.runs.growing import grow
from deepfeat.runs.identity import anywhere, begun
from deepfeat.runs.inside import refuse_links
from deepfeat.runs.interrupts import Interrupted, last_words
from deepfeat.runs.lease import Lease, hold
from deepfeat.runs.ledger.keys import member_keys, training_work
from deepfeat.runs.ledger.ledger import Ledger, forget
from deepfeat.runs.outputs import (
    remove_leftovers,
    remove_results,
    write_extras,
    write_history,
    write_members,
    write_models,
    write_scores,
)
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import Prepared
from deepfeat.runs.refits import Refits, fit_shown
from deepfeat.runs.sealing import damage, reopen, seal
from deepfeat.runs.skill import MemberSkill, judge_members
from deepfeat.training.plan import FitPlan
from deepfeat.training.trainer import Trainer
from deepfeat.writing.atomic import OutputError, make_directory, write_text
from deepfeat.writing.labels import counted

log = logging.getLogger(__name__)


def run(
    prepared: Prepared,
    paths: RunPaths,
    console: RunConsole,
    *,
    engine: Engine | None = None,
    fresh: bool = False,
    present: Callable[[], object] = lambda: None,
) -> ExitCode:
    """Carry out an experiment, or go on with it: what the ledger has is not computed again.

    Args:
        prepared: what to do, checked.
        paths: where the results go; those of a different run are removed first.
        console: told what happens.
        engine: does the work; by default this process.
        fresh: forget what the ledger has, and compute everything.
        present: makes figures and pages from the results, before their digests are taken.

    Returns:
        COMPLETE, or PARTIAL where a member or a method failed and the rest stands.

    Raises:
        OutputError: the results cannot be written.
        RunningError: another process works in the same directory.
        Interrupted: a signal came; what was finished before is kept.
        InputError: the network cannot be built, the plan does not fit the memory, or a link leads out of the
            run directory; nothing was written.
    """
    # What cannot be trained is refused here, while the results of an earlier run are still in place.
    by: Engine = engine or LocalEngine()
    trainer = make_trainer(prepared, by.stack_memory)
    _check_memory(trainer, prepared)
    refuse_links(paths.ledger.parent)
    make_directory(paths.root)
    with console.log_to(paths.log), hold(paths.root, paths.ledger) as lease:
        if fresh:
            forget(paths.ledger)
        remove_leftovers(paths)
        whole = RunPaths(paths.ledger.parent)
        if whole != paths:
            reopen(whole)  # this is an arm of it, and it is complete only when it has followed
        Notes(paths.ledger).clear()
        code = _Run(prepared, trainer, paths, console, lease, by).carry_out()
        Notes(paths.ledger).clear()
        present()
        lease.check()
        seal(paths)
        return code


def make_trainer(prepared: Prepared, stack_memory: int | None = None) -> Trainer:
    """What trains the main ensemble.

    Args:
        prepared: the experiment.
        stack_memory: bytes that a stack may take where the experiment does not say.

    Raises:
        InputError: the network cannot be built.
    """
    stack_size = prepared.loaded.experiment.training.stack_size
    memory = stack_memory if prepared.memory is None else prepared.memory
    try:
        return Trainer(
            prepared.data, prepared.network, prepared.settings, memory=memory, stack_size=stack_size
        )
    except Exception as error:
        # Networks are code of strangers too.
        reason = f"{prepared.network.name} cannot be built: {type(error).__name__}: {error}; correct it"
        raise InputError(prepared.loaded.problem(("network", "preset"), reason)) from error


def _check_memory(trainer: Trainer, prepared: Prepared) -> None:
    try:
        trainer.stacks(prepared.plan)
    except InputError as error:
        where = ("training", "memory")
        raise InputError(
            prepared.loaded.problem(where, problem.message) for problem in error.problems
        ) from error


class _Run:
    def __init__(
        self,
        prepared: Prepared,
        trainer: Trainer,
        paths: RunPaths,
        console: RunConsole,
        lease: Lease,
        engine: Engine,
    ) -> None:
        self.lease, self.engine = lease, engine
        self.prepared, self.trainer, self.paths, self.console = prepared, trainer, paths, console
        self.data = prepared.data
        self.experiment = prepared.loaded.experiment
        self.ledger = Ledger(paths.ledger)
        self.fit = LedgerFit(self.ledger, engine.train)
        refits = Refits(prepared, trainer, console, self.fit, engine.stack_memory)
        self.answers = LedgerAnswers(self.experiment.seed, prepared.methods, self.ledger, paths, refits)
        self.failures: list[str] = []
        self.asked: dict[str, dict[str, Any]] = {}

    def carry_out(self) -> ExitCode:
        """The whole run; `run.json` says how far it came, whatever happens."""
        earlier = provenance.earlier(self.paths.provenance)
        record = begun(self.prepared)
        is_same = provenance.is_same_run(earlier, record)
        for fault in damage(self.paths, earlier, is_same=is_same):
            log.warning("%s; it is written again", fault)
        if not is_same:
            remove_results(self.paths)
        write_text(self.paths.experiment, dump_experiment(anywhere(self.experiment)))
        record["attempts"] = provenance.attempts(earlier, record)
        write_text(self.paths.provenance, provenance.as_json(record))
        state, code = provenance.ExitState.INTERRUPTED, ExitCode.INTERRUPTED

        def interrupted() -> None:
            told = provenance.finished(record, state, exit_code=code, failures=self.failures)
            write_text(self.paths.provenance, provenance.as_json(told))
            self.lease.release()

        try:
            with last_words(interrupted):
                self._work()
            state = provenance.ExitState.PARTIAL if self.failures else provenance.ExitState.COMPLETE
            code = ExitCode.PARTIAL if self.failures else ExitCode.COMPLETE
        except Interrupted:
            raise
        except KeyboardInterrupt:
            code = ExitCode.KEYBOARD
            raise
        except BaseException as error:
            state = provenance.ExitState.FAILED
            code = error.exit_code if isinstance(error, DeepfeatError) else ExitCode.BUG
            raise
        finally:
            record["methods"] = self.asked
            record["computed_on"] = self.ledger.computed_on()
            done = provenance.finished(record, state, exit_code=code, failures=self.failures)
            write_text(self.paths.provenance, provenance.as_json(done))
        return code

    def _work(self) -> None:
        self._introduce()
        ensemble = self._train()
        judged = judge_members(ensemble, self.experiment.ranking.skilless)
        self.lease.check()
        write_members(self.paths, ensemble.records, judged)
        write_history(self.paths, ensemble.records)
        write_models(self.paths, ensemble)
        kept = ensemble.succeeded
        if len(kept) == 0:
            self.console.warning(
                "every network failed, so there is nothing to rank; see models.csv for the reasons"
            )
            return
        everything = self._ask(ensemble.select(kept.tolist()), kept)
        about_others = {method.name for method, _ in self.prepared.methods if method.after_others}
        shown = {method.name for method, _ in self.prepared.methods if not method.ranks}
        answers = {name: answer for name, answer in everything.items() if name not in about_others | shown}
        if not answers:
            self.console.warning(
                "no method that ranks features answered, so there is no ranking; add one"
                if everything
                else "every method failed, so there is no ranking; the reasons are above and in the log"
            )
            return
        self.lease.check()
        judges = {name: answer for name, answer in everything.items() if name in about_others}
        self._conclude(ensemble, judged, answers, judges)

    def _introduce(self) -> None:
        data = self.data
        self.console.stage(f"Experiment {self.experiment.name}")
        self.console.note(
            f"{data.name}: {counted(data.n_rows, 'row')}, {counted(data.n_features, 'feature')}, {data.task}"
            + (f" ({', '.join(data.classes)})" if data.task != "regression" else f" of {data.classes[0]}")
        )
        if data.groups is not None:
            units = counted(len(np.unique(data.groups)), "group")
            self.console.note(f"{units} of rows by {self.experiment.data.group}, which stay together")
        for note in data.notes:
            self.console.note(note)
        for warning in data.warnings:
            self.console.warning(warning)

    def _train(self) -> Ensemble:
        auto = self.experiment.training.models == "auto"
        ensemble = self._grown() if auto else self._fitted(self.prepared.plan)
        for number, member in enumerate(ensemble.records):
            if member.failure is not None:
                self.failures.append(f"network {number}: {member.failure}")
                self.console.warning(self.failures[-1])
        return ensemble

    def _fitted(self, plan: FitPlan) -> Ensemble:
        return fit_shown(self.fit, plan, self.trainer, self.console)

    def _grown(self) -> Ensemble:
        """As many members as are enough."""
        deciding = cheapest_member_methods(method for method, _ in self.prepared.methods)

        def ask_all(ensemble: Ensemble) -> dict[str, Importance]:
            with asking(self.prepared, ensemble, self.paths.root, self.console) as ask:
                return decide(ensemble, ask)

        def decide(ensemble: Ensemble, ask: Ask) -> dict[str, Importance]:
            work = training_work(self.data, self.prepared.network, self.prepared.settings)
            keys = member_keys(ensemble.plan, work)
            answers = {}
            asked_about = [asked for asked in self.prepared.methods if asked[0] in deciding]
            self._ask_ahead(ensemble, asked_about, keys)
            for method, params in asked_about:
                try:
                    asked = question(self.prepared, method, params, keys)
                    answers[method.name] = self.answers(asked, ask).importance
                except (OutputError, EngineError):
                    raise
                except Exception as error:  # noqa: BLE001 - as below, where it is asked again and its failure told
                    log.debug("method %s does not decide: %s", method.name, error)
            return answers

        return grow(
            self.prepared.plan,
            self._fitted,
            ask_all,
            self.experiment.ranking,
            self.experiment.seed,
            self.console.note,
        )

    def _ask(self, ensemble: Ensemble, numbers: NDArray[np.int64]) -> dict[str, Importance]:
        with asking(self.prepared, ensemble, self.paths.root, self.console) as ask:
            return self._ask_each(ensemble, numbers, ask)

    def _ask_each(self, ensemble: Ensemble, numbers: NDArray[np.int64], ask: Ask) -> dict[str, Importance]:
        work = training_work(self.data, self.prepared.network, self.prepared.settings)
        keys = member_keys(ensemble.plan, work)
        answers: dict[str, Answer] = {}
        self._ask_ahead(ensemble, self.prepared.methods, keys)
        for method, params in sorted(self.prepared.methods, key=lambda asked: asked[0].after_others):
            self.console.method(method.name)
            start = time.monotonic()
            others = {name: answer.key for name, answer in answers.items()}
            said = {name: answer.importance for name, answer in answers.items()}
            try:
                asked = question(self.prepared, method, params, keys, others)
                answer = self.answers(asked, ask, said)
                importance = with_q_values(answer.importance, self.experiment.ranking.multiplicity)
                answer = replace(answer, importance=importance)
            except (OutputError, EngineError):
                raise
            except Exception as error:  # noqa: BLE001 - plugins are code of strangers, and the others' results stand
                self._method_failed(method.name, error)
                self._note_asked(method, params, None, time.monotonic() - start)
            else:
                answers[method.name] = answer
                self._answered(method, params, answer, numbers)
        return {name: answer.importance for name, answer in answers.items()}

    def _ask_ahead(
        self, ensemble: Ensemble, methods: Sequence[tuple[type[Method], MethodParams]], keys: Sequence[str]
    ) -> None:
        """Have those methods asked that need not wait for others."""
        questions = []
        for method, params in methods:
            if not method.after_others:
                # What cannot even be asked says so when its turn comes.
                with suppress(Exception):
                    questions.append(question(self.prepared, method, params, keys))
        self.engine.ask_ahead(self.answers, questions, self.prepared, ensemble, self.console)

    def _answered(
        self, method: type[Method], params: MethodParams, answer: Answer, numbers: NDArray[np.int64]
    ) -> None:
        if answer.asked == 0:
            self.console.note("answered before, used again")
        for note in answer.importance.notes:
            self.console.note(note)
        if answer.cost:
            self.console.note(answer.cost)
        scores = answer.importance.scores
        # The rows of a method that counts repetitions of its own are numbered by themselves.
        rows = numbers if len(scores) == len(numbers) else np.arange(len(scores))
        write_scores(self.paths, method.name, rows, self.data.feature_names, scores)
        normalisation = self.experiment.ranking.normalise
        write_extras(self.paths, method.name, rows, self.data, answer.importance, normalisation)
        self._note_asked(method, params, answer, answer.seconds)

    def _note_asked(
        self, method: type[Method], params: MethodParams, answer: Answer | None, seconds: float
    ) -> None:
        self.asked[method.name] = {
            "seconds": round(seconds, 3),
            "sha256": self.prepared.registry.info[method.name].sha256,
            **asked_data(method, params, None if answer is None else answer.importance),
            **({"refits": dict(answer.refits)} if answer is not None and answer.refits else {}),
        }

    def _method_failed(self, name: str, error: Exception) -> None:
        for path in self.paths.answers(name):
            path.unlink(missing_ok=True)
        where = self.paths.failure(name)
        told, trace = failure(error)
        write_text(where, trace)
        self.failures.append(f"method {name}: {told}")
        self.console.warning(
            f"{self.failures[-1]}; the other methods are not affected; the traceback is in {where}"
        )

    def _weights(self, judges: Mapping[str, Importance]) -> Mapping[str, float] | None:
        """How much each method counts, as the judge that the experiment names has it; None for all alike."""
        name = self.experiment.ranking.weights
        if name == "equal":
            return None
        weights = judges[name].weights if name in judges else None
        if weights is None:
            self.console.warning(f"{name} has not judged the other methods, so all of them count alike")
            return None
        if not any(weights.values()):
            self.console.warning(f"{name} believes none of the methods, so all of them count alike")
            return None
        return weights

    def _conclude(
        self,
        ensemble: Ensemble,
        judged: MemberSkill,
        answers: Mapping[str, Importance],
        judges: Mapping[str, Importance],
    ) -> None:
        self.console.stage("Ranking the features, and training a linear model and trees to compare with")
        config = self.experiment.ranking
        about = {
            method.name: Outlook(method.sees, method.blind_to, method.asks_networks())
            for method, _ in self.prepared.methods
        }
        controls = {
            method: judges[method.name]
            for method, _ in self.prepared.methods
            if method.control and method.name in judges
        }
        told = [note for answer in controls.values() for note in answer.notes]
        found = [some for method, answer in controls.items() if (some := method.found(answer)) is not None]
        weights, seed = self._weights(judges), self.experiment.seed
        concluded = conclude(ensemble, judged, answers, config, seed, about, weights, told, found)
        write_conclusions(self.paths, concluded)
        for note in concluded.notes:
            self.console.note(note)
        self.console.ranking(concluded.ranking, confidence=config.confidence)
        self.console.answer(concluded.answer)
