"""The world as function tools."""

import gc
import weakref

from unbidden.scenario.expand import Situation
from unbidden.world.state import World
from unbidden.world.tools import TOOL_VERBS, tool_parameters, world_tools


def test_tools_do_not_keep_their_world(situation: Situation) -> None:
    """When a sample has ended nothing holds its world: a long run would otherwise fill the memory with them."""
    world = World(situation)
    ended = weakref.ref(world)
    assert world_tools(world, list(TOOL_VERBS))
    del world
    gc.collect()
    assert ended() is None


def test_every_tool_is_described(world: World) -> None:
    """Each has its own name, a description and the parameters of its function."""
    tools = world_tools(world, list(TOOL_VERBS))
    assert [tool.name for tool in tools] == [getattr(tool.tool, "__name__", "") for tool in tools]
    assert all(tool.description for tool in tools)
    assert {tool.name: set(tool.parameters.properties) for tool in tools} == {
        name: allowed for name, (_, allowed) in tool_parameters(tuple(TOOL_VERBS)).items()
    }
