"""The first process of a machine: does what the other end of a socket asks for. Standard library only.

Runs inside the machine as its only user. As process 1 it inherits what its commands leave running, and no signal from
inside can end it. What it is told and what it answers is written down in `wire`.
"""

import errno
import os
import resource
import selectors
import socket
import stat
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from unbidden.sandbox.bubblewrap_caller import Caller
from unbidden.sandbox.bubblewrap_processes import ended_children, look_ordinary
from unbidden.sandbox.bubblewrap_running import Running
from unbidden.sandbox.watch import Watch
from unbidden.sandbox.wire import Message, Reader, packed, to_bytes, to_text

MOST_CALLERS = 128
"""Commands that may wait for their answers at a time."""

FILES = 4096
"""Open files of this process: two for each job in the background, one for each caller."""


class Supervisor:
    """Answers requests one at a time, and hands on the commands that are not the machine's own.

    Args:
        link: Where the requests come from.
        calls: Where commands call in.
    """

    def __init__(self, link: socket.socket, calls: socket.socket) -> None:
        self._link, self._reader = link, Reader()
        self._selector = selectors.DefaultSelector()
        self._selector.register(link, selectors.EVENT_READ, self._requests)
        self._selector.register(calls, selectors.EVENT_READ, lambda: self._called(calls))
        children = ended_children()
        self._selector.register(children, selectors.EVENT_READ, lambda: os.read(children, 4096))
        self._watch = Watch([])
        self._user, self._home = "user", os.environ["HOME"]
        self._running: Running | None = None
        self._waiting: deque[Caller] = deque()
        self._asked: Caller | None = None
        self._callers = self._owed = 0

    def serve(self) -> None:
        """Go on until the other end has gone."""
        while True:
            wakes = self._running.wakes() if self._running is not None else None
            patience = None if wakes is None else max(0.0, wakes - time.monotonic())
            for key, _ in self._selector.select(patience):
                key.data()
            self._reap()
            owed = self._owed > 0 and self._waiting  # what called in before this command goes before its end
            if self._running is not None and not owed and (result := self._running.result()) is not None:
                self._finish(result)

    def _requests(self) -> None:
        piece = self._link.recv(1 << 20)
        if not piece:
            sys.exit(0)
        self._reader.feed(piece)
        while (message := self._reader.next()) is not None:
            self._do(message)

    def _do(self, message: Message) -> None:
        match message["do"]:
            case "exec":
                self._execute(message)
            case "stop":
                if self._running is not None:
                    self._finish(self._running.stopped())
            case "settle":
                self._watch.settle(message["restore"], message["paths"], message["stamp"])
            case "reply":
                self._reply(message)
            case "boot":
                self._send({"is": "done", **_answered(lambda: self._boot(message))})
            case "write":
                self._send({"is": "done", **_answered(lambda: self._write(message))})
            case "read":
                self._send({"is": "done", **_answered(lambda: self._read(message))})
            case other:
                raise ValueError(other)

    def _boot(self, message: Message) -> Message:
        self._user, self._home = message["user"], message["home"]
        os.makedirs(self._home, exist_ok=True)
        dated: dict[str, float] = {}
        for path, (content, mode, modified) in message["files"].items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(content)
            os.chmod(path, mode)
            os.utime(path, (modified, modified))
            for folder in _folders(path, message["roots"]):
                dated[folder] = max(modified, dated.get(folder, 0))
        for folder, modified in dated.items():  # as old as the newest thing in it
            os.utime(folder, (modified, modified))
        self._watch = Watch(message["roots"])
        self._watch.rebase()
        return {}

    def _execute(self, message: Message) -> None:
        cwd = os.path.join(self._home, message["cwd"] or "")
        if not os.path.isdir(cwd) or not os.access(cwd, os.X_OK):
            self._finish(_unable(1, f"cd: {cwd}: No such file or directory"))
            return
        if self._asked is not None:  # every call has been answered before the next request, or never will be
            self._asked.hang_up()
            self._asked = None
        self._owed = len(self._waiting)
        try:
            self._running = Running(message, cwd, self._environment() | message["env"], self._selector)
        except FileNotFoundError:
            self._finish(_unable(127, f"{message['cmd'][0]}: command not found"))
        except PermissionError:
            self._finish(_unable(126, "") | {"refused": message["cmd"][0]})
        except OSError as fault:
            self._finish(_unable(126, f"{message['cmd'][0]}: {fault.strerror}"))
        except (ValueError, IndexError) as fault:
            self._finish(_unable(126, str(fault)))
        self._hand_on()

    def _environment(self) -> dict[str, str]:
        who = {"HOME": self._home, "USER": self._user, "LOGNAME": self._user, "SHELL": "/bin/bash"}
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb", **who}

    def _finish(self, result: Message) -> None:
        self._running = None
        self._send(result | {"changes": self._watch.report()})

    def _write(self, message: Message) -> Message:
        path = os.path.join(self._home, message["path"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb", opener=_at_once) as file:
            file.write(to_bytes(message["content"]))
        return {}

    def _read(self, message: Message) -> Message:
        path = os.path.join(self._home, message["path"])
        with open(path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return {"error": "not a regular file"}
            content = file.read(message["most"] + 1)
        return {"error": "too-big"} if len(content) > message["most"] else {"content": to_text(content)}

    def _called(self, calls: socket.socket) -> None:
        link, _ = calls.accept()
        if self._callers >= MOST_CALLERS:
            link.close()
            return
        caller = Caller(link)
        self._callers += 1

        def heard() -> None:
            match caller.heard():
                case "call":
                    self._waiting.append(caller)
                    self._hand_on()
                case "gone":
                    self._selector.unregister(link)
                    link.close()
                    self._callers -= 1
                    with suppress(ValueError):
                        self._waiting.remove(caller)
                case _:
                    return

        self._selector.register(link, selectors.EVENT_READ, heard)

    def _hand_on(self) -> None:
        """Pass on the next call; the other end listens while it waits for a command."""
        if self._running is None or self._asked is not None or not self._waiting:
            return
        caller = self._asked = self._waiting.popleft()
        self._owed -= 1
        caller.reported = self._watch.report()
        self._send({"is": "call", "id": id(caller), **caller.call, "changes": caller.reported})

    def _reply(self, message: Message) -> None:
        caller, self._asked = self._asked, None
        if caller is not None:
            paths = [change[0] for change in caller.reported]
            self._watch.settle(message["restore"], paths, message.get("stamp", time.time()))
            caller.answer(message)
        self._hand_on()

    def _send(self, message: Message) -> None:
        self._link.sendall(packed(message))

    def _reap(self) -> None:
        """Take note of the processes that have ended; those without a parent are ours as well."""
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if self._running is not None and ended[0] == self._running.pid:
                    self._running.ended(os.waitstatus_to_exitcode(ended[1]))
        except ChildProcessError:
            return


def _answered(work: Any) -> Message:
    try:
        return work()
    except (FileNotFoundError, NotADirectoryError):
        return {"error": "missing"}
    except IsADirectoryError:
        return {"error": "directory"}
    except PermissionError:
        return {"error": "denied"}
    except OSError as fault:
        return {"error": "denied" if fault.errno == errno.EROFS else fault.strerror or "failed"}
    except ValueError as fault:
        return {"error": str(fault)}


def _unable(code: int, said: str) -> Message:
    done: Message = {"is": "done", "code": code, "stdout": "", "stderr": to_text(f"{said}\n".encode())}
    return done | {"timed_out": False, "overflow": False, "refused": None}


def _folders(path: str, roots: Sequence[str]) -> list[str]:
    """The folders that a file lies in, as far as they are watched."""
    found = list[str]()
    while (path := os.path.dirname(path)) != "/" and any(f"{path}/".startswith(f"{root}/") for root in roots):
        found.append(path)
    return found


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for the other end of what turns out to be a pipe."""
    return os.open(path, flags | os.O_NONBLOCK, 0o644)


def main(link: str, name: str) -> None:
    look_ordinary("/sbin/init")
    os.umask(0o022)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (FILES if most == resource.RLIM_INFINITY else min(FILES, most), most)
    )
    os.makedirs(os.environ["HOME"], exist_ok=True)
    calls = socket.socket(socket.AF_UNIX)
    calls.bind(name.replace("@", "\0", 1))
    calls.listen(64)
    Supervisor(socket.socket(fileno=int(link)), calls).serve()


if __name__ == "__main__":
    main(*sys.argv[1:3])
