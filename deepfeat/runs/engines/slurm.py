"""`deepfeat submit slurm`: fills in the script of `cluster/`, submits it, and follows the run.

Everything that is submitted, and everything that jobs print, is in the run directory: `logs/slurm/`.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepfeat.errors import DeepfeatError, ExitCode, InputError, Problem
from deepfeat.runs.inside import refuse_links
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.atomic import write_text

SCRIPT = Path(__file__).resolve().parents[3] / "cluster" / "slurm.sh"
"""The shipped script."""

# Seconds between two looks at what the head prints, and at the queue, which a controller has for everybody.
_LOOK, _ASK = 0.5, 5.0
_TIMEOUT = 60
_NO_LONGER_KNOWN = "Invalid job id"
# A shell adds the number of the signal to this where a signal has ended a program.
_BY_SIGNAL = 128

Say = Callable[[str], object]


class SlurmError(DeepfeatError):
    """Slurm refuses, or cannot be asked."""

    exit_code = ExitCode.USER_INPUT


@dataclass(frozen=True)
class Wish:
    """What is to be submitted.

    Attributes:
        experiment: the experiment file.
        overrides: `key.path=value` settings.
        paths: of the run.
        workers: tasks of the array.
        image: an Apptainer image to run in; None for the environment that this process runs in.
        script: to fill in.
        options: of sbatch, for both jobs, such as `--partition=long`.
        tls: files of authority, certificate and key; empty for traffic in the clear.
    """

    experiment: Path
    overrides: Sequence[str]
    paths: RunPaths
    workers: int
    image: Path | None = None
    script: Path = SCRIPT
    options: Sequence[str] = ()
    tls: Sequence[str] = ()


@dataclass(frozen=True)
class Submitted:
    """The jobs of a run.

    Attributes:
        head: number of the job that runs the experiment.
        workers: number of the array.
        output: what the head prints.
    """

    head: str
    workers: str
    output: Path


def settings(wish: Wish, head: str = "") -> dict[str, str]:
    """The settings of the script, as they are written in it.

    Args:
        wish: what is to be submitted.
        head: number of the head's job, where it is known.
    """
    return {
        "EXPERIMENT": shlex.quote(str(wish.experiment.absolute())),
        "RUN": shlex.quote(str(wish.paths.root.absolute())),
        "OVERRIDES": _array(wish.overrides),
        "DEEPFEAT": _array(_program(wish)),
        "HEAD": shlex.quote(head) if head else "",
        "TLS": _array([str(Path(file).absolute()) for file in wish.tls]),
    }


def filled_in(script: str, values: Mapping[str, str]) -> str:
    """A script with other values for some of its settings.

    Args:
        script: its text; a setting is a line `NAME=value`, perhaps with a comment, whose further lines are
            indented comments.
        values: by name, as shell words.

    Raises:
        InputError: the script has no such setting.
    """
    for name, value in values.items():
        line = re.compile(rf"^{name}=[^\n]*\n(?:[ \t]+#[^\n]*\n)*", re.MULTILINE)
        script, found = line.subn(lambda _, text=f"{name}={value}\n": text, script, count=1)  # type: ignore[misc]
        if not found:
            raise InputError(Problem("cluster script", 0, 0, f"has no line {name}=...; take the shipped one"))
    return script


def read_script(path: Path) -> str:
    """The text of a script.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        problem = f"cannot be read: {error.strerror}; name one with --script"
    except UnicodeDecodeError:
        problem = "is not UTF-8 text; name a script with --script"
    raise InputError(Problem(str(path), 0, 0, problem))


def commands(wish: Wish, head: str = "HEAD") -> tuple[list[str], list[str]]:
    """How the head and the workers are submitted.

    Args:
        wish: what is to be submitted.
        head: number of the head's job.
    """
    folder = _folder(wish.paths)
    pattern = Path(str(folder).replace("%", "%%"))  # in which Slurm fills numbers in
    shared = ["sbatch", "--parsable", f"--chdir={Path.cwd()}", *wish.options]
    return (
        [*shared, f"--output={pattern / 'head-%j.out'}", str(folder / "head.sh")],
        [
            *shared,
            f"--array=1-{wish.workers}",
            f"--dependency=after:{head}",
            f"--output={pattern / 'worker-%A_%a.out'}",
            str(folder / "worker.sh"),
        ],
    )


def submit(wish: Wish) -> Submitted:
    """Submit a run, unless it is submitted already: then these are its jobs.

    Raises:
        InputError: the script cannot be filled in, or a link leads out of the run directory.
        SlurmError: Slurm refuses.
        OutputError: the scripts cannot be written.
    """
    known = submitted(wish.paths)
    if known is not None:
        return known
    refuse_links(wish.paths.root)
    folder = _folder(wish.paths)
    script = read_script(wish.script)
    write_text(folder / "head.sh", filled_in(script, settings(wish)))
    head = _asked(commands(wish)[0]).split(";")[0].strip()
    workers = "none"
    if wish.workers:
        write_text(folder / "worker.sh", filled_in(script, settings(wish, head)))
        try:
            workers = _asked(commands(wish, head)[1]).split(";")[0].strip()
        except SlurmError:
            _asked(["scancel", head])
            raise
    jobs = {"head": head, "workers": workers}
    write_text(folder / "jobs.json", json.dumps(jobs) + "\n")
    return Submitted(**jobs, output=folder / f"head-{head}.out")


def submitted(paths: RunPaths) -> Submitted | None:
    """The jobs of a run, if its head is waiting or running."""
    try:
        jobs = json.loads((_folder(paths) / "jobs.json").read_bytes())
        head, workers = str(jobs["head"]), str(jobs["workers"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    # The file may be somebody else's, and the number becomes part of a path.
    if not head.isdecimal() or not state(head):
        return None
    return Submitted(head, workers, _folder(paths) / f"head-{head}.out")


def state(job: str) -> str:
    """What Slurm says of a job: PENDING, RUNNING, ...; nothing for one that is over.

    Raises:
        SlurmError: Slurm cannot be asked.
    """
    done = _run(["squeue", "--noheader", "--format=%T", f"--jobs={job}"])
    if done.returncode:
        if _NO_LONGER_KNOWN in done.stderr:
            return ""
        raise SlurmError(f"squeue: {done.stderr.strip()}; is Slurm there?")
    return done.stdout.split("\n")[0].strip()


def follow(jobs: Submitted, paths: RunPaths, say: Say) -> int:
    """Pass on what the head prints until it is over.

    Args:
        jobs: from `submit`.
        paths: of the run.
        say: told every line, and what becomes of the job.

    Returns:
        The exit code of the run, from the script of the head; INTERRUPTED if it did not come to an end.
    """
    shown, rest, last, asked = 0, b"", "", 0.0
    while True:
        over = False
        if time.monotonic() - asked > _ASK:
            asked = time.monotonic()
            try:
                now = state(jobs.head)
            except SlurmError as error:  # a controller that is being restarted
                now = str(error)
            over = not now
            if now not in (last, ""):
                say(f"job {jobs.head}: {now}")
            last = now
        try:
            content = jobs.output.read_bytes()[shown:]
        except OSError:  # not yet there
            content = b""
        shown += len(content)
        *lines, rest = (rest + content).split(b"\n")
        for line in lines:
            say(line.decode(errors="replace"))
        if over:
            if rest:  # a line that nobody has ended
                say(rest.decode(errors="replace"))
            break
        time.sleep(_LOOK)
    code = _exit_code(paths, jobs.head)
    if code == ExitCode.INTERRUPTED:
        say(f"job {jobs.head} is over, and the run is not complete; submit it again to go on")
    return code


def _exit_code(paths: RunPaths, head: str) -> int:
    """How the run of a job has ended.

    What is in the run directory cannot tell: an earlier run may have left it.
    """
    try:
        code = int((_folder(paths) / f"exit-{head}").read_bytes())
    except (OSError, ValueError):  # the job itself was ended
        return ExitCode.INTERRUPTED
    return ExitCode.INTERRUPTED if code > _BY_SIGNAL else code


def _folder(paths: RunPaths) -> Path:
    return paths.root.absolute() / "logs" / "slurm"


def _program(wish: Wish) -> list[str]:
    if wish.image is None:
        return [sys.executable, "-m", "deepfeat"]
    binds = sorted({os.fspath(Path.cwd()), os.fspath(wish.paths.root.absolute().parent)})
    return [
        "apptainer",
        "exec",
        *(f"--bind={place}" for place in binds),
        str(wish.image.absolute()),
        "deepfeat",
    ]


def _array(words: Sequence[str]) -> str:
    return f"({shlex.join(words)})"


def _asked(command: Sequence[str]) -> str:
    done = _run(command)
    if done.returncode:
        raise SlurmError(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_TIMEOUT, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError as error:
        raise SlurmError(f"there is no {command[0]}; submit where Slurm is installed") from error
    except subprocess.TimeoutExpired as error:
        raise SlurmError(f"{command[0]} does not answer") from error
