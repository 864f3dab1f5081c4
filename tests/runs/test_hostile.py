"""Runs with methods that do what no method should: the others' results are the same, and nothing is left."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deepfeat.errors import ExitCode
from deepfeat.runs.console import RunConsole
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare
from deepfeat.runs.workers import client, linux, tree

HOSTILE = Path(__file__).parent / "hostile" / "methods.py"
pytestmark = pytest.mark.skipif(not linux.AVAILABLE, reason="methods are isolated on Linux only")

# What is said of each of those that fail.
FAILS = {
    "h_raises": "ZeroDivisionError: of all things",
    "h_raises_strangely": "Strange",
    "h_recurses": "RecursionError",
    "h_sys_exit": "SystemExit",
    "h_os_exit": "its process left with exit code 0 before there was an answer",
    "h_segfault": "was ended by SIGSEGV",
    "h_abort": "was ended by SIGABRT",
    "h_kills_itself": "was ended by SIGKILL",
    "h_kills_its_group": "was ended by SIGKILL",
    "h_kills_its_parent": "the process that watches over methods was ended",
    "h_endless": "TimeLimitError: took longer than 20 s",
    "h_endless_in_c": "TimeLimitError: took longer than 20 s",
    "h_eight_gigabytes": "Memory",
    "h_grows_slowly": "MemoryLimitError: took more memory than 1,024 MiB",
    "h_multiplies": "ProcessLimitError: was more than",
    "h_wrong_shape": "scores has shape (2, 4), expected (2, 3)",
    "h_not_finite": "6 of 6 values that are not finite",
    "h_no_answer": "explain returned dict; it must return an Importance",
    "h_huge_answer": "the answer is larger than",
    "h_many_notes": "the answer is larger than",
    "h_mutates_table": "read-only",
}
# What these do is no fault of their answer, which counts.
STANDS = (
    *("h_endless_thread", "h_leaves_children", "h_prints_a_gigabyte", "h_logs_without_end"),
    *("h_mutates_weights", "h_reseeds", "h_markup"),
)
# The kernel refuses these where it can.
REFUSED = {"h_writes_elsewhere": "PermissionError", "h_mutates_files": "no file could be changed"}
ENDLESS = ("h_endless", "h_endless_in_c")
QUICK = ("h_sys_exit", "h_segfault", "h_mutates_table", "h_leaves_children", "h_markup")

Write = Callable[..., Path]


def run(path: Path, output: str) -> tuple[ExitCode, RunPaths, str]:
    from deepfeat.runs.runner import run as carry_out  # noqa: PLC0415 - loads TensorFlow

    paths, screen = RunPaths.of(path.parent / output, "tiny"), io.StringIO()
    code = carry_out(prepare(path), paths, RunConsole(screen, width=200))
    return code, paths, screen.getvalue()


def digests(paths: RunPaths, *names: str) -> dict[str, str]:
    return {name: hashlib.sha256(paths.method(name).read_bytes()).hexdigest() for name in names}


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """After the test the fork server has no child, and no process is called as in the hostile methods."""
    yield
    server = client.fork_server()
    assert tree.descendants(server.pid) == []
    lines = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]
    assert ["sleep", "60"] not in lines


def experiment(write_experiment: Write, names: tuple[str, ...], **limits: object) -> Path:
    return write_experiment(
        methods=["gate", *names, "first_layer"],
        plugins=[str(HOSTILE)],
        limits={"isolation": True, **limits},
        training={"epochs": 1},
    )


@pytest.mark.usefixtures("nothing_left", "compiled_once")
def test_a_few_of_them_harm_nobody(write_experiment: Write) -> None:
    _check(write_experiment, QUICK)


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.usefixtures("nothing_left", "compiled_once")
def test_all_of_them_harm_nobody(write_experiment: Write) -> None:
    names = [name for name in (*FAILS, *STANDS, *REFUSED) if name not in ENDLESS]
    _check(write_experiment, tuple(names), method_memory="1 GiB")


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.usefixtures("nothing_left", "compiled_once")
def test_those_that_never_end_harm_nobody(write_experiment: Write) -> None:
    # Long enough for the others on a machine that is busy with something else.
    _check(write_experiment, ENDLESS, method_seconds=20)


def _check(write_experiment: Write, names: tuple[str, ...], **limits: object) -> None:
    _, alone, _ = run(experiment(write_experiment, ()), "alone")
    code, paths, screen = run(experiment(write_experiment, names, **limits), "together")
    record = json.loads(paths.provenance.read_text())
    told = {line.split(":")[0].removeprefix("method "): line for line in record["failures"]}
    expected = {name: words for name, words in FAILS.items() if name in names}
    if linux.landlock_version():
        expected |= {name: words for name, words in REFUSED.items() if name in names}
    assert set(told) == set(expected)
    for name, words in expected.items():
        assert words in told[name], name
        assert paths.failure(name).stat().st_size < 200_000
        assert name in screen
    assert (code, record["exit_code"]) == (ExitCode.PARTIAL, 3)
    good = ("gate", "first_layer")
    assert digests(paths, *good) == digests(alone, *good)
    for name in set(names) & set(STANDS):
        assert paths.method(name).exists(), name
    assert "\x1b" not in screen
    assert len(screen) < 500_000
    assert paths.log.stat().st_size < 5_000_000
    assert not list(paths.root.glob(".deepfeat-tmp-*"))
    if "h_markup" in names:
        assert r"\x1b[2J\x1b[31mred \u202e" in screen
    if "h_segfault" in names:
        assert "methods.py" in paths.failure("h_segfault").read_text(), "it says where it was"
    if "h_endless" in names:
        assert "could not say" in paths.failure("h_endless").read_text(), "it took no signal"
        assert "in harm" in paths.failure("h_endless_in_c").read_text()


IMPORTS = {
    "raises": ("raise ValueError('at import')", "ValueError: at import"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "leaves": ("import sys\nsys.exit(0)", "SystemExit: 0"),
    "leaves_at_once": ("import os\nos._exit(0)", "ended the process (exit code 0) while it was loaded"),
    "crashes": ("import ctypes\nctypes.string_at(0)", "ended the process (SIGSEGV) while it was loaded"),
    "kills": ("import os\nos.kill(os.getpid(), 9)", "ended the process (SIGKILL) while it was loaded"),
    "takes_all": ("x = bytearray(8 << 30)", "MemoryError"),
    "hook_raises": ("def deepfeat_methods():\n    raise ValueError('in a hook')", "ValueError: in a hook"),
    "hook_leaves": ("def deepfeat_methods():\n    import os\n    os._exit(3)", "exit code 3"),
    "hook_lies": ("def deepfeat_methods():\n    return [1]", "TypeError: deepfeat_methods returned 1"),
    "endless": ("import time\ntime.sleep(60)", "took longer than 2 s while it was loaded"),
}


def test_plugins_that_do_harm_while_they_are_loaded(tmp_path: Path) -> None:
    """In a process of its own, since here TensorFlow is loaded, and this process cannot be copied."""
    for name, (source, _) in IMPORTS.items():
        (tmp_path / f"{name}.py").write_text(source)
    code = f"""
        import json, pathlib
        from deepfeat.methods import trial
        from deepfeat.methods.registry import load_registry
        trial.SECONDS = 2
        registry = load_registry([pathlib.Path({str(tmp_path)!r})])
        broken = {{plugin.name: plugin.error for plugin in registry.broken}}
        print(json.dumps([sorted(registry.methods), broken]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=60
    )
    methods, broken = json.loads(done.stdout)
    assert {name: (words in broken[name]) for name, (_, words) in IMPORTS.items()} == dict.fromkeys(
        IMPORTS, True
    ), broken
    assert "gate" in methods


# until it has loaded all that methods may want it takes as long as all other fast tests of it
@pytest.mark.parametrize("moment", ["loading", pytest.param("ready", marks=pytest.mark.slow)])
def test_the_fork_server_does_not_outlive_its_caller(moment: str) -> None:
    """The main process is killed with its whole group."""
    code = f"""
        import time
        from deepfeat.runs.workers import client
        server = client.fork_server()
        assert {moment!r} == "loading" or server.is_ready
        print(server.pid, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as main:
        assert main.stdout is not None
        server = int(main.stdout.readline())
        os.killpg(main.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while tree.is_alive(server) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not tree.is_alive(server)
