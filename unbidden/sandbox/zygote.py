"""Where embedded machines come from: a process that has loaded and built what all of them need, and is copied for each.

One such process belongs to a harness process. It is told of a machine by being handed the machine's end of a socket, and never
answers; a machine that cannot be had is a socket that closes. It ends when its own socket does, so also when the harness is
killed; and each machine ends when its socket does.
"""

import atexit
import gc
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress

from unbidden.sandbox.wire import Reader, packed, receive

START = "import json, sys; sys.path[:0] = json.loads(sys.argv[2]); from unbidden.sandbox.zygote import main; main(int(sys.argv[1]))"

STARTS_WITHIN = 30
"""Seconds."""

_LOGGER = logging.getLogger(__name__)


class ZygoteError(Exception):
    """No process to copy could be started."""


class Zygote:
    """The process, as the harness sees it.

    Raises:
        ZygoteError: It does not start.
    """

    def __init__(self) -> None:
        self._link, theirs = socket.socketpair()
        command = [sys.executable, "-I", "-B", "-c", START, str(theirs.fileno()), json.dumps(sys.path)]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                command,
                env={},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C at the terminal is the harness's
            )
        self._await()

    @property
    def pid(self) -> int:
        return self._process.pid

    def machine(self) -> socket.socket:
        """The harness's end of a new machine's socket.

        Raises:
            OSError: The process has ended.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._link, [b"m"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def end(self) -> None:
        """End the process. Machines live on until their sockets are closed."""
        self._link.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await(self) -> None:
        self._link.settimeout(STARTS_WITHIN)
        try:
            ready = receive(self._link, Reader())
        except OSError:
            ready = None
        stderr = self._process.stderr
        if ready is None:
            self._process.kill()
            said = stderr.read().decode(errors="replace").strip() if stderr is not None else ""
            self.end()
            raise ZygoteError(said[-500:] or "it did not answer")
        if stderr is not None:
            stderr.close()
        self._link.settimeout(None)
        if ready["open"]:
            _LOGGER.warning("embedded machines are held less tightly here: %s", ready["open"])


_lock = threading.Lock()
_current: dict[int, Zygote] = {}


def machine() -> socket.socket:
    """The harness's end of a new machine's socket. The first call starts the process, which takes about 0.2 seconds.

    Raises:
        ZygoteError: There can be none.
    """
    with _lock:
        for _ in range(2):
            try:
                return _running().machine()
            except OSError:  # somebody has ended it
                _forget()
    raise ZygoteError("it ends as soon as it has started")


def warm() -> int:
    """Have the process running; its number.

    Raises:
        ZygoteError: There can be none.
    """
    with _lock:
        return _running().pid


def end() -> None:
    """End the process, if there is one. The next machine starts another."""
    with _lock:
        _forget()


def _running() -> Zygote:
    if (zygote := _current.get(os.getpid())) is None:  # a copy of the harness's process starts its own
        zygote = _current[os.getpid()] = Zygote()
        atexit.register(end)
    return zygote


def _forget() -> None:
    if (zygote := _current.pop(os.getpid(), None)) is not None:
        zygote.end()
        atexit.unregister(end)


def main(number: int) -> None:
    """Be that process, for the harness at the other end of a socket."""
    from unbidden.sandbox.embedded_child import live  # noqa: PLC0415 - the harness must not load the interpreter
    from unbidden.sandbox.embedded_lock import give_up_privileges, landlock_missing  # noqa: PLC0415
    from unbidden.sandbox.embedded_shell import Stock  # noqa: PLC0415

    link = socket.socket(fileno=number)
    stock = Stock()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries machines that have ended
    left_open = "; ".join(filter(None, (give_up_privileges(), landlock_missing())))
    gc.freeze()
    link.sendall(packed({"open": left_open}))
    os.dup2(0, 2)
    while True:
        piece, files, _, _ = socket.recv_fds(link, 1, 1)
        if not piece:
            return
        for file in files:
            with suppress(OSError):  # no more processes: the machine's socket closes
                if os.fork() == 0:
                    link.close()
                    live(socket.socket(fileno=file), stock)
            os.close(file)
