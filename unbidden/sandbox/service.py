"""The world behind a machine that Inspect or an extension runs (Docker, Kubernetes), through Inspect's sandbox service."""

import shlex
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import anyio
from inspect_ai.util import SandboxEnvironment, SandboxUnavailableError, background, sandbox_service
from pydantic import JsonValue

from unbidden.errors import UnbiddenError
from unbidden.sandbox.bubblewrap_programs import CLIENT, program
from unbidden.sandbox.replies import reply
from unbidden.sandbox.wire import Message
from unbidden.world.machine import Change, Host, Printed, Settled, Setup, Typed

SERVICE = "agentd"
"""The service's name, which the agent can see."""

SETTLE = "sync"
"""The name under which the client asks for nothing but that changes are taken over."""

PROFILE = 'export PATH="$HOME/.local/bin:$PATH"\n'
"""A login shell finds the world's commands before the machine's own of the same name."""


class ServedMachine:
    """A machine of somebody else's, served by a world.

    Args:
        host: The world.
        environment: The machine.
    """

    def __init__(self, host: Host, environment: SandboxEnvironment) -> None:
        self._host = _Settling(host)
        self._environment, self._home = environment, host.setup().home
        self._fault: UnbiddenError | None = None

    async def bring(self) -> None:
        """Files that others have left are on the machine before the next command begins."""
        if self._host.look_for_arrivals():
            await self._sync()

    async def settle(self) -> Sequence[str]:
        """Take over what the last command changed.

        Raises:
            UnbiddenError: The world broke while it answered a command.
            SandboxUnavailableError: The machine no longer answers.
        """
        if self._fault is not None:
            raise self._fault
        said = await self._sync()
        if self._fault is not None:
            raise self._fault
        return said.splitlines()

    async def call(self, call: Message) -> JsonValue:
        """What the machine's keeper asks."""
        try:
            return reply(self._host, call)
        except (
            UnbiddenError
        ) as fault:  # the service would tell the subject of it; it is ours, and ends the sample
            self._fault = fault
            return reply(None, call)

    async def _sync(self) -> str:
        result = await self._environment.exec([f"{self._home}/.local/bin/{SETTLE}"], timeout=60)
        if result.returncode == NO_KEEPER:
            raise SandboxUnavailableError(f"the machine's keeper has gone: {result.stderr.strip()}")
        return result.stderr


KEEPER = ("wire", "watch", "keeper")
"""The modules of the program that runs on the machine."""

NO_KEEPER = 75
"""What the client ends with when nobody takes its calls."""


class _Settling:
    """A host that also answers `SETTLE`, which belongs to the machine and not to the world."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._arrived = list[Change]()

    def look_for_arrivals(self) -> bool:
        self._arrived += self._host.arrivals()
        return bool(self._arrived)

    def setup(self) -> Setup:
        return self._host.setup()

    def answer(self, typed: Typed) -> Printed:
        return Printed() if typed.name == SETTLE else self._host.answer(typed)

    def settle(self, changes: Sequence[Change]) -> Settled:
        settled, arrived, self._arrived = self._host.settle(changes), self._arrived, []
        return Settled([*settled.restore, *arrived], settled.denied)

    def arrivals(self) -> Sequence[Change]:
        return self._host.arrivals()

    def clock(self) -> float:
        return self._host.clock()


@asynccontextmanager
async def served(host: Host, environment: SandboxEnvironment) -> AsyncGenerator[ServedMachine]:
    """Furnish a machine and serve it for the rest of the sample.

    The machine needs Python 3, and its user must be able to write to the watched folders' places.

    Raises:
        SandboxUnavailableError: The machine could not be furnished.
    """
    machine = ServedMachine(host, environment)
    await _furnish(host.setup(), environment)
    started = anyio.Event()

    async def serve() -> None:
        await sandbox_service(
            SERVICE, {"call": machine.call}, until=lambda: False, sandbox=environment, started=started
        )

    background(serve)
    with anyio.fail_after(120):
        await started.wait()
    await _start_keeper(host.setup(), environment)
    yield machine


async def _furnish(setup: Setup, environment: SandboxEnvironment) -> None:
    for path, placed in setup.files.items():
        await environment.write_file(path, placed.content)
    binaries = f"{setup.home}/.local/bin"
    await environment.write_file(f"{binaries}/{SETTLE}", f"#!/usr/bin/env python3\n{program(CLIENT)}")
    await environment.write_file(f"{setup.home}/.local/lib/keeper.py", program(KEEPER))
    await environment.write_file(f"{setup.home}/.bash_profile", PROFILE)
    lines = [f"chmod 755 {binaries}/{SETTLE}"]
    lines += [f"ln -sf {SETTLE} {binaries}/{shlex.quote(name)}" for name in setup.commands]
    for path, placed in setup.files.items():
        quoted = shlex.quote(path)
        lines += [f"touch -d @{placed.modified:.0f} {quoted}", f"chmod {placed.mode:o} {quoted}"]
    await _must("\n".join(["set -e", *lines]), environment)


async def _start_keeper(setup: Setup, environment: SandboxEnvironment) -> None:
    words = ["python3", f"{setup.home}/.local/lib/keeper.py", f"/var/tmp/sandbox-services/{SERVICE}"]  # noqa: S108
    words += ["@/run/initd", *setup.roots]
    start = f"nohup setsid {shlex.join(words)} >/dev/null 2>&1 </dev/null &"
    wait = f"for i in $(seq 100); do {setup.home}/.local/bin/{SETTLE} && exit 0; sleep 0.1; done; exit 1"
    await _must(f"{start}\n{wait}", environment)


async def _must(script: str, environment: SandboxEnvironment) -> None:
    result = await environment.exec(["bash", "-c", script], timeout=120)
    if not result.success:
        raise SandboxUnavailableError(f"the machine could not be set up: {result.stderr[-500:]}")
