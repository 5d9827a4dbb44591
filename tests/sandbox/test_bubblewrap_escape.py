"""Attempts to leave a bubblewrap machine, or to bring it or its host down: each ends in an error, and the machine goes on."""

import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from errno import EAFNOSUPPORT, ENOSYS, EPERM
from pathlib import Path

import pytest
from inspect_ai.util import OutputLimitExceededError

from unbidden.sandbox import bubblewrap_machine
from unbidden.sandbox.bubblewrap import BubblewrapSandbox
from unbidden.sandbox.bubblewrap_flags import DISK, SCRATCH, SHARED_MEMORY
from unbidden.sandbox.bubblewrap_machine import unable
from unbidden.sandbox.bubblewrap_running import LIMITS
from unbidden.sandbox.bubblewrap_seccomp import (
    ARCHITECTURES,
    CLONE,
    CLONE3,
    DENIED,
    NEW_NAMESPACES,
    OTHER_ABI,
    seccomp_filter,
)
from unbidden.sandbox.client import SOCKET
from unbidden.sandbox.supervisor import MOST_CALLERS

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(unable() is not None, reason=str(unable()))]

CANARY = "canary-8d1f"
CALLS = """
import ctypes, json, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *given):
    ctypes.set_errno(0)
    libc.syscall(ctypes.c_long(number), *(ctypes.c_long(value) for value in given or [0] * 6))
    return ctypes.get_errno()
"""
"""Makes system calls as such, past what a library would make of them."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def machine() -> AsyncGenerator[BubblewrapSandbox]:
    """A machine; whatever a test has done to it, it takes another command."""
    sandbox = BubblewrapSandbox()
    yield sandbox
    assert (await sandbox.exec(["bash", "--login", "-c", "echo alive"], timeout=10)).stdout == "alive\n"
    sandbox.end()


@pytest.fixture
def canary() -> Generator[Path]:
    """A file of the host that everybody may read and change."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    file = folder / CANARY
    file.write_text(CANARY)
    file.chmod(0o666)
    yield file
    shutil.rmtree(folder)


def own_namespaces() -> list[str]:
    return [str(path.readlink()) for path in Path("/proc/self/ns").iterdir()]


def content(path: Path) -> str:
    return path.read_text()


def of_process(machine: BubblewrapSandbox, name: str) -> str:
    """What the host's kernel says of a machine's process."""
    running = machine._machine  # noqa: SLF001 - a machine has no other name on the host
    assert running is not None
    return Path(f"/proc/{running.pid}/{name}").read_text()


def uids(machine: BubblewrapSandbox) -> list[str]:
    """Its users on the host."""
    return next(
        line for line in of_process(machine, "status").splitlines() if line.startswith("Uid:")
    ).split()[1:]


async def bash(machine: BubblewrapSandbox, line: str, seconds: int = 20) -> str:
    result = await machine.exec(["bash", "-c", line], timeout=seconds)
    return result.stdout + result.stderr


async def python(machine: BubblewrapSandbox, text: str, *argv: str) -> str:
    result = await machine.exec(["python3", "-c", text, *argv], timeout=20)
    return result.stdout + result.stderr


async def test_the_hosts_files_are_not_there(machine: BubblewrapSandbox, canary: Path) -> None:
    """A file of the host is not found by its path, by a search, or by way of any process."""
    found = await bash(
        machine,
        f"find / -name '{CANARY}' 2>/dev/null; cat /proc/*/root{canary} /proc/*/cwd{canary}",
        seconds=120,  # it looks through all that the host has below /usr
    )
    assert f"\n{CANARY}" not in f"\n{found}"
    with pytest.raises(FileNotFoundError):
        await machine.read_file(str(canary))


async def test_a_link_leads_nowhere_outside(machine: BubblewrapSandbox, canary: Path) -> None:
    """A link or an archive that names a file of the host reaches the machine's own file system."""
    await bash(machine, f"ln -s {canary} link; ln -s / root")
    for name in ("link", f"root{canary}"):
        with pytest.raises(FileNotFoundError):
            await machine.read_file(name)
    await machine.write_file(str(canary), "changed")
    archive = (
        "import io, tarfile, sys\nwith tarfile.open('a.tar', 'w') as tar:\n"
        " for name in (sys.argv[1], '../' * 20 + sys.argv[1]):\n"
        "  item = tarfile.TarInfo(name)\n  item.size = 7\n  tar.addfile(item, io.BytesIO(b'changed'))\n"
    )
    await python(machine, archive, str(canary))
    await bash(machine, "tar -xPf a.tar; cd /; tar -xPf ~/a.tar")
    assert content(canary) == CANARY


async def test_the_hosts_environment_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret of the harness's environment is in no process of the machine, the first one included."""
    monkeypatch.setenv("API_KEY", CANARY)
    machine = BubblewrapSandbox()
    said = await bash(
        machine, "env; cat /proc/*/environ; tr '\\0' '\\n' < /proc/1/environ; ls -l /proc/1/fd /proc/1/cwd"
    )
    outside = of_process(machine, "environ")
    machine.end()
    assert CANARY not in said
    assert outside == ""
    assert said.count("Permission denied") == 4


async def test_the_hosts_processes_are_not_there(machine: BubblewrapSandbox) -> None:
    """Nobody is seen but the machine's own, and the first process cannot be ended, stopped, read or written."""
    said = await bash(
        machine, "ps -eo args --no-headers; kill -9 1; kill -STOP 1; kill -TERM 1; echo x > /proc/1/mem"
    )
    assert said.splitlines()[0] == "/sbin/init"
    assert len([line for line in said.splitlines() if "denied" not in line]) == 3
    assert "/proc/1/mem: Permission denied" in said


async def test_ending_everything_ends_only_the_agents_own(machine: BubblewrapSandbox) -> None:
    """`kill -9 -1` ends the command that says so, and what else was started, and no more."""
    await bash(machine, "sleep 60 > /dev/null 2>&1 &")
    assert (await machine.exec(["bash", "-c", "kill -9 -1"])).returncode == 0
    assert "sleep" not in await bash(machine, "ps -eo comm")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/usr/bin/x", "Read-only file system"),
        ("/usr/local/bin/x", "Read-only file system"),
        ("/etc/passwd", "Read-only file system"),
        ("/x", "Read-only file system"),
        ("/var/log/x", "Read-only file system"),
        ("/dev/x", "Read-only file system"),
        ("/proc/sys/kernel/core_pattern", "Read-only file system"),
        ("/proc/sys/kernel/hostname", "Read-only file system"),
        ("/proc/1/oom_score_adj", "Permission denied"),
    ],
)
async def test_nothing_outside_the_users_places_can_be_written(
    machine: BubblewrapSandbox, path: str, why: str
) -> None:
    """The system and the kernel's switches are not to be written to."""
    result = await machine.exec(["bash", "-c", f"echo x > {path}"])
    assert (result.returncode, result.stderr) == (1, f"bash: line 1: {path}: {why}\n")


async def test_a_machine_has_no_rights_to_lose(machine: BubblewrapSandbox) -> None:
    """No capability, no way to gain any, a filter in force, and on the host an ordinary user."""
    said = await bash(
        machine, "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; mknod n c 1 1; chroot / true"
    )
    lines = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    assert {value for name, value in lines.items() if name.startswith("Cap")} == {"0" * 16}
    assert (lines["NoNewPrivs"], lines["Seccomp"]) == ("1", "2")
    assert said.count("Operation not permitted") == 2
    assert "0" not in uids(machine)


async def test_a_machine_shares_no_namespace_with_its_host(machine: BubblewrapSandbox) -> None:
    """Whatever the kernel can keep apart is kept apart; clocks are told by the world."""
    kinds = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]
    said = await bash(machine, f"for kind in {' '.join(kinds)}; do readlink /proc/self/ns/$kind; done")
    assert len(said.split()) == len(kinds)
    assert set(said.split()) & set(own_namespaces()) == set()


async def test_a_machine_is_not_interrupted_with_its_harness(machine: BubblewrapSandbox) -> None:
    """An interrupt at the harness's terminal goes to its session, to which a machine does not belong."""
    await machine.exec(["true"])
    assert of_process(machine, "stat").rpartition(")")[2].split()[3] != str(os.getsid(0))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts machines as somebody else")
async def test_machines_are_different_users_on_the_host() -> None:
    """What counts per user on the host does not add up over machines."""
    found = set[str]()
    for _ in range(3):
        machine = BubblewrapSandbox()
        await machine.exec(["true"])
        found |= set(uids(machine))
        machine.end()
    assert len(found) == 3


async def test_no_socket_but_the_machines_own(machine: BubblewrapSandbox) -> None:
    """Of all families of sockets only that within the machine exists; AF_VSOCK, which reaches past namespaces, does not."""
    text = (
        "import errno, socket\n"
        "def tried(make, family, kind):\n"
        "  try:\n    made = make(family, kind)\n    return 0\n"
        "  except OSError as fault:\n    return fault.errno\n"
        "found = {(family, tried(make, family, kind)) for family in range(64)\n"
        "  for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)\n"
        "  for make in (socket.socket, socket.socketpair)}\n"
        "print(sorted(errno for family, errno in found if family == 1))\n"
        "print(sorted({errno for family, errno in found if family != 1}))"
    )
    assert await python(machine, text) == f"[0]\n[{EAFNOSUPPORT}]\n"


@pytest.mark.parametrize("name", sorted(DENIED))
def test_every_denied_call_has_its_own_number(name: str) -> None:
    """No call is listed twice under different names, on either kind of computer."""
    for column in range(len(ARCHITECTURES)):
        number = DENIED[name][column]
        same = [
            other for other, numbers in DENIED.items() if number is not None and numbers[column] == number
        ]
        assert same in ([name], [])


async def test_denied_calls_are_denied(machine: BubblewrapSandbox) -> None:
    """Every call of the list fails for want of permission, whatever it is given; an ordinary one does not."""
    column = list(ARCHITECTURES).index(platform.machine())
    numbers = {name: found[column] for name, found in DENIED.items() if found[column] is not None}
    text = f"{CALLS}\nprint(json.dumps({{name: call(number) for name, number in json.loads(sys.argv[1]).items()}}))"
    said = json.loads(await python(machine, text, json.dumps(numbers)))
    assert said == dict.fromkeys(numbers, EPERM)
    assert await python(
        machine, f"{CALLS}\nimport os\nprint(call(int(sys.argv[1])), os.getpgid(0) > 0)", "186"
    ) == ("0 True\n")


async def test_there_is_no_namespace_to_be_made(machine: BubblewrapSandbox) -> None:
    """Neither the tool, nor the calls with any of the flags, nor another numbering of them makes a namespace."""
    column = list(ARCHITECTURES).index(platform.machine())
    flags = [1 << bit for bit in range(32) if NEW_NAMESPACES >> bit & 1]
    text = (
        f"{CALLS}\nprint([call(int(sys.argv[1]), flag | 17, 0, 0, 0, 0) for flag in json.loads(sys.argv[2])])"
    )
    said = await python(machine, text, str(CLONE[column]), json.dumps(flags))
    assert said == f"{[EPERM] * 7}\n"
    assert await python(machine, f"{CALLS}\nprint(call({CLONE3[column]}))") == f"{ENOSYS}\n"
    assert "Operation not permitted" in await bash(machine, "unshare -Ur true")
    if platform.machine() == "x86_64":
        assert await python(machine, f"{CALLS}\nprint(call({OTHER_ABI + 39}))") == f"{EPERM}\n"


async def test_namespaces_are_closed_without_the_filter_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the filter let it pass, the kernel would still make no namespace: there may be none at all."""
    everything_passes = bytes.fromhex("060000000000ff7f")
    monkeypatch.setattr(bubblewrap_machine, "seccomp_filter", lambda _: everything_passes)
    machine = BubblewrapSandbox()
    said = await bash(machine, "unshare -Ur true; unshare -n true; grep Seccomp: /proc/self/status")
    machine.end()
    assert said.count("No space left on device") == 1
    assert said.count("Operation not permitted") == 1


def test_the_filter_knows_both_kinds_of_computers() -> None:
    """A filter is whole instructions that end in one that lets the rest pass; for other computers there is none."""
    for name in ARCHITECTURES:
        program = seccomp_filter(name)
        assert len(program) % 8 == 0
        assert program[-8:] == bytes.fromhex("060000000000ff7f")
    with pytest.raises(KeyError):
        seccomp_filter("riscv64")


@pytest.mark.parametrize("folder", [*SCRATCH, SHARED_MEMORY, "/home/user"])
async def test_a_disk_is_full_at_its_size(machine: BubblewrapSandbox, folder: str) -> None:
    """No more can be written than the place holds; another place is not full, and deleting makes room."""
    path = f"{folder}/f"
    other = next(place for place in SCRATCH if place != folder)
    said = await bash(
        machine,
        f"head -c {2 * DISK} /dev/zero > {path}; stat -c %s {path}; echo ok > {other}/o; cat {other}/o",
    )
    size = int(next(line for line in said.splitlines() if line.isdigit()))
    assert "No space left on device" in said
    assert 0 < size <= DISK
    assert "ok" in said.splitlines()
    assert await bash(machine, f"rm {path}; echo x > {path} && cat {path}") == "x\n"


@pytest.mark.parametrize(
    "line",
    [
        "bomb() { bomb | bomb & }; bomb; sleep 60",
        "python3 -c 'import os\nwhile True:\n try: os.fork()\n except OSError: pass'",
        "while true; do setsid sleep 60 & done",
    ],
)
async def test_a_fork_bomb_is_over_with_its_command(machine: BubblewrapSandbox, line: str) -> None:
    """A program that multiplies meets the limit, and is ended with everything of it at the command's limit."""
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await bash(machine, line, seconds=1)
    assert time.monotonic() - began < 5
    assert (await bash(machine, "ps -eo pid --no-headers | wc -l")).strip() <= "5"


async def test_a_bomb_left_behind_is_cleared(machine: BubblewrapSandbox) -> None:
    """A machine whose processes are used up by what was left running is cleared when the next command begins."""
    many = "import os, time\nfor _ in range(300):\n  if os.fork() == 0: time.sleep(60)"
    await bash(machine, f"setsid python3 -c '{many}' > /dev/null 2>&1")
    assert (await bash(machine, "ps -eo comm --no-headers | grep -c python3")).strip() == "0"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("python3 -c \"x = b'x' * (3 << 30)\"", "MemoryError"),
        ("f() { f; }; f", ""),
        ("python3 -c 'def f(): f()\nf()'", "RecursionError"),
        ("ulimit -n 5000", "cannot modify limit"),
        ("ulimit -u 5000", "cannot modify limit"),
        ("eval $(printf '(%.0s' $(seq 100000))", ""),
    ],
)
async def test_a_greedy_program_fails_by_itself(machine: BubblewrapSandbox, line: str, said: str) -> None:
    """Memory, stack and numbers of files and processes are limited; the limits cannot be raised."""
    result = await machine.exec(["bash", "-c", line], timeout=20)
    assert result.returncode != 0
    assert said in result.stderr


async def test_an_endless_loop_ends_at_its_limit(machine: BubblewrapSandbox) -> None:
    """A program that ignores every signal it can is ended all the same."""
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await bash(machine, "trap '' TERM INT HUP; while :; do :; done", seconds=1)
    assert 1 <= time.monotonic() - began < 3


async def test_a_flood_of_output_is_cut(machine: BubblewrapSandbox) -> None:
    """A hundred megabytes of output are an error soon, and are not kept."""
    began = time.monotonic()
    with pytest.raises(OutputLimitExceededError) as over:
        await bash(machine, "head -c 100000000 /dev/zero", seconds=60)
    assert time.monotonic() - began < 10
    assert len(str(over.value.truncated_output)) == 10 << 20


async def test_names_and_output_may_hold_anything(machine: BubblewrapSandbox) -> None:
    """Codes that steer a terminal and bytes that are no text come through as what they are, or as a replacement."""
    name = "\x1b]0;title\x07\x1b[31m"
    await machine.write_file(name, "x")
    assert await machine.read_file(name) == "x"
    assert await bash(machine, "ls --show-control-chars -N; printf '\\xff\\x00'") == f"{name}\n\ufffd\x00"


@pytest.mark.parametrize(
    "sent",
    [
        "b'\\xff' * 100",
        "b'\\0\\0\\0\\2[]'",
        "b'\\0\\0\\0\\2{}'",
        "b'\\0\\0\\0\\3' + b'{{{'",
        "b'\\0\\1\\x86\\xa0' + b'[' * 100000",
        "b'\\0\\0\\0\\5'",
    ],
)
async def test_nonsense_instead_of_a_call_is_hung_up_on(machine: BubblewrapSandbox, sent: str) -> None:
    """Whoever sends the machine what is no call is not answered; the machine is not impressed."""
    text = (
        "import socket, sys\nlink = socket.socket(socket.AF_UNIX)\n"
        f"link.connect({SOCKET!r})\nlink.sendall({sent})\nlink.shutdown(socket.SHUT_WR)\n"
        "link.settimeout(5)\ntry:\n  print(link.recv(10))\nexcept ConnectionResetError:\n  print(b'')"
    )
    assert await python(machine, text) == "b''\n"


async def test_callers_without_end_do_not_use_the_machine_up(machine: BubblewrapSandbox) -> None:
    """Of many connections so many are held open, the others hung up on; all end with their program."""
    text = (
        "import socket, sys\nmost = int(sys.argv[1])\n"
        "links = [socket.socket(socket.AF_UNIX) for _ in range(most + 100)]\n"
        f"for link in links: link.connect({SOCKET!r}); link.settimeout(5)\n"
        "print({link.recv(1) for link in links[most:]})\n"
        "for link in links[:most]: link.sendall(b'x')\nprint(most)"
    )
    for _ in range(2):
        assert await python(machine, text, str(MOST_CALLERS)) == f"{{b''}}\n{MOST_CALLERS}\n"


def test_the_limits_are_those_of_small_programs() -> None:
    """No limit is left open."""
    assert all(0 <= most < 1 << 32 for _, most in LIMITS)
