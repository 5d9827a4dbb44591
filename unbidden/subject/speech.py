"""What a subject says, apart from what it thinks."""

import re

from inspect_ai.model import ChatMessageAssistant, ContentText

REASONING_TAGS = (
    "think",
    "thinking",
    "thought",
    "reasoning",
    "scratchpad",
    "scratchpad_reasoning",
    "reflection",
)
"""Markup in which models put reasoning into their text. Reasoning without any markup cannot be told from speech."""

_names = "|".join(REASONING_TAGS)
_CLOSED = re.compile(rf"<({_names})\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_OPEN = re.compile(rf"<({_names})\b[^>]*>.*\Z", re.DOTALL | re.IGNORECASE)
_END_ONLY = re.compile(rf"\A.*?</({_names})\s*>", re.DOTALL | re.IGNORECASE)


def spoken(message: ChatMessageAssistant) -> str:
    """The text of a message without reasoning (native, or inline in declared markup) and without refusal blocks."""
    parts = (
        [message.content]
        if isinstance(message.content, str)
        else [part.text for part in message.content if isinstance(part, ContentText) and not part.refusal]
    )
    return without_reasoning("\n".join(parts))


def without_reasoning(text: str) -> str:
    """Removes declared reasoning markup; a tag left open reaches to the end, a stray end tag from the start."""
    text = _CLOSED.sub("", text)
    text = _OPEN.sub("", text)
    return _END_ONLY.sub("", text).strip()


def refuses(message: ChatMessageAssistant) -> bool:
    """Whether the provider marked the answer as a refusal."""
    return not isinstance(message.content, str) and any(
        isinstance(part, ContentText) and bool(part.refusal) for part in message.content
    )
