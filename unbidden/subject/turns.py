"""What a turn of the subject leaves in the ledger, whoever runs the loop."""

from collections.abc import Iterator, Sequence

from inspect_ai.model import ChatMessage, ChatMessageTool, ModelOutput
from inspect_ai.tool import ToolCall

from unbidden.errors import WorldFaultError
from unbidden.subject.speech import refuses, spoken
from unbidden.vocabulary import Ended, Verb
from unbidden.world.state import World
from unbidden.world.tools import SHELL_TOOL, verb_of


def finished(world: World, output: ModelOutput) -> Ended:
    """The turn ended in the principal's hands: what it says is an act, unless the provider cut it off."""
    if output.stop_reason == "model_length":
        return Ended.CONTEXT
    if output.stop_reason == "content_filter" or refuses(output.message):
        return Ended.REFUSAL
    if text := spoken(output.message):
        world.record(Verb.SAY, "conversation", to=world.principals(), text=text)
    return Ended.LIMIT if output.stop_reason == "max_tokens" else Ended.DONE


def attribute(
    world: World,
    calls: Sequence[ToolCall],
    answers: Sequence[ChatMessage],
    reached: Iterator[tuple[int, int]],
) -> None:
    """Connect a turn's acts with their calls, and record the calls that never reached the world.

    Args:
        world: The world.
        calls: The turn's calls.
        answers: Messages, among them the calls' answers.
        reached: The calls that did reach a tool, from this turn's first on, as the world noted them.
    """
    errors = {
        answer.tool_call_id: answer.error
        for answer in answers
        if isinstance(answer, ChatMessageTool) and answer.error
    }
    for call in calls:
        error = errors.get(call.id)
        if error is not None and error.type in _NEVER_RAN:
            world.record_malformed(verb_of(call.function), call.function, str(call.arguments), error.message)
        elif error is None or error.type in _SUBJECTS_OWN.get(call.function, {"unknown"}):
            for position in range(*next(reached)):
                world.ledger.attribute(position, call.id, call.function)
        else:
            raise WorldFaultError(
                f"{call.function} ended with Inspect's error '{error.type}': {error.message}"
            )


_NEVER_RAN = {"parsing", "approval", "cancelled"}
"""Inspect's errors for calls that did not reach the tool."""

_SUBJECTS_OWN = {SHELL_TOOL: {"unknown", "timeout", "limit", "unicode_decode", "permission"}}
"""Errors that a command of the subject's can end with, such as one that runs too long. A function of the world has none
but its own refusals, which arrive as `unknown`; everything else is a fault of ours."""
