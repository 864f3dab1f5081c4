"""What is in the ledger is what was published; what is damaged is absent, and only that."""

import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deepfeat.runs.ledger.ledger import Ledger, LedgerError
from deepfeat.runs.ledger.records import Record

REPOSITORY = Path(__file__).resolve().parents[3]


def _record(*keys: str) -> Record:
    return Record(
        "members", keys, {"data": "d"}, [f"about {key}" for key in keys], [{"key": k} for k in keys]
    )


def _published(root: Path) -> Ledger:
    ledger = Ledger(root)
    ledger.publish(_record("a", "b"), {"members.npz": b"weights of a and b", "plan.npz": b"plan"})
    ledger.publish(_record("c"), {"members.npz": b"weights of c", "plan.npz": b"plan"})
    return ledger


def _opened(root: Path, **options: bool) -> Ledger:
    ledger = Ledger(root, **options)
    ledger.refresh()
    return ledger


def _there(ledger: Ledger) -> set[str]:
    return {key for key in "abc" if ledger.find(key) is not None}


def test_what_was_published_is_found_with_its_index(tmp_path: Path) -> None:
    for ledger in (_published(tmp_path), _opened(tmp_path)):
        found = ledger.get("b")
        assert (found.index, found.record.results[found.index]) == (1, {"key": "b"})
        content = ledger.objects.read(found.record.files["members.npz"])
        assert content == b"weights of a and b"
        assert ledger.find("d") is None
        with pytest.raises(LedgerError):
            ledger.get("d")


def test_others_see_a_publication_when_they_look_again(tmp_path: Path) -> None:
    ledger = _opened(tmp_path)
    assert _there(ledger) == set()
    _published(tmp_path)
    assert _there(ledger) == set()
    ledger.refresh()
    assert _there(ledger) == {"a", "b", "c"}
    assert len(list(ledger.records())) == 2


def test_a_member_is_found_in_whichever_stack_it_was_published(tmp_path: Path) -> None:
    ledger = _published(tmp_path)
    ledger.publish(_record("b", "x"), {"members.npz": b"weights of b and x"})
    Ledger(tmp_path).objects.path(ledger.get("a").record.files["members.npz"]).unlink()
    again = _opened(tmp_path)
    assert again.get("b").record.keys == ("b", "x")
    assert again.find("a") is None


def test_it_tells_where_the_results_were_computed_that_were_used(tmp_path: Path) -> None:
    ledger = _published(tmp_path)
    made = {"host": "far", "instruction_sets": ["avx2"]}
    ledger.publish(replace(_record("d"), made=made), {"members.npz": b"weights of d"})
    assert ledger.computed_on() == []
    for key in "abd":
        ledger.get(key)
    assert ledger.computed_on() == [
        {"host": "", "instruction_sets": [], "results": 2},
        {"host": "far", "instruction_sets": ["avx2"], "results": 1},
    ]


# --- damage -------------------------------------------------------------------------------------------------


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGE: list[Callable[[Path], None]] = [_flip, _truncate, _empty, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("what", ["record", "members.npz"])
def test_damage_makes_only_what_it_hits_absent_and_is_told(
    tmp_path: Path, damage: Callable[[Path], None], what: str, caplog: pytest.LogCaptureFixture
) -> None:
    record = _published(tmp_path).get("a").record
    objects = Ledger(tmp_path).objects
    hit = tmp_path / "records" / record.name if what == "record" else objects.path(record.files[what])
    damage(hit)
    with caplog.at_level(logging.WARNING, "deepfeat"):
        ledger = _opened(tmp_path)
        assert _there(ledger) == {"c"}
    told = what == "members.npz" or damage is not Path.unlink
    assert any(str(hit) in message and "absent" in message for message in caplog.messages) == told
    # computing it again mends it, and it is told only once
    ledger.publish(_record("a", "b"), {"members.npz": b"weights of a and b", "plan.npz": b"plan"})
    caplog.clear()
    assert _there(_opened(tmp_path)) == {"a", "b", "c"}
    assert caplog.messages == []


def test_an_object_that_two_records_share_is_missed_by_both(tmp_path: Path) -> None:
    ledger = _published(tmp_path)
    Ledger(tmp_path).objects.path(ledger.get("a").record.files["plan.npz"]).unlink()
    assert _there(_opened(tmp_path)) == set()


def test_swapped_files_are_noticed(tmp_path: Path) -> None:
    ledger = _published(tmp_path)
    records = [ledger.get(key).record for key in "ac"]
    paths = [ledger.objects.path(record.files["members.npz"]) for record in records]
    _swap(*paths)
    assert _there(_opened(tmp_path)) == set()


def test_swapped_records_are_noticed(tmp_path: Path) -> None:
    ledger = _published(tmp_path)
    _swap(*(tmp_path / "records" / ledger.get(key).record.name for key in "ac"))
    assert _there(_opened(tmp_path)) == set()


def _swap(first: Path, second: Path) -> None:
    other = first.with_name("other")
    first.rename(other)
    second.rename(first)
    other.rename(second)


def test_who_only_looks_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = _published(tmp_path)
    _flip(tmp_path / "records" / ledger.get("c").record.name)
    _flip(ledger.objects.path(ledger.get("a").record.files["members.npz"]))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    looking = _opened(tmp_path, mend=False)
    assert _there(looking) == set()
    looking.refresh()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


# --- several at once ----------------------------------------------------------------------------------------


def test_of_two_different_results_the_first_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _published(tmp_path)
    late = Ledger(tmp_path)
    late.publish(_record("c"), {"members.npz": b"other weights", "plan.npz": b"plan"})
    for ledger in (late, _opened(tmp_path)):
        assert ledger.objects.read(ledger.get("c").record.files["members.npz"]) == b"weights of c"
    assert any("computed twice with different results" in message for message in caplog.messages)


SCRIPT = """
    import sys, time
    from pathlib import Path
    from deepfeat.runs.ledger.ledger import Ledger
    from deepfeat.runs.ledger.records import Record
    root, start = Path(sys.argv[1]), float(sys.argv[2])
    record = Record("members", ("a", "b"), {}, ["", ""], [{}, {}], made={"host": sys.argv[3]})
    time.sleep(max(0, start - time.time()))
    ledger = Ledger(root)
    ledger.publish(record, {"members.npz": b"w" * 1_000_000, "plan.npz": b"plan"})
    print(ledger.get("a").record.made["host"])
"""


def test_twenty_processes_publish_one_result(tmp_path: Path) -> None:
    import time  # noqa: PLC0415

    start = str(time.time() + 2)
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(tmp_path), start]
    processes = [
        subprocess.Popen([*command, str(number)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for number in range(20)
    ]
    said = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * 20
    assert len(set(said)) == 1, "everybody goes on with the same record"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3, "one record, two objects, nothing temporary"
    assert _opened(tmp_path).get("b").record.made["host"] == said[0]


def test_a_record_of_somebody_else_removes_no_file_elsewhere(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("my own")
    record = replace(_record("a"), files={"members.npz": str(mine)})
    (tmp_path / "ledger" / "records").mkdir(parents=True)
    (tmp_path / "ledger" / "records" / record.name).write_bytes(record.to_bytes())
    assert _opened(tmp_path / "ledger").find("a") is None
    assert mine.read_text() == "my own"
