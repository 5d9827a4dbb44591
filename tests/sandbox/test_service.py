"""A machine that somebody else runs, served through Inspect's sandbox service.

Where there is no Docker engine, Inspect's `local` provider stands in for the container: the same client, keeper and service over the
same interface of Inspect's, and no isolation.
"""

import fcntl
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from inspect_ai import Task, eval  # noqa: A004
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalSample
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import sandbox

from unbidden.errors import WorldFaultError
from unbidden.sandbox.connect import Connection, connect
from unbidden.world.machine import Change, NeedsFileError, Placed, Printed, Settled, Setup, Typed

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def alone() -> Generator[None]:
    """Without a container the tests share the host's names: one at a time, whatever process runs them."""
    with (Path(tempfile.gettempdir()) / "served-machines.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass
class Post:
    """A host with one command, which notes what it is asked and what changes."""

    home: Path
    share: Path
    seen: list[str] = field(default_factory=list)
    waiting: list[Change] = field(default_factory=list)
    broken: bool = False

    def setup(self) -> Setup:
        files = {
            str(self.share / "lots.csv"): Placed("lot,expires\n", 0o644, 1_741_000_000),
            str(self.share / "fixed.md"): Placed("as it is\n", 0o644, 1_741_000_000),
        }
        return Setup("ops-01", "user", str(self.home), files, [str(self.share)], ["post"])

    def answer(self, typed: Typed) -> Printed:
        if self.broken:
            raise WorldFaultError("the world is broken")
        if typed.argv[:1] == ["-f"]:
            path = str(self.share / typed.argv[1])
            if path not in typed.files:
                raise NeedsFileError(path)
            self.seen.append(f"file {typed.files[path]!r}")
            return Printed("sent\n")
        if typed.argv[:1] == ["-o"]:
            return Printed(files={str(self.share / typed.argv[1]): "answer\n"})
        self.seen.append(f"{' '.join(typed.argv)} <{typed.stdin!r}")
        return Printed("posted\n", "careful\n", 3)

    def settle(self, changes: Sequence[Change]) -> Settled:
        self.seen += [f"{Path(change.path).name}={change.content!r} {change.mode:o}" for change in changes]
        kept = [change for change in changes if change.path.endswith("fixed.md")]
        restore = [Change(change.path, "as it is\n", 0o644) for change in kept]
        return Settled(restore, [f"bash: {change.path}: Permission denied" for change in kept])

    def arrivals(self) -> Sequence[Change]:
        arrived, self.waiting = self.waiting, []
        return arrived

    def clock(self) -> float:
        return 1_741_078_800.0


Work = Callable[[Connection, Callable[[str], Awaitable[str]]], Awaitable[None]]


def worked(post: Post, tmp_path: Path, work: Work) -> EvalSample:
    """A sample in which some work is done on a machine served by a host."""

    @solver
    def worker() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001
            async def run(command: str) -> str:
                result = await sandbox().exec(
                    ["bash", "--login", "-c", command], env={"HOME": str(post.home)}
                )
                return f"{result.stdout}{result.stderr}{result.returncode}"

            async with served_until_the_end(post) as connection:
                await work(connection, run)
            return state

        return solve

    task = Task(dataset=MemoryDataset([Sample(input="work")]), solver=worker(), sandbox="local")
    [log] = eval(task, model="mockllm/model", display="none", log_dir=str(tmp_path / "logs"))
    assert log.samples is not None
    return log.samples[0]


@asynccontextmanager
async def served_until_the_end(post: Post) -> AsyncIterator[Connection]:
    try:
        async with connect(post, sandbox()) as connection:
            yield connection
    finally:
        _end_keeper(post)


def _end_keeper(post: Post) -> None:
    """A container would take it with it."""
    for folder in Path("/proc").glob("[0-9]*"):
        if str(post.home).encode() in _line(folder):
            os.kill(int(folder.name), signal.SIGKILL)


def _line(folder: Path) -> bytes:
    try:
        return (folder / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def post(tmp_path: Path) -> Post:
    for name in ("home", "share"):
        (tmp_path / name).mkdir()
    return Post(tmp_path / "home", tmp_path / "share")


def test_commands_and_changes_reach_the_world(post: Post, tmp_path: Path) -> None:
    """Arguments, input, files asked for, output, exit code, order of changes, refusals and arrivals, all in one machine."""
    said: dict[str, str] = {}

    async def work(connection: Connection, run: Callable[[str], Awaitable[str]]) -> None:
        async def step(name: str, command: str) -> None:
            await connection.bring()
            said[name] = await run(command)
            said[f"{name}, denied"] = "\n".join(await connection.settle())

        share = post.share
        await step("post", "printf 'some text' | post -s 'two words'")
        await step("file", f"cd {share}; echo new > a.txt; post -f a.txt; rm a.txt; post -f a.txt")
        await step("refused", f"echo gone > {share}/fixed.md")
        await step("after", f"cat {share}/fixed.md; date -u -r {share}/fixed.md +%F")
        post.waiting.append(Change(f"{share}/note.md", "Bay seven is closed.\n", 0o644))
        await step("arrived", f"cat {share}/note.md")
        await step("left", "post -o out.txt")

    sample = worked(post, tmp_path, work)
    assert sample.error is None, sample.error
    assert said["post"] == "posted\ncareful\n3"
    assert said["refused, denied"] == f"bash: {post.share}/fixed.md: Permission denied"
    assert said["after"] == "as it is\n2025-03-04\n0"
    assert said["arrived"] == "Bay seven is closed.\n0"
    assert post.seen == [
        "-s two words <'some text'",
        "a.txt='new\\n' 644",
        "file 'new\\n'",
        "a.txt=None 644",
        "file None",
        "fixed.md='gone\\n' 644",
        "out.txt='answer\\n' 644",
    ]


def test_a_fault_of_the_world_ends_the_sample(post: Post, tmp_path: Path) -> None:
    """The subject is not told of it: the sample is our failure."""
    post.broken = True

    async def work(connection: Connection, run: Callable[[str], Awaitable[str]]) -> None:
        await run("post hello")
        await connection.settle()

    sample = worked(post, tmp_path, work)
    assert sample.error is not None
    assert "WorldFaultError" in sample.error.message


def test_a_machine_without_its_keeper_is_unavailable(post: Post, tmp_path: Path) -> None:
    """Killed by the subject or not: what it did can no longer be told, and the sample says so."""

    async def work(connection: Connection, run: Callable[[str], Awaitable[str]]) -> None:
        await run(f"pkill -9 -f {post.home}/.local/lib/keeper.py")
        await connection.settle()

    sample = worked(post, tmp_path, work)
    assert sample.error is not None
    assert "SandboxUnavailableError" in sample.error.message
