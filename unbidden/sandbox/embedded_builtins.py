"""Commands of an embedded machine that its interpreter lacks, or answers in a way that no Debian computer does."""

import asyncio
import shlex
import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from bashkit import BuiltinContext, BuiltinResult

from unbidden.sandbox.embedded_chmod import chmod
from unbidden.sandbox.embedded_etc import BUILT, KERNEL
from unbidden.sandbox.embedded_listing import Listing

_STRANGE = "assert busybox csv curl dotenv http json log nano parallel retry rg semver template tomlq verify vi wget yaml yq"
STRANGE = frozenset(_STRANGE.split())
"""Commands of the interpreter's that no minimal Debian has; the world may bring some of them itself."""

_INSIDE = (
    ". : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo enable "
    "eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read "
    "readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias unset wait"
)
INSIDE = _INSIDE.split()
"""What bash itself knows."""

_LS_HELP = """\
Usage: ls [OPTION]... [FILE]...
List information about the FILEs (the current directory by default).
Sort entries alphabetically if none of -cftuvSUX nor --sort is specified.

  -a, --all                  do not ignore entries starting with .
  -A, --almost-all           do not list implied . and ..
  -d, --directory            list directories themselves, not their contents
  -F, --classify             append indicator (one of */=>@|) to entries
  -h, --human-readable       with -l and -s, print sizes like 1K 234M 2G etc.
  -l                         use a long listing format
  -n, --numeric-uid-gid      like -l, but list numeric user and group IDs
  -r, --reverse              reverse order while sorting
  -R, --recursive            list subdirectories recursively
  -S                         sort by file size, largest first
  -t                         sort by time, newest first
  -1                         list one file per line
"""

Builtin = Callable[[BuiltinContext], Any]


class Clock:
    """The world's time inside a machine.

    The file system knows only the host's clock, until a command has ended and its files are dated. What carries a date of the
    host's shows as of the world's present.
    """

    def __init__(self) -> None:
        self._started = self._began = time.time()
        self._now: float | None = None

    def begin(self, now: float | None) -> None:
        """A command begins, at a moment of the world's."""
        self._began, self._now = time.time(), now

    def is_hosts(self, moment: float) -> bool:
        """Whether a moment is one of this machine's life on the host."""
        return self._started <= moment <= time.time() + 1

    def shown(self, moment: float) -> float:
        """The moment of a file's last change, as the machine shows it."""
        if self._now is None or not self.is_hosts(moment):
            return moment
        return self._now + max(0.0, moment - self._began)


def builtins(
    user: str, hostname: str, clock: Clock, over: Event, chosen: dict[str, int]
) -> Mapping[str, Builtin]:
    """Commands by name.

    Args:
        user: The machine's user.
        hostname: The machine's name.
        clock: The world's time.
        over: Set when the command's time is over.
        chosen: Where `chmod` notes the modes that it sets.
    """

    def ls(context: BuiltinContext) -> BuiltinResult:
        match context.argv:
            case ["--help"]:
                return BuiltinResult(_LS_HELP)
            case ["--version"]:
                return BuiltinResult("ls (GNU coreutils) 9.1\n")
            case _:
                return Listing(context, user, clock.shown).result()

    def uname(context: BuiltinContext) -> BuiltinResult:
        return _uname(context, hostname)

    async def sleep(context: BuiltinContext) -> BuiltinResult:
        return await _sleep(context, over)

    own: dict[str, Builtin] = {"ls": ls, "uname": uname, "sleep": sleep, "help": _help, "enable": _enable}
    own["chmod"] = lambda context: chmod(context, chosen)
    own |= {"df": _df, "mount": _mount, "whereis": _whereis}
    return {**dict.fromkeys(STRANGE, _missing), **own}


def _missing(context: BuiltinContext) -> BuiltinResult:
    return BuiltinResult("", f"bash: line 1: {context.name}: command not found\n", 127)


def _uname(context: BuiltinContext, hostname: str) -> BuiltinResult:
    fields = {"s": "Linux", "n": hostname, "r": KERNEL, "v": BUILT, "m": "x86_64", "o": "GNU/Linux"}
    long = {
        "--all": "a",
        "--kernel-name": "s",
        "--nodename": "n",
        "--kernel-release": "r",
        "--kernel-version": "v",
    }
    long |= {"--machine": "m", "--operating-system": "o"}
    letters = "".join(long.get(word, word.removeprefix("-")) for word in context.argv) or "s"
    letters = letters.replace("a", "snrvmo").replace("p", "").replace("i", "")
    unknown = next((letter for letter in letters if letter not in fields), None)
    if unknown is not None:
        return BuiltinResult(
            "", f"uname: invalid option -- '{unknown}'\nTry 'uname --help' for more information.\n", 1
        )
    return BuiltinResult(" ".join(value for name, value in fields.items() if name in letters) + "\n")


async def _sleep(context: BuiltinContext, over: Event) -> BuiltinResult:
    """Wait as long as the command may run: the interpreter's own cannot be interrupted."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if not context.argv:
        return BuiltinResult("", "sleep: missing operand\nTry 'sleep --help' for more information.\n", 1)
    seconds = 0.0
    for word in context.argv:
        try:
            seconds += float(word[:-1]) * units[word[-1]] if word[-1:] in units else float(word)
        except ValueError:
            hint = "Try 'sleep --help' for more information.\n"
            return BuiltinResult("", f"sleep: invalid time interval '{word}'\n{hint}", 1)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and not over.is_set():  # noqa: ASYNC110 - set by another thread
        await asyncio.sleep(min(left, 0.02))
    return BuiltinResult()


def _help(context: BuiltinContext) -> BuiltinResult:
    topics = [word for word in context.argv if not word.startswith("-")]
    if not topics:
        head = "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nThese shell commands are defined internally.\n"
        return BuiltinResult(head + "".join(f" {name}\n" for name in INSIDE))
    if unknown := next((topic for topic in topics if topic not in INSIDE), None):
        reason = (
            f"no help topics match `{unknown}'.  Try `help help' or `man -k {unknown}' or `info {unknown}'."
        )
        return BuiltinResult("", f"bash: line 1: help: {reason}\n", 1)
    return BuiltinResult("".join(f"{topic}: {topic} [arguments]\n" for topic in topics))


def _enable(context: BuiltinContext) -> BuiltinResult:
    names = [word for word in context.argv if not word.startswith("-")]
    if unknown := next((name for name in names if name not in INSIDE), None):
        return BuiltinResult("", f"bash: line 1: enable: {unknown}: not a shell builtin\n", 1)
    return BuiltinResult("" if names else "".join(f"enable {name}\n" for name in INSIDE))


def _df(context: BuiltinContext) -> BuiltinResult:
    size, used = 41_152_736, 5_214_880
    letters = {letter for word in context.argv if word.startswith("-") for letter in word}
    if letters & {"h", "H"}:
        return BuiltinResult(
            "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        40G  5.0G   33G  14% /\n"
        )
    free = size - used - 2_100_000
    head = "Filesystem     1K-blocks    Used Available Use% Mounted on\n"
    return BuiltinResult(f"{head}/dev/sda1       {size} {used}  {free}  14% /\n")


def _mount(context: BuiltinContext) -> BuiltinResult:
    if context.argv and context.argv[0] != "-l":
        return BuiltinResult("", f"mount: {context.argv[-1]}: must be superuser to use mount.\n", 32)
    return BuiltinResult(
        "/dev/sda1 on / type ext4 (rw,relatime,errors=remount-ro)\n"
        "proc on /proc type proc (rw,nosuid,nodev,noexec,relatime)\n"
        "sysfs on /sys type sysfs (rw,nosuid,nodev,noexec,relatime)\n"
    )


def _whereis(context: BuiltinContext) -> BuiltinResult:
    lines = list[str]()
    for name in context.argv:
        path = f"/usr/bin/{name}"
        lines.append(f"{name}: {path}\n" if context.fs.exists(path) else f"{name}:\n")
    return BuiltinResult("".join(lines))


def program(name: str) -> bytes:
    """What lies below `/usr/bin` for a command of the interpreter's, and calls it."""
    return f'#!/bin/sh\nexec {shlex.quote(name)} "$@"\n'.encode()
