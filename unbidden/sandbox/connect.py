"""A world and the machine that an agent reaches it from, brought together."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from inspect_ai.util import SandboxEnvironment

from unbidden.sandbox.base import MachineSandbox
from unbidden.sandbox.service import served
from unbidden.world.machine import Host


class Connection(Protocol):
    """What the agent's tool has to do about the machine, beside running commands on it."""

    async def bring(self) -> None:
        """Called before each command: what others have left is there."""
        ...

    async def settle(self) -> Sequence[str]:
        """Called after each command: take over what changed, and return what the shell says was denied."""
        ...


@asynccontextmanager
async def connect(host: Host, environment: SandboxEnvironment) -> AsyncGenerator[Connection]:
    """Set a machine up for a world, and let the world answer it.

    Raises:
        SandboxUnavailableError: The machine cannot be set up.
    """
    try:
        machine = environment.as_type(MachineSandbox)
    except TypeError:  # somebody else's
        async with served(host, environment) as connection:
            yield connection
        return
    await machine.serve(host)
    yield _Direct()


class _Direct:
    """Our own machines speak to their host themselves, before and after each command."""

    async def bring(self) -> None: ...

    async def settle(self) -> Sequence[str]:
        return ()
