"""Messages between two processes: JSON, a line each. No pickle, which would run what the other side sends."""

import json
import socket
import threading
from typing import Any

Message = dict[str, Any]

LONGEST = 1 << 20
_BLOCK = 1 << 16


class ChannelError(ValueError):
    """The other side sent something that is no message."""


class Channel:
    """One end of a pair of sockets.

    Args:
        end: the socket; the channel closes it.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._buffer = b""
        self._lock = threading.Lock()

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            OSError: the other side is gone.
        """
        with self._lock:
            self._socket.sendall(json.dumps(message).encode("ascii") + b"\n")

    def send_with(self, message: Message, descriptors: list[int]) -> None:
        """Send a message together with open files."""
        line = json.dumps(message).encode("ascii") + b"\n"
        with self._lock:
            sent = socket.send_fds(self._socket, [line[:1]], descriptors)
            self._socket.sendall(line[sent:])

    def receive(self) -> Message | None:
        """Wait for the next message; None where the other side has closed the channel.

        Raises:
            ChannelError: what came is no message.
        """
        while b"\n" not in self._buffer:
            if not self._read():
                return None
        return self._next()

    def receive_with(self, most: int) -> tuple[Message | None, list[int]]:
        """Wait for the next message and the open files that come with it.

        Args:
            most: how many files at most.
        """
        start, descriptors, _, _ = socket.recv_fds(self._socket, 1, most)
        self._buffer += start
        return (self.receive() if start else None), descriptors

    def read(self) -> tuple[list[Message], bool]:
        """The messages that are there once `select` has said so, and whether more may come.

        Raises:
            ChannelError: what came is no message.
        """
        is_open = self._read()
        messages = []
        while b"\n" in self._buffer:
            messages.append(self._next())
        return messages, is_open

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def _read(self) -> bool:
        try:
            block = self._socket.recv(_BLOCK)
        except ConnectionError:
            return False
        self._buffer += block
        if len(self._buffer) > LONGEST + _BLOCK and b"\n" not in self._buffer:
            raise ChannelError(f"a message is longer than {LONGEST} bytes")
        return bool(block)

    def _next(self) -> Message:
        line, self._buffer = self._buffer.split(b"\n", 1)
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ChannelError(f"not a message: {error}") from error
        if not isinstance(message, dict):
            raise ChannelError("not a message: no mapping")
        return message


def pair() -> tuple[Channel, socket.socket]:
    """A channel, and the other end as a socket to be handed to another process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return Channel(ours), theirs
