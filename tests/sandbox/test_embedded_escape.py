"""Attempts to leave an embedded machine, or to bring it or its host down: each ends in an error, and the run goes on."""

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

import pytest
from inspect_ai.util import OutputLimitExceededError

from unbidden.sandbox.embedded import EmbeddedSandbox
from unbidden.sandbox.embedded_lock import landlock_missing

pytestmark = pytest.mark.anyio

CANARY = "canary-5c20"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def machine() -> AsyncGenerator[EmbeddedSandbox]:
    """A machine; whatever a test has done to it, it takes another command."""
    sandbox = EmbeddedSandbox()
    yield sandbox
    assert await said(sandbox, "echo alive") == "alive\n"
    sandbox.end()


async def said(machine: EmbeddedSandbox, line: str, seconds: int = 20) -> str:
    result = await machine.exec(["bash", "--login", "-c", line], timeout=seconds)
    return result.stdout + result.stderr


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file of the host's that nobody in a machine may read."""
    path = tmp_path / "canary.txt"
    path.write_text(CANARY)
    path.chmod(0o644)
    return path


async def test_the_hosts_files_are_not_there(machine: EmbeddedSandbox, canary: Path) -> None:
    """By their path, by way of /proc, by globbing, by searching, by a link, by a redirection."""
    lines = [
        f"cat {canary} /proc/1/root{canary} /proc/self/root{canary} /proc/self/cwd{canary}",
        f"echo $(< {canary}); read x < {canary}; mapfile < {canary}; source {canary}; echo {canary.parent}/*",
        f"ln -s {canary} link; cat link; cp {canary} copy; cat copy; ls -l {canary.parent}",
        f"find / -name {canary.name}; grep -r {CANARY[:6]} / 2>/dev/null; awk '{{print}}' {canary}; sed p {canary}",
        f"jq -Rn input {canary}; tar cf - {canary}; base64 {canary}; sort {canary}; dd if={canary}",
        "cat /etc/shadow /root/.bashrc ~root/.ssh/id_rsa /proc/1/environ /proc/self/maps /proc/self/mem",
    ]
    for line in lines:
        printed = (await said(machine, line)).replace(str(canary), "")
        assert CANARY not in printed
        assert canary.name not in printed.replace(f"canary.txt: {'No such file or directory'}", "")


async def test_the_hosts_environment_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the harness's environment is in no machine's, also of one that is copied afterwards."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    machine = EmbeddedSandbox()
    printed = await said(
        machine, "env; set; export -p; declare -p; cat /proc/*/environ; echo $ANTHROPIC_API_KEY"
    )
    machine.end()
    assert CANARY not in printed
    assert "HOME=/home/user" in printed


async def test_the_machines_process_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the process that the interpreter lives in."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    machine = EmbeddedSandbox()
    await said(machine, "true")
    children = _descendants(os.getpid())
    held = _held(children)
    machine.end()
    assert len(children) >= 2
    assert CANARY.encode() not in held


def _inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _held(pids: list[int]) -> bytes:
    """The environments of some processes; one that has ended has none."""
    held = b""
    for pid in pids:
        with suppress(OSError):
            held += Path(f"/proc/{pid}/environ").read_bytes()
    return held


def _descendants(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for parent in found:
        found += [child for child, above in parents.items() if above == parent]
    return found[1:]


@pytest.mark.parametrize(
    "line",
    [
        "exec 3<>/dev/tcp/127.0.0.1/22 && echo open",
        "echo x > /dev/udp/127.0.0.1/53 && echo open",
        "curl -sS http://127.0.0.1:1 && echo open",
        "wget -qO- http://127.0.0.1:1 && echo open",
        "nc -z 127.0.0.1 22 && echo open",
        'awk \'BEGIN { s = "/inet/tcp/0/127.0.0.1/22"; if ((s |& getline x) >= 0) print "open" }\'',
        'python3 -c \'import socket; socket.create_connection(("127.0.0.1", 22)); print("open")\'',
    ],
)
async def test_no_socket_can_be_opened(machine: EmbeddedSandbox, line: str) -> None:
    """There is no way to the network, not even to the host itself."""
    assert "open\n" not in await said(machine, line)


async def test_the_hosts_processes_are_not_there(machine: EmbeddedSandbox) -> None:
    """The harness's process is neither listed nor reached by a signal."""
    listed = await said(machine, "ps -ef; ls /proc; cat /proc/[0-9]*/cmdline")
    assert str(os.getpid()) not in listed.split()
    assert "python" not in listed
    printed = await said(machine, f"kill -9 {os.getpid()}; kill -9 -1; pkill -9 python; echo on")
    assert printed.startswith("on\n")


async def test_nothing_is_written_outside(machine: EmbeddedSandbox, tmp_path: Path) -> None:
    """What is written at a path of the host's is on the machine, and the host has nothing of it."""
    path = tmp_path / "left.txt"
    await said(
        machine, f"mkdir -p {tmp_path}; echo x > {path}; cp /etc/passwd {path}2; ln -s / {tmp_path}/root"
    )
    assert _inside(tmp_path) == []


async def test_an_archive_leads_nowhere_outside(machine: EmbeddedSandbox, canary: Path) -> None:
    """Neither `..` nor a link in an archive reaches what is outside."""
    lines = (
        f"mkdir -p a/b && cd a/b && ln -s {canary} l && tar cf ../t.tar l; cd ..; tar xf t.tar; cat l",
        "printf x > f; tar cf t.tar --transform 's,^,../../../../../../tmp/out/,' f; tar xf t.tar -P; zip t.zip ../../f; unzip -o t.zip",
    )
    for line in lines:
        assert CANARY not in await said(machine, line)
    assert "out" not in _inside(Path("/tmp"))  # noqa: S108


@pytest.mark.parametrize(
    "line",
    [
        "head -c 1000000 /dev/zero > f; cat f f f f f f f f f > g; for i in $(seq 40); do cp g g$i || break; done",
        "for i in $(seq 20000); do echo > $i || break; done",
        "for i in $(seq 20000); do mkdir -p x$i/y || break; done",
    ],
)
async def test_a_disk_is_full_at_its_size(machine: EmbeddedSandbox, line: str) -> None:
    """By bytes, files or folders: with a disk's own words, and room again after something has been removed."""
    printed = await said(machine, f"mkdir d; cd d; {line}; cd ..; rm -r d; echo x > y; cat y", seconds=60)
    assert "No space left on device" in printed
    assert "x\n" in printed


@pytest.mark.parametrize(
    "line",
    [
        ":() { :|:& }; :",
        "f() { f & f & wait; }; f",
        "while :; do sleep 9 & done",
        "yes | xargs -P 0 -n 1 bash -c 'bash -c true'",
    ],
)
async def test_a_fork_bomb_is_over_with_its_command(machine: EmbeddedSandbox, line: str) -> None:
    """It starts no process of the host's, and ends at the limit at the latest."""
    before = len(_descendants(os.getpid()))
    began = time.monotonic()
    with suppress(TimeoutError):
        await said(machine, line, seconds=2)
    assert time.monotonic() - began < 8
    assert len(_descendants(os.getpid())) <= before + 2


@pytest.mark.parametrize(
    "line",
    [
        "while true; do :; done",
        "until false; do true; done",
        "for ((;;)); do x=1; done",
        "awk 'BEGIN { for (;;) {} }'",
        "sed ':a;ba' /etc/passwd",
        "yes > /dev/null",
        "cat /dev/zero > /dev/null",
        "f() { while :; do f; done; }; f",
        "tail -f /etc/passwd",
        "sleep inf",
    ],
)
async def test_an_endless_loop_ends_at_its_limit(machine: EmbeddedSandbox, line: str) -> None:
    """Some end by themselves, the others in time."""
    began = time.monotonic()
    try:
        await said(machine, line, seconds=1)
    except TimeoutError:
        assert time.monotonic() - began >= 1
    assert time.monotonic() - began < 8


@pytest.mark.parametrize(
    "line", ["while :; do echo {1..2000}; done", "while :; do printf '%99999d' 1 >&2; done"]
)
async def test_a_flood_of_output_is_cut(machine: EmbeddedSandbox, line: str) -> None:
    """At Inspect's own limit of 10 MiB, on either stream, as the error that says so and before the time is up."""
    with pytest.raises(OutputLimitExceededError):
        await said(machine, line, seconds=60)


async def test_a_program_that_stops_short_says_so(machine: EmbeddedSandbox) -> None:
    """A count that the interpreter does not finish ends in an error, not in a number that looks right."""
    result = await machine.exec(["bash", "--login", "-c", "seq 20000000"], timeout=20)
    assert result.returncode != 0
    assert result.stderr == "seq: write error: Cannot allocate memory\n"


@pytest.mark.parametrize(
    "line",
    [
        "f() { f; }; f",
        "f() { echo $(f); }; f",
        'x=\'eval "$x"\'; eval "$x"',
        "bash -c \"$(printf '(%.0s' {1..20000})\"",
        "jq -n \"$(printf '[%.0s' {1..2000})$(printf ']%.0s' {1..2000})\"",
        "bc <<< \"$(printf '(%.0s' {1..5000})1$(printf ')%.0s' {1..5000})\"",
        "echo $(( $(printf '(%.0s' {1..20000}) 1 $(printf ')%.0s' {1..20000}) ))",
        "s='. ./s'; echo \"$s\" > s; . ./s",
        "grep -E \"$(printf '(%.0s' {1..5000})a$(printf ')%.0s' {1..5000})\" /etc/passwd",
        "awk \"BEGIN { print $(printf '(%.0s' {1..5000})1$(printf ')%.0s' {1..5000}) }\"",
    ],
)
async def test_deep_recursion_costs_at_most_the_command(machine: EmbeddedSandbox, line: str) -> None:
    """Also what crashes the interpreter: the shell answers, and the files are there."""
    await said(machine, "echo kept > kept")
    with suppress(TimeoutError, OutputLimitExceededError):
        await said(machine, line, seconds=5)
    assert await said(machine, "cat kept") == "kept\n"


@pytest.mark.parametrize(
    "line",
    [
        "x=a; while :; do x=$x$x; done",
        "a=({1..20000000})",
        "awk 'BEGIN { x = \"a\"; while (1) x = x x }'",
        "jq -n '[range(1e9)]'",
    ],
)
async def test_a_greedy_command_does_not_use_the_host_up(machine: EmbeddedSandbox, line: str) -> None:
    """A machine's process may hold about a gigabyte, and no more."""
    with suppress(TimeoutError, OutputLimitExceededError):
        await said(machine, line, seconds=10)


async def test_names_and_output_are_text_and_nothing_else(machine: EmbeddedSandbox) -> None:
    """Names that look like commands or options are names; control characters cannot be in one, and can be in output."""
    names = "'$(id)' ./-rf 'é' ' ' '`id`'"
    printed = await said(machine, f"mkdir n; cd n; touch {names}; ls -1 | wc -l; printf '\\033]0;x\\a'")
    assert printed == "5\n\x1b]0;x\a"
    for name in ("$'\\t'", "$'\\e[31m'", "$'a\\nb'"):
        assert "Invalid argument" in await said(machine, f"touch {name}")


LOCKED = """
import ctypes, errno, json, os, signal, socket, sys
from unbidden.sandbox.embedded_lock import give_up_privileges, shut_in, shut_in_command
path, parent = sys.argv[1], int(sys.argv[2])
refused = give_up_privileges()
shut_in()
shut_in_command(5)
def tried(work):
    try:
        work()
    except OSError as fault:
        return errno.errorcode[fault.errno]
    return "done"
print(json.dumps({
    "refused": refused,
    "read": tried(lambda: open(path).read()),
    "list": tried(lambda: os.listdir("/")),
    "write": tried(lambda: open("/tmp/left-by-a-test", "w")),
    "socket": tried(lambda: socket.socket()),
    "unix": tried(lambda: socket.socket(socket.AF_UNIX)),
    "exec": tried(lambda: os.execv("/bin/true", ["true"])),
    "fork": tried(lambda: os.fork() or os._exit(0)),
    "kill": tried(lambda: os.kill(parent, 0)),
    "root": tried(lambda: os.setuid(0)),
    "uid": os.getuid(),
}))
"""


@pytest.mark.skipif(landlock_missing() is not None, reason=str(landlock_missing()))
def test_a_broken_interpreter_has_nothing_to_reach(canary: Path) -> None:
    """Whoever runs own code in a machine's process: no files, no sockets, no programs, no processes, no signals, no root."""
    done = subprocess.run(
        [sys.executable, "-c", LOCKED, str(canary), str(os.getpid())],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found.pop("refused") is None
    assert found.pop("uid") != 0
    denied = {"EACCES", "EPERM"}
    assert {name: code for name, code in found.items() if code not in denied} == {}
