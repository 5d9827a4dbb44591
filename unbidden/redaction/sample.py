"""One sample without its reasoning, and without prompts or texts if these are not wanted either."""

from collections.abc import Mapping
from typing import Any

from inspect_ai.log import EvalError, EvalSample
from pydantic import ValidationError

from unbidden.redaction.allowed import MARK, Wanted, entries, mapping, only, settings
from unbidden.redaction.messages import Cleaning
from unbidden.redaction.passages import Passages, prompts, said, thoughts
from unbidden.redaction.scores import redacted_score
from unbidden.results.failure import bare, is_own
from unbidden.scenario.brief import SampleMeta
from unbidden.subject.record import Record, answered_by


def redacted_sample(sample: EvalSample, wanted: Wanted) -> EvalSample:
    """A sample without what is not wanted; its attachments must be resolved.

    Only fields, events and parts of a message that are named here are kept. Then whatever was taken out is looked for in all text
    that is left.
    """
    data = sample.model_dump(mode="json", exclude_none=True)
    left_out = [*thoughts(data), *(prompts(data) if wanted.hidden else ())]
    passages = Passages(left_out)
    clean = Cleaning(wanted, _tools(data))
    told: dict[str, Any] = {
        "input": _input(data.get("input"), clean, wanted),
        "messages": clean.messages(data.get("messages")),
        "output": clean.output(mapping(data.get("output"))),
        "store": _store(mapping(data.get("store")), clean, wanted),
    }
    kept: dict[str, Any] = only(data, _KEPT) | passages.all(told, _NAMES)
    kept["target"] = ""
    kept["events"] = [_event(event, clean, wanted, passages) for event in entries(data.get("events"))]
    kept["scores"] = {
        name: redacted_score(score, passages, texts=wanted.texts)
        for name, score in mapping(data.get("scores")).items()
    }
    kept["metadata"] = _metadata(sample.metadata, Passages(prompts(data) if wanted.hidden else ()))
    if sample.error is not None:
        kept["error"] = _error(sample.error, Passages([*left_out, *(said(data) if wanted.texts else ())]))
    return EvalSample.model_validate(kept)


_KEPT = (
    "id", "epoch", "model_usage", "role_usage", "started_at", "completed_at", "total_time", "working_time", "uuid",
    "limit", "turn_count", "token_limit", "token_limit_type", "token_limit_usage", "message_limit", "time_limit",
)  # fmt: skip
"""Fields of a sample that hold no text."""

_NAMES = {
    "event", "type", "role", "source", "stop_reason", "id", "uuid", "span_id", "parent_id", "timestamp", "model", "verb",
    "status", "mandate", "scenario", "cell", "cell_id", "twin",
}  # fmt: skip
"""Fields whose values are names: a subject that thinks the word `content_filter` must not be able to break them."""


def _tools(data: Mapping[str, Any]) -> set[str]:
    events = [event for event in entries(data.get("events")) if event.get("event") == "model"]
    return {str(tool.get("name")) for event in events for tool in entries(event.get("tools"))}


def _input(given: Any, clean: Cleaning, wanted: Wanted) -> Any:
    if isinstance(given, str):
        return MARK if wanted.hidden else given
    return clean.messages(given)


def _event(event: dict[str, Any], clean: Cleaning, wanted: Wanted, passages: Passages) -> dict[str, Any]:
    """An event of a known kind with its known fields, and a marker in place of any other."""
    kind = str(event["event"])
    kept = only(event, _PLACE)
    if kind == "score":
        score = redacted_score(event["score"], passages, texts=wanted.texts)
        return kept | only(event, _EVENTS[kind]) | {"score": score}
    if kind not in _EVENTS:
        return kept | {"event": "info", "source": "unbidden redact", "data": f"{MARK}: {kind}"}
    kept |= only(event, _EVENTS[kind])
    if kind == "model":
        kept |= _called(event, clean, wanted)
    elif kind == "tool":
        kept |= clean.call(event)
    elif kind == "sample_limit" and wanted.texts:
        kept["message"] = MARK
    return passages.all(kept, _NAMES)


_PLACE = ("uuid", "span_id", "timestamp", "working_start", "completed", "working_time")
_EVENTS = {
    "model": ("event", "model", "role", "tool_choice", "retries", "cache"),
    "tool": ("event", "truncated", "agent", "agent_span_id", "failed"),
    "score": ("event", "intermediate", "scorer", "model_usage", "role_usage"),
    "span_begin": ("event", "id", "parent_id", "type", "name"),
    "span_end": ("event", "id"),
    "sample_limit": ("event", "type", "message", "limit"),
}
"""The kinds of event that are kept, and the fields that need no cleaning."""


def _called(event: Mapping[str, Any], clean: Cleaning, wanted: Wanted) -> dict[str, Any]:
    """What a model was given and answered; what tools are said to do is part of its prompt."""
    named = [only(tool, ("name", "description", "parameters")) for tool in entries(event.get("tools"))]
    hidden = [{"name": tool["name"], "description": MARK} for tool in named]
    return {
        "tools": hidden if wanted.hidden else named,
        "config": settings(mapping(event.get("config")), hidden=wanted.hidden),
        "input": clean.messages(event.get("input")),
        "output": clean.output(mapping(event.get("output"))),
    }


def _store(store: Mapping[str, Any], clean: Cleaning, wanted: Wanted) -> dict[str, Any]:
    """Our own record; agents and tools keep parts of the conversation under other names."""
    others = {MARK: MARK} if set(store) - {_RECORD} else {}
    record = Record.of_log(store)
    if record is None:  # unreadable, but the provenance table still says who answered
        return others | ({_RECORD: {"models": answered_by(store)}} if _RECORD in store else {})
    data = record.model_dump(mode="json", exclude_defaults=True)
    if wanted.texts:
        data |= {"ledger": [_textless(act, clean) for act in entries(data["ledger"])], "changes": {}}
    return others | {_RECORD: data}


_RECORD = "unbidden"


def _textless(act: Mapping[str, Any], clean: Cleaning) -> dict[str, Any]:
    """An act with its names and without its texts, of which there are as many as there were."""
    kept = {name: item if name in _ACT else _marked(item) for name, item in act.items()}
    return kept | {"tool": clean.tool(act["tool"])} if act.get("tool") else kept


_ACT = {"id", "turn", "call", "verb", "object", "to", "status", "mandate", "content", "access", "reversible"}


def _marked(item: Any) -> Any:
    return [MARK] * len(item) if isinstance(item, list) else MARK  # pyright: ignore[reportUnknownArgumentType]


def _metadata(given: Mapping[str, Any], passages: Passages) -> dict[str, Any]:
    """What scoring must know, and where an import has it from; nothing of a sample that is not ours."""
    try:
        meta = SampleMeta.of(given)
    except ValidationError:
        return {}
    kept = meta.model_dump(mode="json", exclude_none=True)
    if "imported" in given:
        kept["imported"] = only(mapping(given["imported"]), ("file", "task", "id", "epoch"))
    return passages.all(kept, _NAMES)


def _error(error: EvalError, passages: Passages) -> dict[str, Any]:
    """The reason that the tables show: in our own words it stays, in an exception's it is text as any other."""
    message = bare(error).message
    return {
        "message": message if is_own(message) else passages.text(message),
        "traceback": MARK,
        "traceback_ansi": MARK,
    }
