"""Who answers: the reference subjects, from what a request holds."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ContentReasoning,
    GenerateConfig,
    ModelOutput,
)
from inspect_ai.tool import ToolInfo
from jinja2 import Environment, nodes

from serving.wire import Asked, Called, Reply
from unbidden import content
from unbidden.errors import NotFoundError
from unbidden.scenario.load import load_scenario
from unbidden.subject.reference import SUBJECTS, ReferenceSubject, Thinking

FAULTY = "fault-"
"""How the ids of calls begin that are no part of a script: the script goes on as if that turn had not been."""


def opening(conversation: Sequence[ChatMessage]) -> str:
    """Everything before the first answer: the system prompt and the task."""
    texts: list[str] = []
    for message in conversation:
        if message.role not in {"system", "user"}:
            break
        texts.append(message.text)
    return "\n".join(texts)


def scripted(conversation: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The conversation without the turns that a fault made."""
    return [
        message
        for message in conversation
        if not (
            (isinstance(message, ChatMessageTool) and (message.tool_call_id or "").startswith(FAULTY))
            or (
                isinstance(message, ChatMessageAssistant)
                and any(call.id.startswith(FAULTY) for call in message.tool_calls or [])
            )
        )
    ]


def turn(asked: Asked) -> int:
    """The number of the answer that is asked for, from 1, turns made by a fault not counted."""
    return 1 + sum(isinstance(message, ChatMessageAssistant) for message in scripted(asked.conversation))


async def play(asked: Asked, subject: str, scenario: str | None, thinking: Thinking, number: int) -> Reply:
    """What a subject, or an exemplar of that name, answers.

    Args:
        asked: The request.
        subject: A reference subject, or the name of an exemplar.
        scenario: The scenario; recognised by its prompts if `None`.
        thinking: Where to put a line of reasoning.
        number: Makes the answer's id.

    Raises:
        NotFoundError: The prompts are no scenario's.
        ScriptError: The exemplar has no step left, or does not fit the conversation.
    """
    start = opening(asked.conversation)
    conversation = scripted(asked.conversation)
    shown = {"scenario": scenario or recognised(start), "exemplar": subject}
    conversation[0] = conversation[0].model_copy(update={"metadata": shown})
    api = ReferenceSubject(subject if subject in SUBJECTS else "exemplar", thinking=thinking)
    seed = asked.seed or int(hashlib.sha256(start.encode()).hexdigest()[:8], 16)
    tools = [ToolInfo(name=name, description=name) for name in asked.tools]
    output = await api.generate(conversation, tools, "auto", GenerateConfig(seed=seed))
    return _reply(output, asked.model, number)


def _reply(output: ModelOutput, model: str, number: int) -> Reply:
    message, usage = output.message, output.usage
    parts = [] if isinstance(message.content, str) else message.content
    return Reply(
        id=f"{number:06d}",
        model=model,
        text=message.text,
        reasoning="".join(part.reasoning for part in parts if isinstance(part, ContentReasoning)),
        calls=[
            Called(call.id, call.function, json.dumps(call.arguments)) for call in message.tool_calls or []
        ],
        stop="tool_calls" if message.tool_calls else "stop",
        read=usage.input_tokens if usage else 0,
        written=usage.output_tokens if usage else 0,
    )


def recognised(start: str) -> str:
    """The scenario whose prompts a conversation opens with: the one most of whose fixed wording is found there."""
    shares = {name: _share(texts, start) for name, texts in _wordings(Path.cwd()).items()}
    best = max(shares, key=lambda name: shares[name])
    if shares[best] <= _ENOUGH:
        raise NotFoundError("the prompts are those of no scenario", fix=f"Known: {', '.join(shares)}")
    return best


_ENOUGH = 0.5


def _share(texts: Sequence[str], start: str) -> float:
    return sum(len(text) for text in texts if text in start) / max(1, sum(map(len, texts)))


@cache
def _wordings(folder: Path) -> dict[str, list[str]]:  # noqa: ARG001 - names are looked up from the current folder
    """What the templates of each scenario's prompts hold beside what is filled in."""
    found: dict[str, list[str]] = {}
    for name in content.listing("scenarios"):
        scenario = load_scenario(name).scenario
        tree = Environment(autoescape=True).parse(f"{scenario.system_prompt}\n{scenario.task}")
        texts = [data.data.strip() for data in tree.find_all(nodes.TemplateData)]
        found[name] = [text for text in texts if text]
    return found
