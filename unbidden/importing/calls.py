"""What a subject called in a conversation made elsewhere, and what came back."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from inspect_ai.log import EvalSample
from inspect_ai.model import ChatMessageAssistant, ChatMessageTool, ContentReasoning, ContentToolUse

from unbidden.reading import Frozen
from unbidden.subject.speech import refuses


class Call(Frozen):
    """One use of a tool; `result` is `None` where the log holds none, `wrong` says why it was malformed or failed."""

    id: str | None
    tool: str
    arguments: dict[str, Any]
    result: str | None
    wrong: str | None = None
    malformed: bool = False


class Left(Frozen):
    """A sample that cannot be scored, with the reason."""

    reason: str
    detail: str
    unmapped: dict[str, int] = {}


CallsOf = Callable[[ChatMessageAssistant, Mapping[str, ChatMessageTool]], "Sequence[Call] | Left"]


def native_calls(
    message: ChatMessageAssistant, results: Mapping[str, ChatMessageTool]
) -> Sequence[Call] | Left:
    """The tool calls of a message, those that the provider carried out itself included."""
    calls = list[Call]()
    for call in message.tool_calls or []:
        answer = results.get(call.id)
        error = answer.error.message if answer is not None and answer.error is not None else None
        calls.append(
            Call(
                id=call.id,
                tool=call.function,
                arguments=dict(call.arguments),
                result=answer.text if answer is not None else None,
                wrong=call.parse_error or error,
                malformed=call.parse_error is not None,
            )
        )
    for part in [] if isinstance(message.content, str) else message.content:
        if isinstance(part, ContentToolUse):
            calls.append(_served(part))
    return calls


def subject_messages(sample: EvalSample) -> list[ChatMessageAssistant]:
    """What the subject itself wrote: not what the sample put into its mouth as input or as a prefill."""
    given = (
        {message.id for message in sample.input if message.id}
        if isinstance(sample.input, list)
        else set[str]()
    )
    return [
        message
        for message in sample.messages
        if isinstance(message, ChatMessageAssistant)
        and message.source != "input"
        and message.id not in given
        and not (message.metadata or {}).get("prefill")
    ]


def _served(part: ContentToolUse) -> Call:
    try:
        given: Any = json.loads(part.arguments or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        wrong = "its arguments are no JSON object"
        return Call(id=part.id, tool=part.name, arguments={}, result=None, wrong=wrong, malformed=True)
    arguments = cast("dict[str, Any]", given)
    return Call(id=part.id, tool=part.name, arguments=arguments, result=part.result, wrong=part.error or None)


def has_content(message: ChatMessageAssistant) -> bool:
    """Whether anything was kept of a message: a call, a refusal, a thought or a word."""
    if message.tool_calls or refuses(message):
        return True
    if isinstance(message.content, str):
        return bool(message.content.strip())
    return any(isinstance(part, ContentReasoning | ContentToolUse) for part in message.content) or bool(
        message.text.strip()
    )
