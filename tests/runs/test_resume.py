"""Running again: what is computed, what is used again, and that the results are the same to the byte."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.ledger.records import read_record

pytestmark = pytest.mark.usefixtures("compiled_once")

Runs = Any  # of conftest.py
Begin = Callable[..., None]


def test_running_again_computes_nothing_and_changes_nothing(runs: Runs) -> None:
    runs("methods=[gate, asked, refits]")
    # a refit of the main plan is the main plan's members; two members more were trained
    assert runs.trained == [2, 2, 2]
    assert runs.asked == [("gate", 4), ("asked", 4), ("refits", 4)]
    before = runs.digests
    assert {"methods/asked/told.txt", "ranking.csv", "models/model_00003.keras"} <= before.keys()
    said = runs("methods=[gate, asked, refits]")
    assert (runs.trained, runs.asked) == ([], [])
    assert runs.digests == before
    assert "4 networks trained before and used again" in said
    assert said.count("answered before, used again") == 3


def test_more_networks_train_only_those_that_are_missing(runs: Runs) -> None:
    runs("training.models=2", "methods=[asked]")
    runs("methods=[asked]")
    assert (runs.trained, runs.asked) == ([2], [("asked", 2)])
    grown = {name: digest for name, digest in runs.digests.items() if "told" not in name}
    Ledger(runs.paths.ledger).root.rename(runs.paths.root / "elsewhere")
    runs("methods=[asked]")
    assert (runs.trained, runs.asked) == ([2, 2], [("asked", 4)])
    again = {name: digest for name, digest in runs.digests.items() if not name.startswith("elsewhere")}
    assert {name: digest for name, digest in again.items() if "told" not in name} == grown


def test_fewer_networks_are_a_part_of_what_is_there(runs: Runs, begin: Begin) -> None:
    begin(runs)
    runs("training.models=3")
    assert (runs.trained, runs.asked) == ([], [])
    assert not runs.paths.model(3).exists()


def test_a_method_more_asks_only_that_one(runs: Runs, begin: Begin) -> None:
    begin(runs)
    runs("methods=[gate, asked]")
    assert (runs.trained, runs.asked) == ([], [("asked", 4)])


def test_other_parameters_or_another_plugin_file_ask_only_that_method(runs: Runs) -> None:
    runs("methods=[gate, asked]")
    runs("methods=[gate, {asked: {power: 2}}]")
    assert (runs.trained, runs.asked) == ([], [("asked", 4)])
    plugin = runs.experiment.parent / "mine.py"
    plugin.write_text(plugin.read_text().replace("told.txt", "otherwise.txt"))
    runs("methods=[gate, {asked: {power: 2}}]")
    assert (runs.trained, runs.asked) == ([], [("asked", 4)])
    assert [path.name for path in runs.paths.artefacts("asked").iterdir()] == ["otherwise.txt"]


def test_another_seed_trains_everything_and_going_back_nothing(runs: Runs, begin: Begin) -> None:
    begin(runs)
    before = runs.digests
    runs("seed=1")
    assert (runs.trained, runs.asked) == ([2, 2], [("gate", 4)])
    runs()
    assert (runs.trained, runs.asked) == ([], [])
    assert runs.digests == before


def test_results_of_a_different_run_go_at_once_and_those_of_the_same_stay(
    runs: Runs, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(runs)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("deepfeat.runs.runner.fit_shown", stopped)
    with pytest.raises(KeyboardInterrupt):
        runs()
    assert runs.paths.ranking.exists()
    with pytest.raises(KeyboardInterrupt):
        runs("seed=1")
    assert not runs.paths.ranking.exists()
    assert not runs.paths.models.exists() or not list(runs.paths.models.iterdir())


def test_a_damaged_stack_is_trained_again_and_only_that(runs: Runs, begin: Begin) -> None:
    begin(runs)
    before = runs.digests
    ledger = Ledger(runs.paths.ledger)
    first = next(record for record in ledger.records() if record.kind == "members")
    path = ledger.objects.path(first.files["members.npz"])
    path.write_bytes(path.read_bytes()[:-1])
    said = runs()
    assert (runs.trained, runs.asked) == ([2], [])
    assert runs.digests == before
    assert f"{path}" in said
    assert "counts as absent" in said


def test_run_json_tells_of_the_attempts(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs("seed=2")
    with monkeypatch.context() as patched:
        patched.setattr("deepfeat.runs.runner.fit_shown", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            runs()
    record = json.loads(runs.paths.provenance.read_text())
    runs.paths.provenance.write_text(json.dumps({**record, "state": "running"}))
    runs()
    runs()
    told = json.loads(runs.paths.provenance.read_text())
    assert [attempt["state"] for attempt in told["attempts"]] == ["killed", "complete"]
    assert told["state"] == "complete"
    assert all(attempt["host"] == told["machine"]["host"] for attempt in told["attempts"])


def test_a_member_method_is_asked_part_by_part(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = runs("methods=[gate, asked]")
    before = runs.digests
    runs.paths.ledger.rename(runs.paths.root / ".before")
    monkeypatch.setattr("deepfeat.runs.answers.MEMBERS_PER_PART", 3)
    parts = runs("methods=[gate, asked]")
    assert runs.asked == [("gate", 3), ("gate", 1), ("asked", 3), ("asked", 1)]
    after = {name: digest for name, digest in runs.digests.items() if not name.startswith(".before")}
    assert {name for name in before if before[name] != after[name]} == {"methods/asked/told.txt"}
    assert after.keys() - before.keys() == {"methods/asked/part-1/told.txt"}
    assert parts.count("said so") == whole.count("said so") == 1


def test_history_of_losses_survives(runs: Runs, begin: Begin) -> None:
    begin(runs)
    ledger = Ledger(runs.paths.ledger)
    losses = [record for record in ledger.records() if record.kind == "members"]
    with np.load(ledger.objects.path(losses[0].files["losses.npz"]), allow_pickle=False) as stored:
        assert stored["history"].shape == (4, 2)


def test_what_a_killed_run_left_half_written_is_removed(runs: Runs, begin: Begin) -> None:
    begin(runs)
    models, ledger = runs.paths.models, runs.paths.ledger / "objects"
    left = [models / ".deepfeat-tmp-0.keras", models / ".deepfeat-tmp-0.keras.stamped.keras"]
    old, others = ledger / ".deepfeat-tmp-1", ledger / ".deepfeat-tmp-2"
    for path in (*left, old, others):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    folders = (
        runs.paths.root / ".deepfeat-tmp-3",
        runs.paths.ledger / "work" / "asked",
        ledger / ".deepfeat-tmp-4",
    )
    for folder in folders:
        (folder / "inputs" / "data").mkdir(parents=True)
        (folder / "inputs" / "data" / "x.npy").write_bytes(b"the table")
        (folder / "inputs" / "data" / "x.npy").chmod(0o444)
    os.utime(folders[-1], (0, 0))
    runs()
    assert not any(path.exists() for path in (*left, old, *folders))
    assert others.exists(), "somebody may be writing it"


def test_a_record_of_somebody_else_writes_nothing_elsewhere(runs: Runs, begin: Begin) -> None:
    begin(runs, "methods=[asked]")
    before = runs.digests
    (place,) = (runs.paths.ledger / "records").glob("answer-*.json")
    record = read_record(place)
    told = record.files["file:told.txt"]
    hostile = replace(record, files={**record.files, "file:../../../../escaped.txt": told})
    place.write_bytes(hostile.to_bytes())
    said = runs("methods=[asked]")
    assert "leads out of its place; it counts as absent, and what it held is computed again" in said
    assert runs.asked == [("asked", 4)]
    assert runs.digests == before
    assert not list(runs.experiment.parent.parent.rglob("escaped.txt"))


def test_files_of_several_parts_keep_their_folders(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepfeat.runs.answers.MEMBERS_PER_PART", 2)
    (runs.experiment.parent / "mine.py").write_text(
        "from deepfeat.methods import Importance, Method\n"
        "class Asked(Method):\n"
        "    'Leaves files of one name in two folders.'\n"
        "    name = 'asked'\n"
        "    def explain(self, ensemble, data, context):\n"
        "        for folder in 'ab':\n"
        "            (context.folder / folder).mkdir(parents=True)\n"
        "            (context.folder / folder / 'told.txt').write_text(folder)\n"
        "        return Importance(ensemble.gates)\n"
    )
    folder = runs.paths.artefacts("asked")
    (folder / "a" / "told.txt").mkdir(parents=True)  # where a file is to be
    runs("methods=[asked]")
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.txt")}
    assert found == {
        **{f"{name}/told.txt": name for name in "ab"},
        **{f"part-1/{name}/told.txt": name for name in "ab"},
    }


def test_files_that_do_not_fit_in_memory_fail_their_method_alone(runs: Runs) -> None:
    (runs.experiment.parent / "mine.py").write_text(
        "from deepfeat.methods import Importance, Method\n"
        "class Asked(Method):\n"
        "    'Leaves a file of four terabytes, with nothing in it.'\n"
        "    name = 'asked'\n"
        "    def explain(self, ensemble, data, context):\n"
        "        with context.artefact('large').open('wb') as file:\n"
        "            file.truncate(1 << 42)\n"
        "        return Importance(ensemble.gates)\n"
    )
    said = runs("methods=[gate, asked]")
    assert "method asked: MethodError: its files of 4,194,304 MiB are too large and were removed" in said
    assert runs.paths.ranking.exists()
