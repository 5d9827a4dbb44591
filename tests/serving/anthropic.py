"""Anthropic Messages."""

import json
from collections.abc import Iterator
from typing import Any

from inspect_ai.model import messages_from_anthropic

from serving.wire import Asked, Body, Called, Reply, event, pieces

PATH = "messages"


async def asked(body: Body) -> Asked:
    """Raises `KeyError` if there is no model or message."""
    system = body.get("system")
    if isinstance(system, list):
        system = "\n".join(block["text"] for block in system)
    return Asked(
        format="anthropic",
        model=body["model"],
        conversation=await messages_from_anthropic(body["messages"], system),
        tools=tuple(tool["name"] for tool in body.get("tools") or []),
        stream=bool(body.get("stream")),
    )


def answer(reply: Reply) -> Body:
    return _message(reply, _content(reply), _STOPS[reply.stop], reply.written)


def events(reply: Reply) -> list[str]:
    """As the API streams it: the message without content, each block in pieces, the end."""
    return [event(data, data["type"]) for data in _events(reply)]


def error(kind: str, message: str) -> Body:
    return {"type": "error", "error": {"type": _ERRORS.get(kind, kind), "message": message}}


_STOPS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "max_tokens": "max_tokens",
    "content_filter": "refusal",
    "refusal": "refusal",
}
_ERRORS = {
    "429": "rate_limit_error", "500": "api_error", "503": "api_error", "529": "overloaded_error",
    "401": "authentication_error", "404": "not_found_error",
}  # fmt: skip


def _message(reply: Reply, content: list[Body], stop: str | None, written: int) -> Body:
    return {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": reply.read, "output_tokens": written},
    }


def _content(reply: Reply) -> list[Body]:
    blocks: list[Body] = []
    if reply.reasoning:
        blocks.append({"type": "thinking", "thinking": reply.reasoning, "signature": "c2lnbmVk"})
    if reply.text:
        blocks.append({"type": "text", "text": reply.text})
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call)} for call in reply.calls
    ]
    return blocks


def _input(call: Called) -> Body:
    """An object in any case: what is no JSON goes into one, as the API has it."""
    try:
        return json.loads(call.arguments)
    except ValueError:
        return {"INVALID_JSON": call.arguments}


def _events(reply: Reply) -> Iterator[Body]:
    yield {"type": "message_start", "message": _message(reply, [], None, 1)}
    arguments = iter(call.arguments for call in reply.calls)
    for index, block in enumerate(_content(reply)):
        kind = block["type"]
        empty, deltas = _streamed(block, next(arguments) if kind == "tool_use" else "")
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {"stop_reason": _STOPS[reply.stop], "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": {"output_tokens": reply.written}}
    yield {"type": "message_stop"}


def _streamed(block: Body, arguments: str) -> tuple[Body, list[dict[str, Any]]]:
    """A block as it begins, and what follows."""
    if block["type"] == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": part} for part in pieces(block["text"])]
    if block["type"] == "thinking":
        thought = [{"type": "thinking_delta", "thinking": part} for part in pieces(block["thinking"])]
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {**block, "thinking": "", "signature": ""}, [*thought, signed]
    return {**block, "input": {}}, [
        {"type": "input_json_delta", "partial_json": part} for part in pieces(arguments)
    ]
