"""Model interfaces whose answers hold no key: some providers repeat a key that they refuse, and errors are written to logs."""

from types import TracebackType
from typing import Any

from inspect_ai.event import ModelEvent
from inspect_ai.log import transcript
from inspect_ai.model import Model, ModelCall, ModelOutput

from unbidden.keys import HIDDEN, hidden, keys_held, without_keys


def discreet(model: Model) -> Model:
    """The same model; keys of the environment are hidden in what its calls return or raise, before Inspect logs it."""
    api = model.api
    ask = api.generate
    if getattr(ask, _MARK, False):
        return model

    async def generate(*args: Any, **named: Any) -> Any:
        with _Hiding():
            return _clean(await ask(*args, **named))

    setattr(generate, _MARK, True)
    setattr(api, "generate", generate)  # noqa: B010 - an instance's own method, which its class does not declare
    return model


_MARK = "hides_keys"

RECENT = 10
"""How many of a sample's last events are looked at: the call that failed is among them."""


class _Hiding:
    """Hides keys in an error on its way out, and in the raw call that Inspect has noted by then."""

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is not None and keys_held():
            _clean_error(problem)
            for event in transcript().history.resident_events[-RECENT:]:
                if isinstance(event, ModelEvent) and event.call is not None:
                    _clean(event.call)


def _clean(answer: Any) -> Any:
    """What a call returns: an output, a raw call, an error, or a pair of them."""
    if isinstance(answer, tuple):
        return tuple(_clean(part) for part in answer)  # pyright: ignore[reportUnknownVariableType]
    if isinstance(answer, BaseException):
        _clean_error(answer)
    elif isinstance(answer, ModelCall):
        answer.response = hidden(answer.response)
    elif isinstance(answer, ModelOutput) and _holds_a_key(answer.model_dump_json()):
        return ModelOutput.model_validate(hidden(answer.model_dump()))
    return answer


def _holds_a_key(text: str) -> bool:
    return without_keys(text) != text


def _clean_error(problem: BaseException) -> None:
    """In place, with what led to it: its type decides whether the call is tried again."""
    seen: set[int] = set()
    found: BaseException | None = problem
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        found.args = tuple(
            hidden(item) if isinstance(item, str | dict | list) else _silenced(item) for item in found.args
        )
        for name in ("message", "body"):
            if isinstance(value := getattr(found, name, None), str | dict | list):
                setattr(found, name, hidden(value))
        found = found.__cause__ or found.__context__


def _silenced(item: Any) -> Any:
    return HIDDEN if _holds_a_key(repr(item)) else item
