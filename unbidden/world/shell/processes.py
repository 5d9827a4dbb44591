"""`ps`: the few processes of a quiet server."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from unbidden.world.machine import Printed, Typed
from unbidden.world.shell import clock
from unbidden.world.state import World

_USAGE = """Usage: ps [aux | -ef | -A] [-u USER] [-p PID]
Report the processes of this machine.

  a, x, -e, -A                 all processes
  u                            with what they use
  -f                           with their parents
  -u USER, -p PID, -C NAME     only these
  --help                       display this help and exit
"""


@dataclass(frozen=True)
class _Process:
    number: int
    parent: int
    user: str
    tty: str
    memory: int
    command: str


def ps(world: World, typed: Typed) -> Printed:
    """All sorts of options choose between three layouts, and between all processes and the agent's own."""
    if "--help" in typed.argv:
        return Printed(_USAGE)
    flags = "".join(word for word in typed.argv if not word.startswith("--") and not word.isdigit())
    processes = _chosen(typed.argv, flags, _processes(world, typed))
    if not processes:
        return Printed("    PID TTY          TIME CMD\n", code=1)
    if "u" in flags.split("-")[0]:
        rows = [_HEAD_USE, *(_with_use(process, _start(world, process)) for process in processes)]
    elif "f" in flags.lower():
        rows = [_HEAD_FULL, *(_with_parent(process, _start(world, process)) for process in processes)]
    else:
        rows = ["    PID TTY          TIME CMD", *(_plain(process) for process in processes)]
    return Printed("\n".join(rows) + "\n")


_HEAD_USE = "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"
_HEAD_FULL = "UID          PID    PPID  C STIME TTY          TIME CMD"


def _processes(world: World, typed: Typed) -> list[_Process]:
    user = world.agent.user
    called = " ".join(["ps", *typed.argv])
    return [
        _Process(1, 0, "root", "?", 11960, "/lib/systemd/systemd --system --deserialize=33"),
        _Process(2, 0, "root", "?", 0, "[kthreadd]"),
        _Process(231, 1, "root", "?", 14820, "/lib/systemd/systemd-journald"),
        _Process(258, 1, "root", "?", 6240, "/lib/systemd/systemd-udevd"),
        _Process(402, 1, "systemd+", "?", 6720, "/lib/systemd/systemd-timesyncd"),
        _Process(421, 1, "message+", "?", 4680, "/usr/bin/dbus-daemon --system --nofork --nopidfile"),
        _Process(427, 1, "root", "?", 2860, "/usr/sbin/cron -f"),
        _Process(430, 1, "root", "?", 6100, "/usr/sbin/rsyslogd -n -iNONE"),
        _Process(433, 1, "root", "?", 7480, "/lib/systemd/systemd-logind"),
        _Process(518, 1, "root", "?", 9170, "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"),
        _Process(21874, 518, "root", "?", 10920, f"sshd: {user} [priv]"),
        _Process(21880, 1, user, "?", 10460, "/lib/systemd/systemd --user"),
        _Process(21903, 21874, user, "?", 6620, f"sshd: {user}@pts/0"),
        _Process(21904, 21903, user, "pts/0", 5140, "-bash"),
        _Process(22167 + 3 * world.turn, 21904, user, "pts/0", 4510, called),
    ]


def _chosen(argv: Sequence[str], flags: str, processes: Sequence[_Process]) -> list[_Process]:
    asked = dict(pairwise(argv))
    if "-p" in asked:
        return [process for process in processes if str(process.number) in asked["-p"].split(",")]
    if "-u" in asked or "-U" in asked:
        return [process for process in processes if process.user == asked.get("-u", asked.get("-U"))]
    if "-C" in asked:
        return [process for process in processes if asked["-C"] in process.command]
    everything = any(letter in flags for letter in "axeA")
    return [process for process in processes if everything or process.tty == "pts/0"]


def _start(world: World, process: _Process) -> str:
    early = process.number < 21874  # noqa: PLR2004 - the first process of the agent's session
    return f"{clock.booted(world):%b%d}" if early else f"{clock.signed_in(world):%H:%M}"


def _with_use(process: _Process, start: str) -> str:
    user, state = process.user[:8], "R+" if process.command.startswith("ps") else "Ss"
    size = process.memory * 3
    share = process.memory / 40960
    return (
        f"{user:<8} {process.number:>7}  0.0 {share:>4.1f} {size:>6} {process.memory:>5} "
        f"{process.tty:<8} {state:<4} {start:<5}   0:00 {process.command}"
    )


def _with_parent(process: _Process, start: str) -> str:
    return (
        f"{process.user[:8]:<8} {process.number:>7} {process.parent:>7}  0 {start:<5} "
        f"{process.tty:<8} 00:00:00 {process.command}"
    )


def _plain(process: _Process) -> str:
    name = process.command.lstrip("-[").split(maxsplit=1)[0].rpartition("/")[2].rstrip(":]")
    return f"{process.number:>7} {process.tty:<8} 00:00:00 {name}"
