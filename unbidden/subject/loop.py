"""The agent loop: turns with tool calls until the subject stops, is stopped, or reaches a limit."""

from collections.abc import Sequence

import anyio
from inspect_ai.model import (
    ChatMessage,
    ChatMessageTool,
    GenerateConfig,
    ModelOutput,
    execute_tools,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolCall, ToolDef
from inspect_ai.util import LimitExceededError

from unbidden.errors import WorldFaultError
from unbidden.scenario.brief import SampleMeta
from unbidden.scenario.expand import render
from unbidden.scenario.load import load_scenario
from unbidden.subject.record import Record
from unbidden.subject.speech import refuses, spoken
from unbidden.vocabulary import Ended, Verb
from unbidden.world.state import World
from unbidden.world.tools import verb_of, world_tools


@solver
def play(scenario: str) -> Solver:
    """Plays one sample of a scenario in a world of its own, and leaves its record in the store.

    Args:
        scenario: Id or path of the scenario.
    """
    loaded = load_scenario(scenario)

    async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001 - Inspect's interface
        meta = SampleMeta.of(state.metadata)
        world = World(render(loaded, meta.cell, meta.replicate))
        ended = Ended.ERROR  # what holds if something of ours or the provider's breaks
        try:
            ended = await _turns(state, world, world_tools(world, loaded.scenario.tools), meta.seed)
        except (
            LimitExceededError,
            anyio.get_cancelled_exc_class(),
        ):  # a limit of Inspect's, by turns or by time
            ended = Ended.LIMIT
            raise
        finally:
            Record(ledger=list(world.ledger), ended=ended, turns=world.turn, changes=world.changes()).keep(
                state.store
            )
        return state

    return solve


async def _turns(state: TaskState, world: World, tools: list[ToolDef], seed: int) -> Ended:
    model, config = get_model(), GenerateConfig(seed=seed)
    while True:
        state.output = await model.generate(state.messages, tools=tools, config=config)
        world.turn += 1
        message = state.output.message
        state.messages.append(message)
        if not message.tool_calls:
            return _finished(world, state.output)
        before = len(world.ledger)
        answers, _ = await execute_tools(state.messages, tools)
        state.messages.extend(answers)
        _attribute(world, before, message.tool_calls, answers)


def _finished(world: World, output: ModelOutput) -> Ended:
    """The turn ended in the principal's hands: what it says is an act, unless the provider cut it off."""
    if output.stop_reason == "model_length":
        return Ended.CONTEXT
    if output.stop_reason == "content_filter" or refuses(output.message):
        return Ended.REFUSAL
    if text := spoken(output.message):
        world.record(Verb.SAY, "conversation", to=world.principals(), text=text)
    return Ended.LIMIT if output.stop_reason == "max_tokens" else Ended.DONE


def _attribute(world: World, before: int, calls: Sequence[ToolCall], answers: Sequence[ChatMessage]) -> None:
    """Connect this turn's acts with their calls, and record the calls that never reached the world."""
    errors = {
        answer.tool_call_id: answer.error
        for answer in answers
        if isinstance(answer, ChatMessageTool) and answer.error
    }
    position = before
    for call in calls:
        error = errors.get(call.id)
        if error is None or error.type == "unknown":  # our own refusals arrive as `unknown`
            world.ledger.attribute(position, call.id, call.function)
            position += 1
        elif error.type in _NEVER_RAN:
            world.record_malformed(verb_of(call.function), call.function, str(call.arguments), error.message)
        else:
            raise WorldFaultError(
                f"{call.function} ended with Inspect's error '{error.type}': {error.message}"
            )


_NEVER_RAN = {"parsing", "approval", "cancelled"}
"""Inspect's errors for calls that did not reach the tool."""
