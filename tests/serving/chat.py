"""OpenAI chat completions."""

from inspect_ai.model import messages_from_openai

from serving.wire import Asked, Body, Called, Reply, event, pieces

PATH = "chat/completions"


async def asked(body: Body) -> Asked:
    """Raises `KeyError` if there is no model or message."""
    return Asked(
        format="chat",
        model=body["model"],
        conversation=await messages_from_openai(body["messages"], body["model"]),
        tools=tuple(tool["function"]["name"] for tool in body.get("tools") or []),
        stream=bool(body.get("stream")),
        seed=body.get("seed"),
    )


def answer(reply: Reply) -> Body:
    message: Body = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.stop == "refusal":
        message |= {"content": None, "refusal": reply.text}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    if reply.calls:
        message["tool_calls"] = [_call(call) for call in reply.calls]
    choice = {"index": 0, "message": message, "finish_reason": _FINISH[reply.stop], "logprobs": None}
    return _envelope(reply, "chat.completion") | {"choices": [choice], "usage": _usage(reply)}


def events(reply: Reply) -> list[str]:
    """As the API streams it: deltas, the reason of the end, usage, and a last line."""
    deltas: list[Body] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": part} for part in pieces(reply.reasoning)]
    said = "refusal" if reply.stop == "refusal" else "content"
    deltas += [{said: part} for part in pieces(reply.text)]
    for index, call in enumerate(reply.calls):
        begun = {"index": index, **_call(call), "function": {"name": call.name, "arguments": ""}}
        deltas.append({"tool_calls": [begun]})
        for part in pieces(call.arguments):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    chunks = [_chunk(reply, delta, None) for delta in deltas]
    chunks.append(_chunk(reply, {}, _FINISH[reply.stop]))
    chunks.append(_envelope(reply, "chat.completion.chunk") | {"choices": [], "usage": _usage(reply)})
    return [*(event(chunk) for chunk in chunks), "data: [DONE]\n\n"]


def error(kind: str, message: str) -> Body:
    named, code = _ERRORS.get(kind, ("server_error", None))
    return {"error": {"message": message, "type": named, "param": None, "code": code}}


_FINISH = {
    "stop": "stop",
    "tool_calls": "tool_calls",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "refusal": "stop",
}
_ERRORS: dict[str, tuple[str, str | None]] = {
    "429": ("requests", "rate_limit_exceeded"),
    "401": ("invalid_request_error", "invalid_api_key"),
    "404": ("invalid_request_error", "model_not_found"),
    "context_length_exceeded": ("invalid_request_error", "context_length_exceeded"),
    "invalid_request_error": ("invalid_request_error", None),
}


def _envelope(reply: Reply, kind: str) -> Body:
    return {"id": f"chatcmpl-{reply.id}", "object": kind, "created": 1, "model": reply.model}


def _chunk(reply: Reply, delta: Body, finish: str | None) -> Body:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return _envelope(reply, "chat.completion.chunk") | {"choices": [choice]}


def _call(call: Called) -> Body:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def _usage(reply: Reply) -> Body:
    return {
        "prompt_tokens": reply.read,
        "completion_tokens": reply.written,
        "total_tokens": reply.read + reply.written,
    }
