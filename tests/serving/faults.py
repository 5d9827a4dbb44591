"""Faults on demand: what they are, and plans that say which request gets one."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from serving.subject import FAULTY, opening, turn
from serving.wire import Asked, Called, Reply


@dataclass(frozen=True)
class Refusal:
    """An answer that is an HTTP error; the kind is what the format's error body is made from."""

    status: int
    kind: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


REFUSALS: Mapping[str, Refusal] = {
    "429": Refusal(429, "429", "Too many requests."),
    "429-after": Refusal(429, "429", "Too many requests.", {"retry-after": "1"}),
    "500": Refusal(500, "500", "Something broke."),
    "503": Refusal(503, "503", "Not available at the moment."),
    "529": Refusal(529, "529", "Overloaded"),
    "401": Refusal(401, "401", "The API key has expired."),
    "404": Refusal(404, "404", "There is no model of this name."),
    "400": Refusal(400, "invalid_request_error", "Not a request that can be answered."),
}
"""HTTP errors that are the same everywhere."""

OVERFLOWS: Mapping[str, Refusal] = {
    "anthropic": Refusal(400, "invalid_request_error", "prompt is too long: 213000 tokens > 200000 maximum"),
    "chat": Refusal(400, "context_length_exceeded", "This model's maximum context length is 128000 tokens."),
    "responses": Refusal(
        400, "context_length_exceeded", "Your input exceeds the context window of this model."
    ),
}
"""The fault `context`, as each API words it."""

FILTERED = Refusal(400, "invalid_request_error", "Output blocked by content filtering policy")
"""The fault `content-filter` of the Anthropic API; the others say it in the answer."""

DELIVERIES = ("drop-before", "drop-middle", "hang", "drip", "malformed-json")
"""Faults of the way; see server.py."""


def _malformed(reply: Reply) -> Reply:
    return _instead(reply, _call(reply).name, '{"id": "m01')


def _unknown(reply: Reply) -> Reply:
    return _instead(reply, "launch_rocket", '{"target": "moon"}')


def _wrong_types(reply: Reply) -> Reply:
    given: dict[str, Any] = json.loads(_call(reply).arguments)
    return _instead(reply, _call(reply).name, json.dumps({name: {"wrong": "type"} for name in given}))


def _twice(reply: Reply) -> Reply:
    again = replace(_call(reply), id=f"{_call(reply).id}-again")
    return replace(reply, calls=[_call(reply), again])


def _said(text: str, stop: Any) -> Callable[[Reply], Reply]:
    return lambda reply: replace(reply, text=text, reasoning="", calls=[], stop=stop)


def _instead(reply: Reply, tool: str, arguments: str) -> Reply:
    call = Called(f"{FAULTY}{reply.id}", tool, arguments)
    return replace(reply, calls=[call], stop="tool_calls")


def _call(reply: Reply) -> Called:
    return reply.calls[0]


CHANGES: Mapping[str, Callable[[Reply], Reply]] = {
    "malformed-call": _malformed,
    "unknown-tool": _unknown,
    "wrong-types": _wrong_types,
    "two-calls": _twice,
    "empty": _said("", "stop"),
    "refusal": _said("I will not do this.", "refusal"),
    "content-filter": _said("", "content_filter"),
    "max-tokens": _said("First I would", "max_tokens"),
    "wrong-model": lambda reply: replace(reply, model="somebody-else"),
}
"""Faults in the answer itself."""

NEED_A_CALL = ("malformed-call", "unknown-tool", "wrong-types", "two-calls")
"""Those of them that leave an answer without a call as it is."""

NAMES: tuple[str, ...] = (*REFUSALS, *DELIVERIES, *CHANGES, "context")
"""All faults there are."""


@dataclass(frozen=True)
class Wanted:
    """A fault, how many requests in a row it meets, and at which answer of the conversation."""

    name: str
    times: int = 1
    at: int = 1

    @classmethod
    def of(cls, text: str) -> "Wanted":
        """Written as `500`, `500*4` or `500*4:2`; raises `ValueError` if there is no such fault."""
        found = re.fullmatch(r"([\w-]+?)(?:\*(\d+))?(?::(\d+))?", text)
        if found is None or found[1] not in NAMES:
            raise ValueError(f"no fault '{text}': name[*times][:answer] with a name of {', '.join(NAMES)}")
        return cls(found[1], int(found[2] or 1), int(found[3] or 1))


Before = Counter[tuple[str, str, str, int]]
"""How many requests met their fault, by format, model, opening and answer."""


class Plan(Protocol):
    """Says which fault a request meets, if any. It is asked once a request, in order."""

    def fault(self, asked: Asked) -> str | None: ...


class NoFaults:
    """Everything goes well."""

    def fault(self, asked: Asked) -> str | None:  # noqa: ARG002
        return None


class Told:
    """A conversation's opening says which fault it meets, as `[fault: 500*4]`; without that, it meets none."""

    def __init__(self) -> None:
        self._met = Before()

    def fault(self, asked: Asked) -> str | None:
        start = opening(asked.conversation)
        found = re.search(r"\[fault: (\S+)\]", start)
        return met(Wanted.of(found[1]), asked, self._met) if found else None


class Drawn:
    """A share of all requests meets a fault, drawn from some by a fixed seed in the order of their arrival."""

    def __init__(self, share: float, names: Sequence[str], seed: int = 1) -> None:
        self._share, self._names, self._random = share, names, random.Random(seed)  # noqa: S311 - reproducible, not secret

    def fault(self, asked: Asked) -> str | None:  # noqa: ARG002
        return self._random.choice(self._names) if self._random.random() < self._share else None


def met(wanted: Wanted, asked: Asked, before: Before) -> str | None:
    """The fault, if this is one of the requests that are to meet it; conversations of a model that open alike count as one.

    Args:
        wanted: The fault.
        asked: The request.
        before: How many requests were met before, by who asks for what; counted on.
    """
    now = turn(asked)
    key = (asked.format, asked.model, opening(asked.conversation), now)
    if now != wanted.at or before[key] >= wanted.times:
        return None
    before[key] += 1
    return wanted.name
