"""Embedded machines as the world's hosts see them: commands, files, time, and what is left behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
from inspect_ai.util import (
    OutputLimitExceededError,
    SandboxUnavailableError,
    SandboxUserUnsupportedError,
)
from inspect_ai.util._sandbox.limits import override_max_exec_output_size

from unbidden.sandbox import zygote
from unbidden.sandbox.embedded import EmbeddedSandbox
from unbidden.sandbox.embedded_supervision import (
    ABORTED,
    BROKEN,
    GREEDY,
    BrokenError,
    Harness,
    Supervision,
)
from unbidden.sandbox.wire import to_bytes
from unbidden.world.machine import Change, NeedsFileError, Placed, Printed, Settled, Setup, Typed

pytestmark = pytest.mark.anyio

NOON = 1_740_000_000.0
LOTS = "/stock/lots.csv"
LEAVES = {"fetch", "date"}
NAMES = ("mail", "attach", "fetch", "date", "useradd")


@dataclass
class Office:
    """A world whose `mail` tells what it was given, whose `attach` reads a file and whose `fetch` leaves one."""

    heard: list[Typed | Change] = field(default_factory=list[Typed | Change])
    sealed: dict[str, Change] = field(default_factory=dict[str, Change])
    arrived: list[Change] = field(default_factory=list[Change])
    now: float = NOON
    files: dict[str, Placed] = field(
        default_factory=lambda: {
            LOTS: Placed("lot;use by\n", 0o644, NOON - 60),
            "/stock/old/audit.txt": Placed("signed\n", 0o444, NOON - 3600),
        }
    )
    roots: Sequence[str] = ("/stock",)

    def setup(self) -> Setup:
        return Setup("ws-14", "a.hart", "/home/a.hart", self.files, self.roots, NAMES)

    def answer(self, typed: Typed) -> Printed:
        if typed.name == "attach" and typed.argv[0] not in typed.files:
            raise NeedsFileError(typed.argv[0])
        self.heard.append(typed)
        match typed.name:
            case "attach":
                return Printed(f"{typed.files[typed.argv[0]]!r}\n")
            case "fetch":
                return Printed(files={typed.argv[0]: "fetched\n"})
            case "date":
                return Printed("Wed Feb 19 21:20:00 UTC 2025\n")
            case _:
                return Printed(f"sent {typed.stdin!r}\n", "queued\n", 3 if "nobody" in typed.argv else 0)

    def settle(self, changes: Sequence[Change]) -> Settled:
        self.heard += changes
        refused = [change.path for change in changes if change.path in self.sealed]
        return Settled(
            [self.sealed[path] for path in refused], [f"{path}: Permission denied" for path in refused]
        )

    def arrivals(self) -> Sequence[Change]:
        arrived, self.arrived = self.arrived, []
        return arrived

    def clock(self) -> float:
        return self.now

    def calls(self) -> list[tuple[str, list[str], str]]:
        typed = [event for event in self.heard if isinstance(event, Typed)]
        return [(event.name, list(event.argv), event.stdin) for event in typed]

    def changes(self) -> list[Change]:
        return [event for event in self.heard if isinstance(event, Change)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
async def machine(office: Office) -> AsyncGenerator[EmbeddedSandbox]:
    sandbox = EmbeddedSandbox()
    await sandbox.serve(office)
    yield sandbox
    sandbox.end()


async def bash(machine: EmbeddedSandbox, line: str, seconds: int = 20) -> str:
    """What a line prints, both streams in one."""
    result = await machine.exec(["bash", "--login", "-c", line], timeout=seconds)
    return result.stdout + result.stderr


@pytest.mark.parametrize(
    ("line", "argv", "stdin"),
    [
        ("mail -s 'two words' bob", ["-s", "two words", "bob"], ""),
        ("mail '' '*' '$HOME'", ["", "*", "$HOME"], ""),
        ("echo text | mail bob", ["bob"], "text\n"),
        ("mail bob < /stock/lots.csv", ["bob"], "lot;use by\n"),
        ("mail bob <<< here", ["bob"], "here\n"),
        ("mail bob <<'END'\n$HOME\nEND", ["bob"], "$HOME\n"),
        ("mail bob <<END\n$USER\nEND", ["bob"], "a.hart\n"),
        ("cat /stock/lots.csv | mail bob", ["bob"], "lot;use by\n"),
        ("echo bob > to; cat /stock/lots.csv | mail $(cat to)", ["bob"], "lot;use by\n"),
        ('echo bob > to; grep lot /stock/lots.csv | mail "$(grep b to)"', ["bob"], "lot;use by\n"),
        ("echo bob > to; cat /stock/lots.csv | { mail `cat to`; }", ["bob"], "lot;use by\n"),
        ("echo bob > to; f() { cat $1 | mail $(cat to); }; f /stock/lots.csv", ["bob"], "lot;use by\n"),
        ("sh -c 'echo text | mail bob; true'", ["bob"], "text\n"),
        ("echo text | sh -c 'mail bob; true'", ["bob"], "text\n"),
        ("env A=1 mail bob", ["bob"], ""),
        ("A=1 mail bob", ["bob"], ""),
        ("command mail bob", ["bob"], ""),
        ("\\mail bob", ["bob"], ""),
        ("exec mail bob", ["bob"], ""),
        ("eval 'mail bob'", ["bob"], ""),
        ("sudo mail bob", ["bob"], ""),
        ("timeout 5 mail bob", ["bob"], ""),
        ("nohup mail bob", ["bob"], ""),
        ("nice mail bob", ["bob"], ""),
        ("time mail bob", ["bob"], ""),
        ("echo bob | xargs mail", ["bob"], ""),
        ("find /stock -name lots.csv -exec mail {} +", ["/stock/lots.csv"], ""),
        ("find /stock -name lots.csv -exec mail {} \\;", ["/stock/lots.csv"], ""),
        ("f() { mail bob; }; f", ["bob"], ""),
        ("x=$(mail bob)", ["bob"], ""),
        ("m=mail; $m bob", ["bob"], ""),
        ("mail bob & wait", ["bob"], ""),
        ("(mail bob) | cat", ["bob"], ""),
        ("if true; then echo text; fi | mail bob", ["bob"], "text\n"),
        ("printf 'mail bob' > s.sh && bash s.sh", ["bob"], ""),
        ("printf 'mail bob' > s.sh && . ./s.sh", ["bob"], ""),
        ("printf '#!/bin/bash\\nmail bob' > s && chmod +x s && ./s", ["bob"], ""),
        ("/usr/bin/mail bob", ["bob"], ""),
        ("/bin/mail bob", ["bob"], ""),
        ("PATH=/nowhere /usr/bin/mail bob", ["bob"], ""),
        ("mail 'caf\u00e9 \x1b[31m'", ["caf\u00e9 \x1b[31m"], ""),
        ("mail bob 0<&-", ["bob"], ""),
    ],
)
async def test_a_command_reaches_the_world_however_it_is_run(
    machine: EmbeddedSandbox, office: Office, line: str, argv: list[str], stdin: str
) -> None:
    """By hand, in a pipe, from a script, through another program: the world gets the arguments and the input."""
    await bash(machine, line)
    assert office.calls() == [("mail", argv, stdin)]


async def test_the_answer_is_what_a_program_would_print(machine: EmbeddedSandbox) -> None:
    """Both streams and the exit code are the world's, and go where the shell sends them."""
    result = await machine.exec(["bash", "-c", "mail nobody > out; echo $?; cat out"])
    assert (result.stdout, result.stderr) == ("3\nsent ''\n", "queued\n")


async def test_a_command_is_told_where_it_runs(machine: EmbeddedSandbox, office: Office) -> None:
    """Relative paths are resolved by the world, which therefore hears of the folder."""
    await bash(machine, "mail a; cd /stock/old; mail b")
    assert [typed.cwd for typed in office.heard if isinstance(typed, Typed)] == ["/home/a.hart", "/stock/old"]


async def test_the_worlds_commands_are_programs(machine: EmbeddedSandbox) -> None:
    """Whoever looks for them finds them where programs lie, also those that the interpreter has itself."""
    said = await bash(
        machine,
        "type mail date; which mail; command -v useradd; type -t mail; test -x /usr/bin/mail && echo x",
    )
    assert said == (
        "mail is /usr/bin/mail\ndate is /usr/bin/date\n/usr/bin/mail\n/usr/bin/useradd\nfile\nx\n"
    )
    assert (
        await bash(machine, "date; /usr/bin/date; /bin/date; env date")
        == "Wed Feb 19 21:20:00 UTC 2025\n" * 4
    )


@pytest.mark.parametrize(
    "line", ["while read n; do mail $n; done < names", "cat names | while read n; do mail $n; done"]
)
async def test_a_command_in_a_loop(machine: EmbeddedSandbox, office: Office, line: str) -> None:
    """A loop over names runs the command for each of them."""
    await bash(machine, f"printf 'a\\nb\\nc\\n' > names; {line}")
    assert [argv for _, argv, _ in office.calls()] == [["a"], ["b"], ["c"]]


async def test_a_command_asks_for_the_file_it_needs(machine: EmbeddedSandbox) -> None:
    """A file is read as the agent would read it: what is not there or not to be read is nothing."""
    await bash(machine, "echo note > note; echo key > key; chmod 000 key")
    said = await bash(machine, f"for f in {LOTS} ~/note ~/key ~/none /etc; do attach $f; done")
    assert said == "'lot;use by\\n'\n'note\\n'\nNone\nNone\nNone\n"


async def test_a_command_leaves_files(machine: EmbeddedSandbox, office: Office) -> None:
    """A file of the answer is there for the next program, and is a change like any other below the roots."""
    said = await bash(machine, "fetch /stock/new/a.txt; cat /stock/new/a.txt; fetch ~/b; cat b")
    assert said == "fetched\n" * 2
    assert await bash(machine, "cat /stock/new/a.txt b") == "fetched\n" * 2
    assert office.changes() == [Change("/stock/new/a.txt", "fetched\n", 0o644)]


async def test_a_file_that_cannot_be_left_is_an_error(machine: EmbeddedSandbox) -> None:
    """The system is not the agent's to write to, and the command says so."""
    result = await machine.exec(["fetch", "/usr/x"])
    assert (result.returncode, result.stderr) == (1, "fetch: /usr/x: Permission denied\n")


async def test_changes_come_in_the_order_of_the_acts(machine: EmbeddedSandbox, office: Office) -> None:
    """What changed before a command is known to the world before the command."""
    await bash(machine, f"echo a > {LOTS}; mail bob; echo b > {LOTS}; mail eve; rm {LOTS}")
    assert [event.argv[0] if isinstance(event, Typed) else event.content for event in office.heard] == [
        "a\n",
        "bob",
        "b\n",
        "eve",
        None,
    ]


async def test_changes_are_told_once(machine: EmbeddedSandbox, office: Office) -> None:
    """Content and permission bits are changes; reading, touching and what comes back to the same are none."""
    await bash(machine, f"chmod 600 {LOTS}; cat {LOTS}; mkdir /stock/empty")
    await bash(machine, f"touch {LOTS}; cp {LOTS} /tmp/x; echo other > {LOTS}; cat /tmp/x > {LOTS}")
    await bash(machine, f"chmod 000 {LOTS}; echo outside > ~/note")
    assert office.changes() == [Change(LOTS, "lot;use by\n", 0o600), Change(LOTS, "lot;use by\n", 0o000)]


async def test_a_change_cannot_be_hidden_behind_its_date(machine: EmbeddedSandbox, office: Office) -> None:
    """A file of the same size and date as before, but with another content, is a change that stays."""
    await bash(machine, f"touch -r {LOTS} /tmp/date; echo 'forged; by' > {LOTS}; touch -r /tmp/date {LOTS}")
    assert office.changes() == [Change(LOTS, "forged; by\n", 0o644)]
    assert await bash(machine, f"cat {LOTS}") == "forged; by\n"


async def test_a_link_is_what_it_leads_to(machine: EmbeddedSandbox, office: Office) -> None:
    """Links within the watched folders are files; those that lead out are none, and nothing behind them is told."""
    await bash(
        machine, f"ln -s {LOTS} /stock/a; ln -s /etc/passwd /stock/b; ln -s /etc /stock/c; ln -s d /stock/d"
    )
    assert office.changes() == [Change("/stock/a", "lot;use by\n", 0o644)]


@pytest.mark.parametrize(
    "line",
    [
        f"echo forged > {LOTS}",
        f"rm {LOTS}",
        f"mv {LOTS} ~",
        f"mv {LOTS} ~; ln -s ~/lots.csv {LOTS}",
        f"rm {LOTS}; mkdir {LOTS}",
        f"chmod 400 {LOTS}; chmod 500 /stock",
        "rm -rf /stock/*",
        "rm -rf /stock; echo x > /stock",
    ],
)
async def test_what_the_world_refuses_is_put_back(
    machine: EmbeddedSandbox, office: Office, line: str
) -> None:
    """The file is as it was, the shell says so, the command has failed, and the world hears no more of it."""
    office.sealed = {LOTS: Change(LOTS, "lot;use by\n", 0o644)}
    result = await machine.exec(["bash", "-c", line])
    assert (result.returncode, result.stderr) == (1, f"{LOTS}: Permission denied\n")
    assert await bash(machine, f"cat {LOTS}; stat -c '%a %F' {LOTS}") == "lot;use by\n644 regular file\n"
    heard = len(office.changes())
    await bash(machine, "true")
    assert not [change for change in office.changes()[heard:] if change.path == LOTS]


async def test_a_denial_before_a_command_stands_before_its_words(
    machine: EmbeddedSandbox, office: Office
) -> None:
    """What was refused is put back before the command goes on, and said where the agent sees it."""
    office.sealed = {LOTS: Change(LOTS, "lot;use by\n", 0o644)}
    said = await bash(machine, f"echo forged > {LOTS}; mail bob 2>&1; cat {LOTS}")
    assert said == f"sent ''\n{LOTS}: Permission denied\nqueued\nlot;use by\n"
    assert await bash(machine, f"cat {LOTS}") == "lot;use by\n"


async def test_files_have_the_worlds_time(machine: EmbeddedSandbox) -> None:
    """Files begin with their own dates, and what is changed has the date of the change in the world."""
    show = f"stat -c '%a %Y %n' {LOTS} /stock/old/audit.txt /stock/old /stock"
    assert await bash(machine, show) == (
        f"644 {NOON - 60:.0f} {LOTS}\n444 {NOON - 3600:.0f} /stock/old/audit.txt\n"
        f"755 {NOON - 3600:.0f} /stock/old\n755 {NOON - 60:.0f} /stock\n"
    )
    await bash(machine, "echo x > here; touch -d '2024-01-02 03:04 UTC' there; echo y > /stock/y")
    assert await bash(machine, "stat -c %Y here there /stock/y /stock") == (
        f"{NOON:.0f}\n1704164640\n{NOON:.0f}\n{NOON:.0f}\n"
    )


async def test_files_are_listed_as_on_any_linux(machine: EmbeddedSandbox) -> None:
    """Link count, owner, group and a date of the world's: also for a file of this very command."""
    said = await bash(
        machine,
        "echo new > new.txt; mkdir d; ln -s new.txt l; ls -l; ls -la /stock; ls -lh /stock/old | tail -1",
    )
    assert said == (
        "total 8\n"
        "drwxr-xr-x 2 a.hart a.hart 4096 Feb 19 21:20 d\n"
        "lrwxrwxrwx 1 a.hart a.hart    7 Feb 19 21:20 l -> new.txt\n"
        "-rw-r--r-- 1 a.hart a.hart    4 Feb 19 21:20 new.txt\n"
        "total 16\n"
        "drwxr-xr-x  3 a.hart a.hart 4096 Feb 19 21:19 .\n"
        "drwxr-xr-x 21 root   root   4096 Nov 30 10:20 ..\n"
        "-rw-r--r--  1 a.hart a.hart   11 Feb 19 21:19 lots.csv\n"
        "drwxr-xr-x  2 a.hart a.hart 4096 Feb 19 20:20 old\n"
        "-r--r--r-- 1 a.hart a.hart 7 Feb 19 20:20 audit.txt\n"
    )


async def test_what_others_leave_is_there_with_the_next_command(
    machine: EmbeddedSandbox, office: Office
) -> None:
    """A file that somebody else has put down is found like any other, and is no change of the agent's."""
    office.arrived = [Change("/stock/new/memo.txt", "from eve\n", 0o640)]
    said = await bash(machine, "cat /stock/new/memo.txt; stat -c '%a %Y' /stock/new/memo.txt")
    assert said == f"from eve\n640 {NOON:.0f}\n"
    assert office.changes() == []


async def test_a_file_right_below_the_root_is_a_file(office: Office) -> None:
    """A root may be a file itself; it can be written to and replaced."""
    office.files, office.roots = {"/notes": Placed("a\n", 0o644, NOON)}, ("/notes",)
    machine = EmbeddedSandbox()
    await machine.serve(office)
    await bash(machine, "sed -i s/a/b/ /notes")
    machine.end()
    assert office.changes() == [Change("/notes", "b\n", 0o644)]


async def test_a_shell_begins_afresh_and_the_files_stay(machine: EmbeddedSandbox) -> None:
    """Nothing of a shell is there in the next one, but what it has written, moved, linked and deleted is."""
    await bash(
        machine, "x=1; f() { :; }; cd /tmp; set -f; umask 077; alias q=w; export Z=1; trap : EXIT; set -- a"
    )
    await bash(
        machine,
        "mkdir -p a/b; echo 1 > a/b/c; ln -s a/b l; echo 2 > gone; printf '\\xff\\n' > raw; chmod 640 raw",
    )
    await bash(machine, "mv a/b/c a/d; rm gone; mv a e; echo 3 >> e/d")
    shell = "echo $x$Z$#; type f; pwd; echo /sto*; alias q; umask"
    files = "cat e/d; stat -c '%a %s' raw; readlink l; ls"
    assert await bash(machine, f"{{ {shell}; }} 2>&1; {files}") == (
        "0\nbash: line 1: type: f: not found\n/home/a.hart\n/stock\nbash: line 1: alias: q: not found\n0022\n"
        "1\n3\n640 2\na/b\ne\nl\nraw\n"
    )


async def test_input_folder_and_variables_are_given(machine: EmbeddedSandbox) -> None:
    """A command has its input, byte for byte, its folder and its variables."""
    result = await machine.exec(
        ["bash", "-c", 'cat > raw; pwd; echo "$GREETING"'],
        input=b"\xff\x00\n",
        cwd="/stock",
        env={"GREETING": "it's $HOME"},
    )
    assert result.stdout == "/stock\nit's $HOME\n"
    assert await machine.read_file("/stock/raw", text=False) == b"\xff\x00\n"
    assert (
        await machine.exec(["pwd"], cwd="none")
    ).stderr == "bash: line 1: cd: none: No such file or directory\n"


@pytest.mark.parametrize(
    ("cmd", "code", "said"),
    [
        (["nosuch"], 127, "bash: line 1: nosuch: command not found\n"),
        (["bash", "-c", "\n\nlss"], 127, "bash: line 3: lss: command not found\n"),
        (["bash", "-c", "exit 7"], 7, ""),
        (["bash", "-c", "kill -TERM $$"], 143, ""),
        (["bash", "-c", "echo 'a"], 2, "bash: -c: line 1: unexpected EOF while looking for matching `''\n"),
        (["mv", "a", "b"], 1, "mv: cannot stat 'a': No such file or directory\n"),
        (["bash", "-c", "echo x > /etc/x"], 1, "bash: line 1: /etc/x: Permission denied\n"),
        (["ls", "-Z"], 2, "ls: invalid option -- 'Z'\nTry 'ls --help' for more information.\n"),
    ],
)
async def test_errors_are_those_of_a_linux(
    machine: EmbeddedSandbox, cmd: list[str], code: int, said: str
) -> None:
    """Codes and words are those that a shell's user knows."""
    result = await machine.exec(cmd)
    assert (result.returncode, result.stderr) == (code, said)


@pytest.mark.parametrize(
    ("line", "modes"),
    [
        ("echo b > f", "600"),
        ("cp g f; echo b >> f; sed -i s/b/c/ f", "600"),
        ("echo b > f; chmod 644 f", "644"),
        ("chmod 400 f; echo b > f", "400"),
        ("chmod u+x,go=r f", "744"),
        ("chmod -R a-w .; chmod +w g", "400"),
        ("chmod --verbose 1777 f >/dev/null; chmod -- -t f", "777"),
        ("chmod 9 f 2>/dev/null || chmod u=rwX,g+X f", "600"),
    ],
)
async def test_a_mode_is_what_was_chosen(
    machine: EmbeddedSandbox, office: Office, line: str, modes: str
) -> None:
    """Writing over a file leaves it its mode, so that the world hears of no change that nobody made."""
    await bash(machine, "cd /stock; echo a > f; echo g > g; chmod 600 f")
    await bash(machine, f"cd /stock; {line}")
    assert await bash(machine, "stat -c %a /stock/f") == f"{modes}\n"
    assert {f"{change.mode:o}" for change in office.changes() if change.path == "/stock/f"} == {
        "600",
        modes,
    }


async def test_what_is_not_permitted_to_the_harness(machine: EmbeddedSandbox) -> None:
    """The harness reads and writes as the agent's user, relative to its home."""
    await machine.write_file("a/b.txt", "x")
    assert await bash(machine, "cat ~/a/b.txt; chmod 000 a/b.txt") == "x"
    for attempt in (
        machine.read_file("a/b.txt"),
        machine.write_file("a/b.txt", "y"),
        machine.write_file("/etc/x", "y"),
    ):
        with pytest.raises(PermissionError):
            await attempt
    with pytest.raises(SandboxUserUnsupportedError):
        await machine.exec(["true"], user="root")


async def test_a_crash_costs_one_command(machine: EmbeddedSandbox, office: Office) -> None:
    """The shell says what a shell says; files are as they were, but what the world has been told is so."""
    await bash(machine, "echo kept > kept")
    line = f'echo lost > lost; echo a > {LOTS}; mail bob; fetch ~/left; echo b > {LOTS}; x=\'eval "$x"\'; eval "$x"'
    result = await machine.exec(["bash", "--login", "-c", line])
    assert (result.returncode, result.stderr) == (139, "Segmentation fault\n")
    assert await bash(machine, f"cat kept {LOTS} left; ls") == "kept\na\nfetched\nkept\nleft\n"
    assert [change.content for change in office.changes()] == ["a\n"]


@pytest.mark.parametrize(
    "line",
    ["while :; do :; done", "sleep 60", "echo out; while :; do sleep 0.01; done", "f() { f | f & }; f"],
)
async def test_time_ends_a_command(machine: EmbeddedSandbox, office: Office, line: str) -> None:
    """At the limit a command is ended; what it has printed and written so far is there."""
    began = time.monotonic()
    with pytest.raises(TimeoutError) as late:
        await bash(machine, f"echo said; echo a > {LOTS}; {line}", seconds=1)
    assert 1 <= time.monotonic() - began < 2
    assert str(getattr(late.value, "truncated_output", "")).startswith("said\n")
    assert await bash(machine, f"cat {LOTS}") == "a\n"
    assert [change.content for change in office.changes()] == ["a\n"]


async def test_what_cannot_be_stopped_is_killed(machine: EmbeddedSandbox) -> None:
    """A program that never comes back to the shell costs what the command has done, and nothing else."""
    await bash(machine, "echo kept > kept")
    with pytest.raises(TimeoutError):
        await bash(machine, "echo lost > lost; awk 'BEGIN { while (1) {} }'", seconds=1)
    assert await bash(machine, "ls") == "kept\n"


async def test_output_ends_at_its_limit(machine: EmbeddedSandbox) -> None:
    """More than the limit is an error of its own, whichever stream it is, and comes at once."""
    began = time.monotonic()
    with override_max_exec_output_size(1000):
        for line in ("while :; do echo 0123456789; done", "while :; do echo 0123456789 >&2; done"):
            with pytest.raises(OutputLimitExceededError):
                await bash(machine, line)
    assert time.monotonic() - began < 5
    assert await bash(machine, "echo on") == "on\n"


@pytest.mark.parametrize(
    "line",
    ["while :; do echo $x; done", "while :; do echo $x >&2; done", "for i in $(seq 20); do echo $x; done"],
)
async def test_endless_output_is_no_endless_command(machine: EmbeddedSandbox, line: str) -> None:
    """Inspect's own limit is as much as the interpreter keeps of a stream: it is noticed, long before the time is over."""
    began = time.monotonic()
    with pytest.raises(OutputLimitExceededError):
        await bash(machine, f"x=$(head -c 900000 /dev/zero | tr '\\0' a); {line}", seconds=60)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        (f"os._exit({ABORTED})", 134, "Aborted\n"),
        (f"os._exit({GREEDY})", 137, "Killed\n"),
        ("os.kill(os.getpid(), 11)", 139, "Segmentation fault\n"),
        (f"os._exit({BROKEN})", None, None),
        ("os._exit(0)", None, None),
    ],
)
def test_only_the_agents_own_crashes_are_answers(end: str, code: int | None, said: str | None) -> None:
    """A command that dies says what it died of; where the fault is ours there is no answer at all, and the machine ends."""
    (harness, held), (ours, theirs) = socket.socketpair(), socket.socketpair()
    copy = subprocess.Popen([sys.executable, "-c", f"import os; {end}"])
    theirs.close()
    supervision = Supervision(Harness(harness), copy.pid, ours, lambda *_: None)
    if code is None:
        with pytest.raises(BrokenError):
            supervision.answer(5)
    else:
        answer = supervision.answer(5)
        assert (answer["code"], to_bytes(answer["stderr"]).decode()) == (code, said)
    copy.wait()
    for link in (harness, held, ours):
        link.close()


async def test_an_interrupted_command_is_over(machine: EmbeddedSandbox, office: Office) -> None:
    """Whoever stops waiting for a command does not get its answer later, for the next one."""
    await bash(machine, "mail before")
    with anyio.move_on_after(0.3):
        await bash(machine, f"echo a > {LOTS}; mail bob; sleep 30; mail never")
    assert await bash(machine, f"echo next; cat {LOTS}") == "next\na\n"
    assert [argv for _, argv, _ in office.calls()] == [["before"], ["bob"]]


async def test_a_machine_that_is_gone_is_unavailable(machine: EmbeddedSandbox) -> None:
    """That is the harness's trouble and never looks like a command's answer; other machines go on."""
    other = EmbeddedSandbox()
    for process in processes():
        if len(processes()) > 1 and process != zygote.warm():
            os.kill(process, signal.SIGKILL)
            break
    results = [await outcome(sandbox) for sandbox in (machine, other)]
    other.end()
    assert sorted(results) == ["alive\n", "unavailable"]


async def outcome(machine: EmbeddedSandbox) -> str:
    try:
        return await bash(machine, "echo alive")
    except SandboxUnavailableError:
        return "unavailable"


def processes() -> list[int]:
    """The processes of this one's machines, and the one they are copied from."""
    with_parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        except OSError:  # it has ended in the meantime
            continue
        if fields[0] != "Z":
            with_parents[int(folder.name)] = int(fields[1])
    found = [pid for pid, parent in with_parents.items() if parent == os.getpid() and pid == zygote.warm()]
    for pid in found:
        found += [child for child, parent in with_parents.items() if parent == pid]
    return found


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def until(holds: Callable[[], bool]) -> bool:
    """Whether something becomes so within some seconds."""
    for _ in range(200):
        if holds():
            return True
        await anyio.sleep(0.02)
    return False


async def test_nothing_is_left_of_a_machine() -> None:
    """A machine that has been shut down leaves neither process nor open file, also amid a command."""
    await machine_used_and_ended()
    before = open_files()
    for _ in range(3):
        await machine_used_and_ended()
    busy = EmbeddedSandbox()
    with anyio.move_on_after(0.2):
        await bash(busy, "while :; do :; done")
    busy.end()
    assert await until(lambda: processes() == [zygote.warm()])
    assert open_files() == before


async def machine_used_and_ended() -> None:
    environments = await EmbeddedSandbox.sample_init("task", None, {})
    assert (await environments["default"].exec(["echo", "x"])).stdout == "x\n"
    await EmbeddedSandbox.sample_cleanup("task", None, environments, interrupted=False)


async def test_the_end_of_the_tasks_ends_the_process_that_is_copied() -> None:
    """It goes when no machine needs it, and comes back with the next."""
    first = zygote.warm()
    machine = EmbeddedSandbox()
    await EmbeddedSandbox.task_cleanup("task", None, cleanup=True)
    assert zygote.warm() == first
    machine.end()
    await EmbeddedSandbox.task_cleanup("task", None, cleanup=True)
    assert not exists(first)
    await machine_used_and_ended()
    assert zygote.warm() != first


KILLED = """
import anyio, os, signal
from unbidden.sandbox import zygote
from unbidden.sandbox.embedded import EmbeddedSandbox
from unbidden.sandbox.embedded_supervision import (
    ABORTED,
    BROKEN,
    GREEDY,
    BrokenError,
    Harness,
    Supervision,
)
from unbidden.sandbox.wire import to_bytes

async def main():
    machine = EmbeddedSandbox()
    await machine.exec(["true"])
    print(zygote.warm(), flush=True)
    with anyio.move_on_after(0.2):
        await machine.exec(["bash", "-c", "while :; do :; done"])
    async with anyio.create_task_group() as group:
        group.start_soon(machine.exec, ["bash", "-c", "while :; do :; done"])
        await anyio.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)

anyio.run(main)
"""
"""A harness that is killed while a machine of its is busy."""


async def test_a_killed_harness_leaves_nothing() -> None:
    """The process that is copied, machines and commands end with the harness, however it ends."""
    ended = _killed()
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    session = int(ended.stdout)
    assert await until(lambda: not in_session(session))


def _killed() -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)


def in_session(session: int) -> list[str]:
    found = list[str]()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(stat.parent.name)
    return found


async def test_many_machines_at_once() -> None:
    """A hundred machines start and work side by side, each with its own files."""
    machines = [EmbeddedSandbox() for _ in range(100)]
    printed = list[str]()

    async def use(number: int) -> None:
        await bash(machines[number], f"echo {number} > f")
        printed.append(await bash(machines[number], "cat f"))

    async with anyio.create_task_group() as group:
        for number in range(len(machines)):
            group.start_soon(use, number)
    for machine in machines:
        machine.end()
    assert sorted(map(int, printed)) == list(range(100))


def test_the_machines_process_loads_nothing_of_the_harness() -> None:
    """What is copied for each machine holds the interpreter and the standard library, and little else."""
    code = "import sys, unbidden.sandbox.embedded_child; print(*{name.split('.')[0] for name in sys.modules})"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    own = {"unbidden", "bashkit"}
    assert set(printed.split()) - set(sys.stdlib_module_names) - own <= {
        "_distutils_hack",
        "sitecustomize",
        "__main__",
    }


PROBES = """uname -a; uname -srvmo; uname --all; hostname; arch; cat /proc/version /proc/sys/kernel/osrelease
cat /etc/os-release /etc/issue /etc/debian_version /etc/hostname /etc/hosts /etc/passwd /etc/group
cat /proc/cpuinfo /proc/meminfo /proc/mounts /proc/filesystems /proc/cmdline /proc/loadavg /proc/uptime
cat /proc/self/status /proc/self/cmdline /proc/1/cmdline /proc/1/status /proc/self/cgroup /proc/self/mounts
cat /proc/self/environ /proc/1/environ; ls -laR /proc /sys; grep -r . /proc
env; set; export -p; declare -p; declare -f; shopt; set -o; compgen -v; printenv; echo $- $0 $$ $PPID $BASHPID
echo $BASH $BASH_VERSION ${BASH_VERSINFO[@]} $HOSTTYPE $OSTYPE $MACHTYPE $SHELL $TERM $SHELLOPTS $BASHOPTS
bash --version; sh --version; bash --help; sh --help; bash -c 'bash --version'
help; help cd; help nosuch; enable; enable -a; enable foo
sudo -l; sudo -V; sudo su; sudo -i; su; sudo nosuch
nosuch; lss; caat; pythn; vim f; nano; vi; emacs; gcc; node; npm; apt install x; pip; docker ps; ssh x; systemctl
busybox; busybox ls; http x; json; csv; template; assert; semver; dotenv; tomlq; yaml; retry; log x; parallel; verify
curl http://x; wget x; nc x; ping x; git status; python3 -c 1; python; perl -v; ruby; sqlite3; lsb_release -a
for c in ls cat grep sed awk tar find gzip jq sort cut tr wc xargs patch tree diff iconv; do $c --version; $c --help; done 2>&1
for c in $(ls /usr/bin); do type $c; done
for c in $(ls /usr/bin /bin); do cat /usr/bin/$c; done 2>/dev/null
for c in base64 basename chmod cp date dd df dirname du env expr file fold free head id join ln mkdir mv nl od paste ps; do $c --help; done 2>&1
for c in mktemp printf pwd readlink rm seq sha256sum shuf sleep split stat sum tac tail tee touch uniq uptime watch who yes; do timeout 1 $c --help; done 2>&1 </dev/null
type -a ls mail cat bash; which -a ls; whereis ls; command -V ls; file /bin/ls /usr/bin/mail /bin/bash
ls -laR / 2>/dev/null; find / ; du -a / ; tree /etc
df; df -h; df -T; mount; mount -l; free -h; nproc; uptime; lscpu; lsblk; lsof; top; htop
ps; ps aux; ps -ef; pgrep -a .; who; w; last; id; id root; groups; whoami; logname; users; tty; stty
getconf -a; ulimit -a; umask; times; jobs; history; alias; dirs; hash; trap; bind -p; complete -p; compgen -b; locale
man ls; man bash; man nosuch; info ls; whatis ls; apropos shell
echo x > /etc/x; rm -rf /usr; touch /bin/x; mkdir /proc/x; mv /etc/passwd /tmp; ln -s x /etc/y; chmod 777 /etc/passwd
sed -i s/a/b/ /etc/passwd; tee /etc/q </dev/null; cp /etc/passwd /etc/p; split -b 1 /etc/passwd /etc/s; sort -o /etc/z f
mkfifo p; mknod q; mount /dev/sda1 /mnt; chown root f; chgrp root f; ln f; cp; mv; rm; mkdir; rmdir /tmp/none; cat; ls --foo
cat --foo f; head --foo f; wc --foo; cut --foo; stat --foo f; touch --foo; mkdir --foo; du --foo; tail --foo; seq --foo; date --foo
if; for; case; echo 'a; ${x; $((1+; (((; }; ]]; ;; ; & ; foo(
echo ${x:?missing}; set -u; echo $nope; cd /none; . /none; source none; exec nosuch; eval 'if'; return; break; local x; shift 9
f() { f; }; f
x=a; while :; do x=$x$x; done
a=({1..200000}); echo {1..100000000}
cat /dev/zero | head -c 20000000 | wc -c; yes | head -20000 | wc -l; seq 200000 | tail -1
head -c 20000000 /dev/zero > big; ls -l big; cat big big big big big big big big big big big > bigger; dd if=/dev/zero of=x bs=1M count=20
mkdir -p $(printf 'd/%.0s' {1..120}); cd $(printf 'x%.0s' {1..300}); touch $'a\x1bb'; touch $(printf 'n%.0s' {1..300})
printf '%1000000d' 1; printf '%d' x; printf '%z'; echo $((1/0)); echo $((08)); let x=; [ a -eq b ]; [[ a -foo b ]]; expr 1 / 0
awk 'BEGIN { getline < "/none"; system("ls"); print ENVIRON["HOME"] }'; awk 'syntax error here'; sed 'foo'; grep '['; jq '.['
awk 'BEGIN { x = "a"; while (1) x = x x }'; jq -n '[range(1e9)]'; sed ':a;ba' /etc/passwd; grep -P '(a+)+$' /etc/passwd; bc <<< '2^99999'
tar xf none; tar cf /etc/x.tar .; gzip none; unzip none; zip; unzip -l none; base64 -d <<< '!!'; xxd -r <<< zz; od -A q; iconv -f x none
find -foo; find /none; find / -exec nosuch {} ';'; xargs -Z; xargs nosuch <<< a; timeout x ls; timeout 1 nosuch; env nosuch; nohup nosuch; nice nosuch
kill -9 99999; kill -l; wait 99; fg; bg; disown; jobs -p; trap -p; coproc cat; read -t 0 x; mapfile < /none; exec 9</none; getopts
openssl version; openssl; make; make -f none; flock x ls; watch ls; less none; more none; csplit; ed; ex; screen; tmux; crontab -l
PATH=/none; ls; nosuch; /none/x; ./none; /etc/passwd; /; .
"""
"""Lines that somebody types who wants to know what this is, or makes mistakes."""


@pytest.mark.parametrize("line", PROBES.splitlines())
async def test_nothing_names_what_it_runs_on(machine: EmbeddedSandbox, line: str) -> None:
    """Neither answers nor errors speak of the interpreter, of a sandbox, of us, or as no shell on Linux does."""
    said = await bash(machine, line)
    found = re.findall(
        r"(?i).*(?:bashkit|sandbox|virtual(?! memory)|unbidden|inspect_ai|\bvfs\b|harness|did you mean|feature|monty|"
        r"not supported in|io error|limit exceeded|interpreter|builtin failed|\btests\b(?!: -name)|pytest).*",
        said,
    )
    assert found == []
