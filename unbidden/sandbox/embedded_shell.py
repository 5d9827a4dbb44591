"""An embedded machine as it is set up: the interpreter, its disk, and what makes them a computer of the world's.

What was found out about the interpreter (bashkit 0.20.1), and is held off here:

- A pipeline in which each program can stream, with one of them in a command substitution (`cat f | mail $(cat to)`), loses the
  input. Programs that are called by their path do not stream: `cat` and `grep` are aliases for theirs.
- It parses scripts in a thread, which a copy of its process lacks and waits for. So the process of a machine never
  runs a command of the agent's: each runs in a copy, which ends with it.
"""

import posixpath
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from bashkit import Bash, BuiltinContext, ExecutionProfile, FileSystem

from unbidden.sandbox.embedded_builtins import STRANGE, Clock, builtins, program
from unbidden.sandbox.embedded_disk import Disk
from unbidden.sandbox.embedded_etc import EMPTY, PROGRAM, SEARCHED, etc, proc
from unbidden.sandbox.wire import Message

PLAIN: Message = {
    "hostname": "localhost",
    "user": "user",
    "home": "/home/user",
    "files": {},
    "roots": [],
    "commands": [],
}
"""A machine that was never set up for a world."""

MANY = 10**12
"""Commands and rounds of a loop: what ends them is the time limit."""

VARIABLES = 256 << 20
"""Bytes that the interpreter keeps in variables."""

PROGRAM_MODE = 0o755

_READY = (
    "shopt -s expand_aliases; alias cat=/usr/bin/cat grep=/usr/bin/grep; "
    "BASH_VERSINFO[5]=x86_64-pc-linux-gnu; BASH=/bin/bash"
)


class Stock:
    """The programs that all machines have, built once."""

    def __init__(self) -> None:
        found = Bash().fs().read_dir("/usr/bin")
        names = [entry["name"] for entry in found if entry["name"] not in STRANGE]
        self.usr, self.binaries = _empty(), _empty()
        for folder in ("bin", "games", "lib", "local/bin", "sbin", "share"):
            self.usr.mkdir(f"/{folder}", recursive=True)
        for name in [*names, "mount", "whereis"]:
            self.add(name, program(name))

    def add(self, name: str, content: bytes) -> None:
        """A program, at both places where programs lie."""
        for files, path in ((self.usr, f"/bin/{name}"), (self.binaries, f"/{name}")):
            files.write_file(path, content)
            files.chmod(path, PROGRAM_MODE)


@dataclass
class Shell:
    """A machine that has been set up."""

    bash: Bash
    disk: Disk
    clock: Clock
    over: Event
    user: str
    hostname: str
    home: str


def set_up(setup: Message, stock: Stock, call: Callable[[BuiltinContext], Any]) -> Shell:
    """Set a machine up afresh.

    Args:
        setup: The protocol's `boot`.
        stock: What all machines have; it is added to.
        call: Answers the world's commands.
    """
    user, hostname, home = setup["user"], setup["hostname"], setup["home"]
    clock, over, chosen = Clock(), Event(), dict[str, int]()
    commands: dict[str, Any] = dict(builtins(user, hostname, clock, over, chosen))
    for name in setup["commands"]:
        stock.add(name, PROGRAM)
        commands |= {name: call, f"/usr/bin/{name}": call, f"/bin/{name}": call}
    bash = Bash(
        username=user,
        hostname=hostname,
        cwd=home,
        env=_environment(user, home),
        max_commands=MANY,
        max_loop_iterations=MANY,
        max_memory=VARIABLES,
        custom_builtins=commands,
        profile=ExecutionProfile.Interactive,
    )
    _mount_system(bash, stock, {"/etc": etc(user, home, hostname), "/proc": proc(hostname)})
    shell = Shell(bash, Disk(bash.fs(), setup["roots"], chosen), clock, over, user, hostname, home)
    _fill(shell, setup)
    bash.execute_sync(_READY)
    shell.disk.rebase()
    return shell


def stamp(shell: Shell, moments: Mapping[str, float]) -> None:
    """Date files, to the second: the file system itself offers no way to."""
    at: dict[int, list[str]] = {}
    for path, moment in moments.items():
        at.setdefault(int(moment), []).append(shlex.quote(path))
    if at:
        lines = [f"touch -c -d @{second} -- {' '.join(paths)}" for second, paths in at.items()]
        shell.bash.execute_sync("\n".join(lines))


def folders_of(paths: Sequence[str], roots: Sequence[str]) -> dict[str, list[str]]:
    """The folders up to their root that some files lie in, each with its files."""
    found: dict[str, list[str]] = {}
    for path in paths:
        above = posixpath.dirname(path)
        while any(above == root or above.startswith(f"{root}/") for root in roots):
            found.setdefault(above, []).append(path)
            above = posixpath.dirname(above)
    return found


def _environment(user: str, home: str) -> dict[str, str]:
    own = {"HOME": home, "USER": user, "LOGNAME": user, "SHELL": "/bin/bash"}
    return own | {"PATH": SEARCHED, "LANG": "C.UTF-8", "TERM": "dumb", "MAIL": f"/var/mail/{user}"}


def _mount_system(bash: Bash, stock: Stock, folders: Mapping[str, Mapping[str, str]]) -> None:
    """What belongs to the system, which nobody here may change."""
    bash.mount("/usr", stock.usr, read_only=True)
    bash.mount("/bin", stock.binaries, read_only=True)
    for place, texts in folders.items():
        files = _empty()
        for name, text in texts.items():
            files.mkdir(posixpath.dirname(f"/{name}"), recursive=True)
            files.write_file(f"/{name}", text.encode())
        bash.mount(place, files, read_only=True)


def _fill(shell: Shell, setup: Message) -> None:
    files, disk = shell.disk.files, shell.disk
    for folder in (*EMPTY, shell.home.strip("/")):
        files.mkdir(f"/{folder}", recursive=True)
    files.chmod("/root", 0o700)
    for stray in ("/home/user", "/home/sandbox"):
        if stray != shell.home and not shell.home.startswith(f"{stray}/") and files.exists(stray):
            files.remove(stray, recursive=True)
    for root in setup["roots"]:
        if root not in setup["files"]:
            files.mkdir(root, recursive=True)
    moments: dict[str, float] = {}
    for path, (content, mode, modified) in setup["files"].items():
        disk.write(path, content.encode(), mode)
        moments[path] = modified
    for folder, inside in folders_of(list(moments), setup["roots"]).items():
        moments[folder] = max(moments[path] for path in inside)
    stamp(shell, moments)


def _empty() -> FileSystem:
    """A file system without the folders that a new one has."""
    files = FileSystem()
    for entry in files.read_dir("/"):
        files.remove(f"/{entry['name']}", recursive=True)
    return files
