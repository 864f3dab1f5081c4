"""`deepfeat run --shard i/n`: a share of a run, computed with no engine at all, for any later run to collect.

Shards know nothing of each other but what is in the ledger, so they need no connection, and may run at the
same time, one after another, or not at all. What a shard may not take for granted (that all networks are
trained, or all that a method wants) is left to a later call, or to the run that collects.

Networks are dealt out one by one, and each shard makes stacks of its own: how large a stack may be depends
on the memory of a machine, and shares of stacks would be of another cut on every one.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from deepfeat.ensemble import Ensemble, offset
from deepfeat.errors import DeepfeatError, ExitCode, InputError, Problem
from deepfeat.methods.importance import Importance
from deepfeat.methods.method import Method, MethodParams
from deepfeat.methods.refitting import CountedFit
from deepfeat.runs.answers import LedgerAnswers, Question, question, unanswered
from deepfeat.runs.asking import Ask, asking, failure
from deepfeat.runs.console import RunConsole
from deepfeat.runs.fitting import LedgerFit
from deepfeat.runs.inside import refuse_links
from deepfeat.runs.ledger.keys import member_keys, training_work
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import Prepared
from deepfeat.runs.refits import Refits, fit_shown
from deepfeat.training.batches import stack_key
from deepfeat.training.loop import Progress
from deepfeat.training.plan import FitPlan, check_plan
from deepfeat.training.trainer import Trainer
from deepfeat.writing.atomic import OutputError, make_directory
from deepfeat.writing.labels import counted

Item = TypeVar("Item")

_ID, _LEAST, _STEP, _COUNT = (f"SLURM_ARRAY_TASK_{name}" for name in ("ID", "MIN", "STEP", "COUNT"))


@dataclass(frozen=True)
class Shard:
    """One of several equal shares.

    Attributes:
        number: which, from 1.
        count: how many there are.
    """

    number: int
    count: int

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.number}/{self.count}"

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those in this share; each is in exactly one, as long as all shards have them in the same order."""
        first, last = (number * len(items) // self.count for number in (self.number - 1, self.number))
        return items[first:last]

    def members(self, plan: FitPlan, trainer: Trainer) -> list[int]:
        """The members of a plan in this share, whatever memory there is.

        Args:
            plan: all that is to be trained, also what is trained already.
            trainer: says which of them could train together; those come into one share.
        """
        batch = trainer.settings.batch_size
        return sorted(self.of(sorted(range(len(plan)), key=lambda i: stack_key(plan.splits[i], batch))))


class NotMineError(DeepfeatError):
    """What a method needs next is for other shards to train."""


def read_shard(text: str, environ: Mapping[str, str]) -> Shard:
    """The shard of a command line.

    Args:
        text: `i/n`, or nothing for what a job array of Slurm says.
        environ: environment variables.

    Raises:
        InputError: it is neither.
    """
    try:
        if text:
            number, count = (int(part) for part in text.split("/"))
        else:
            least, step = int(environ.get(_LEAST, "1")), int(environ.get(_STEP, "1"))
            number, count = (int(environ[_ID]) - least) // step + 1, int(environ[_COUNT])
    except KeyError:
        reason = f"write --shard i/n; {_ID} and {_COUNT} are set only in a job array of Slurm"
    except ValueError:
        reason = f"found {text!r}; write i/n, such as 2/8"
    else:
        if 1 <= number <= count:
            return Shard(number, count)
        reason = f"{number}/{count} is no share; write a number from 1 to {count} before the /"
    raise InputError(Problem("command line", 0, 0, f"--shard: {reason}"))


def run_shard(
    prepared: Prepared, trainer: Trainer, paths: RunPaths, console: RunConsole, shard: Shard
) -> ExitCode:
    """Compute a share of an experiment and publish it; writes no results.

    Args:
        prepared: what to do, checked.
        trainer: of the main ensemble.
        paths: of the run.
        console: told what happens.
        shard: which share.

    Returns:
        COMPLETE, or PARTIAL where a method failed.

    Raises:
        InputError: how many networks there will be is not known, or a link leads out of the run directory.
        OutputError: something cannot be saved.
    """
    if prepared.loaded.experiment.training.models == "auto":
        where = ("training", "models")
        raise InputError(prepared.loaded.problem(where, "a share of auto is not known; write a number"))
    refuse_links(paths.ledger.parent)
    make_directory(paths.root)
    log = paths.root / "logs" / f"shard-{shard.number}-of-{shard.count}.log"
    with console.log_to(log), tempfile.TemporaryDirectory(prefix="deepfeat-") as scratch:
        return _Share(prepared, trainer, paths, console, shard, Path(scratch)).compute()


class _ShareFit(LedgerFit):
    """Trains this share of every plan, and leaves it there if that is not all."""

    def __init__(self, ledger: Ledger, shard: Shard) -> None:
        super().__init__(ledger)
        self._shard = shard

    def __call__(self, plan: FitPlan, trainer: Trainer, progress: Progress | None = None) -> Ensemble:
        """The trained members of a plan, if others have trained theirs.

        Raises:
            NotMineError: they have not.
        """
        work = training_work(trainer.data, trainer.template.network, trainer.settings)
        missing = self.missing(plan, work)
        # Dealt out of the whole plan: what is missing depends on how far the others are.
        own = set(self._shard.members(plan, trainer)) & set(missing)
        if own:
            # On the whole plan, so that members are called by their numbers in it.
            check_plan(plan, trainer.data)
            done = offset(progress, len(plan) - len(missing))
            super().__call__(plan.select(sorted(own)), trainer, done)
        left = len(self.missing(plan, work))
        if left:
            raise NotMineError(
                f"{left:,} of {counted(len(plan), 'network')} that it wants next are for other shards"
            )
        return super().__call__(plan, trainer, progress)


class _Share:
    def __init__(
        self,
        prepared: Prepared,
        trainer: Trainer,
        paths: RunPaths,
        console: RunConsole,
        shard: Shard,
        scratch: Path,
    ) -> None:
        self.prepared, self.trainer, self.paths = prepared, trainer, paths
        self.console, self.shard, self.scratch = console, shard, scratch
        self.ledger = Ledger(paths.ledger)
        self.work = training_work(prepared.data, prepared.network, prepared.settings)
        self.fit = LedgerFit(self.ledger)
        self._shared = Refits(prepared, trainer, console, _ShareFit(self.ledger, shard))
        # A method that did not announce that it trains is asked by one shard, which then has all of it to do.
        self._whole = Refits(prepared, trainer, console, self.fit)
        seed = prepared.loaded.experiment.seed
        self.answers = LedgerAnswers(seed, prepared.methods, self.ledger, paths, self._whole, scratch)
        self.code = ExitCode.COMPLETE

    def compute(self) -> ExitCode:
        """The whole share."""
        plan = self.prepared.plan
        self.console.stage(f"Experiment {self.prepared.loaded.experiment.name}, shard {self.shard}")
        own = self.shard.members(plan, self.trainer)
        if own:
            members = fit_shown(self.fit, plan.select(own), self.trainer, self.console)
            self._ask(members, [method for method in self._methods if method[0].kind == "member"])
        else:
            only = counted(len(plan), "network")
            self.console.note(f"there are only {only}, none of them for this shard")
        if self.fit.missing(plan, self.work):
            self.console.note(
                "methods that need all networks are left: those of the other shares are not there yet"
            )
            return self.code
        self._ask(self.fit(plan, self.trainer), self._experiment_methods())
        return self.code

    @property
    def _methods(self) -> list[tuple[type[Method], MethodParams]]:
        """Those that need not wait for others."""
        return [asked for asked in self.prepared.methods if not asked[0].after_others]

    def _experiment_methods(self) -> list[tuple[type[Method], MethodParams]]:
        """Those that train, for all shards together; and a share of those that do not."""
        methods = [asked for asked in self._methods if asked[0].kind == "experiment"]
        members = len(self.prepared.plan)
        train = [each for each in methods if each[0](each[1]).fits(self.prepared.data, members)]
        others = [each for each in methods if each not in train]
        return [*self.shard.of(others), *train]

    def _ask(self, ensemble: Ensemble, methods: Sequence[tuple[type[Method], MethodParams]]) -> None:
        kept = ensemble.succeeded
        if not methods or not len(kept):
            return
        ensemble = ensemble.select(kept.tolist())
        keys = member_keys(ensemble.plan, self.work)
        # Not in the run directory: a run that collects meanwhile takes it for what a killed one has left.
        with asking(self.prepared, ensemble, self.scratch, self.console) as ask:
            for method, params in methods:
                self.console.method(method.name)
                self._ask_one(question(self.prepared, method, params, keys), ask)

    def _ask_one(self, asked: Question, ask: Ask) -> None:
        none: dict[str, Importance] = {}
        trains = asked.method(asked.params).fits(self.prepared.data, len(asked.keys))
        fit = self._shared if trains else self._whole
        parts = unanswered(self.ledger, asked)
        if not parts:
            self.console.note("answered before")
        try:
            for part in parts:
                self.answers.ask_part(asked, part, ask, none, CountedFit(fit), 0.0)
        except OutputError:
            raise
        except NotMineError as rest:
            self.console.note(str(rest))
        except Exception as error:  # noqa: BLE001 - plugins are code of strangers
            told, _ = failure(error)
            self.console.warning(
                f"method {asked.method.name}: {told}; the run that collects will ask it again"
            )
            self.code = ExitCode.PARTIAL
