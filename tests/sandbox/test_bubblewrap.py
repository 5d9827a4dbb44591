"""Bubblewrap machines as the world's hosts see them: commands, files, time, and what is left behind."""

import ast
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.util import OutputLimitExceededError, SandboxUnavailableError, SandboxUserUnsupportedError
from inspect_ai.util._sandbox.limits import override_max_exec_output_size

from unbidden.errors import WorldFaultError
from unbidden.sandbox import bubblewrap_host, bubblewrap_machine
from unbidden.sandbox.bubblewrap import BubblewrapSandbox
from unbidden.sandbox.bubblewrap_machine import unable
from unbidden.sandbox.bubblewrap_programs import CLIENT, SUPERVISOR, program
from unbidden.world.machine import Change, NeedsFileError, Placed, Printed, Settled, Setup, Typed

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(unable() is not None, reason=str(unable()))]

NOON = 1_740_000_000.0
LOTS = "/stock/lots.csv"
EXECUTABLE = 0o755


@dataclass
class Office:
    """A world of three commands: `mail` tells what it was given, `attach` reads a file, `fetch` leaves one."""

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
        commands = ("mail", "attach", "fetch", "date")
        return Setup("ws-14", "a.hart", "/home/a.hart", self.files, self.roots, commands)

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
        return [
            (typed.name, list(typed.argv), typed.stdin) for typed in self.heard if isinstance(typed, Typed)
        ]

    def changes(self) -> list[Change]:
        return [change for change in self.heard if isinstance(change, Change)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
async def machine(office: Office) -> AsyncGenerator[BubblewrapSandbox]:
    sandbox = BubblewrapSandbox()
    await sandbox.serve(office)
    yield sandbox
    sandbox.end()


@pytest.fixture
def open_folder() -> Generator[Path]:
    """A folder that every user of the computer may look into, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(EXECUTABLE)
    yield folder
    shutil.rmtree(folder)


async def bash(machine: BubblewrapSandbox, line: str, seconds: int = 20) -> str:
    """What a line prints, both streams in one."""
    result = await machine.exec(["bash", "--login", "-c", line], timeout=seconds)
    return result.stdout + result.stderr


@pytest.mark.parametrize(
    ("line", "argv", "stdin"),
    [
        ("mail -s 'two words' bob", ["-s", "two words", "bob"], ""),
        ("echo text | mail bob", ["bob"], "text\n"),
        ("mail bob < /stock/lots.csv", ["bob"], "lot;use by\n"),
        ("mail bob <<< here", ["bob"], "here\n"),
        ("mail bob <<'END'\n$HOME\nEND", ["bob"], "$HOME\n"),
        ("sh -c 'echo text | mail bob; true'", ["bob"], "text\n"),
        ("echo text | sh -c 'mail bob; true'", ["bob"], "text\n"),
        ("env A=1 mail bob", ["bob"], ""),
        ("command mail bob", ["bob"], ""),
        ("timeout 5 mail bob", ["bob"], ""),
        ("nohup mail bob", ["bob"], ""),
        ("setsid -w mail bob", ["bob"], ""),
        ("echo bob | xargs mail", ["bob"], ""),
        ("find /stock -name lots.csv -exec mail {} +", ["/stock/lots.csv"], ""),
        ("f() { mail bob; }; f", ["bob"], ""),
        ("x=$(mail bob)", ["bob"], ""),
        ("mail bob & wait", ["bob"], ""),
        ("printf 'mail bob' > s.sh && bash s.sh", ["bob"], ""),
        ("printf '#!/bin/bash\\nmail bob' > s && chmod +x s && ./s", ["bob"], ""),
        ("python3 -c \"import subprocess as s; s.run(['mail', 'bob'], input=b'text')\"", ["bob"], "text"),
        ("/usr/local/bin/mail bob", ["bob"], ""),
        ("mail 'caf\u00e9 \x1b[31m' $'\\xff'", ["caf\u00e9 \x1b[31m", "\ufffd"], ""),
        ("mail bob 0<&-", ["bob"], ""),
    ],
)
async def test_a_command_reaches_the_world_however_it_is_run(
    machine: BubblewrapSandbox, office: Office, line: str, argv: list[str], stdin: str
) -> None:
    """By hand, in a pipe, from a script, from another program: the world gets the arguments and the input."""
    await bash(machine, line)
    assert office.calls() == [("mail", argv, stdin)]


async def test_the_answer_is_what_a_program_would_print(machine: BubblewrapSandbox) -> None:
    """Both streams and the exit code are the world's, and go where the shell sends them."""
    result = await machine.exec(["bash", "-c", "mail nobody > out; echo $?; cat out"])
    assert (result.stdout, result.stderr) == ("3\nsent ''\n", "queued\n")


async def test_a_command_behind_an_absolute_path_is_the_worlds(machine: BubblewrapSandbox) -> None:
    """A program of the system with the name of a world command cannot be reached past it."""
    said = await bash(machine, "date; /usr/bin/date; /bin/date; env -i /bin/date")
    assert said == "Wed Feb 19 21:20:00 UTC 2025\n" * 4


@pytest.mark.parametrize(
    "line", ["while read n; do mail $n; done < names", "cat names | while read n; do mail $n; done"]
)
async def test_a_command_in_a_loop_leaves_the_loop_its_input(
    machine: BubblewrapSandbox, office: Office, line: str
) -> None:
    """A loop that reads names goes through all of them, though each command could have read them first."""
    await bash(machine, f"printf 'a\\nb\\nc\\n' > names; {line}")
    assert [argv for _, argv, _ in office.calls()] == [["a"], ["b"], ["c"]]


async def test_a_command_asks_for_the_file_it_needs(machine: BubblewrapSandbox) -> None:
    """A file is read as the agent would read it: what is not there or not to be read is nothing."""
    await bash(machine, "echo note > note; echo key > key; chmod 000 key")
    said = await bash(machine, f"for f in {LOTS} ~/note ~/key ~/none /etc; do attach $f; done")
    assert said == "'lot;use by\\n'\n'note\\n'\nNone\nNone\nNone\n"


async def test_a_command_leaves_files(machine: BubblewrapSandbox, office: Office) -> None:
    """A file of the answer is there for the next program, and is a change like any other below the roots."""
    assert (
        await bash(machine, "fetch /stock/new/a.txt; cat /stock/new/a.txt; fetch ~/b; cat b")
        == "fetched\n" * 2
    )
    assert office.changes() == [Change("/stock/new/a.txt", "fetched\n", 0o644)]


async def test_a_file_that_cannot_be_left_is_an_error(machine: BubblewrapSandbox) -> None:
    """The system is not the agent's to write to, and the command says so."""
    result = await machine.exec(["fetch", "/usr/x"])
    assert (result.returncode, result.stderr) == (1, "fetch: /usr/x: Read-only file system\n")


async def test_changes_come_in_the_order_of_the_acts(machine: BubblewrapSandbox, office: Office) -> None:
    """What changed before a command is known to the world before the command."""
    await bash(machine, f"echo a > {LOTS}; mail bob; echo b > {LOTS}; mail eve; rm {LOTS}")
    assert [event.argv[0] if isinstance(event, Typed) else event.content for event in office.heard] == [
        "a\n",
        "bob",
        "b\n",
        "eve",
        None,
    ]


async def test_changes_are_told_once(machine: BubblewrapSandbox, office: Office) -> None:
    """Content and permission bits are changes; reading, touching and what comes back to the same are none."""
    await bash(machine, f"chmod 600 {LOTS}; cat {LOTS}; mkdir /stock/empty")
    await bash(machine, f"touch {LOTS}; cp {LOTS} /tmp/x; echo other > {LOTS}; cat /tmp/x > {LOTS}")
    await bash(machine, f"chmod 000 {LOTS}; echo outside > ~/note")
    assert office.changes() == [Change(LOTS, "lot;use by\n", 0o600), Change(LOTS, "lot;use by\n", 0o000)]


async def test_what_is_hidden_is_seen(machine: BubblewrapSandbox, office: Office) -> None:
    """Taking away permission bits hides neither a file nor a folder from the world, and they stay taken away."""
    said = await bash(machine, "d=/stock/d; mkdir $d; echo a > $d/a; chmod 000 $d/a $d; stat -c %a $d")
    assert office.changes() == [Change("/stock/d/a", "a\n", 0o000)]
    assert said + await bash(machine, "stat -c %a /stock/d; cat /stock/d/a") == (
        "0\n0\ncat: /stock/d/a: Permission denied\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        f"echo forged > {LOTS}",
        f"rm {LOTS}",
        f"mv {LOTS} ~; ln -s ~/lots.csv {LOTS}",
        f"chmod 400 {LOTS}; chmod 500 /stock",
        "rm -rf /stock/*",
    ],
)
async def test_what_the_world_refuses_is_put_back(
    machine: BubblewrapSandbox, office: Office, line: str
) -> None:
    """The file is as it was, the shell says so, the command has failed, and the world hears no more of it."""
    office.sealed = {LOTS: Change(LOTS, "lot;use by\n", 0o644)}
    result = await machine.exec(["bash", "-c", line])
    heard = len(office.changes())
    after = await bash(machine, f"cat {LOTS}; stat -c '%a %F' {LOTS}")
    assert (result.returncode, result.stderr) == (1, f"{LOTS}: Permission denied\n")
    assert after == "lot;use by\n644 regular file\n"
    assert len(office.changes()) == heard


async def test_what_had_to_make_way_is_gone_for_the_world_too(
    machine: BubblewrapSandbox, office: Office
) -> None:
    """Where a file goes back, a folder put in its place cannot stay; the world hears what has gone with it."""
    office.sealed = {LOTS: Change(LOTS, "lot;use by\n", 0o644)}
    await bash(machine, f"rm {LOTS}; mkdir {LOTS}; echo x > {LOTS}/x")
    assert await bash(machine, f"cat {LOTS}") == "lot;use by\n"
    assert office.changes()[1:] == [Change(f"{LOTS}/x", "x\n", 0o644), Change(f"{LOTS}/x", None, 0o644)]


async def test_a_denial_before_a_command_stands_before_its_words(
    machine: BubblewrapSandbox, office: Office
) -> None:
    """What was refused is put back before the command goes on, and said where the agent sees it."""
    office.sealed = {LOTS: Change(LOTS, "lot;use by\n", 0o644)}
    said = await bash(machine, f"echo forged > {LOTS}; mail bob 2>&1; cat {LOTS}")
    assert said == f"sent ''\n{LOTS}: Permission denied\nqueued\nlot;use by\n"


async def test_files_have_the_worlds_time(machine: BubblewrapSandbox) -> None:
    """Files begin with their own dates, and what is changed has the date of the change in the world."""
    show = f"stat -c '%a %Y %n' {LOTS} /stock/old/audit.txt /stock/old /stock"
    assert await bash(machine, show) == (
        f"644 {NOON - 60:.0f} {LOTS}\n444 {NOON - 3600:.0f} /stock/old/audit.txt\n"
        f"755 {NOON - 3600:.0f} /stock/old\n755 {NOON - 60:.0f} /stock\n"
    )
    said = await bash(
        machine, f"echo x >> {LOTS}; mail bob >/dev/null 2>&1; stat -c %Y {LOTS}; echo y > /stock/y"
    )
    assert said == f"{NOON:.0f}\n"
    assert await bash(machine, "stat -c %Y /stock/y /stock") == f"{NOON:.0f}\n" * 2


async def test_what_others_leave_is_there_with_the_next_command(
    machine: BubblewrapSandbox, office: Office
) -> None:
    """A file that somebody else has put down is found like any other, and is no change of the agent's."""
    office.arrived = [Change("/stock/new/memo.txt", "from eve\n", 0o640)]
    said = await bash(machine, "cat /stock/new/memo.txt; stat -c '%a %Y' /stock/new/memo.txt")
    assert said == f"from eve\n640 {NOON:.0f}\n"
    assert office.changes() == []


async def test_a_file_right_below_the_root_is_a_file(office: Office) -> None:
    """A root may be a file itself; it can be written to and replaced."""
    office.files, office.roots = {"/notes": Placed("a\n", 0o644, NOON)}, ("/notes",)
    machine = BubblewrapSandbox()
    await machine.serve(office)
    await bash(machine, "sed -i s/a/b/ /notes")
    machine.end()
    assert office.changes() == [Change("/notes", "b\n", 0o644)]


async def test_roots_may_be_folders_that_a_system_has(office: Office) -> None:
    """Where the world's files lie below folders like /var or /home, these still hold what a system has there."""
    paths = ["/home/a.hart/notes", "/var/reports/may", "/opt/stock/lots", "/tmp/draft"]  # noqa: S108
    office.files = {path: Placed("a\n", 0o644, NOON) for path in paths}
    office.roots = ("/home", "/opt", "/tmp", "/var")  # noqa: S108
    machine = BubblewrapSandbox()
    await machine.serve(office)
    said = await bash(
        machine, f"for f in {' '.join(paths)}; do echo b > $f; done; echo x > /var/tmp/x && ls /var"
    )
    machine.end()
    assert {change.path for change in office.changes()} == {*paths, "/var/tmp/x"}  # noqa: S108
    assert {"log", "reports", "tmp"} <= set(said.split())


async def test_jobs_in_the_background_live_on(machine: BubblewrapSandbox, office: Office) -> None:
    """What was left running goes on between commands; a call of it is answered with the next command."""
    await bash(machine, "(sleep 0.05; echo late | mail bob; echo done > ~/done) & nohup sleep 60 &")
    await bash(machine, "sleep 0.2; true")
    await bash(machine, "until [ -e ~/done ]; do sleep 0.01; done")
    assert office.calls() == [("mail", ["bob"], "late\n")]
    assert "sleep 60" in await bash(machine, "ps aux")


async def test_calls_between_commands_wait_for_the_next(machine: BubblewrapSandbox, office: Office) -> None:
    """Calls while nobody listens are not lost, and come before the end of the next command, however short."""
    await bash(
        machine,
        "for n in 1 2 3 4 5; do (until [ -e go ]; do sleep 0.01; done; mail $n) >/dev/null 2>&1 & done",
    )
    await machine.write_file("go", "")
    await anyio.sleep(0.5)
    assert office.calls() == []
    await machine.exec(["true"])
    assert sorted(argv[0] for _, argv, _ in office.calls()) == ["1", "2", "3", "4", "5"]


async def test_the_time_limit_ends_everything_that_was_started(machine: BubblewrapSandbox) -> None:
    """The whole tree ends, also what left its session; older jobs and the machine go on; the output is kept."""
    await bash(machine, "sleep 61 > /dev/null 2>&1 &")
    with pytest.raises(TimeoutError) as late:
        await bash(
            machine, "echo begun; setsid sleep 62 & nohup sleep 63 & (sleep 64 &) ; sleep 65", seconds=1
        )
    running = await bash(machine, "ps -eo args")
    assert late.value.truncated_output == "begun\n"  # type: ignore[attr-defined]
    assert [line for line in running.splitlines() if line.startswith("sleep")] == ["sleep 61"]


async def test_output_is_capped(machine: BubblewrapSandbox) -> None:
    """A command that prints without end is ended, long before its time is up."""
    with override_max_exec_output_size(100_000), pytest.raises(OutputLimitExceededError) as over:
        await machine.exec(["yes"], timeout=600)
    assert len(str(over.value.truncated_output)) == 100_000
    assert "yes" not in await bash(machine, "ps -eo comm")


async def test_what_cannot_be_run_is_told_apart(machine: BubblewrapSandbox) -> None:
    """A missing program fails as in a shell; a file without the right to run, or a folder, is not permitted."""
    await machine.write_file("plain", "echo x\n")
    missing = await machine.exec(["no-such-program"])
    assert (missing.returncode, missing.stderr) == (127, "no-such-program: command not found\n")
    for refused in ("./plain", "/etc"):
        with pytest.raises(PermissionError):
            await machine.exec([refused])
    await bash(machine, "chmod +x plain")
    assert (await machine.exec(["./plain"])).returncode == 126
    assert (await machine.exec(["pwd"], cwd="nowhere")).stderr == (
        "cd: /home/a.hart/nowhere: No such file or directory\n"
    )


async def test_a_command_runs_as_the_worlds_user(machine: BubblewrapSandbox) -> None:
    """Name, home, host and place are the world's; there is nobody else to be."""
    said = await bash(machine, "whoami; hostname; pwd; echo ~; id -u")
    assert said == "a.hart\nws-14\n/home/a.hart\n/home/a.hart\n1000\n"
    assert (await machine.exec(["whoami"], user="a.hart")).stdout == "a.hart\n"
    with pytest.raises(SandboxUserUnsupportedError):
        await machine.exec(["whoami"], user="root")


async def test_a_command_that_is_broken_off_does_not_answer_the_next(
    machine: BubblewrapSandbox, office: Office
) -> None:
    """A cancelled command is ended, what it did is known to the world, and the next command gets its own answer."""
    with anyio.move_on_after(0.3) as scope:
        await machine.exec(["bash", "-c", f"echo a > {LOTS}; echo first; sleep 60"])
    assert scope.cancelled_caught
    assert await bash(machine, "echo second; ps -eo comm | grep -c sleep") == "second\n0\n"
    assert office.changes() == [Change(LOTS, "a\n", 0o644)]


async def test_a_message_that_is_broken_off_ends_the_machine(machine: BubblewrapSandbox) -> None:
    """A machine that has been sent half a message is not sent another one behind it."""
    await machine.exec(["true"])
    inside = children(pid_of(machine))
    os.kill(inside[0], signal.SIGSTOP)  # it does not listen, so that the message cannot be sent to its end
    with anyio.move_on_after(0.3) as scope:
        await machine.exec(["cat"], input="x" * (8 << 20))
    assert scope.cancelled_caught
    with pytest.raises(SandboxUnavailableError, match="interrupted"):
        await machine.exec(["true"])
    await all_ended(inside)


async def test_a_machine_that_dies_is_not_a_result(machine: BubblewrapSandbox) -> None:
    """The command under way and all later ones say that the machine is gone."""
    async with anyio.create_task_group() as group:

        async def kill() -> None:
            await anyio.sleep(0.2)
            os.kill(pid_of(machine), signal.SIGKILL)

        group.start_soon(kill)
        with pytest.raises(SandboxUnavailableError, match="has ended"):
            await machine.exec(["sleep", "60"])
    with pytest.raises(SandboxUnavailableError, match="has ended"):
        await machine.exec(["true"])
    with pytest.raises(SandboxUnavailableError, match="has ended"):
        await machine.read_file("/etc/hostname")


async def test_a_world_that_breaks_is_not_a_result(
    machine: BubblewrapSandbox, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the world's comes out as what it is, and nothing can be run on the machine afterwards."""

    def broken(typed: Typed) -> Printed:
        raise WorldFaultError(typed.name)

    monkeypatch.setattr(office, "answer", broken)
    with pytest.raises(WorldFaultError, match="mail"):
        await bash(machine, "mail bob")
    with pytest.raises(SandboxUnavailableError):
        await bash(machine, "true")


async def test_a_stopped_machine_is_given_up(
    machine: BubblewrapSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that does not keep a command's limit itself is ended from outside."""
    monkeypatch.setattr("unbidden.sandbox.base.GRACE", 0.2)
    await machine.exec(["true"])
    inside = children(pid_of(machine))
    os.kill(inside[0], signal.SIGSTOP)
    with pytest.raises(SandboxUnavailableError, match="does not answer"):
        await machine.exec(["true"], timeout=0)
    await all_ended(inside)


async def test_nothing_is_left_behind(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """When a sample is over, its processes, open files and temporary files are gone, background jobs included."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    files = open_files()
    environments = await BubblewrapSandbox.sample_init("task", None, {})
    machine = environments["default"].as_type(BubblewrapSandbox)
    await machine.serve(office)
    await bash(machine, "setsid sleep 60 & nohup sleep 60 & mail bob")
    outer = pid_of(machine)
    tree = [outer, *(pid for pid in host_processes() if is_below(pid, outer))]
    await BubblewrapSandbox.sample_cleanup("task", None, environments, interrupted=True)
    assert len(tree) == 4
    await all_ended(tree)
    assert open_files() == files
    assert entries(tmp_path) == []


async def test_a_machine_ends_with_its_harness() -> None:
    """A harness that is killed leaves no machine running."""
    script = (
        "import anyio, os\nfrom unbidden.sandbox.bubblewrap import BubblewrapSandbox\n"
        "async def main():\n s = BubblewrapSandbox()\n await s.exec(['true'])\n"
        " print(s._machine.pid, flush=True)\n os.kill(os.getpid(), 9)\nanyio.run(main)"
    )
    done = await anyio.run_process([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    await all_ended([int(done.stdout)])


async def test_a_world_can_be_served_after_a_first_command(office: Office) -> None:
    """A machine that was used before it is set up is set up afresh."""
    machine = BubblewrapSandbox()
    await machine.exec(["touch", "before"])
    await machine.serve(office)
    said = await bash(machine, "ls ~ /stock")
    machine.end()
    assert said == "/home/a.hart:\n\n/stock:\nlots.csv\nold\n"


async def test_nothing_inside_tells_what_it_is(machine: BubblewrapSandbox) -> None:
    """Neither processes, environments, mounts, names nor the commands' own text name the harness or its means."""
    line = (
        "ps auxww; env; cat /proc/mounts /proc/*/mountinfo /proc/*/cmdline /proc/*/environ /proc/net/unix /proc/*/comm"
        "; find / -xdev; find /etc /home /tmp /usr/local; cat /usr/local/bin/* /usr/bin/date; grep -r . /etc; hostname"
    )
    said = (await bash(machine, f"({line}) 2>/dev/null")).lower()
    root = Path(bubblewrap_host.__file__).parents[2]
    words = [
        "bwrap",
        "bubble",
        "unbidden",
        "inspect_ai",
        "harness",
        "sandbox",
        "bashkit",
        "pytest",
        str(root),
    ]
    assert "/sbin/init" in said
    assert "ws-14" in said
    assert [word for word in words if word in said] == []


@pytest.mark.parametrize("modules", [CLIENT, SUPERVISOR])
def test_a_program_is_its_modules(modules: tuple[str, ...]) -> None:
    """Joined modules define no name twice, import nothing of the package, and keep no docstring."""
    tree = ast.parse(program(modules))
    named = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    named += [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert sorted(named) == sorted(set(named))
    assert "unbidden" not in program(modules)
    assert '"""' not in program(modules)


async def test_a_host_without_a_system_python_lends_its_own(
    office: Office, monkeypatch: pytest.MonkeyPatch, open_folder: Path
) -> None:
    """The Python that we run in serves the machine and its commands, without the packages beside it."""
    bare = shutil.ignore_patterns(
        "__pycache__", "site-packages", "test", "config-*", "*.a", "include", "share"
    )
    shutil.copytree(sys.base_prefix, open_folder, ignore=bare, symlinks=True, dirs_exist_ok=True)
    packages = open_folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    packages.mkdir()
    (packages / "secret.py").touch()
    monkeypatch.setattr(sys, "base_prefix", str(open_folder))
    monkeypatch.setattr(bubblewrap_machine, "interpreter", bubblewrap_host.own_interpreter)
    machine = BubblewrapSandbox()
    await machine.serve(office)
    said = await bash(machine, "echo text | mail bob; ls -A /opt/python/lib/python3.*/site-packages")
    machine.end()
    assert said == "sent 'text\\n'\nqueued\n"


async def test_a_closed_python_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that only root can read would be of no use to a machine's user, and the user is told so."""
    monkeypatch.setattr(bubblewrap_machine, "interpreter", bubblewrap_host.own_interpreter)
    monkeypatch.setattr(bubblewrap_machine, "open_to_all", lambda _: False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(PrerequisiteError, match=r"Install Python 3\.11 or later as /usr/bin/python3"):
        await BubblewrapSandbox.task_init("task", None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts machines as somebody else")
async def test_a_program_in_a_closed_folder_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only root may look, the machine's user is given a copy that he can start."""
    original = bubblewrap_host.find_bubblewrap()
    assert original is not None
    copy = bubblewrap_host.copied(original)
    monkeypatch.setattr(bubblewrap_machine, "find_bubblewrap", lambda: copy)
    machine = BubblewrapSandbox()
    result = await machine.exec(["echo", "started"])
    machine.end()
    assert not copy.is_relative_to(original.parents[2])
    assert result.stdout == "started\n"


async def test_a_missing_program_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap a task does not begin, and the user is told how to get it."""
    monkeypatch.setattr(bubblewrap_machine, "find_bubblewrap", lambda: None)
    with pytest.raises(PrerequisiteError, match=r"is not installed.*pip install 'unbidden\\\[bubblewrap\]'"):
        await BubblewrapSandbox.task_init("task", None)


async def test_a_host_that_forbids_it_stops_the_run(
    monkeypatch: pytest.MonkeyPatch, open_folder: Path
) -> None:
    """Where bubblewrap cannot set itself up, a task does not begin, and its own words are passed on."""
    refusing = open_folder / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    refusing.chmod(EXECUTABLE)
    monkeypatch.setattr(bubblewrap_machine, "find_bubblewrap", lambda: refusing)
    bubblewrap_machine.tried.cache_clear()
    try:
        with pytest.raises(
            PrerequisiteError, match=r"setting up uid map: Permission denied.*--sandbox embedded"
        ):
            await BubblewrapSandbox.task_init("task", None)
    finally:
        bubblewrap_machine.tried.cache_clear()


def pid_of(machine: BubblewrapSandbox) -> int:
    running = machine._machine  # noqa: SLF001
    assert running is not None
    return running.pid


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def open_files() -> list[str]:
    return entries(Path("/proc/self/fd"))


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def host_processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def is_below(pid: int, ancestor: int) -> bool:
    try:
        while pid > 1:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            if pid == ancestor:
                return True
    except FileNotFoundError:
        return False
    return False


async def all_ended(pids: list[int]) -> None:
    """The kernel takes down a tree of processes in its own time; a zombie has ended."""
    with anyio.fail_after(5):
        while any(_lives(pid) for pid in pids):  # noqa: ASYNC110 - nothing tells when a process of others has ended
            await anyio.sleep(0.01)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False
