"""What every wire format is turned into, and made from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from inspect_ai.model import ChatMessage

Body = dict[str, Any]

Stop = Literal["stop", "tool_calls", "max_tokens", "content_filter", "refusal"]


@dataclass(frozen=True)
class Asked:
    """A request, whatever format it came in."""

    format: str
    model: str
    conversation: list[ChatMessage]
    tools: tuple[str, ...]
    stream: bool
    seed: int | None = None


@dataclass(frozen=True)
class Called:
    """A tool call; its arguments are the text that goes over the wire, which need not be JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Reply:
    """An answer, whatever format it goes out in; tokens as the reference subjects count them."""

    id: str
    model: str
    text: str = ""
    reasoning: str = ""
    calls: Sequence[Called] = ()
    stop: Stop = "stop"
    read: int = 0
    written: int = 0


class Format(Protocol):
    """One provider's wire format; the modules anthropic, chat and responses are one each."""

    PATH: str

    async def asked(self, body: Body) -> Asked: ...
    def answer(self, reply: Reply) -> Body: ...
    def events(self, reply: Reply) -> Sequence[str]: ...
    def error(self, kind: str, message: str) -> Body: ...


def event(data: Body, name: str | None = None) -> str:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n"


def pieces(text: str, size: int = 12) -> list[str]:
    """A text as it arrives in a stream: in pieces; an empty one arrives in none."""
    return [text[start : start + size] for start in range(0, len(text), size)]
