"""The machine's end of a command that the machine does not answer itself. Standard library only, runs in the machine."""

import socket
from contextlib import suppress
from typing import Any

from unbidden.sandbox.wire import Message, Reader, packed

LONGEST_CALL = 64 << 20
"""Bytes; whoever sends more is no command of ours."""

PATIENCE = 1
"""Seconds that a command has to take its answer."""


class Caller:
    """One command that has called in."""

    def __init__(self, link: socket.socket) -> None:
        link.settimeout(PATIENCE)
        self._link, self._reader, self._heard = link, Reader(), 0
        self.call: Message = {}
        self.reported: list[list[Any]] = []

    def heard(self) -> str | None:
        """`call` when the whole of a call is there, `gone` when it has ended or is no command of ours."""
        try:
            piece = self._link.recv(1 << 18)
            self._heard += len(piece)
            self._reader.feed(piece)
            message: Any = self._reader.next()
            if not piece or self._heard > LONGEST_CALL:
                return "gone"
            if message is None:
                return None
            self.call, self._heard = _call(message), 0
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return "gone"
        return "call"

    def hang_up(self) -> None:
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)

    def answer(self, reply: Message) -> None:
        names = ("needs",) if "needs" in reply else ("stdout", "stderr", "code", "files")
        with suppress(OSError):  # it may have been ended in the meantime
            self._link.sendall(packed({name: reply[name] for name in names}))


def _call(message: dict[str, Any]) -> Message:
    """A call as far as it is one: anybody on the machine may send anything."""
    files: dict[str, Any] = dict(message["files"])
    call = {name: str(message[name]) for name in ("name", "stdin", "cwd")}
    return {
        **call,
        "argv": [str(word) for word in message["argv"]],
        "files": {str(path): None if text is None else str(text) for path, text in files.items()},
    }
