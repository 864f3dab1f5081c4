import os
from pathlib import Path

import pytest

from deepfeat.config.textfile import MAX_BYTES, read_text
from deepfeat.errors import InputError


def said(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_text(path)
    return str(caught.value).removeprefix(str(path))


def test_the_text_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_bytes(b"\xef\xbb\xbfname: gr\xc3\xbcn\r\n")
    assert read_text(path) == "name: gr\u00fcn\r\n"


def test_a_file_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_bytes(b"#" * MAX_BYTES)
    assert len(read_text(path)) == MAX_BYTES
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert said(path) == ": is larger than 1 MiB; this cannot be the right file"


def test_what_is_no_file(tmp_path: Path) -> None:
    assert said(tmp_path / "none") == ": there is no such file; check the path"
    to_write = "or write an experiment: deepfeat init --data FILE --target NAME"
    assert said(tmp_path / "none.yml") == f": there is no such file; check the path, {to_write}"
    assert said(tmp_path) == ": is a directory; give the file in it"
    file = tmp_path / "file"
    file.write_text("x")
    assert said(file / "x.yml").startswith(": cannot be read (Not a directory)")
    assert said(tmp_path / ("x" * 300)).startswith(": cannot be read (File name too long)")


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yml"
    os.mkfifo(pipe)
    assert said(pipe) == ": is not a regular file; save its contents in one"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text("name: x")
    path.chmod(0)
    assert said(path) == ": cannot be read (Permission denied); check the path and its permissions"


def test_the_first_byte_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_bytes("gr\u00fcn: 1\nab".encode() + b"\xe9\xff")
    assert said(path) == ":2:3: byte 0xe9 at offset 11 is not UTF-8; save the file as UTF-8"
