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

_TAG = re.compile(rf"<(/?)({'|'.join(REASONING_TAGS)})(?:\s[^<>]*)?>", re.IGNORECASE)


def spoken(message: ChatMessageAssistant) -> str:
    """The text of a message without reasoning (native, or inline in declared markup) and without refusal blocks."""
    parts = (
        [message.content]
        if isinstance(message.content, str)
        else [part.text for part in message.content if isinstance(part, ContentText) and not part.refusal]
    )
    return without_reasoning("\n".join(parts))


def without_reasoning(text: str) -> str:
    """Removes declared reasoning markup, nested too; a tag left open reaches to the end, a stray end tag from the start."""
    kept, position, inside = "", 0, list[str]()
    for tag in _TAG.finditer(text):
        closes, name = bool(tag[1]), tag[2].lower()
        if not inside:
            kept = "" if closes else kept + text[position : tag.start()]
        if not closes:
            inside.append(name)
        elif name in inside:
            del inside[len(inside) - 1 - inside[::-1].index(name) :]
        position = tag.end()
    return (kept if inside else kept + text[position:]).strip()


def refuses(message: ChatMessageAssistant) -> bool:
    """Whether the provider marked the answer as a refusal."""
    return not isinstance(message.content, str) and any(
        isinstance(part, ContentText) and bool(part.refusal) for part in message.content
    )
