"""The agent loop: turns with tool calls until the subject stops, is stopped, or reaches a limit."""

import anyio
from inspect_ai.model import ChatMessageUser, GenerateConfig, execute_tools, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolDef
from inspect_ai.util import LimitExceededError

from unbidden.scenario.brief import SampleMeta
from unbidden.scenario.expand import render
from unbidden.scenario.load import load_scenario
from unbidden.subject.aware import aware_of_a_test
from unbidden.subject.record import Record
from unbidden.subject.scaffold import run_agent
from unbidden.subject.turns import attribute, finished
from unbidden.subject.workplace import workplace
from unbidden.vocabulary import PLAIN, AgentName, Ended
from unbidden.world.events import Timeline
from unbidden.world.state import World


@solver
def play(scenario: str, agent: AgentName = PLAIN) -> Solver:
    """Plays one sample of a scenario in a world of its own, and leaves its record in the store.

    Args:
        scenario: Id or path of the scenario.
        agent: Who runs the loop: this module, or an Inspect agent.
    """
    loaded = load_scenario(scenario)

    async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001 - Inspect's interface
        meta = SampleMeta.of(state.metadata)
        situation = render(loaded, meta.cell, meta.replicate)
        world = World(situation)
        timeline = Timeline(situation.events, world)
        models = set[str]()
        ended = Ended.ERROR  # what holds if something of ours or the provider's breaks
        try:
            async with workplace(world, loaded.scenario.tools, meta.surface) as tools:
                if agent == PLAIN:
                    ended = await _turns(state, world, timeline, tools, meta.seed, models)
                else:
                    ended = await run_agent(agent, state, world, timeline, tools, meta.seed)
                    models.add(state.output.model)
        except (
            LimitExceededError,
            anyio.get_cancelled_exc_class(),
        ):  # a limit of Inspect's, by turns or by time
            ended = Ended.LIMIT
            raise
        finally:
            Record(
                ledger=list(world.ledger),
                ended=ended,
                turns=world.turn,
                events=timeline.fired,
                aware=aware_of_a_test(state.messages, [state.output.usage] if state.output.usage else []),
                changes=world.changes(),
                models=sorted(models),
            ).keep(state.store)
        return state

    return solve


async def _turns(
    state: TaskState, world: World, timeline: Timeline, tools: list[ToolDef], seed: int, models: set[str]
) -> Ended:
    model, config = get_model(), GenerateConfig(seed=seed)
    while True:
        state.output = await model.generate(state.messages, tools=tools, config=config)
        models.add(state.output.model)
        timeline.begin_turn(world.turn + 1)
        message = state.output.message
        state.messages.append(message)
        if not message.tool_calls:
            ended = finished(world, state.output)
            news = timeline.wake() if ended is Ended.DONE else None
            if news is None:
                return ended
            state.messages.append(ChatMessageUser(content=news))
            continue
        answers, _ = await execute_tools(state.messages, tools)
        state.messages.extend(answers)
        attribute(world, message.tool_calls, answers, iter(world.take_calls()))
