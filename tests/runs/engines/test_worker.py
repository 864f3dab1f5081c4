"""What a worker tells the batch system, and how it finds its scheduler."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepfeat.config.engine import DaskConfig
from deepfeat.errors import ExitCode, InputError
from deepfeat.runs.engines.cluster import WorkersError, find, scheduler_at, security
from deepfeat.runs.engines.nanny import PINNED, why
from deepfeat.runs.engines.worker import Work, _scheduler, lifetime_left, verdict, work
from deepfeat.runs.paths import RunPaths


@pytest.mark.parametrize(
    ("state", "code"),
    [("complete", 0), ("partial", 0), ("running", 75), ("interrupted", 75), ("failed", 75), (None, 75)],
)
def test_only_a_run_that_is_complete_is_a_success(tmp_path: Path, state: str | None, code: int) -> None:
    if state:
        (tmp_path / "run.json").write_text(json.dumps({"state": state}))
    assert verdict(tmp_path) == code


@pytest.mark.usefixtures("compiled_once", "undrawn")
def test_a_run_that_was_complete_is_not_while_an_arm_is_carried_out_again(
    deepfeat: Callable[..., Any], write_experiment: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: object) -> None:
        raise WorkersError("the scheduler is lost")

    write_experiment(arms={"few": {"training": {"epochs": 1}}})
    assert deepfeat("run")[0] == 0
    run = RunPaths(Path("ExpOutput/tiny"))
    ranking = run.ranking.read_bytes()
    run.arm("few").ranking.unlink()
    with monkeypatch.context() as patch:
        patch.setattr("deepfeat.runs.runner._Run._work", lost)
        assert deepfeat("run")[0] == 75
    assert verdict(run.root) == ExitCode.INTERRUPTED
    assert deepfeat("run")[0] == 0
    assert verdict(run.root) == ExitCode.COMPLETE
    assert run.ranking.read_bytes() == ranking
    assert [each["state"] for each in json.loads(run.provenance.read_bytes())["attempts"]] == ["complete"]


def test_a_worker_that_never_worked_has_no_success_to_tell() -> None:
    assert verdict(None) == ExitCode.INTERRUPTED


def test_the_lifetime_ends_before_the_wall_time() -> None:
    assert lifetime_left({"SLURM_JOB_END_TIME": "1000"}, 700.0) == 240
    assert lifetime_left({"SLURM_JOB_END_TIME": "1000"}, 990.0) == 1
    assert lifetime_left({}, 700.0) is None


def test_no_scheduler_within_the_time(tmp_path: Path) -> None:
    config = DaskConfig(scheduler_file=str(tmp_path / "none.json"), wait=0.1)
    said: list[str] = []
    with pytest.raises(WorkersError, match=r"no scheduler within 0 s: there is no .*none.json; start"):
        asyncio.run(_scheduler(config, None, asyncio.Event(), said.append))


@pytest.mark.parametrize("state", ["complete", "running", None])
def test_who_comes_when_the_run_is_over_has_nothing_left_to_do(tmp_path: Path, state: str | None) -> None:
    if state:
        (tmp_path / "run.json").write_text(json.dumps({"state": state}))
    cluster = DaskConfig(scheduler_file=str(tmp_path / "none.json"), wait=0.1)
    said: list[str] = []
    if state == "complete":
        assert work(Work(cluster, 1, run=tmp_path), said.append) == ExitCode.COMPLETE
        assert said[-1] == f"the run in {tmp_path}: complete"
    else:
        with pytest.raises(WorkersError, match="no scheduler within"):
            work(Work(cluster, 1, run=tmp_path if state else None), said.append)


def test_a_run_that_was_complete_before_is_no_reason_not_to_wait_for_another(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"state": "complete"}))
    cluster = DaskConfig(scheduler_file=str(tmp_path / "none.json"), wait=1.5)
    start = time.monotonic()
    work(Work(cluster, 1, run=tmp_path), lambda _: None)
    assert time.monotonic() - start > 1


def test_a_file_of_an_earlier_scheduler_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepfeat.runs.engines.worker._CONNECT", 0.3)
    file = tmp_path / "scheduler.json"
    file.write_text('{"address": "tcp://127.0.0.1:1"}')
    config = DaskConfig(scheduler_file=str(file), wait=1.8)
    said: list[str] = []
    start = time.monotonic()
    with pytest.raises(WorkersError, match=r"tcp://127\.0\.0\.1:1"):
        asyncio.run(_scheduler(config, None, asyncio.Event(), said.append))
    assert time.monotonic() - start > 1
    assert len(said) == 1


def test_the_file_of_a_scheduler_may_be_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "scheduler.json").write_text('{"address": "tcp://127.0.0.1:1"}')
    assert find(DaskConfig(scheduler_file="~/scheduler.json")) == "tcp://127.0.0.1:1"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"address"'])
def test_a_file_that_is_not_written_yet_names_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "f").write_text(content)
    assert scheduler_at(tmp_path / "f") is None


def test_why_a_worker_has_ended() -> None:
    assert why(-11) == "it was ended by SIGSEGV"
    assert why(-9) == "it was ended by SIGKILL, as the system does when memory runs out"
    assert why(3) == "it left with exit code 3"
    assert why(-15, 2 << 30) == "it took more memory than a worker may (2,048 MiB)"


def test_threads_are_pinned_before_anything_is_loaded() -> None:
    assert {PINNED[name] for name in PINNED if "THREADS" in name} == {"1"}
    assert {"OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"} <= PINNED.keys()


def test_certificates_that_are_not_there_are_all_named(tmp_path: Path) -> None:
    config = DaskConfig.model_validate(
        {"tls": {"ca": "/no/ca", "certificate": "/no/c", "key": str(tmp_path / "k")}}
    )
    with pytest.raises(InputError) as error:
        security(config.tls)
    assert [problem.source for problem in error.value.problems] == ["/no/c", "/no/ca", str(tmp_path / "k")]
