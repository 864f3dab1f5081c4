"""Submitting to Slurm, with programs of its names that say what a test wants."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from deepfeat.errors import InputError
from deepfeat.runs.engines.slurm import (
    SCRIPT,
    SlurmError,
    Submitted,
    Wish,
    commands,
    filled_in,
    follow,
    settings,
    state,
    submit,
    submitted,
)
from deepfeat.runs.paths import RunPaths

Program = Callable[[str, str], None]

SHOW = '\necho "$EXPERIMENT|$RUN|${OVERRIDES[*]}|${DEEPFEAT[*]}|$HEAD|${#TLS[@]}"'


def _end(session: int) -> None:
    """A job with all that it has started, whatever a failed test has left of it."""
    with suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """`program(name, script)`: puts a shell script of this name in front of all others."""
    if os.statvfs(tmp_path).f_flag & os.ST_NOEXEC:
        pytest.skip("programs in temporary directories cannot be executed here")
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def write(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return write


@pytest.fixture
def wish(tmp_path: Path) -> Wish:
    return Wish(tmp_path / "my experiment.yml", ["training.models=5"], RunPaths(tmp_path / "out" / "it's"), 3)


def test_the_settings_of_the_script_are_filled_in_and_nothing_else(wish: Wish) -> None:
    before = SCRIPT.read_text()
    after = filled_in(before, settings(wish, "12"))
    run = subprocess.run(
        [
            "bash",
            "-c",
            after.split("# ----")[1].partition("\n")[2] + SHOW,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    experiment, folder, overrides, program, head, tls = run.stdout.strip().split("|")
    assert (experiment, folder) == (str(wish.experiment), str(wish.paths.root))
    assert (overrides, program, head, tls) == (
        "training.models=5",
        f"{sys.executable} -m deepfeat",
        "12",
        "0",
    )
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(changed) == 6


def test_a_script_without_the_settings_is_refused() -> None:
    with pytest.raises(InputError, match="has no line EXPERIMENT="):
        filled_in("#!/bin/sh\n", {"EXPERIMENT": "x"})


def test_both_jobs_are_submitted_once(program: Program, wish: Wish) -> None:
    program("sbatch", 'echo "$@" >> "$(dirname "$0")/asked"; wc -l < "$(dirname "$0")/asked"')
    program("squeue", "echo RUNNING")
    first = submit(wish)
    assert (first.head, first.workers) == ("1", "2")
    assert submit(wish) == first
    folder = wish.paths.root / "logs" / "slurm"
    assert (folder / "worker.sh").read_text().count("HEAD=1\n") == 1
    assert (folder / "head.sh").read_text().count("HEAD=\n") == 1


def test_a_directory_is_no_pattern_of_slurm(tmp_path: Path) -> None:
    wish = Wish(tmp_path / "e.yml", [], RunPaths(tmp_path / "50%"), 1)
    outputs = [word for command in commands(wish) for word in command if word.startswith("--output=")]
    folder = f"{tmp_path}/50%%/logs/slurm"
    assert outputs == [f"--output={folder}/head-%j.out", f"--output={folder}/worker-%A_%a.out"]


@pytest.mark.parametrize(
    "jobs", ["[]", "{}", '{"head": "../../../x", "workers": "2"}', '{"head": "--help", "workers": "2"}', "7"]
)
def test_what_names_no_job_is_not_asked_about(program: Program, wish: Wish, jobs: str) -> None:
    program("squeue", "echo RUNNING")
    folder = wish.paths.root / "logs" / "slurm"
    folder.mkdir(parents=True)
    (folder / "jobs.json").write_text(jobs)
    assert submitted(wish.paths) is None


def test_workers_that_are_refused_take_the_head_with_them(
    program: Program, wish: Wish, tmp_path: Path
) -> None:
    program("sbatch", 'case "$*" in *--array*) echo too many >&2; exit 1;; esac; echo 7')
    program("scancel", f"echo $1 > {tmp_path / 'cancelled'}")
    with pytest.raises(SlurmError, match="sbatch: too many"):
        submit(wish)
    assert (tmp_path / "cancelled").read_text() == "7\n"


def test_where_there_is_no_slurm(wish: Wish, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SlurmError, match="there is no sbatch; submit where Slurm is installed"):
        submit(wish)


def test_the_state_of_a_job(program: Program) -> None:
    program("squeue", "echo PENDING")
    assert state("1") == "PENDING"
    program("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1")
    assert state("1") == ""
    program("squeue", "echo 'Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(SlurmError, match="Unable to contact"):
        state("1")


@pytest.mark.parametrize(
    ("ended", "code"), [("0", 0), ("2", 2), ("3", 3), ("127", 127), ("75", 75), ("137", 75), (None, 75)]
)
def test_the_exit_code_is_that_of_the_job_whatever_an_earlier_run_has_left(
    program: Program, wish: Wish, ended: str | None, code: int
) -> None:
    program("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1")
    folder = wish.paths.root / "logs" / "slurm"
    folder.mkdir(parents=True)
    wish.paths.provenance.write_text(json.dumps({"state": "complete", "exit_code": 0}))
    (folder / "head-7.out").write_text("what the head says\nand what it cannot end")
    (folder / "exit-6").write_text("0\n")
    if ended:
        (folder / "exit-7").write_text(f"{ended}\n")
    said: list[str] = []
    assert follow(Submitted("7", "8", folder / "head-7.out"), wish.paths, said.append) == code
    assert said[:2] == ["what the head says", "and what it cannot end"]
    assert ("submit it again to go on" in said[-1]) == (code == 75)


class TestScript:
    """What the script does, with a program in the place of deepfeat."""

    @pytest.fixture
    def job(self, tmp_path: Path, program: Program) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
        program("squeue", "echo RUNNING")
        program("scontrol", f'echo "$@" >> {tmp_path / "scontrol"}; exit 1')
        with ExitStack() as jobs:

            def start(deepfeat: str, script: Path = SCRIPT, **variables: str) -> "subprocess.Popen[str]":
                program("deepfeat", deepfeat)
                process = subprocess.Popen(
                    ["bash", script],
                    cwd=tmp_path,
                    text=True,
                    stdout=subprocess.PIPE,
                    env={**os.environ, "SLURM_JOB_ID": "5", **variables},
                    start_new_session=True,
                )
                jobs.enter_context(process)
                jobs.callback(_end, process.pid)
                return process

            yield start

    def test_the_head_starts_a_run_and_an_array_task_a_worker(self, job: Callable) -> None:
        said, _ = job('echo "$@"').communicate(timeout=30)
        assert said.startswith("run experiment.yml --output ExpOutput --engine dask engine.dask.listen=")
        said, _ = job('echo "$@"', SLURM_ARRAY_TASK_ID="2", SLURM_ARRAY_JOB_ID="6").communicate(timeout=30)
        assert said.startswith(
            "worker --scheduler-file ExpOutput/breast_cancer/.deepfeat/scheduler.json --run"
        )

    @pytest.mark.parametrize(
        ("squeue", "started"),
        [
            ("echo RUNNING", True),
            ("true", False),
            ("echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1", False),
            ("echo 'slurm_load_jobs error: Socket timed out on send/recv operation' >&2; exit 1", True),
        ],
    )
    def test_a_worker_starts_unless_slurm_says_that_the_head_is_gone(
        self, job: Callable, program: Program, tmp_path: Path, squeue: str, *, started: bool
    ) -> None:
        program("squeue", squeue)
        script = tmp_path / "slurm.sh"
        script.write_text(SCRIPT.read_text().replace("\nHEAD= ", "\nHEAD=5 "))
        process = job("touch started", script=script, SLURM_ARRAY_TASK_ID="2", SLURM_ARRAY_JOB_ID="6")
        process.communicate(timeout=30)
        assert process.returncode == 0
        assert (tmp_path / "started").exists() == started

    @pytest.mark.parametrize(
        ("code", "restarts", "asked"),
        [
            ("75", "0", "requeue 5\n"),
            ("75", "3", ""),
            # ended by USR1 itself, before it could heed it
            ("138", "0", "requeue 5\n"),
            ("0", "0", ""),
            ("3", "0", ""),
        ],
    )
    def test_what_was_interrupted_asks_to_be_started_again(
        self, job: Callable, tmp_path: Path, code: str, restarts: str, asked: str
    ) -> None:
        process = job(f"exit {code}", SLURM_RESTART_COUNT=restarts)
        process.communicate(timeout=30)
        assert process.returncode == int(code)
        written = tmp_path / "scontrol"
        assert (written.read_text() if written.exists() else "") == asked

    @pytest.mark.parametrize(
        ("code", "array", "left"),
        [("0", {}, "0\n"), ("2", {}, "2\n"), ("3", {"SLURM_ARRAY_TASK_ID": "1"}, None)],
    )
    def test_the_head_leaves_its_exit_code_for_who_has_submitted_it(
        self, job: Callable, tmp_path: Path, code: str, array: dict[str, str], left: str | None
    ) -> None:
        folder = tmp_path / "ExpOutput/breast_cancer/logs/slurm"
        folder.mkdir(parents=True)
        process = job(f"exit {code}", SLURM_ARRAY_JOB_ID="5", **array)
        process.communicate(timeout=30)
        assert process.returncode == int(code)
        assert {path.name: path.read_text() for path in folder.iterdir()} == (
            {"exit-5": left} if left else {}
        )

    def test_what_an_earlier_start_of_the_job_has_left_is_forgotten(
        self, job: Callable, tmp_path: Path
    ) -> None:
        folder = tmp_path / "ExpOutput/breast_cancer/logs/slurm"
        folder.mkdir(parents=True)
        (folder / "exit-5").write_text("0\n")
        said, _ = job(f"ls {folder}").communicate(timeout=30)
        assert said == ""

    @pytest.mark.parametrize(("sent", "again"), [(signal.SIGUSR1, True), (signal.SIGTERM, False)])
    def test_a_signal_is_passed_on_and_its_end_awaited(
        self,
        job: Callable,
        tmp_path: Path,
        sent: signal.Signals,
        again: bool,  # noqa: FBT001
    ) -> None:
        process = job("trap 'sleep 0.5; exit 75' USR1 TERM; echo here; while true; do sleep 0.1; done")
        assert process.stdout.readline() == "here\n"
        process.send_signal(sent)
        process.communicate(timeout=30)
        assert process.returncode == 75
        assert (tmp_path / "scontrol").exists() == again

    @pytest.mark.parametrize(("sent", "again"), [(signal.SIGUSR1, True), (signal.SIGTERM, False)])
    @pytest.mark.parametrize("moment", ["pid=$!", 'kill -0 "$pid"', 'wait "$pid"'])
    def test_a_signal_may_come_at_any_moment(
        self,
        job: Callable,
        tmp_path: Path,
        sent: signal.Signals,
        again: bool,  # noqa: FBT001
        moment: str,
    ) -> None:
        """The script is held at one of its commands until the program is there and the signal has come."""
        (tmp_path / "held.sh").write_text(
            "held() {\n"
            f"    [[ $BASH_COMMAND == *'{moment}'* ]] || return\n"
            "    trap - DEBUG\n"
            "    until [ -e there ]; do sleep 0.01; done\n"
            f"    kill -{sent.value} $$\n"
            "}\n"
            "trap held DEBUG\n"
        )
        process = job(
            "trap 'exit 75' USR1 TERM; touch there; while true; do sleep 0.1; done",
            BASH_ENV=str(tmp_path / "held.sh"),
        )
        process.communicate(timeout=30)
        assert process.returncode == 75
        assert (tmp_path / "scontrol").exists() == again
