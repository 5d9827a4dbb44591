"""What a machine's process gives up before it runs anything of the agent's. Linux; elsewhere only the limits hold.

The interpreter has no way out by design; this is for the case that it is broken into. Landlock takes away every file, TCP and
the signals to others, seccomp takes away programs and sockets, and root gives up being root. Both kernel interfaces are called
directly: what of libraries installs without a compiler either needs libseccomp on the host, knows neither sockets nor
signals (landlock 1.0.0.dev5), or brings 13 MB for one call (sandlock 0.9.0).
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from errno import ENOSYS, EPERM
from functools import cache

from unbidden.sandbox.bubblewrap_seccomp import ARCHITECTURES, CLONE, CLONE3, seccomp_filter

NOBODY = 65534

DENIED = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "memfd_create": (319, 279),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
}
"""Calls that no machine makes, beside those that `bubblewrap_seccomp` denies; their numbers on x86_64 and aarch64."""

FORKS = {"fork": (57, None), "vfork": (58, None), "kill": (62, 129)}
"""Calls that the process of a command does not make either."""

MEMORY = 1 << 30
"""Bytes of address space of a machine: its disk holds at most 100 MB, the rest is for what runs."""

OPEN_FILES = 64

PROCESSES = 4096
"""Of one user of the host; where there is seccomp, a command cannot start any at all."""

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_THREAD = 0x00010000
_RETURN, _LOAD, _EQUAL, _ANY_BIT = 0x06, 0x20, 0x15, 0x45
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_FIRST_ARGUMENT = 16


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("others", ctypes.c_uint64))


def give_up_privileges() -> str | None:
    """For the process that machines are forked from: no root, no programs, no sockets.

    Returns:
        What could not be given up, and why.
    """
    os.chdir("/")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    refused = list[str]()
    if os.geteuid() == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        except OSError as fault:
            refused.append(f"it stays root ({fault.strerror})")
    if sys.platform != "linux":
        refused.append(f"there is no seccomp on {sys.platform}")
    elif platform.machine() not in ARCHITECTURES:
        refused.append(
            f"the seccomp filter knows only {' and '.join(ARCHITECTURES)}, not {platform.machine()}"
        )
    else:
        _for_commands()  # built once, for all copies of this process
        refused += _filtered(seccomp_filter(platform.machine())) or _filtered(_denial(DENIED))
    return "; ".join(refused) or None


def landlock_missing() -> str | None:
    """Why files, network and signals cannot be taken away by Landlock; `None` if they can."""
    if sys.platform != "linux":
        return f"there is no Landlock on {sys.platform}"
    if (version := _landlock_version()) < 1:
        return "the kernel has no Landlock (Linux 5.13 or later, with landlock among its security modules)"
    return None if version >= _SIGNALS else f"the kernel's Landlock (version {version}) knows no signals"


def shut_in() -> None:
    """For a machine: no files, no network, no signals to other processes, and limits on the rest."""
    if sys.platform == "linux" and (version := _landlock_version()) >= 1:
        _restrict(version)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_NPROC, PROCESSES)
    _limit(resource.RLIMIT_AS, MEMORY)


def shut_in_command(seconds: float) -> None:
    """For the process of one command: no further processes, only threads, and so much time of the processor."""
    _limit(resource.RLIMIT_CPU, int(seconds) + 5)
    if sys.platform == "linux" and platform.machine() in ARCHITECTURES:
        _filtered(_for_commands())


@cache
def _for_commands() -> bytes:
    return _denial(FORKS, only_threads=True)


_NETWORK, _SIGNALS = 4, 6
"""From which version on Landlock knows TCP, and signals and abstract sockets."""


def _restrict(version: int) -> None:
    files = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    rules = _Ruleset((1 << files) - 1, 3 if version >= _NETWORK else 0, 3 if version >= _SIGNALS else 0)
    libc = _libc()
    size = 24 if version >= _SIGNALS else 16 if version >= _NETWORK else 8
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _landlock_version() -> int:
    return _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    with suppress(ValueError, OSError):  # macOS knows some of them only by name
        resource.setrlimit(what, (most, most))


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _denial(calls: Mapping[str, tuple[int, int | None]], *, only_threads: bool = False) -> bytes:
    """A filter that refuses some calls. The one that is always there has looked at the architecture already."""
    column = list(ARCHITECTURES).index(platform.machine())
    program = _step(_LOAD, 0)
    for numbers in calls.values():
        if (number := numbers[column]) is not None:
            program += _step(_EQUAL, number, over_if_not=1) + _step(_RETURN, _ERRNO | EPERM)
    if only_threads:
        program += _step(_EQUAL, CLONE3[column], over_if_not=1) + _step(_RETURN, _ERRNO | ENOSYS)
        program += _step(_EQUAL, CLONE[column], over_if_not=3) + _step(_LOAD, _FIRST_ARGUMENT)
        program += _step(_ANY_BIT, _THREAD, over_if=1) + _step(_RETURN, _ERRNO | EPERM)
    return program + _step(_RETURN, _ALLOW)


def _step(code: int, value: int, *, over_if: int = 0, over_if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, over_if, over_if_not, value)


def _filtered(program: bytes) -> list[str]:
    """Have the kernel apply a filter; why it does not, where it does not."""
    libc = _libc()
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    argument = _Program(len(program) // 8, program)
    if libc.prctl(_SECCOMP, _FILTER, ctypes.byref(argument), 0, 0) == 0:
        return []
    return [f"the kernel takes no seccomp filter ({os.strerror(ctypes.get_errno())})"]
