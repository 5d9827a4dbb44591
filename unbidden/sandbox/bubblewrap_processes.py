"""The processes of a machine, as its first one sees them. Standard library only, runs in the machine."""

import ctypes
import os
import signal
import time
from pathlib import Path

PR_SET_DUMPABLE = 4

BOMB = 50
"""Processes that are too many to be ended one by one: they might start others faster."""


def processes() -> dict[int, tuple[int, str]]:
    """Every living process of the machine but the first: its parent, and when it began."""
    found: dict[int, tuple[int, str]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and folder.name != "1":
            try:
                fields = _stat(folder)
            except OSError:
                continue
            if fields[0] not in {"Z", "X"}:
                found[int(folder.name)] = (int(fields[1]), fields[19])
    return found


def kill_since(before: dict[int, tuple[int, str]]) -> None:
    """End every process that neither ran before nor comes from one that did."""
    for _ in range(500):
        now = processes()
        kept = {pid for pid, (_, began) in now.items() if pid in before and before[pid][1] == began}
        mine = [pid for pid in now if not _comes_from(pid, kept, now)]
        if not mine:
            return
        if len(mine) > BOMB:
            break
        for pid in mine:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        _reap()
        time.sleep(0.002)
    kill_all()


def kill_all() -> None:
    """End every process but this one, at one stroke, so that none can start another in the meantime."""
    for _ in range(1000):
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return
        _reap()
        if not processes():
            return
        time.sleep(0.001)


def _comes_from(pid: int, kept: set[int], now: dict[int, tuple[int, str]]) -> bool:
    while pid in now:
        if pid in kept:
            return True
        pid = now[pid][0]
    return False


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def ended_children() -> int:
    """A pipe that can be read whenever a process has ended."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _noticed)
    return reading


def _noticed(signal_number: int, frame: object) -> None:
    """A signal that is handled interrupts a wait; the pipe says the rest."""


def look_ordinary(title: str) -> None:
    """Be listed under a usual name, and have nothing read or changed in this process by those it runs."""
    own = Path("/proc/self")
    (own / "oom_score_adj").write_text(
        "1000"
    )  # if memory runs out, it is a machine that ends and nothing else
    begins, ends = (int(field) for field in _stat(own)[45:47])
    with (own / "mem").open("r+b", buffering=0) as memory:
        memory.seek(begins)
        memory.write(title.encode()[: ends - begins - 1].ljust(ends - begins, b"\0"))
    (own / "comm").write_text(Path(title).name)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _stat(folder: Path) -> list[str]:
    """What the kernel says of a process, from its state on: its name before that may hold anything."""
    return (folder / "stat").read_bytes().rpartition(b")")[2].decode().split()
