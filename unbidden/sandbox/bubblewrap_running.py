"""One command on a machine: its processes, its input and output, its limits. Standard library only, runs in the machine."""

import os
import resource
import selectors
import signal
import subprocess
import time
from typing import Any

from unbidden.sandbox.bubblewrap_processes import kill_all, kill_since, processes
from unbidden.sandbox.wire import Message, to_bytes, to_text

LIMITS = (
    (resource.RLIMIT_AS, 2 << 30),
    (resource.RLIMIT_NPROC, 256),
    (resource.RLIMIT_FSIZE, 512 << 20),
    (resource.RLIMIT_NOFILE, 1024),
    (resource.RLIMIT_CPU, 600),
    (resource.RLIMIT_CORE, 0),
)
"""What one process may use; the number of processes is counted over the whole machine."""

FULL = 240
"""Processes from which on a machine is cleared before the next command, which could not start any of its own."""

LINGER = 0.05
"""Seconds that a command's output is waited for when it has ended but something of it still holds the output open."""


class Running:
    """A command that has been started.

    Args:
        message: The request, as it came over the wire.
        cwd: Where it runs.
        env: Its whole environment.
        selector: Where its pipes are listened to; the data of each key is what to call.

    Raises:
        OSError: It could not be started.
        ValueError: An argument or the environment holds what no program can be given.
    """

    def __init__(
        self, message: Message, cwd: str, env: dict[str, str], selector: selectors.BaseSelector
    ) -> None:
        self._selector = selector
        self._most: int = message["most"]
        self._before = processes()
        if len(self._before) >= FULL:
            kill_all()
            self._before = processes()
        given = message["input"]
        self._process = subprocess.Popen(  # noqa: S603 - the agent's command, which this machine is for
            message["cmd"],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_limit,  # noqa: PLW1509 - there is one thread
            bufsize=0,
        )
        self.pid = self._process.pid
        self._code: int | None = None
        self._held = {"stdout": bytearray(), "stderr": bytearray()}
        self._open = 2
        self._timed_out = self._overflow = False
        now = time.monotonic()
        self._deadline = None if message["seconds"] is None else now + message["seconds"]
        self._listen()
        if given is not None:
            self._feed(to_bytes(given))

    def ended(self, code: int) -> None:
        """The command's own process has ended."""
        self._process.returncode = code  # or Python would wait for a process of that number itself
        self._code = 128 - code if code < 0 else code
        self._deadline = time.monotonic() + LINGER

    def wakes(self) -> float | None:
        """When `result` may have more to say, as `time.monotonic()` counts."""
        return self._deadline

    def result(self) -> Message | None:
        """The answer, as soon as there is one."""
        late = self._deadline is not None and time.monotonic() >= self._deadline
        if self._overflow or (late and self._code is None):
            self._timed_out = not self._overflow
            return self.stopped()
        if self._code is None or (self._open and not late):
            return None
        return self._answer()

    def stopped(self) -> Message:
        """End everything that the command has started."""
        kill_since(self._before)
        self._process.returncode = self._process.returncode or -signal.SIGKILL
        self._code = 137 if self._code is None else self._code
        return self._answer()

    def _answer(self) -> Message:
        answer: Message = {"is": "done", "code": self._code, "refused": None}
        answer |= {"timed_out": self._timed_out, "overflow": self._overflow}
        for name, pipe in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
            answer[name] = to_text(bytes(self._held[name][: self._most]))
            if (
                pipe is not None and not pipe.closed
            ):  # a background job goes on, and must not break on its output
                self._selector.modify(pipe, selectors.EVENT_READ, lambda pipe=pipe: self._discard(pipe))
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._close(self._process.stdin)
        return answer

    def _listen(self) -> None:
        for name, pipe in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._selector.register(
                    pipe, selectors.EVENT_READ, lambda name=name, pipe=pipe: self._collect(name, pipe)
                )

    def _collect(self, name: str, pipe: Any) -> None:
        held = self._held[name]
        while (piece := _read(pipe)) is not None:
            if not piece:
                self._open -= 1
                self._close(pipe)
                return
            held += piece
            if len(held) > self._most:
                self._overflow = True
                return

    def _discard(self, pipe: Any) -> None:
        if _read(pipe) == b"":
            self._close(pipe)

    def _feed(self, given: bytes) -> None:
        pipe: Any = self._process.stdin
        os.set_blocking(pipe.fileno(), False)
        rest = memoryview(given)

        def write() -> None:
            nonlocal rest
            try:
                while rest:
                    rest = rest[os.write(pipe.fileno(), rest) :]
            except BlockingIOError:
                return
            except BrokenPipeError:
                pass
            self._close(pipe)

        self._selector.register(pipe, selectors.EVENT_WRITE, write)

    def _close(self, pipe: Any) -> None:
        self._selector.unregister(pipe)
        pipe.close()


def _read(pipe: Any) -> bytes | None:
    """What is there to be read; `None` if nothing is there yet."""
    try:
        return os.read(pipe.fileno(), 1 << 16)
    except BlockingIOError:
        return None


def _limit() -> None:
    for limit, most in LIMITS:
        resource.setrlimit(limit, (most, most))
