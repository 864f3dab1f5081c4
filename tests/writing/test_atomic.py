"""Files that are complete or not there."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from deepfeat.errors import ExitCode
from deepfeat.writing.atomic import (
    OutputError,
    is_temporary,
    make_directory,
    write_bytes,
    write_text,
    write_with,
)

REPOSITORY = Path(__file__).resolve().parents[2]

shows_open_files = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="needs Linux's list of open files"
)


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "new" / "directory" / "ranking.csv"
    write_bytes(path, b"first")
    write_text(path, "zweite Zeile: \N{GREEK SMALL LETTER ALPHA}\r\n")
    assert path.read_bytes() == b"zweite Zeile: \xce\xb1\r\n"
    assert [p.name for p in path.parent.iterdir()] == ["ranking.csv"]


def test_libraries_write_to_a_temporary_path_with_the_right_suffix(tmp_path: Path) -> None:
    seen = []

    def save(temporary: Path) -> None:
        assert not temporary.exists()
        seen.append(temporary)
        temporary.write_text("model")

    write_with(tmp_path / "model_00001.keras", save)
    assert seen[0].suffix == ".keras"
    assert seen[0].parent == tmp_path
    assert is_temporary(seen[0])
    assert not is_temporary(tmp_path / "model_00001.keras")


def test_new_files_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "file", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("error", [ValueError("bad model"), KeyboardInterrupt()])
def test_a_writer_that_raises_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "ranking.csv"
    write_text(path, "old")

    def save(temporary: Path) -> None:
        temporary.write_text("half a fi")
        raise error

    with pytest.raises(type(error)):
        write_with(path, save)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "the disk reports an error"),
        (errno.ESTALE, os.strerror(errno.ESTALE)),
    ],
)
@pytest.mark.parametrize("step", ["write", "fsync", "rename"])
def test_failures_of_the_disk_are_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str, step: str
) -> None:
    path = tmp_path / "ranking.csv"
    write_text(path, "old")

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    target = {"write": (Path, "write_bytes"), "fsync": (os, "fsync"), "rename": (Path, "replace")}[step]
    monkeypatch.setattr(*target, fail)
    with pytest.raises(OutputError, match=words) as caught:
        write_bytes(path, b"new")
    assert str(caught.value).startswith(f"{path}: cannot be written: ")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code is ExitCode.USER_INPUT
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    def save(_: Path) -> None:
        with Path("/dev/full").open("wb") as file:
            file.write(b"x")

    with pytest.raises(OutputError, match="the disk is full"):
        write_with(tmp_path / "file", save)


def test_a_file_where_a_directory_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="a part of the path is a file"):
        write_text(tmp_path / "file" / "below" / "ranking.csv", "text")
    with pytest.raises(OutputError, match="in the way"):
        make_directory(tmp_path / "file")


def test_a_directory_in_the_way_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "ranking.csv").mkdir()
    with pytest.raises(OutputError, match="a directory is in the way"):
        write_text(tmp_path / "ranking.csv", "text")
    assert [p.name for p in tmp_path.iterdir()] == ["ranking.csv"]


@shows_open_files
def test_a_file_system_that_cannot_sync_directories_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink() == tmp_path:
            raise OSError(errno.EINVAL, "cannot")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(tmp_path / "file", "text")
    assert (tmp_path / "file").read_text() == "text"


@shows_open_files
def test_the_content_is_on_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = []
    real_sync, real_replace = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        events.append("sync " + Path(f"/proc/self/fd/{handle}").readlink().suffix)
        real_sync(handle)

    def replace(source: Path, target: Path) -> Path:
        events.append("rename")
        return real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    write_text(tmp_path / "file.csv", "text")
    assert events == ["sync .csv", "rename", "sync "]


def test_a_process_killed_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "ranking.csv"
    write_text(path, "old")
    script = """
        import os, signal, sys
        from pathlib import Path
        from deepfeat.writing.atomic import write_with

        def save(temporary):
            temporary.write_text("half a fi")
            os.kill(os.getpid(), signal.SIGKILL)

        write_with(Path(sys.argv[1]), save)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(path)], cwd=REPOSITORY, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    left = [p for p in tmp_path.iterdir() if p != path]
    assert [is_temporary(p) for p in left] == [True]
