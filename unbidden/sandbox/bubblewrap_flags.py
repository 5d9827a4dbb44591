"""What a bubblewrap machine is made of, as flags for bubblewrap.

The system is the host's own programs, read-only; `/etc` is written for the machine; everything that can be written to lies
on file systems of a fixed size in memory. Nothing of the host's own data is there.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from unbidden.sandbox.bubblewrap_etc import COMMAND, SEARCHED, SMALL, Data, etc
from unbidden.world.machine import Setup

UID = 1000
"""The user's number inside."""

DISK = 256 << 20
"""Bytes that each of the writable places holds."""

SYSTEM = ("/usr/bin", "/usr/sbin", "/bin", "/sbin")

SHARED_MEMORY, SCRATCH = "/dev/shm", ("/tmp", "/var/tmp")  # noqa: S108 - the machine's own

PLAIN = Setup("localhost", "user", "/home/user", {}, (), ())
"""A machine that has not been set up."""


def flags(setup: Setup, client: str, python: Sequence[str], data: Data) -> list[str]:
    """Everything but the program to run.

    Args:
        setup: What is to be there.
        client: The program that stands for the world's commands.
        python: Flags that bring in Python where the host's system has none.
        data: Keeps contents in memory.
    """
    files = [root for root in setup.roots if root in setup.files]
    folders = [root for root in setup.roots if root not in setup.files]
    return [
        *("--unshare-all", "--unshare-user", "--disable-userns", "--uid", str(UID), "--gid", str(UID)),
        *("--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL"),
        *("--hostname", setup.hostname, "--clearenv"),
        *("--setenv", "PATH", SEARCHED, "--setenv", "HOME", setup.home),
        *("--size", str(DISK), "--tmpfs", "/"),
        *[
            flag for folder in folders for flag in _writable(folder, "0755")
        ],  # first: other places may lie in them
        *_system(),
        *("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"),
        *(*_writable(SHARED_MEMORY, "1777"), "--remount-ro", "/dev"),
        *etc(setup, data),
        *("--size", str(SMALL), "--tmpfs", "/usr/local", "--dir", "/usr/local/bin", *python),
        *_commands(setup.commands, client, data),
        *("--remount-ro", "/usr/local", "--remount-ro", "/etc"),
        *("--dir", "/run", "--dir", "/opt", "--dir", "/srv", "--perms", "0700", "--dir", "/root"),
        *("--dir", "/var/log", "--dir", "/var/lib", "--dir", "/var/mail", "--dir", "/var/cache"),
        *("--symlink", "/run", "/var/run"),
        *[flag for folder in SCRATCH for flag in _writable(folder, "1777")],
        *_writable("/home", "0755"),
        *(() if files else ("--remount-ro", "/")),  # a file right below the root needs it to be writable
        *("--chdir", "/"),
    ]


def _writable(path: str, mode: str) -> list[str]:
    return ["--perms", mode, "--size", str(DISK), "--tmpfs", path]


def _system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))


def _commands(names: Sequence[str], client: str, data: Data) -> Iterator[str]:
    """The world's commands win over programs of the same name, whether these are called by name or by path."""
    yield from ("--perms", "0755", "--file", data(client), COMMAND)
    for name in names:
        yield from ("--symlink", os.path.relpath(COMMAND, "/usr/local/bin"), f"/usr/local/bin/{name}")
    for name in names:
        for folder in SYSTEM:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink() and not path.parent.is_symlink():
                yield from ("--perms", "0755", "--ro-bind-data", data(client), str(path))
