"""The process of an embedded machine: it has the machine's files, and lets a copy of itself run each command.

If the copy dies, what the machine answers is what a shell answers whose program has crashed, and nothing else is lost: the
machine's files are as they were when the command began, or when it last spoke to the world. The harness notices only the code.
"""

import os
import posixpath
import signal
import socket
import time
from contextlib import suppress
from typing import Any, NoReturn

from bashkit import BuiltinContext

from unbidden.sandbox.embedded_disk import Tree
from unbidden.sandbox.embedded_lock import shut_in, shut_in_command
from unbidden.sandbox.embedded_run import Run
from unbidden.sandbox.embedded_shell import PLAIN, Shell, Stock, folders_of, set_up, stamp
from unbidden.sandbox.embedded_supervision import (
    ABORTED,
    BROKEN,
    GREEDY,
    BrokenError,
    Harness,
    HarnessGoneError,
    Supervision,
)
from unbidden.sandbox.embedded_words import corrected
from unbidden.sandbox.wire import Message, packed, to_bytes, to_text

SECONDS = 300
"""How long a command may run for which the harness sets no limit."""


class Machine:
    """One machine, which answers the harness until that has gone.

    Args:
        harness: Whom it answers.
        stock: What all machines have.
    """

    def __init__(self, harness: Harness, stock: Stock) -> None:
        self._harness, self._stock = harness, stock
        self._shell: Shell | None = None
        self._roots = list[str]()
        self._tree: Tree | None = None
        self._run: Run | None = None
        self._ending = list[int]()

    def serve(self) -> NoReturn:
        """Answer for good.

        Raises:
            HarnessGoneError: Nobody is there any more to answer to.
            BrokenError: A fault of ours, after which no answer would be the agent's own.
        """
        while True:
            message = self._harness.hear()
            match message["do"]:
                case "boot":
                    self._boot(message)
                    self._harness.tell({"is": "done"})
                case "exec":
                    self._exec(message)
                case "write":
                    self._harness.tell({"is": "done"} | self._write(message))
                case "read":
                    self._harness.tell({"is": "done"} | self._read(message))
                case "settle":
                    self._settle(message)
                case _:  # `stop`, when the command that it is about has ended already
                    continue

    def _boot(self, setup: Message) -> Shell:
        self._shell = set_up(setup, self._stock, self._call)
        self._roots, self._tree = setup["roots"], None
        return self._shell

    def _ready(self) -> Shell:
        return self._shell or self._boot(PLAIN)

    def _call(self, context: BuiltinContext) -> Any:
        """A command of the world's, run by the agent: that is so only in a copy."""
        if self._run is None:
            raise SystemExit
        return self._run.call(context)

    def _exec(self, message: Message) -> None:
        shell = self._ready()
        self._tree = self._tree or shell.disk.tree()
        began, seconds = time.time(), message["seconds"] or SECONDS
        ours, theirs = socket.socketpair()
        copy = os.fork()
        if copy == 0:
            ours.close()
            self._harness.close()
            self._run_and_end(shell, self._tree, message, theirs)
        theirs.close()
        with ours:
            try:
                answer = Supervision(self._harness, copy, ours, self._keep_up).answer(seconds)
                difference, knows = answer.pop("difference", []), answer.pop("knows", {})
                self._harness.tell(answer)
            finally:
                self._ending.append(copy)
        self._bury()
        shell.disk.know(knows)
        self._take_over(shell, difference, began, message["now"])
        self._tree = shell.disk.tree()

    def _bury(self) -> None:
        """Wait for the copies that have answered; the youngest is not waited for until there is another."""
        while len(self._ending) > 1:
            os.waitpid(self._ending.pop(0), 0)

    def _run_and_end(self, shell: Shell, before: Tree, message: Message, link: socket.socket) -> NoReturn:
        self._run = Run(shell, before, link)
        end = BROKEN
        try:
            seconds = message["seconds"] or SECONDS
            shut_in_command(seconds)
            link.sendall(packed(self._run.run(message, seconds)))
            end = 0
        except MemoryError:
            end = GREEDY
        finally:
            if end == BROKEN and self._run.interpreting:
                end = ABORTED
            os._exit(end)  # nothing of the machine's process may go on in its copy

    def _keep_up(self, said: Message, reply: Message) -> None:
        """Do to our files what a copy's words to the world say of its own, so that the world is right if the copy dies."""
        shell = self._ready()
        with suppress(RuntimeError):  # the copy has met the same fault
            shell.disk.apply(said["difference"])
            shell.disk.know(said["knows"])
            shell.disk.put_back(reply["restore"])
            for path, text in reply.get("files", {}).items():
                shell.disk.write(path, text.encode())

    def _take_over(self, shell: Shell, difference: list[list[Any]], began: float, now: float | None) -> None:
        with suppress(RuntimeError):  # a disk that is full was so for the copy too
            shell.disk.apply(difference)
        moments: dict[str, float] = {}
        for path, kind, _, _, modified in difference:
            if kind in {"file", "directory"}:
                moments[path] = now if now is not None and modified >= began else modified
        stamp(shell, moments)

    def _settle(self, message: Message) -> None:
        shell, paths = self._ready(), message["paths"]
        with suppress(RuntimeError):  # the next report says so again
            shell.disk.put_back(message["restore"])
        moment: float = message["stamp"]
        stamp(shell, dict.fromkeys([*paths, *folders_of(paths, self._roots)], moment))
        self._tree = None

    def _write(self, message: Message) -> Message:
        shell = self._ready()
        path = posixpath.join(shell.home, message["path"])
        node = shell.disk.node(path)
        if node is not None and node.kind == "directory":
            return {"error": "directory"}
        if node is not None and not node.mode & 0o200:
            return {"error": "denied"}
        try:
            shell.disk.write(path, to_bytes(message["content"]))
        except RuntimeError as fault:
            said = corrected(str(fault))
            return {"error": "denied" if "Permission denied" in said else said}
        self._tree = None
        return {}

    def _read(self, message: Message) -> Message:
        shell = self._ready()
        path = posixpath.join(shell.home, message["path"])
        match shell.disk.node(path):
            case None:
                return {"error": "missing"}
            case node if node.kind == "directory":
                return {"error": "directory"}
            case node if not node.mode & 0o400:
                return {"error": "denied"}
            case node if node.size > message["most"]:
                return {"error": "too-big"}
            case _:
                return {"content": to_text(shell.disk.read(path))}


def live(link: socket.socket, stock: Stock) -> NoReturn:
    """Be a machine until the harness has gone. Called in a process of its own, which it ends."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        shut_in()
        with suppress(HarnessGoneError, BrokenError):
            Machine(Harness(link), stock).serve()
    finally:
        os._exit(0)
