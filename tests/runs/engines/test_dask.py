"""The engine of dask: the same bytes, and what happens when workers, tasks or the scheduler end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deepfeat.runs.engines import calls
from deepfeat.runs.engines.cluster import WorkersError
from deepfeat.runs.engines.nanny import ENDED

pytestmark = pytest.mark.usefixtures("compiled_once")

Runs = Any  # of conftest.py
Here = Any  # of conftest.py

HERE = ("limits.isolation=false", "methods=[gate, asked, refits]")


def results(root: Any) -> dict[str, bytes]:  # noqa: ANN401
    told = {"run.json", "ro-crate-metadata.json", "report.html"}
    return {
        name: path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and (name := path.relative_to(root).as_posix()) not in told
        and not name.startswith((".deepfeat/", "logs/", "figures/"))
    }


def test_the_same_bytes_and_every_stack_and_part_given_out_once(runs: Runs, here: Here) -> None:
    runs(*HERE)
    assert here(*HERE) == 0
    assert results(here.paths.root) == results(runs.paths.root)
    # two stacks; a question to each of the two member methods, and to one that claims to train nothing; its
    # two refits, of which one is the main ensemble
    assert [name for name, _ in here.client.given] == ["train", "train", "ask", "ask", "ask", "train"]
    record = json.loads(here.paths.provenance.read_text())
    assert record["engine"] == "local", "the settings of the experiment, here those of the file"
    assert not (here.paths.ledger / "notes").exists()


def test_messages_are_short_and_what_is_published_is_not_given_out_again(here: Here) -> None:
    here(*HERE)
    assert here.client.given
    assert all(len(told) < 1000 for _, told in here.client.given)
    here.client.given.clear()
    assert here(*HERE) == 0
    assert here.client.given == []


@pytest.fixture
def nobody_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why a worker of these tests has ended is not waited for long."""
    monkeypatch.setattr("deepfeat.runs.engines.dask._REASON", 0.1)


@pytest.mark.usefixtures("nobody_tells")
def test_a_stack_that_ends_its_workers_is_marked_and_the_others_stand(here: Here, runs: Runs) -> None:
    here.client.instead[0] = lambda key: here.done(key, "error", error=killed(key))
    tell = here.client.events
    assert here("limits.isolation=false", "methods=[gate]") == 3
    assert tell.keys() == {ENDED}
    record = json.loads(here.paths.provenance.read_text())
    why = "it has ended 3 workers; the last time the worker at tcp://gone:1 has vanished"
    assert record["failures"] == [f"network 0: {why}", f"network 1: {why}"]
    assert len((here.paths.method("gate")).read_text().splitlines()) == 3
    # the next run tries again, and is then what it would have been
    here.client.instead.clear()
    assert here("limits.isolation=false", "methods=[gate]") == 0
    runs("limits.isolation=false", "methods=[gate]")
    assert results(here.paths.root) == results(runs.paths.root)


@pytest.mark.usefixtures("nobody_tells")
def test_a_method_whose_refits_are_lost_fails_and_nothing_of_it_is_kept(here: Here) -> None:
    here.client.instead[4] = lambda key: here.done(key, "error", error=killed(key))
    assert here("limits.isolation=false", "methods=[gate, refits]") == 3
    assert [name for name, _ in here.client.given] == ["train", "train", "ask", "ask", "train"]
    (failure,) = json.loads(here.paths.provenance.read_text())["failures"]
    assert failure.startswith(
        "method refits: LostError: 2 of 2 networks could not be trained: it has ended 3"
    )
    here.client.instead.clear()
    assert here("limits.isolation=false", "methods=[gate, refits]") == 0


def test_a_method_that_raises_on_a_worker_fails_with_its_traceback(here: Here) -> None:
    plugin = here.experiment.parent / "mine.py"
    plugin.write_text(
        plugin.read_text()
        .replace("assert len(others) == 2", "")
        .replace('context.artefact("told.txt")', 'context.artefact("no" if len(ensemble) else 1 / 0)')
        .replace(
            "return Importance(ensemble.gates**",
            "raise RuntimeError('no answer today')\n        return Importance(ensemble.gates**",
        )
    )
    assert here("limits.isolation=false", "methods=[gate, asked]") == 3
    (failure,) = json.loads(here.paths.provenance.read_text())["failures"]
    assert failure == "method asked: RuntimeError: no answer today"
    assert "no answer today" in here.paths.failure("asked").read_text()
    assert [name for name, _ in here.client.given] == ["train", "train", "ask", "ask"], "asked only once"


def test_what_is_lost_with_its_worker_after_it_was_computed_is_asked_for_again(
    here: Here, runs: Runs
) -> None:
    def lost_once(key: str) -> object:
        return here.done(key, "finished", calls.train(here.client.given[-1][1]), TimeoutError("timed out"))

    here.client.instead[0] = lost_once
    assert here(*HERE) == 0
    runs(*HERE)
    assert results(here.paths.root) == results(runs.paths.root)


def test_while_something_is_lost_the_run_sleeps(here: Here) -> None:
    looked = []

    class Lost(here.done):  # type: ignore[misc, name-defined]
        """Over, and then again not: nobody knows when it is done again."""

        def add_done_callback(self, call: Any) -> None:  # noqa: ANN401
            looked.append(time.monotonic())
            self.status = "lost" if len(looked) < 3 else "finished"
            call(self)

    here.client.instead[0] = lambda key: Lost(key, "lost", calls.train(here.client.given[-1][1]))
    assert here("limits.isolation=false", "methods=[gate]") == 0
    assert len(looked) == 3
    assert looked[2] - looked[0] > 1.9


def test_the_scheduler_is_lost(here: Here) -> None:
    here.client.instead[1] = lambda key: here.done(key, "cancelled")
    with pytest.raises(WorkersError, match="the scheduler is lost: it has forgotten what it had to do"):
        here("methods=[gate]")
    assert json.loads(here.paths.provenance.read_text())["exit_code"] == 75


def test_whatever_dask_raises_while_it_loses_its_scheduler(here: Here) -> None:
    def gone(key: str) -> object:
        here.client.status = "closed"
        return here.done(key, "finished", "", AttributeError("no scheduler"))

    here.client.instead[1] = gone
    with pytest.raises(WorkersError, match=r"the connection has ended \(AttributeError\)"):
        here("methods=[gate]")


def test_the_connection_ends_while_tasks_are_waited_for(here: Here) -> None:
    def gone(key: str) -> object:
        here.client.status = "connecting"
        return here.done(key, "pending")

    here.client.instead[1] = gone
    with pytest.raises(WorkersError, match="the connection has ended"):
        here("methods=[gate]")


def test_there_are_no_workers_for_too_long(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepfeat.runs.engines.dask._GLANCE", 0.0)
    here.client.workers = {}
    here.client.instead[0] = here.client.instead[1] = lambda key: here.done(key, "pending")
    with pytest.raises(WorkersError, match="there was no worker for 1 s"):
        here("methods=[gate]", wait=1.2)
    assert here.said.getvalue().count("there is no worker at the moment") == 1


def with_arms(experiment: Path) -> None:
    """Have an experiment two arms: one trains other networks, one has other seeds for the same training."""
    arms = "arms: {few: {training: {epochs: 1}}, other: {seed: 1}}"
    experiment.write_text(f"{experiment.read_text()}{arms}\n")


def test_one_cluster_does_the_work_of_all_arms(
    here: Here,
    deepfeat: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []

    @contextmanager
    def connected(*_: object) -> Iterator[Any]:
        happened.append("opened")
        yield here.client
        happened.append("closed")

    monkeypatch.setattr("deepfeat.runs.engines.cluster.connected", connected)
    monkeypatch.setattr("deepfeat.runs.runner.seal", lambda paths: happened.append(paths.root.name))
    with_arms(here.experiment)
    assert deepfeat("run", "--engine", "dask", "-o", "cluster")[0] == 0
    assert happened == ["opened", "few", "other", "tiny", "closed"]
    assert [name for name, _ in here.client.given].count("train") == 6, "two stacks of each of the three runs"


def test_workers_may_take_as_much_for_an_arm_as_when_they_were_started(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [8 << 30, 2 << 30]  # by then the same workers have loaded their libraries
    monkeypatch.setattr("deepfeat.runs.engines.dask.worker_memory", lambda *_: free.pop(0))
    engine = here.engine(here.prepared())
    assert engine.beside(here.prepared(), here.paths.ledger).stack_memory == engine.stack_memory


def test_a_table_that_was_removed_with_the_notes_is_read_again(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepfeat.runs.engines import tasks  # noqa: PLC0415 - loads TensorFlow

    read, read_dataset = [], tasks.read_dataset
    monkeypatch.setattr(tasks, "read_dataset", lambda place: read.append(place) or read_dataset(place))
    assert here("methods=[gate]") == here("methods=[gate]", "seed=1") == 0
    assert [place == read[0] for place in read] == [True, True]


class Clock:
    """Seconds that a test sets, in place of the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("deepfeat.runs.engines.dask.time", clock)
    return clock


def test_workers_that_leave_after_nobody_looked_for_long_are_waited_for_all_the_same(
    here: Here, clock: Clock
) -> None:
    engine = here.engine(here.prepared(), wait=600)
    clock.now += 3600  # the run was busy by itself
    here.client.workers = {}
    engine._look()
    clock.now += 590
    engine._look()
    clock.now += 20
    with pytest.raises(WorkersError, match="there was no worker for 600 s"):
        engine._look()


def test_who_answers_was_there_even_if_nobody_looked(here: Here, clock: Clock) -> None:
    def task(_: str) -> str:
        return '{"record": "one"}'

    engine = here.engine(here.prepared(), wait=600)
    clock.now += 10
    here.client.workers = {}
    engine._look()
    # one comes, replies faster than looks are taken, and leaves
    assert [number for number, _ in engine._replies(task, [{}])] == [0]
    clock.now += 3600
    engine._look()
    clock.now += 590
    engine._look()


def test_a_worker_with_other_code_stops_the_run(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    from deepfeat.runs.engines import tasks  # noqa: PLC0415 - loads TensorFlow

    ours = tasks.training_work
    monkeypatch.setattr(tasks, "training_work", lambda *about: {**ours(*about), "libraries": {"keras": "9"}})
    tasks._made.clear()
    with pytest.raises(
        Exception, match=r"would not compute the same; different are: .*libraries.keras"
    ) as stop:
        here("methods=[gate]")
    assert stop.value.exit_code == 2  # type: ignore[attr-defined]
    tasks._made.clear()


def killed(key: str) -> Exception:
    from distributed.scheduler import KilledWorker, WorkerState  # noqa: PLC0415 - takes a second

    worker = WorkerState(
        address="tcp://gone:1",
        status="closed",
        pid=1,
        name=1,
        memory_limit=0,
        local_directory="",
        nanny=None,
        server_id="1",
    )
    return KilledWorker(key, worker, 2)


@pytest.mark.slow
class TestCluster:
    def test_a_cluster_of_this_machine(self, runs: Runs, deepfeat: Any, tmp_path: Any) -> None:  # noqa: ANN401
        runs("methods=[gate, asked, refits]", "limits.isolation=true")
        code, out, err = deepfeat(
            "run",
            "methods=[gate, asked, refits]",
            "limits.isolation=true",
            "-o",
            "cluster",
            "--engine",
            "dask",
            "engine.dask.workers=2",
        )
        assert (code, err) == (0, "")
        assert "2 workers on this machine" in out
        assert results(tmp_path / "cluster" / "tiny") == results(runs.paths.root)

    def test_who_joins_stays_for_all_arms_and_leaves_with_0(self, runs: Runs, tmp_path: Path) -> None:
        with_arms(runs.experiment)
        there = ("--scheduler-file", str(tmp_path / "scheduler.json"))
        program = [sys.executable, "-m", "deepfeat"]
        commands = {
            "scheduler": [
                *(sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0"),
                *("--dashboard-address", "127.0.0.1:0", *there),
            ],
            "worker": [*program, "worker", *there],
            "run": [*program, "run", str(runs.experiment), "-o", "out", *there, "engine.dask.shutdown=true"],
        }
        running = {
            name: subprocess.Popen(
                command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            for name, command in commands.items()
        }
        try:
            for name in ("run", "worker", "scheduler"):
                said, _ = running[name].communicate(timeout=600)
                assert running[name].returncode == 0, said
        finally:
            for process in running.values():
                process.kill()

    def test_ctrl_c_leaves_nobody_behind(self, runs: Runs, tmp_path: Any) -> None:  # noqa: ANN401
        import time  # noqa: PLC0415

        import psutil  # noqa: PLC0415

        command = [sys.executable, "-m", "deepfeat", "run", str(runs.experiment), "-o", str(tmp_path / "c")]
        process = subprocess.Popen(
            [*command, "--engine", "dask", "training.epochs=100000", "training.patience=100000"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        while "Training" not in (line := process.stdout.readline()):
            assert line, process.communicate()
        time.sleep(5)
        children = psutil.Process(process.pid).children(recursive=True)
        start = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 75, err
        assert time.monotonic() - start < 30, "on a busy machine"
        assert "Traceback" not in err
        assert not psutil.wait_procs(children, timeout=10)[1]


def test_a_scheduler_that_loads_the_functions_loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom deepfeat.runs.engines import calls\n"
        "assert not {'tensorflow', 'keras', 'numpy', 'pandas'} & sys.modules.keys(), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)
