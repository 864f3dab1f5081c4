"""Asking methods through the ledger: what was answered is read, what is missing is asked and published.

A member method is asked about a part of the members at a time, and what it says of each member is a result of
its own; an experiment method is one result, together with the files it left in its folder.
"""

import logging
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from deepfeat.methods.askable import Askable, members_alone
from deepfeat.methods.context import Context, Fit
from deepfeat.methods.importance import Importance, MethodError
from deepfeat.methods.method import Cost, Method, MethodParams
from deepfeat.methods.refitting import CountedFit
from deepfeat.runs.asking import Ask
from deepfeat.runs.ledger.keys import Work, answer_key, asking_work
from deepfeat.runs.ledger.ledger import Found, Ledger
from deepfeat.runs.ledger.packing import (
    answer_arrays,
    answer_of,
    answer_words,
    from_npz,
    to_npz,
)
from deepfeat.runs.ledger.records import FILE, Record
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import Prepared
from deepfeat.runs.provenance import digest, made_here
from deepfeat.training.memory import available_memory
from deepfeat.writing.atomic import write_bytes, write_with

log = logging.getLogger(__name__)

MEMBERS_PER_PART = 50
"""Members that a member method is asked about together: so much is lost at most when it is interrupted."""

ANSWER = "answer.npz"
_SHARE = 0.5  # of the free memory that the files of a method may take when they are published


@dataclass(frozen=True, eq=False)
class Question:
    """A method, and the members it is to be asked about.

    Attributes:
        method: the method.
        params: its parameters.
        work: from `asking_work`.
        keys: of the members, in order.
    """

    method: type[Method]
    params: MethodParams
    work: Work
    keys: Sequence[str]

    @property
    def results(self) -> list[tuple[str, list[int]]]:
        """The results that the answer consists of: the key of each, and the members that it is about."""
        if self.method.kind == "member":
            return [(answer_key(self.work, [key]), [member]) for member, key in enumerate(self.keys)]
        return [(answer_key(self.work, self.keys), list(range(len(self.keys))))]

    @property
    def key(self) -> str:
        """Of the answer as a whole."""
        return digest([key for key, _ in self.results])


@dataclass(frozen=True, eq=False)
class Answer:
    """What a method said, and where that came from.

    Attributes:
        importance: of all members asked about.
        key: of the whole answer.
        asked: members that it was asked about now; the others were in the ledger.
        seconds: that asking took, now or before.
        refits: what the networks cost that the method trained, see `CountedFit.record`; empty for none.
        cost: the same in words, where it was asked now.
    """

    importance: Importance
    key: str
    asked: int
    seconds: float
    refits: Mapping[str, float]
    cost: str


def question(
    prepared: Prepared,
    method: type[Method],
    params: MethodParams,
    keys: Sequence[str],
    others: Mapping[str, str] = MappingProxyType({}),
) -> Question:
    """What an experiment asks one of its methods.

    Args:
        prepared: the experiment.
        method: the method.
        params: its parameters.
        keys: of the members that did not fail, in order.
        others: keys of the answers of the methods before it, by name.
    """
    experiment = prepared.loaded.experiment
    trains = method.kind == "experiment"
    work = asking_work(
        prepared.registry.info[method.name],
        params,
        prepared.data,
        experiment.seed,
        training=experiment.training.model_dump(
            mode="json", exclude_none=True, exclude={"models", "most_models", "memory", "stack_size"}
        )
        if trains
        else None,
        others=others if method.after_others else None,
    )
    return Question(method, params, work, keys)


def unanswered(ledger: Ledger, asked: Question) -> list[list[tuple[str, list[int]]]]:
    """The results that are not in the ledger, those that are asked for together in one list."""
    ledger.refresh()
    missing = [(key, members) for key, members in asked.results if ledger.find(key) is None]
    # Which members go together depends on their numbers alone, not on how far an earlier run came.
    parts = groupby(missing, key=lambda result: result[1][0] // MEMBERS_PER_PART)
    return [list(part) for _, part in parts]


class LedgerAnswers:
    """Asks the methods of a run.

    Args:
        seed: of the experiment.
        methods: the methods of the experiment, with their parameters.
        ledger: where answers are looked up and published.
        paths: of the run.
        fit: for methods that train.
        scratch: where methods get their folders, by default in the ledger; everybody who asks methods at the
            same time needs one of his own.

    Attributes:
        failed: why methods gave no answer when others asked them, by `Question.key`.
        elsewhere: members that others have asked methods about in this run, by `Question.key`.
    """

    def __init__(
        self,
        seed: int,
        methods: Sequence[tuple[type[Method], MethodParams]],
        ledger: Ledger,
        paths: RunPaths,
        fit: Fit,
        scratch: Path | None = None,
    ) -> None:
        self.seed, self.methods = seed, methods
        self.ledger, self.paths, self.fit = ledger, paths, fit
        self._scratch = scratch or paths.work
        self.failed: dict[str, Exception] = {}
        self.elsewhere: Counter[str] = Counter()

    def __call__(
        self, asked: Question, ask: Ask, others: Mapping[str, Importance] = MappingProxyType({})
    ) -> Answer:
        """The answer of a method about all members of an ensemble; its files are in its folder afterwards.

        What somebody else was seen to fail at is not tried again.

        Args:
            asked: what, and about which members.
            ask: asks a method about these members.
            others: answers of the methods before it, for one that is asked after others.

        Raises:
            OutputError: the answer cannot be saved.
            Exception: whatever the method raised; what it left in its folder is there.
        """
        if asked.key in self.failed:
            raise self.failed[asked.key]
        start = time.monotonic()
        members, counted = 0, CountedFit(self.fit)
        for part in unanswered(self.ledger, asked):
            used = time.monotonic() - start if members else 0.0
            self.ask_part(asked, part, ask, others, counted, used)
            members += sum(len(own) for _, own in part)
        found = [self.ledger.get(key) for key, _ in asked.results]
        records = {each.record.name: each.record for each in found}
        made = [record.made for record in records.values()]
        return Answer(
            importance=self._assemble(asked, found),
            key=asked.key,
            asked=members + self.elsewhere[asked.key],
            seconds=sum(each["seconds"] for each in made),
            # a method that trains is asked once about all members
            refits=made[0]["refits"],
            cost=counted.sentence() if counted.networks else "",
        )

    def ask_part(
        self,
        asked: Question,
        part: Sequence[tuple[str, list[int]]],
        ask: Ask,
        others: Mapping[str, Importance],
        fit: CountedFit,
        used: float,
    ) -> str:
        """Ask a method about some members and publish what it says; the unit of work, wherever it is done.

        Args:
            asked: what, and about which members.
            part: the results that are wanted, an entry of `unanswered`.
            ask: asks a method about these members.
            others: answers of the methods before it, for one that is asked after others.
            fit: for a method that trains.
            used: seconds of the method's time that were used before.

        Returns:
            The name of the record.

        Raises:
            OutputError: the answer cannot be saved.
            Exception: whatever the method raised; what it left in its folder is there.
        """
        numbers = [member for _, members in part for member in members]
        with self._folder(asked.method.name) as folder:
            context = Context(
                seed=self.seed,
                method=asked.method.name,
                folder=folder,
                fit=fit,
                **(self._about_others(others) if asked.method.after_others else {}),
            )
            start = time.monotonic()
            answer = ask(asked.method, asked.params, context, numbers, used)
            if asked.method.kind == "member":
                # What cannot be joined is refused for one part as it is for two.
                Importance.join([answer, answer])
            files = _read(folder)
        record = Record(
            kind="answer",
            keys=tuple(key for key, _ in part),
            work=asked.work,
            about=[[asked.keys[member] for member in members] for _, members in part],
            results=[answer_words(answer) for _ in part],
            made={
                "seconds": round(time.monotonic() - start, 3),
                "refits": fit.record(),
                **made_here(),
            },
        )
        self.ledger.publish(record, {ANSWER: to_npz(answer_arrays(answer)), **files})
        log.debug("method %s: published %s, %d members", asked.method.name, record.name, len(numbers))
        return record.name

    def _about_others(self, others: Mapping[str, Importance]) -> dict[str, Any]:
        """What a method that is asked after others finds in its context."""
        again = {
            method.name: Askable(method, params, self.seed)
            for method, params in self.methods
            if method.name in others and (method.kind == "member" or method.cost is not Cost.REFITS)
        }
        return {
            "answers": MappingProxyType(dict(others)),
            "askable": members_alone(again),
            "again": MappingProxyType(again),
        }

    @contextmanager
    def _folder(self, method: str) -> Iterator[Path]:
        """A folder for the files of one call; what a call that fails leaves in it is kept for the user."""
        folder = self._scratch / self.paths.artefacts(method).name
        shutil.rmtree(folder, ignore_errors=True)
        try:
            yield folder
        except Exception:
            for name, path in _left_in(folder):
                # Moved, not read: it may be large.
                write_with(self.paths.artefacts(method) / name, partial(shutil.move, path))
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _assemble(self, asked: Question, found: Sequence[Found]) -> Importance:
        """The answer from what the ledger has, and its files."""
        self._restore(asked.method.name, found)
        parts = []
        for _, run in groupby(found, key=lambda each: each.record.name):
            together = list(run)
            arrays = from_npz(self.ledger.objects.read(together[0].record.files[ANSWER]))
            if asked.method.kind == "member":
                index = np.array([each.index for each in together])
                arrays = {name: array[index] for name, array in arrays.items()}
            parts.append(answer_of(arrays, together[0].record.results[together[0].index]))
        return Importance.join(parts)

    def _restore(self, method: str, found: Sequence[Found]) -> None:
        """Put the files of an answer into the method's folder, and remove what else is there."""
        folder = self.paths.artefacts(method)
        wanted: dict[Path, str] = {}
        records = {each.record.name: each.record for each in found}
        for number, record in enumerate(records.values()):
            for name, sha256 in record.files.items():
                if name.startswith(FILE):
                    own = name.removeprefix(FILE)
                    # Parts that wrote files of the same name: the later ones go into folders of their own.
                    is_new = folder / own not in wanted
                    wanted[folder / own if is_new else folder / f"part-{number}" / own] = sha256
        # Deepest first, so that a folder is empty when its turn comes.
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                with suppress(OSError):
                    path.rmdir()
            elif path not in wanted:
                path.unlink()
        for path, sha256 in wanted.items():
            write_bytes(path, self.ledger.objects.read(sha256))


def _read(folder: Path) -> dict[str, bytes]:
    """The files that a method has left in its folder, as they are published.

    Raises:
        MethodError: they are too large to be, and were removed: a run reads all that is among its results.
    """
    left = dict(_left_in(folder))
    size = sum(path.stat().st_size for path in left.values())
    if size > _SHARE * available_memory():
        shutil.rmtree(folder)
        raise MethodError(f"its files of {size >> 20:,} MiB are too large and were removed; leave less")
    return {f"{FILE}{name}": path.read_bytes() for name, path in left.items()}


def _left_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files that a method has left in its folder, by name within it; no links, which lead anywhere."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), path
