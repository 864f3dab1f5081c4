"""Signals become an exception, or an end; never a traceback, never a process left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from deepfeat.runs.interrupts import Interrupted, interruptible, last_words, resume_command

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_is_raised_once_and_handlers_come_back(signum: signal.Signals) -> None:
    before = signal.getsignal(signum)
    with pytest.raises(Interrupted) as caught, interruptible(str), suppress(Exception):
        os.kill(os.getpid(), signum)
    assert caught.value.name == signum.name
    assert signal.getsignal(signum) == before


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible(str):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_last_words_are_forgotten_again() -> None:
    said: list[str] = []
    with last_words(lambda: said.append("now")):
        pass
    assert said == []


STUBBORN = """
    import signal, subprocess, sys, threading, time
    from deepfeat.runs import interrupts
    interrupts.GRACE = 0.5
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    def stubborn():
        say = [child.pid]
        while True:
            try:
                # In here, so that no signal can come between what is said and the stubbornness.
                while say:
                    print(say.pop(), flush=True)
                time.sleep(60)
            except BaseException:
                pass
    with interrupts.interruptible(lambda name: f"stopped by {name}\\n"):
        with interrupts.last_words(lambda: print("last words", flush=True)):
            stubborn()
"""


@pytest.fixture
def stubborn(request: pytest.FixtureRequest) -> "subprocess.Popen[str]":
    """The program, with the grace that the test says, in seconds."""
    script = STUBBORN.replace("GRACE = 0.5", f"GRACE = {getattr(request, 'param', 0.5)}")
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def _gone(pid: int) -> bool:
    end = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_who_does_not_leave_is_ended_with_75_and_leaves_no_children(
    stubborn: "subprocess.Popen[str]",
) -> None:
    assert stubborn.stdout is not None
    child = int(stubborn.stdout.readline())
    stubborn.terminate()
    out, _ = stubborn.communicate(timeout=20)
    assert stubborn.returncode == 75
    assert out.splitlines() == ["last words", "stopped by SIGTERM"]
    assert _gone(child)


def test_a_machine_that_is_too_busy_for_last_words_does_not_hold_it_up() -> None:
    script = textwrap.dedent(STUBBORN).replace(
        "interrupts.GRACE = 0.5", "interrupts.GRACE, interrupts.LAST = 0.2, 0.5"
    )
    script = script.replace('print("last words", flush=True)', "time.sleep(60)")
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.send_signal(signal.SIGUSR1)
    # Its child has the other end of the pipe, and goes on: here nobody was left to end it.
    assert process.stdout.readline() == "stopped by SIGUSR1\n"
    assert process.wait(timeout=20) == 75
    os.kill(child, signal.SIGKILL)
    process.stdout.close()


def _said(script: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_main_thread_that_is_deep_in_a_library_holds_nothing_up() -> None:
    """It runs no handler of Python's before the library returns, here after minutes."""
    process = _said("""
        import hashlib
        from deepfeat.runs import interrupts
        interrupts.GRACE = 0.5
        with interrupts.interruptible(lambda name: f"stopped by {name}\\n"):
            print("ready", flush=True)
            hashlib.pbkdf2_hmac("sha256", b"", b"", 1 << 30)
    """)
    time.sleep(0.2)
    process.terminate()
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (75, "stopped by SIGTERM\n")


def test_a_signal_to_a_copy_of_the_process_is_none_to_the_process() -> None:
    process = _said("""
        import os, signal, time
        from deepfeat.runs import interrupts
        interrupts.GRACE = 0.2
        with interrupts.interruptible(str):
            copy = os.fork()
            if copy == 0:
                try:
                    os.kill(os.getpid(), signal.SIGTERM)
                    time.sleep(9)
                finally:
                    os._exit(0)
            os.waitpid(copy, 0)
            print("ready", flush=True)
            time.sleep(1)
            print("went on", flush=True)
    """)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out.endswith("went on\n")


def test_libraries_that_do_not_come_to_their_end_are_not_waited_for() -> None:
    process = _said("""
        import atexit, sys, time
        from deepfeat.runs import interrupts
        interrupts._REST = 0.2
        atexit.register(time.sleep, 60)
        interrupts.hurry(75)
        print("ready", flush=True)
        sys.exit(75)
    """)
    process.communicate(timeout=20)
    assert process.returncode == 75


def test_children_have_a_moment_to_tidy_up() -> None:
    process = _said("""
        import subprocess, sys, textwrap
        from deepfeat.runs import interrupts
        interrupts._MOMENT = 20
        tidy = '''
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("tidied")))
        print("ready", flush=True)
        time.sleep(60)
        '''
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(tidy)]):
            sys.stdin.readline()
            interrupts.end_children()
    """)
    out, _ = process.communicate("go\n", timeout=20)
    assert (process.returncode, out) == (0, "tidied\n")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
@pytest.mark.parametrize("place", ["inside", "behind"])
def test_who_has_settled_leaves_at_once_with_what_it_has_earned(signum: signal.Signals, place: str) -> None:
    """Also while it leaves what made signals exceptions, which gives handlers back."""
    process = _said(f"""
        import time
        from deepfeat.runs import interrupts
        interrupts.GRACE = 30
        with interrupts.interruptible(str):
            interrupts.settle(3)
            if {place!r} == "inside":
                print("ready", flush=True)
                time.sleep(60)
        print("ready", flush=True)
        time.sleep(60)
    """)
    process.send_signal(signum)
    process.communicate(timeout=20)
    assert process.returncode == 3


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_at_the_very_end_does_not_change_the_exit_code(signum: signal.Signals) -> None:
    process = _said("""
        import atexit, sys, time
        from deepfeat.runs.interrupts import settle
        atexit.register(lambda: [time.sleep(0.01) for _ in range(3000)])
        atexit.register(print, "ready", flush=True)
        settle(3)
        sys.exit(3)
    """)
    process.send_signal(signum)
    process.communicate(timeout=20)
    assert process.returncode == 3


@pytest.mark.parametrize("stubborn", [30], indirect=True)
def test_a_second_ctrl_c_ends_it_at_once_with_130(stubborn: "subprocess.Popen[str]") -> None:
    assert stubborn.stdout is not None
    child = int(stubborn.stdout.readline())
    # Two that come before the first is looked at are one; it is sent until it was seen twice.
    while stubborn.poll() is None:
        stubborn.send_signal(signal.SIGINT)
        time.sleep(0.1)
    stubborn.communicate(timeout=20)
    assert stubborn.returncode == 130
    assert _gone(child)


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["deepfeat", "run"], "deepfeat run"),
        (["/usr/bin/deepfeat", "run", "a b.yml", "--fresh"], "/usr/bin/deepfeat run 'a b.yml'"),
        (["/x/deepfeat/__main__.py", "run", "-m", "3"], f"{sys.executable} -m deepfeat run -m 3"),
    ],
)
def test_the_command_to_go_on(arguments: list[str], command: str) -> None:
    assert resume_command(arguments) == command
