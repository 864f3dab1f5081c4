"""Disks that fail and files that are damaged, at every place where that can happen.

A few of the cases belong to the fast tests; all of them are run by `make chaos`.
"""

import errno
import os
import shutil
from collections.abc import Callable
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest

from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.ledger.records import Record
from deepfeat.writing import atomic
from deepfeat.writing.atomic import OutputError

pytestmark = pytest.mark.usefixtures("compiled_once")

Runs = Any  # of conftest.py
MakeRuns = Callable[..., Runs]
Undisturbed = tuple[Runs, Path, dict[str, str]]
SETTINGS = ("methods=[{asked: {power: 2}}, refits]",)

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
PLACES = (
    *(
        "/objects/",
        "/records/",
        "lease.json",
        "experiment.yml",
        "run.json",
        "models.csv",
        "model_00002.keras",
    ),
    *("asked.csv", "told.txt", "ranking.csv", "ro-crate-metadata.json"),
)


_DONE: list[tuple[Path, Path, dict[str, str]]] = []
_NUMBERS = count()


@pytest.fixture
def undisturbed(tmp_path_factory: pytest.TempPathFactory, make_runs: MakeRuns) -> Undisturbed:
    """Runs in a new directory; and the directory and the digests of one that nothing happened to."""
    if not _DONE:
        experiment = tmp_path_factory.mktemp("faults") / "experiment.yml"
        runs = make_runs(experiment, "undisturbed")
        runs(*SETTINGS)
        _DONE.append((experiment, runs.paths.root, runs.digests))
    experiment, root, digests = _DONE[0]
    return make_runs(experiment, f"out-{next(_NUMBERS)}"), root, digests


def _marked(cases: list[Any], fast: list[Any]) -> list[Any]:
    chaos = [pytest.mark.slow, pytest.mark.chaos]
    return [pytest.param(*case, marks=[] if case in fast else chaos) for case in cases]


# Every fault at every step of what is published for good; and of everything else, one fault at every step.
LEDGER = ("/objects/", "/records/")
FAULTS = [
    *product(LEDGER, atomic.POINTS, ERRORS),
    *(
        (place, point, ERRORS[(row + column) % len(ERRORS)])
        for row, place in enumerate(PLACES)
        for column, point in enumerate(atomic.POINTS)
        if place not in LEDGER
    ),
]
FAST_FAULTS = [
    ("/objects/", "written", errno.ENOSPC),
    ("/records/", "synced", errno.EIO),
    ("ranking.csv", "begun", errno.EACCES),
    ("lease.json", "named", errno.EACCES),
]


@pytest.mark.parametrize(("place", "point", "code"), _marked(FAULTS, FAST_FAULTS))
def test_a_fault_is_told_nothing_is_reported_as_saved_and_the_next_run_goes_on(
    undisturbed: Undisturbed, monkeypatch: pytest.MonkeyPatch, place: str, point: str, code: int
) -> None:
    runs, _, whole = undisturbed
    hit: list[Path] = []

    def fail(at: str, path: Path) -> None:
        if at == point and place in str(path):
            hit.append(path)
            raise OSError(code, os.strerror(code), str(path))

    with monkeypatch.context() as broken:
        broken.setattr(atomic, "reached", fail)
        with pytest.raises(OutputError, match=r"cannot be written: .*choose another place") as told:
            runs(*SETTINGS)
    assert hit
    assert str(hit[0]) in str(told.value)
    trained = sum(runs.trained)
    committed = sum(len(record.keys) for record in _stacks(Ledger(runs.paths.ledger)))
    runs(*SETTINGS)
    assert runs.digests == whole
    assert sum(runs.trained) == 6 - committed <= 6
    assert committed <= trained
    assert not list(runs.paths.root.rglob(".deepfeat-tmp-*"))


def _stacks(ledger: Ledger) -> list[Record]:
    return [record for record in ledger.records() if record.kind == "members"]


# --- damage -------------------------------------------------------------------------------------------------


def _flip(path: Path, _: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(bytes(content))


def _truncate(path: Path, _: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _delete(path: Path, _: Path) -> None:
    path.unlink()


def _swap(path: Path, other: Path) -> None:
    aside = path.with_name("aside")
    path.rename(aside)
    other.rename(path)
    aside.rename(other)


DAMAGE = {"flip": _flip, "truncate": _truncate, "delete": _delete, "swap": _swap}


def _found(runs: Runs, kind: str) -> list[Path]:
    """Two files of a kind, in a ledger or among the results."""
    ledger = Ledger(runs.paths.ledger)
    # The oldest first: the main ensemble. What only an answer needed that is still there is not missed.
    records = sorted(ledger.records(), key=lambda record: str(record.made["at"]))
    if kind.startswith("record of "):
        return [
            runs.paths.ledger / "records" / record.name
            for record in records
            if record.kind == kind.removeprefix("record of ")
        ]
    named = [
        ledger.objects.path(sha256)
        for record in records
        for name, sha256 in record.files.items()
        if name == kind
    ]
    return named or sorted(runs.paths.root.glob(kind))


# What of three stacks of two members and two answers is computed again: stacks, and answers.
EXPECTED = {
    "members.npz": ([2], 0),
    "plan.npz": ([2], 0),
    "losses.npz": ([2], 0),
    "record of members": ([2], 0),
    "answer.npz": ([], 1),
    "record of answer": ([], 1),
    "file:told.txt": ([], 1),
    "models/*.keras": ([], 0),
    "methods/*.csv": ([], 0),
    "methods/asked/told.txt": ([], 0),
    "*.csv": ([], 0),
    "answer.json": ([], 0),
    "experiment.yml": ([], 0),
    "run.json": ([], 0),
    "ro-crate-metadata.json": ([], 0),
}
CASES = list(product(EXPECTED, DAMAGE))
FAST_CASES = [("members.npz", "flip"), ("record of answer", "truncate"), ("models/*.keras", "delete")]


@pytest.mark.parametrize(("kind", "how"), _marked(CASES, FAST_CASES))
def test_damage_is_noticed_and_only_what_it_hits_is_done_again(
    undisturbed: Undisturbed, kind: str, how: str
) -> None:
    runs, root, whole = undisturbed
    shutil.copytree(root, runs.paths.root)
    path, *others = _found(runs, kind)
    if how == "swap" and not others:
        pytest.skip("there is only one of its kind")
    DAMAGE[how](path, others[0] if others else path)
    said = runs(*SETTINGS)
    assert runs.digests == whole
    stacks, answers = EXPECTED[kind]
    hits = 2 if how == "swap" else 1
    assert runs.trained == stacks * hits
    assert len(runs.asked) == answers * hits
    log = runs.paths.log.read_text()
    told = how != "delete" or not kind.startswith("record of ")
    assert (str(path) in log) == told, "a record that is not there tells nobody"
    assert (str(path) in said) == told


def test_what_was_not_changed_is_not_complained_about(undisturbed: Undisturbed) -> None:
    runs, root, _ = undisturbed
    shutil.copytree(root, runs.paths.root)
    assert "it is written again" not in runs(*SETTINGS)
