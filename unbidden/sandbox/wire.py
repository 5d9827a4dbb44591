"""How the harness and a machine's process speak: JSON objects behind their length, over a socket. Standard library only."""

import base64
import json
import socket
import struct
from typing import Any

Message = dict[str, Any]

_HEAD = struct.Struct(">I")


def packed(message: Message) -> bytes:
    body = json.dumps(message).encode()
    return _HEAD.pack(len(body)) + body


class Reader:
    """Puts messages together from the pieces in which they arrive."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, piece: bytes) -> None:
        self._held += piece

    def next(self) -> Message | None:
        """The next whole message, if there is one."""
        if len(self._held) < _HEAD.size:
            return None
        (length,) = _HEAD.unpack_from(self._held)
        end = _HEAD.size + length
        if len(self._held) < end:
            return None
        body = bytes(self._held[_HEAD.size : end])
        del self._held[:end]
        return json.loads(body)


def receive(link: socket.socket, reader: Reader) -> Message | None:
    """The next message from a blocking socket; `None` when the other side has gone."""
    while (message := reader.next()) is None:
        piece = link.recv(1 << 16)
        if not piece:
            return None
        reader.feed(piece)
    return message


def to_text(content: bytes) -> str:
    """Bytes as they travel."""
    return base64.b64encode(content).decode()


def to_bytes(text: str) -> bytes:
    return base64.b64decode(text)
