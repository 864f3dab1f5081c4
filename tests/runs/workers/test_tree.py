"""Finding and ending everything below a process."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from deepfeat.runs.workers import linux, tree

pytestmark = pytest.mark.skipif(not linux.AVAILABLE, reason="needs Linux")


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Runs code in a process of its own that adopts orphans, as the fork server does."""
    head = (
        "import os, signal, sys, time\nfrom deepfeat.runs.workers import linux, tree\nlinux.adopt_orphans()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


def test_children_of_children_are_found_and_none_is_left() -> None:
    done = run("""
        there, tell = os.pipe()
        first = os.fork()
        if first == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()          # leaves the session
                if os.fork() == 0:   # and its parent ends: an orphan
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    os.write(tell, b"!")
                    time.sleep(30)
                time.sleep(30)
            os._exit(0)
        os.read(there, 1)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        found = tree.descendants(os.getpid())
        ended = tree.end_descendants(os.getpid(), first)
        print(len(found) >= 2, ended, tree.descendants(os.getpid()))
    """)
    assert done.stdout.split() == ["True", "2", "[]"]


def test_what_multiplies_is_ended_too() -> None:
    # Bounded in itself: 127 processes at most, none of which lives longer than 20 seconds.
    done = run("""
        def multiply(generation):
            signal.alarm(20)
            for _ in range(2 if generation else 0):
                if os.fork() == 0:
                    multiply(generation - 1)
            time.sleep(20)
            os._exit(0)

        first = os.fork()
        if first == 0:
            os.setsid()
            multiply(6)
        while len(tree.descendants(os.getpid())) < 20:
            time.sleep(0.001)
        ended = tree.end_descendants(os.getpid(), first)
        print(20 <= ended <= 127, tree.descendants(os.getpid()))
    """)
    assert done.stdout.strip() == "True []"


def test_memory_that_belongs_to_a_process_is_counted() -> None:
    before = tree.memory(os.getpid())
    held = bytearray(os.urandom(1)) * (64 << 20)
    assert 60 << 20 < tree.memory(os.getpid()) - before < 80 << 20
    assert len(held) == 64 << 20
    assert tree.memory(1 << 30) == 0


def test_a_process_that_is_gone_has_no_descendants() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert tree.descendants(gone.pid) == []


def test_one_that_ends_with_its_parent() -> None:
    done = run("""
        pid = os.fork()
        if pid == 0:
            child = os.fork()
            if child == 0:
                linux.end_with_parent(signal.SIGKILL)
                time.sleep(30)
            print(child, flush=True)
            time.sleep(0.3)
            os._exit(0)
        os.waitpid(pid, 0)
    """)
    child = Path("/proc") / done.stdout.strip()
    deadline = time.monotonic() + 5
    while child.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not child.exists()


@pytest.mark.skipif(linux.landlock_version() == 0, reason="the kernel has no Landlock")
def test_nothing_is_written_outside_of_the_folders(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "there").write_text("as it was")
    code = f"""
        import pathlib, subprocess
        closed, allowed = pathlib.Path({str(tmp_path / "closed")!r}), pathlib.Path({str(tmp_path / "open")!r})
        assert linux.write_only_below([allowed, "/dev"])
        (allowed / "file").write_text("yes")
        (allowed / "folder").mkdir()
        (allowed / "file").rename(allowed / "folder" / "moved")
        assert (closed / "there").read_text() == "as it was"
        attempts = [
            lambda: (closed / "new").write_text("no"),
            lambda: (closed / "there").write_text("no"),
            lambda: os.truncate(closed / "there", 0),
            lambda: (closed / "there").unlink(),
            lambda: (closed / "there").rename(allowed / "taken"),
            lambda: (closed / "folder").mkdir(),
            lambda: (closed / "link").symlink_to("/"),
        ]
        for attempt in attempts:
            try:
                attempt()
            except OSError:
                print("refused")
        child = subprocess.run(["sh", "-c", f"echo no > {{closed}}/there"], stderr=subprocess.DEVNULL)
        print(child.returncode)
    """
    *refused, child = run(code).stdout.split()
    assert refused == ["refused"] * 7
    assert child != "0", "what it starts may not either"
    assert (tmp_path / "closed" / "there").read_text() == "as it was"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["closed", "folder", "moved", "open", "there"]
