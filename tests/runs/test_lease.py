"""Who may work in a run directory."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from deepfeat.runs import lease as module
from deepfeat.runs.lease import Holder, LostLeaseError, RunningError, hold, refuse_if_held
from deepfeat.writing.atomic import OutputError

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / ".deepfeat"


def _left(ledger: Path, holder: Holder) -> None:
    """Somebody took the lease and never gave it back."""
    ledger.mkdir(exist_ok=True)
    (ledger / "lease.json").write_text(json.dumps(asdict(holder)))


def _until_it_raises(call: Callable[[], None]) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        call()
        time.sleep(0.05)


def test_one_at_a_time_and_the_next_when_it_is_given_back(tmp_path: Path, ledger: Path) -> None:
    with hold(tmp_path, ledger) as lease:
        lease.check()
        with pytest.raises(RunningError, match=f"in use by process {os.getpid()} on ") as caught:
            refuse_if_held(tmp_path, ledger)
        assert str(tmp_path) in str(caught.value)
        assert "--output" in str(caught.value)
        with pytest.raises(RunningError), hold(tmp_path, ledger):
            pytest.fail("two at a time")
    refuse_if_held(tmp_path, ledger)
    with hold(tmp_path, ledger) as lease:
        lease.check()
    assert not (ledger / "lease.json").exists()


def test_it_is_given_back_after_a_failure(tmp_path: Path, ledger: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(tmp_path, ledger):
        raise ZeroDivisionError
    refuse_if_held(tmp_path, ledger)


def test_that_of_a_killed_process_is_taken_over_at_once(tmp_path: Path, ledger: Path) -> None:
    script = """
        import os, sys
        from pathlib import Path
        from deepfeat.runs.lease import hold
        with hold(Path(sys.argv[1]), Path(sys.argv[2])):
            os.kill(os.getpid(), 9)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path), str(ledger)]
    assert subprocess.run(command, cwd=REPOSITORY, check=False).returncode == -9
    assert (ledger / "lease.json").exists()
    start = time.monotonic()
    refuse_if_held(tmp_path, ledger)
    with hold(tmp_path, ledger):
        assert time.monotonic() - start < module.PATIENCE


def test_a_number_that_was_given_out_again_is_another_process(tmp_path: Path, ledger: Path) -> None:
    _left(ledger, replace(Holder.this(), born="1"))
    with hold(tmp_path, ledger) as lease:
        lease.check()


def test_remains_of_a_process_are_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    while (module._born(child.pid)) is not None:
        time.sleep(0.01)
    assert Path(f"/proc/{child.pid}").exists(), "a zombie, until it is waited for"
    child.wait()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.6)
    monkeypatch.setattr(module, "GLANCE", 0.3)
    monkeypatch.setattr(module, "BEAT", 0.1)


@pytest.mark.usefixtures("quick")
def test_one_on_another_machine_is_watched_for_a_while(tmp_path: Path, ledger: Path) -> None:
    _left(ledger, replace(Holder.this(), machine="another", host="far away"))
    refuse_if_held(tmp_path, ledger)
    start = time.monotonic()
    with hold(tmp_path, ledger) as lease:
        assert time.monotonic() - start >= module.PATIENCE
        lease.check()


@pytest.mark.usefixtures("quick")
def test_one_on_another_machine_that_gives_signs_of_life_is_left_alone(tmp_path: Path, ledger: Path) -> None:
    other = replace(Holder.this(), machine="another", host="far away", mark="theirs")
    _left(ledger, other)
    lease = module.Lease(ledger, other)
    try:
        for attempt in (lambda: refuse_if_held(tmp_path, ledger), lambda: hold(tmp_path, ledger).__enter__()):
            with pytest.raises(RunningError, match="far away"):
                attempt()
    finally:
        lease.release()


@pytest.mark.usefixtures("quick")
def test_who_was_taken_for_dead_notices(tmp_path: Path, ledger: Path) -> None:
    with hold(tmp_path, ledger) as ours:
        _left(ledger, replace(Holder.this(), mark="theirs"))
        with pytest.raises(LostLeaseError, match="another run has taken over"):
            _until_it_raises(ours.check)
    assert json.loads((ledger / "lease.json").read_text())["mark"] == "theirs", "and leaves theirs alone"


def test_a_directory_that_is_gone_hides_no_other_error(tmp_path: Path, ledger: Path) -> None:
    def fail() -> None:
        with hold(tmp_path, ledger):
            shutil.rmtree(ledger)
            raise KeyError("the real one")

    with pytest.raises(KeyError, match="the real one"):
        fail()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"pid": 1}', "\x00"])
def test_a_lease_that_says_nothing_holds_nobody_up(tmp_path: Path, ledger: Path, content: str) -> None:
    ledger.mkdir()
    (ledger / "lease.json").write_text(content)
    with hold(tmp_path, ledger) as lease:
        lease.check()


def test_of_many_that_want_it_one_gets_it(tmp_path: Path, ledger: Path) -> None:
    _left(ledger, replace(Holder.this(), born="1"))
    together, outcomes, refused = threading.Barrier(8), [], threading.Semaphore(0)

    def attempt() -> None:
        together.wait()
        try:
            with hold(tmp_path, ledger):
                outcomes.append("held")
                for _ in range(7):
                    refused.acquire(timeout=10)
        except RunningError:
            outcomes.append("refused")
            refused.release()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["held", *["refused"] * 7]


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match="a part of the path is a file"),
        hold(tmp_path, tmp_path / "file" / "x"),
    ):
        pytest.fail("held")


@pytest.mark.parametrize("change", [{"pid": "../../etc"}, {"born": 3}, {"machine": None}, {"host": ["far"]}])
def test_what_is_no_lease_is_nobodys(tmp_path: Path, ledger: Path, change: dict[str, object]) -> None:
    ledger.mkdir()
    (ledger / "lease.json").write_text(json.dumps({**asdict(Holder.this()), **change}))
    refuse_if_held(tmp_path, ledger)
    with hold(tmp_path, ledger) as lease:
        lease.check()
