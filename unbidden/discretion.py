"""Model interfaces whose answers hold no key: some providers repeat a key that they refuse, and errors are written to logs."""

from contextlib import suppress
from types import TracebackType
from typing import Any, Self, cast

from inspect_ai.event import ModelEvent
from inspect_ai.log import transcript
from inspect_ai.model import Model, ModelCall, ModelOutput

from unbidden.keys import HIDDEN, hidden, keys_held, without_keys


class HiddenKeyError(RuntimeError):
    """Stands for an error whose text, which cannot be changed, holds a key."""


def discreet(model: Model) -> Model:
    """The same model; keys of the environment are hidden in what its calls return or raise, before Inspect logs it."""
    api = model.api
    ask = api.generate
    if getattr(ask, _MARK, False):
        return model

    async def generate(*args: Any, **named: Any) -> Any:
        with _Hiding() as hiding:
            return _clean(await ask(*args, **named))
        raise hiding.instead  # out here, so that it does not refer to the error that it stands for

    setattr(generate, _MARK, True)
    setattr(api, "generate", generate)  # noqa: B010 - an instance's own method, which its class does not declare
    return model


_MARK = "hides_keys"

RECENT = 10
"""How many of a sample's last events are looked at: the call that failed is among them."""


class _Hiding:
    """Hides keys in an error on its way out, and in the raw call that Inspect has noted by then."""

    instead: BaseException

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if problem is None or not keys_held():
            return False
        for event in transcript().history.resident_events[-RECENT:]:
            if isinstance(event, ModelEvent) and event.call is not None:
                _clean(event.call)
        self.instead = _cleaned(problem, {})
        return self.instead is not problem


def _clean(answer: Any) -> Any:
    """What a call returns: an output, a raw call, an error, or a pair of them."""
    if not keys_held():
        return answer
    if isinstance(answer, tuple):
        return tuple(_clean(part) for part in cast("tuple[Any, ...]", answer))
    if isinstance(answer, BaseException):
        return _cleaned(answer, {})
    if isinstance(answer, ModelCall):
        answer.request, answer.response = hidden(answer.request), hidden(answer.response)
    elif isinstance(answer, ModelOutput):
        told = answer.model_dump()
        if (clean := hidden(told)) != told:
            return ModelOutput.model_validate(clean)
    return answer


def _holds_a_key(text: str) -> bool:
    return without_keys(text) != text


def _cleaned(problem: BaseException, done: dict[int, BaseException]) -> BaseException:
    """The same error, cleaned in place with all that led to it: its type decides whether the call is tried again.

    Another in its place only where its text cannot be changed.
    """
    if id(problem) in done:
        return done[id(problem)]
    done[id(problem)] = problem
    _clean_in_place(problem)
    clean = _group(problem, done)
    if isinstance(clean, Exception) and (_holds_a_key(str(clean)) or _holds_a_key(repr(clean))):
        clean = HiddenKeyError(f"{type(clean).__name__}: {without_keys(str(clean))}")
    done[id(problem)] = clean
    _link(clean, problem, done)
    return clean


_TOLD = ("message", "body", "strerror", "filename", "filename2", "__notes__")
"""What errors print besides their arguments."""


def _clean_in_place(problem: BaseException) -> None:
    problem.args = tuple(
        hidden(item) if isinstance(item, str | dict | list) else _silenced(item) for item in problem.args
    )
    for name in _TOLD:
        if isinstance(value := getattr(problem, name, None), str | dict | list):
            with suppress(AttributeError, TypeError):  # which cannot be set
                setattr(problem, name, hidden(value))


def _silenced(item: Any) -> Any:
    return HIDDEN if _holds_a_key(repr(item)) else item


def _group(problem: BaseException, done: dict[int, BaseException]) -> BaseException:
    """A group keeps the message and the errors that it was made with: it is made anew if one of them had to be."""
    if not isinstance(problem, BaseExceptionGroup):
        return problem
    group = cast("BaseExceptionGroup[BaseException]", problem)
    inner = [_cleaned(one, done) for one in group.exceptions]
    same = all(new is old for new, old in zip(inner, group.exceptions, strict=True))
    message = without_keys(group.message)
    return group if same and message == group.message else BaseExceptionGroup(message, inner)


def _link(clean: BaseException, problem: BaseException, done: dict[int, BaseException]) -> None:
    """What an error came of stays with it, cleaned."""
    cause, context, quiet = problem.__cause__, problem.__context__, problem.__suppress_context__
    clean.__cause__ = None if cause is None else _cleaned(cause, done)
    clean.__context__ = None if context is None else _cleaned(context, done)
    clean.__suppress_context__ = quiet
    if clean is not problem:
        clean.__traceback__ = problem.__traceback__
        clean.__notes__ = list(getattr(problem, "__notes__", []))
