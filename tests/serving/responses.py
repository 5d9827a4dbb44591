"""OpenAI Responses."""

from collections.abc import Iterator
from typing import Any

from inspect_ai.model import ChatMessageUser, messages_from_openai_responses

from serving import chat
from serving.wire import Asked, Body, Reply, event, pieces

PATH = "responses"


async def asked(body: Body) -> Asked:
    """Raises `KeyError` if there is no model or input."""
    given = body["input"]
    return Asked(
        format="responses",
        model=body["model"],
        conversation=(
            [ChatMessageUser(content=given)]
            if isinstance(given, str)
            else await messages_from_openai_responses(given, body["model"])
        ),
        tools=tuple(tool["name"] for tool in body.get("tools") or []),
        stream=bool(body.get("stream")),
    )


def answer(reply: Reply) -> Body:
    return _response(reply, _status(reply), _output(reply))


def events(reply: Reply) -> list[str]:
    """As the API streams it: each item begins, grows and ends; the last event holds the whole."""
    numbered = [{**data, "sequence_number": number} for number, data in enumerate(_events(reply))]
    return [event(data, data["type"]) for data in numbered]


error = chat.error

_INCOMPLETE = {"max_tokens": "max_output_tokens", "content_filter": "content_filter"}


def _status(reply: Reply) -> str:
    return "incomplete" if reply.stop in _INCOMPLETE else "completed"


def _response(reply: Reply, status: str, output: list[Body]) -> Body:
    reason = _INCOMPLETE.get(reply.stop)
    return {
        "id": f"resp_{reply.id}",
        "object": "response",
        "created_at": 1,
        "model": reply.model,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if reason and status == "incomplete" else None,
        "instructions": None,
        "metadata": {},
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "top_p": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": reply.read,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": reply.written,
            "output_tokens_details": {"reasoning_tokens": len(reply.reasoning) // 4},
            "total_tokens": reply.read + reply.written,
        },
    }


def _output(reply: Reply) -> list[Body]:
    items: list[Body] = []
    if reply.reasoning:
        summary = [{"type": "summary_text", "text": reply.reasoning}]
        items.append({"type": "reasoning", "id": f"rs_{reply.id}", "summary": summary})
    if reply.text:
        items.append(
            {
                "type": "message",
                "id": f"msg_{reply.id}",
                "role": "assistant",
                "status": "completed",
                "content": [_part(reply, reply.text)],
            }
        )
    items += [
        {
            "type": "function_call",
            "id": f"fc_{reply.id}_{number}",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
            "status": "completed",
        }
        for number, call in enumerate(reply.calls)
    ]
    return items


def _part(reply: Reply, text: str) -> Body:
    if reply.stop == "refusal":
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": []}


def _events(reply: Reply) -> Iterator[Body]:
    yield {"type": "response.created", "response": _response(reply, "in_progress", [])}
    for index, item in enumerate(_output(reply)):
        begun = {**item, "status": "in_progress"} | _EMPTY[item["type"]]
        yield {"type": "response.output_item.added", "output_index": index, "item": begun}
        place = {"output_index": index, "item_id": item["id"]}
        yield from ({**data, **place} for data in _growing(reply, item))
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": f"response.{_status(reply)}", "response": answer(reply)}


_EMPTY: dict[str, dict[str, Any]] = {
    "reasoning": {"summary": []},
    "message": {"content": []},
    "function_call": {"arguments": ""},
}


def _growing(reply: Reply, item: Body) -> Iterator[Body]:
    if item["type"] == "function_call":
        for piece in pieces(item["arguments"]):
            yield {"type": "response.function_call_arguments.delta", "delta": piece}
        yield {"type": "response.function_call_arguments.done", "arguments": item["arguments"]}
    elif item["type"] == "message":
        [part] = item["content"]
        kind = part["type"]
        text = part["refusal" if kind == "refusal" else "text"]
        yield {"type": "response.content_part.added", "content_index": 0, "part": _part(reply, "")}
        for piece in pieces(text):
            yield {"type": f"response.{kind}.delta", "content_index": 0, "delta": piece, "logprobs": []}
        yield {"type": "response.content_part.done", "content_index": 0, "part": part}
    else:
        [summary] = item["summary"]
        yield {"type": "response.reasoning_summary_part.added", "summary_index": 0, "part": summary}
        for piece in pieces(summary["text"]):
            yield {"type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": piece}
