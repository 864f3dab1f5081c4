"""Messages between processes: what arrives, and what is refused."""

import os
import socket
from collections.abc import Iterator

import pytest

from deepfeat.runs.workers.channel import LONGEST, Channel, ChannelError, pair


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    here, other = pair()
    there = Channel(other)
    yield here, there
    here.close()
    there.close()


@pytest.fixture
def raw() -> Iterator[tuple[socket.socket, Channel]]:
    ours, theirs = socket.socketpair()
    channel = Channel(theirs)
    yield ours, channel
    ours.close()
    channel.close()


def test_messages_arrive_in_order_and_as_they_were(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    sent = [{"text": "line\nbreak \x1b[31m ü \ud800"}, {"number": 0.1}, {"list": [1, None, True]}]
    for message in sent:
        here.send(message)
    assert [there.receive() for _ in sent] == sent


def test_what_has_come_is_read_without_waiting(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    here.send({"one": 1})
    here.send({"two": 2})
    assert there.read() == ([{"one": 1}, {"two": 2}], True)
    here.close()
    assert there.read() == ([], False)
    assert there.receive() is None


def test_files_come_with_a_message(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    source, sink = os.pipe()
    here.send_with({"take": "this"}, [sink])
    os.close(sink)
    message, (received,) = there.receive_with(2)
    assert message == {"take": "this"}
    os.write(received, b"hello")
    assert os.read(source, 10) == b"hello"
    os.close(received)
    os.close(source)


@pytest.mark.parametrize(
    "line", [b"\n", b"no json\n", b"[1, 2]\n", b'"text"\n', b"\xff\n", b"[" * 50_000 + b"\n"]
)
def test_anything_else_is_refused(raw: tuple[socket.socket, Channel], line: bytes) -> None:
    ours, channel = raw
    ours.sendall(line)
    with pytest.raises(ChannelError):
        channel.receive()


def test_a_message_without_end_is_refused(raw: tuple[socket.socket, Channel]) -> None:
    ours, channel = raw
    channel._buffer = b"x" * (LONGEST + 100_000)
    ours.sendall(b"x")
    with pytest.raises(ChannelError, match="longer than"):
        channel.read()
