"""What stands for each of the world's commands on a machine with real programs. Standard library only.

Its own name is the command's. It hands on what it was called with, and does what the answer says: look for a file and ask
again, or leave files, print and exit.
"""

import fcntl
import os
import signal
import socket
import stat
import sys

from unbidden.sandbox.wire import Message, Reader, packed, receive

SOCKET = "\0/run/initd"
"""Where calls are taken: a name without a file, which nobody can delete."""

MOST = 8 << 20
"""Bytes of a file, or of the input, that are handed on."""


def main() -> int:
    signal.signal(
        signal.SIGPIPE, signal.SIG_DFL
    )  # `command | head -1` ends the command, as it would any other
    name = os.path.basename(sys.argv[0])
    call: Message = {"name": name, "argv": [_text(os.fsencode(word)) for word in sys.argv[1:]]}
    call |= {"stdin": _text(_input()), "cwd": _cwd(), "files": {}}
    try:
        reply = _ask(call)
    except OSError:
        reply = None
    if reply is None:
        return _say({"stderr": f"{name}: Resource temporarily unavailable\n", "code": 75})
    for path, text in reply["files"].items():
        if (fault := _write(path, text)) is not None:
            reply["stderr"] += f"{name}: {path}: {fault}\n"
            reply["code"] = reply["code"] or 1
    return _say(reply)


def _ask(call: Message) -> Message | None:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(SOCKET)
        reader = Reader()
        while True:
            link.sendall(packed(call))
            reply = receive(link, reader)
            if reply is None or "needs" not in reply:
                return reply
            call["files"][reply["needs"]] = _read(reply["needs"])


def _say(reply: Message) -> int:
    for number, name in ((1, "stdout"), (2, "stderr")):
        rest = reply.get(name, "").encode("utf-8", "replace")
        while rest:
            rest = rest[os.write(number, rest) :]
    return reply["code"]


def _cwd() -> str:
    try:
        return _text(os.getcwdb())
    except FileNotFoundError:
        return os.environ.get("PWD", "/")


def _read(path: str) -> str | None:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            return _text(file.read(MOST) or b"")
    except OSError:
        return None


def _write(path: str, text: str) -> str | None:
    """Leave a file; returns what went wrong."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
    except OSError as fault:
        return fault.strerror
    return None


def _input() -> bytes:
    """The standard input, left where it was if the caller may want to go on with it (`while read name; do ...`)."""
    try:
        what = os.fstat(0)
        if stat.S_ISREG(what.st_mode):
            return os.pread(0, MOST, os.lseek(0, 0, os.SEEK_CUR))
        if not stat.S_ISFIFO(what.st_mode) and not stat.S_ISSOCK(what.st_mode):
            return b""
        given = _all()
        if stat.S_ISFIFO(what.st_mode) and _shared():
            _give_back(given)
    except OSError:
        return b""
    return given


def _all() -> bytes:
    pieces = list[bytes]()
    while piece := os.read(0, 1 << 16):
        pieces.append(piece)
    return b"".join(pieces)[:MOST]


def _shared() -> bool:
    """Whether the caller has the same pipe for its input."""
    try:
        return os.readlink(f"/proc/{os.getppid()}/fd/0") == os.readlink("/proc/self/fd/0")
    except OSError:  # the caller is the machine itself
        return False


def _give_back(given: bytes) -> None:
    """Put what was read into the pipe again, as far as a pipe can hold it."""
    pipe = os.open("/proc/self/fd/0", os.O_WRONLY | os.O_NONBLOCK)
    if len(given) > fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, min(len(given), 1 << 20))
    os.write(pipe, given)
    os.close(pipe)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main())
