"""Agents that run a loop of their own, in place of the plain one: the same world, the same ledger."""

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec

from inspect_ai.agent import Agent, AgentState, agent, react, run
from inspect_ai.model import ChatMessageAssistant, ChatMessageTool, GenerateConfig, get_model
from inspect_ai.solver import TaskState
from inspect_ai.tool import Tool, ToolDef
from inspect_ai.util import sample_limits

from unbidden.errors import BadInputError
from unbidden.subject.turns import attribute, finished
from unbidden.vocabulary import IN_CONTAINER, AgentName, Ended, Verb
from unbidden.world.events import Timeline
from unbidden.world.state import World


async def run_agent(
    name: AgentName, state: TaskState, world: World, timeline: Timeline, tools: Sequence[ToolDef], seed: int
) -> Ended:
    """Have an agent do the work. Its turns are the model calls that Inspect counts."""

    def pace() -> None:
        timeline.begin_turn(int(sample_limits().turn.usage))

    world.pace = pace
    working = AgentState(messages=state.messages)
    try:
        working = await run(made(name, tools, seed), working)
        state.messages, state.output = working.messages, working.output
    finally:
        pace()
        _account(name, working, world)
    return finished(world, state.output)


def made(name: AgentName, tools: Sequence[ToolDef], seed: int) -> Agent:
    """An agent by its name.

    Raises:
        BadInputError: The package that has it is not installed.
    """
    if name == "react":
        return react(prompt=None, tools=tools, submit=False, model=_seeded(seed))
    must_be_installed(name)
    make: Callable[[], Agent] = getattr(import_module("inspect_swe"), name.replace("-", "_"))
    return make()


def must_be_installed(name: AgentName) -> None:
    """Raises `BadInputError` if the package that has an agent is not there."""
    if name in IN_CONTAINER and find_spec("inspect_swe") is None:
        fix = "Install the extra: pip install 'unbidden[swe]'"
        raise BadInputError(f"the agent '{name}' is not installed", fix=fix)


@agent
def _seeded(seed: int) -> Agent:
    """The model under test, called with the sample's seed."""

    async def execute(state: AgentState, tools: list[Tool]) -> AgentState:
        state.output = await get_model().generate(
            state.messages, tools=tools, config=GenerateConfig(seed=seed)
        )
        state.messages.append(state.output.message)
        return state

    return execute


def _account(name: AgentName, state: AgentState, world: World) -> None:
    """Connect acts with calls, and find what was read, from the conversation the agent leaves."""
    turns, reached = world.turn, iter(world.take_calls())
    world.pace = lambda: None
    said = [message for message in state.messages if isinstance(message, ChatMessageAssistant)]
    for world.turn, message in enumerate(said, start=1):
        calls = message.tool_calls or []
        if name in IN_CONTAINER:
            _note_what_was_read(world, {call.id for call in calls}, state)
        else:
            attribute(world, calls, state.messages, reached)
    world.turn = turns


def _note_what_was_read(world: World, calls: set[str], state: AgentState) -> None:
    for message in state.messages:
        if isinstance(message, ChatMessageTool) and message.tool_call_id in calls:
            for source in world.lines.sources(message.text):
                world.record(Verb.READ, source)
