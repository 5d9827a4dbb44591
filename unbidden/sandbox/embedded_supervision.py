"""How the process of an embedded machine stands between the harness and the copy of itself that runs a command."""

import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from unbidden.sandbox.wire import Message, Reader, packed, receive, to_text

LATE = 1.5
"""Seconds that a command has beyond its limit to stop by itself; then it is killed, and what it printed and wrote is lost."""

DEATHS: dict[int, str] = {
    signal.SIGSEGV: "Segmentation fault",
    signal.SIGBUS: "Bus error",
    signal.SIGABRT: "Aborted",
    signal.SIGKILL: "Killed",
    signal.SIGXCPU: "CPU time limit exceeded",
}

BY_SIGNAL = 128
"""What a shell adds to the number of the signal that a program has died of."""


BROKEN, ABORTED, GREEDY = 70, 71, 72
"""How a copy ends without an answer, other than by a signal: for a fault of ours, of the interpreter's, or for want of memory."""


class BrokenError(Exception):
    """A copy has ended for a fault of ours: what the agent asked for cannot be answered."""


class HarnessGoneError(Exception):
    """Nobody is there to answer to."""


class Harness:
    """The harness, as a machine's process speaks with it.

    Args:
        link: The socket to it.
    """

    def __init__(self, link: socket.socket) -> None:
        self._link, self._reader = link, Reader()

    def fileno(self) -> int:
        return self._link.fileno()

    def close(self) -> None:
        self._link.close()

    def hear(self) -> Message:
        """Its next word.

        Raises:
            HarnessGoneError: There will be none.
        """
        with suppress(ConnectionError):
            if (message := receive(self._link, self._reader)) is not None:
                return message
        raise HarnessGoneError

    def tell(self, message: Message) -> None:
        """Answer it.

        Raises:
            HarnessGoneError: It does not want to know any more.
        """
        try:
            self._link.sendall(packed(message))
        except OSError:
            raise HarnessGoneError from None


class Supervision:
    """A copy of a machine that runs a command, until it has answered or died.

    Args:
        harness: Who answers the world's commands.
        copy: The copy's process.
        link: The socket to it.
        keep_up: Told what the copy has said to the world, and what was replied.
    """

    def __init__(
        self,
        harness: Harness,
        copy: int,
        link: socket.socket,
        keep_up: Callable[[Message, Message], None],
    ) -> None:
        self._harness, self._copy, self._link, self._keep_up = harness, copy, link, keep_up
        self._reader = Reader()

    def answer(self, seconds: float) -> Message:
        """What a command that may run so long comes to.

        Raises:
            HarnessGoneError: The harness has gone in the meantime; the command is ended.
            BrokenError: The copy has ended for a fault of ours.
        """
        try:
            answer = self._watched(seconds)
        except HarnessGoneError:
            self._kill()
            raise
        if answer is None:
            self._kill()
            answer = _done(BY_SIGNAL + signal.SIGKILL)
        return answer

    def _watched(self, seconds: float) -> Message | None:
        """The answer; `None` if the harness wants the command stopped."""
        deadline = time.monotonic() + seconds + LATE
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([self._link, self._harness], [], [], left)
            if self._harness in ready:  # it is not its turn: it has gone, or wants the command stopped
                self._harness.hear()
                return None
            if not ready:
                continue
            said = self._copy_says()
            if said is None:
                return self._death()
            if said["is"] != "call":
                return said
            if not self._pass_on(said):
                return None
        self._kill()
        return _done(BY_SIGNAL + signal.SIGKILL) | {"timed_out": True}

    def _pass_on(self, call: Message) -> bool:
        private = {name: call.pop(name) for name in ("difference", "knows")}
        self._harness.tell(call)
        reply = self._harness.hear()
        if reply["do"] != "reply":
            return False
        self._keep_up(private, reply)
        with suppress(OSError):  # it has died in the meantime, which the next look shows
            self._link.sendall(packed(reply))
        return True

    def _copy_says(self) -> Message | None:
        with suppress(ConnectionError):
            return receive(self._link, self._reader)
        return None

    def _death(self) -> Message:
        ended = os.waitid(os.P_PID, self._copy, os.WEXITED | os.WNOWAIT)
        if ended is not None and ended.si_code != os.CLD_EXITED:
            return _died(ended.si_status)
        match ended.si_status if ended is not None else BROKEN:
            case code if code == ABORTED:
                return _died(signal.SIGABRT)
            case code if code == GREEDY:
                return _died(signal.SIGKILL)
            case _:
                raise BrokenError

    def _kill(self) -> None:
        os.kill(self._copy, signal.SIGKILL)


def _died(of: int) -> Message:
    return _done(BY_SIGNAL + of, f"{DEATHS.get(of, 'Terminated')}\n")


def _done(code: int, stderr: str = "") -> Message:
    answer: Message = {"is": "done", "code": code, "stdout": "", "stderr": to_text(stderr.encode())}
    return answer | {"timed_out": False, "overflow": False, "refused": None, "changes": []}
