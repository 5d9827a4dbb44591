"""One sample without its reasoning, and without prompts or texts if these are not wanted either."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from inspect_ai.log import EvalSample

from unbidden.subject.speech import REASONING_TAGS, without_reasoning

MARK = "[redacted]"
"""What stands where something was left out."""


@dataclass(frozen=True)
class Wanted:
    """What is to be left out beside reasoning."""

    prompts: bool
    texts: bool


def redacted_sample(sample: EvalSample, wanted: Wanted) -> EvalSample:
    """A sample without what is not wanted; its attachments must be resolved.

    Only fields and events that are known here are kept, each cleaned by its form. Then whatever was taken out is looked for in all text that is
    left. Id, scores, metadata and the ledger (without its texts, if these are not wanted) stay.
    """
    data = sample.model_dump(mode="json", exclude_none=True)
    clean = _Cleaning(wanted)
    kept: dict[str, Any] = {name: data[name] for name in _KEPT if name in data}
    for name in ("input", "messages", "output"):
        kept[name] = clean.of(data.get(name))
    if isinstance(kept["input"], str) and (wanted.prompts or wanted.texts):
        kept["input"] = MARK
    kept["events"] = [
        _event(event, clean) for event in cast("list[dict[str, Any]]", data.get("events") or [])
    ]
    kept["store"] = _store(data.get("store") or {}, wanted)
    if (error := data.get("error")) is not None:
        kept["error"] = {"message": error["message"], "traceback": MARK, "traceback_ansi": MARK}
    prompts = list(_prompts(data)) if wanted.prompts else []
    passages = _patterns([*_thoughts(data), *prompts])
    for name in _TOLD:
        kept[name] = _swept(kept.get(name), passages)
    if kept.get("scores"):
        kept["scores"] = {
            name: _scored(score, passages, texts=wanted.texts) for name, score in kept["scores"].items()
        }
    kept["metadata"] = _swept(kept.get("metadata") or {}, _patterns(prompts))
    return EvalSample.model_validate({name: value for name, value in kept.items() if value is not None})


_KEPT = (
    "id", "epoch", "target", "scores", "metadata", "model_usage", "role_usage", "started_at", "completed_at", "total_time",
    "working_time", "uuid", "limit", "turn_count", "token_limit", "token_limit_type", "token_limit_usage", "message_limit", "time_limit",
)  # fmt: skip
"""Fields of a sample that hold no text of the conversation, or are needed for its verdicts."""

_TOLD = ("input", "messages", "output", "events", "store", "error")
"""Fields in which a passage that was left out may stand a second time, in words of the subject's or ours."""


class _Cleaning:
    """Takes things out of messages and what holds messages, by their form."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    def of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.of(item) for item in cast("list[Any]", value)]
        if not isinstance(value, dict):
            return value
        given = {
            key: item for key, item in cast("dict[str, Any]", value).items() if key not in _PROVIDERS_OWN
        }
        if given.get("type") == "reasoning":
            return {"type": "reasoning", "reasoning": MARK}
        if "role" in given and "content" in given:
            return self._message(given)
        if "choices" in given:  # a model's output, which also holds its text as a whole
            given["completion"] = self._text(str(given.get("completion", "")), "assistant")
            given.pop("metadata", None)
        if "function" in given and "arguments" in given:
            return self._call(given)
        return {key: self.of(item) for key, item in given.items()}

    def _message(self, given: dict[str, Any]) -> dict[str, Any]:
        role, content = str(given["role"]), given["content"]
        if self._hides(role):
            shown: Any = MARK
        elif isinstance(content, str):
            shown = self._text(content, role)
        else:
            shown = [self._part(part, role) for part in cast("list[dict[str, Any]]", content)]
        rest = {key: self.of(item) for key, item in given.items() if key not in {"content", "metadata"}}
        if self._wanted.texts and "error" in rest:
            rest["error"] = {**rest["error"], "message": MARK}
        return {**rest, "content": shown}

    def _part(self, part: dict[str, Any], role: str) -> Any:
        cleaned = self.of(part)
        if part.get("type") == "text":
            cleaned["text"] = self._text(str(part["text"]), role)
        return cleaned

    def _text(self, text: str, role: str) -> str:
        if self._hides(role):
            return MARK
        if role != "assistant" or not _TAG.search(text):
            return text
        return f"{MARK}\n{without_reasoning(text)}"

    def _hides(self, role: str) -> bool:
        return self._wanted.texts or (self._wanted.prompts and role in _PROMPTED)

    def _call(self, given: dict[str, Any]) -> dict[str, Any]:
        cleaned = {key: self.of(item) for key, item in given.items() if key not in {"view", "events"}}
        if not self._wanted.texts:
            return cleaned
        cleaned["arguments"] = dict.fromkeys(cleaned["arguments"], MARK)
        hidden: dict[str, Any] = {name: MARK for name in ("result", "parse_error") if name in cleaned}
        if isinstance(cleaned.get("error"), dict):
            hidden["error"] = {**cleaned["error"], "message": MARK}
        return {**cleaned, **hidden}


_PROMPTED = {"system", "user"}
_PROVIDERS_OWN = {"internal", "logprobs", "call_metadata"}
"""What providers' clients keep for themselves: encrypted reasoning, the probability of each of its tokens."""

_TAG = re.compile(rf"<(/?)({'|'.join(REASONING_TAGS)})(?:\s[^<>]*)?>", re.IGNORECASE)

_AS_THEY_ARE = {"span_begin", "span_end", "score", "sample_limit"}


def _event(event: dict[str, Any], clean: _Cleaning) -> dict[str, Any]:
    """A model or tool event cleaned, one that is known to hold no text as it is, and a marker in place of any other."""
    kind = event["event"]
    if kind in _AS_THEY_ARE:
        return event
    if kind == "model":
        kept = {name: event[name] for name in _MODEL_EVENT if name in event}
        return kept | {"input": clean.of(event["input"]), "output": clean.of(event["output"])}
    if kind == "tool":
        kept = {name: event[name] for name in event if name not in {"metadata", "message_id"}}
        return clean.of(kept)
    placed = {name: event[name] for name in _PLACE if name in event}
    return placed | {"event": "info", "source": "unbidden redact", "data": f"{MARK}: {kind}"}


_PLACE = ("uuid", "span_id", "timestamp", "working_start", "completed", "working_time")
_MODEL_EVENT = (*_PLACE, "event", "model", "role", "tools", "tool_choice", "config", "retries", "cache")


def _store(store: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Our own record; agents and tools keep parts of the conversation under other names."""
    kept: dict[str, Any] = dict.fromkeys(store, MARK)
    if isinstance(record := store.get(_RECORD), dict):
        kept[_RECORD] = _textless(cast("dict[str, Any]", record)) if wanted.texts else record
    return kept


_RECORD = "unbidden"


def _textless(record: dict[str, Any]) -> dict[str, Any]:
    acts = cast("list[dict[str, Any]]", record.get("ledger") or [])
    hidden = [act | {name: MARK for name in ("subject", "text", "reason") if act.get(name)} for act in acts]
    return {**record, "ledger": hidden, "changes": {}}


def _thoughts(value: Any) -> Iterator[str]:
    """Every piece of reasoning anywhere in a sample."""
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _thoughts(item)
    elif isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        if given.get("type") == "reasoning":
            yield from (str(given[name]) for name in ("reasoning", "summary", "signature") if given.get(name))
        elif given.get("role") == "assistant" and isinstance(given.get("content"), str):
            yield from _inline(given["content"])
        elif given.get("type") == "text":
            yield from _inline(str(given.get("text")))
        for item in given.values():
            yield from _thoughts(item)


def _inline(text: str) -> Iterator[str]:
    if _TAG.search(text):
        said = without_reasoning(text)
        pieces = (piece.strip() for piece in re.split(r"<[^<>]*>", text))
        yield from (piece for piece in pieces if piece not in said)


def _prompts(data: Mapping[str, Any]) -> Iterator[str]:
    """The prompts, and each line of them: a subject may have repeated one."""
    given = data.get("input")
    texts = [given] if isinstance(given, str) else list(_said_by(given, _PROMPTED))
    for text in texts:
        yield from (text, *text.splitlines())


def _said_by(messages: Any, roles: set[str]) -> Iterator[str]:
    for message in cast("list[dict[str, Any]]", messages or []):
        if message.get("role") in roles:
            content = message["content"]
            parts = [{"text": content}] if isinstance(content, str) else content
            yield from (str(part["text"]) for part in parts if "text" in part)


SHORTEST = 12
"""Characters of a passage that is looked for in other text: shorter ones stand anywhere by chance."""


def _patterns(passages: Sequence[str]) -> re.Pattern[str] | None:
    wanted = {passage.strip() for passage in passages if len(passage.strip()) >= SHORTEST}
    longest_first = sorted(wanted, key=lambda passage: (-len(passage), passage))
    return re.compile("|".join(map(re.escape, longest_first))) if wanted else None


def _swept(value: Any, passages: re.Pattern[str] | None) -> Any:
    if passages is None:
        return value
    if isinstance(value, str):
        return passages.sub(MARK, value)
    if isinstance(value, list):
        return [_swept(item, passages) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {
            key: item if key in _NAMES else _swept(item, passages)
            for key, item in cast("dict[str, Any]", value).items()
        }
    return value


_NAMES = {
    "event", "type", "role", "source", "stop_reason", "id", "uuid", "span_id", "parent_id", "timestamp", "model", "verb",
    "status", "mandate", "scenario", "cell", "cell_id", "twin",
}  # fmt: skip
"""Fields whose values are names: a subject that thinks the word `content_filter` must not be able to break them."""


def _scored(score: dict[str, Any], passages: re.Pattern[str] | None, *, texts: bool) -> dict[str, Any]:
    """The verdict stays to the letter; what explains it is text, and so is what a decider quotes."""
    about = dict(cast("dict[str, Any]", score.get("metadata") or {}))
    if isinstance(about.get("answers"), list):
        about["answers"] = [
            _answer(one, passages, texts=texts) for one in cast("list[Any]", about["answers"])
        ]
    return {
        **score,
        "explanation": _swept(score.get("explanation"), passages),
        "history": [],
        "metadata": about,
    }


def _answer(answer: Any, passages: re.Pattern[str] | None, *, texts: bool) -> Any:
    if not isinstance(answer, dict) or not (span := cast("dict[str, Any]", answer).get("span")):
        return cast("Any", answer)
    return {**cast("dict[str, Any]", answer), "span": MARK if texts else _swept(span, passages)}
