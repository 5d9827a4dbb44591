"""Watches the folders of a machine that somebody else runs, and hands on the world's commands. Standard library only.

Runs inside the machine, as its user, beside whatever the machine runs. It takes the calls of `client` and asks the harness
through Inspect's sandbox service, whose own client lies in the folder that it is told.
"""

import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from unbidden.sandbox.watch import Watch
from unbidden.sandbox.wire import Message, Reader, packed, receive

Ask = Callable[..., Any]


class Keeper:
    """Takes one call at a time, so that changes are reported in the order they happened.

    Args:
        ask: Asks the harness.
        watch: The watched folders.
    """

    def __init__(self, ask: Ask, watch: Watch) -> None:
        self._ask, self._watch, self._turn = ask, watch, threading.Lock()

    def serve(self, calls: socket.socket) -> None:
        while True:
            link, _ = calls.accept()
            threading.Thread(target=self._answer, args=(link,), daemon=True).start()

    def _answer(self, link: socket.socket) -> None:
        reader = Reader()
        with link:
            while (call := receive(link, reader)) is not None:
                link.sendall(packed(self._passed_on(call)))

    def _passed_on(self, call: Message) -> Message:
        with self._turn:
            changes = self._watch.report()
            reply = self._ask("call", call={"id": 0, **call, "changes": changes})
            paths = [change[0] for change in changes] + [put[0] for put in reply["restore"]]
            self._watch.settle(reply["restore"], paths, reply["stamp"])
        return reply


def main(folder: str, name: str, *roots: str) -> None:
    sys.path.append(folder)
    service = __import__(folder.rsplit("/", maxsplit=1)[-1])
    ask: Ask = getattr(service, f"call_{service.__name__}")
    watch = Watch(roots)
    watch.rebase()
    calls = socket.socket(socket.AF_UNIX)
    calls.bind(name.replace("@", "\0", 1))
    calls.listen(64)
    Keeper(ask, watch).serve(calls)


if __name__ == "__main__":
    main(*sys.argv[1:])
