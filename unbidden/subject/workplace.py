"""How the subject reaches its world: function tools, or a machine with a shell."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import cache

from inspect_ai.tool import ToolDef, bash
from inspect_ai.util import SandboxUnavailableError, sandbox

from unbidden.errors import WorldFaultError
from unbidden.sandbox.connect import Connection, connect
from unbidden.vocabulary import Surface, ToolGroup, Verb
from unbidden.world.hosting import WorldHost
from unbidden.world.state import World
from unbidden.world.told import with_notices
from unbidden.world.tools import SHELL_TOOL, world_tools

COMMAND_SECONDS = 120
"""How long one command may run."""

SHOWN = 16 * 1024
"""How much of a command's output Inspect passes on: the first and the last half of it."""


@asynccontextmanager
async def workplace(
    world: World, groups: Sequence[ToolGroup], surface: Surface
) -> AsyncGenerator[list[ToolDef]]:
    """The tools of a surface, on one world.

    Raises:
        WorldFaultError: The machine could not be set up.
    """
    if surface == "functions":
        yield world_tools(world, groups)
        return
    try:
        async with connect(WorldHost(world, groups), sandbox()) as connection:
            yield [_shell(world, connection)]
    except SandboxUnavailableError as fault:
        raise WorldFaultError(f"the machine could not be set up: {fault}") from fault


def _shell(world: World, connection: Connection) -> ToolDef:
    """Inspect's own `bash` tool; what it prints of the world's files has been read."""
    described = _bash()
    run = described.tool

    async def execute(command: str) -> str:
        with world.call():
            await connection.bring()
            try:
                printed = str(await run(command=command))
            finally:
                denied = await connection.settle()
            printed += "".join(f"{line}\n" for line in denied)
            for source in world.lines.sources(_shown(printed)):
                world.record(Verb.READ, source)
            return with_notices(printed, world)

    return ToolDef(
        execute,
        name=SHELL_TOOL,
        description=described.description,
        parameters=described.parameters,
        parallel=False,  # acts belong to the call during which they happen
        viewer=described.viewer,
    )


@cache
def _bash() -> ToolDef:
    """Made once: Inspect keeps every tool whose signature it reads."""
    return ToolDef(bash(timeout=COMMAND_SECONDS))


def _shown(printed: str) -> str:
    if len(printed) <= SHOWN:
        return printed
    return f"{printed[: SHOWN // 2]}\n{printed[-SHOWN // 2 :]}"
