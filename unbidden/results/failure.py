"""Why a sample failed, said in words that are the same each time."""

import re

from inspect_ai.log import EvalError

LONGEST = 160
"""Characters of a reason."""


def reason(error: EvalError) -> str:
    """A short reason for the tables: a provider's failure by its HTTP status or its kind, any other by its first line.

    Inspect's own messages for failed model calls hold memory addresses, request ids or the whole request, so two runs that
    failed alike would differ, and what the subject wrote would stand there.
    """
    return f"judge: {_failure(error)}"[:LONGEST] if by_judge(error) else _failure(error)


def by_judge(error: EvalError) -> bool:
    """Whether it was a judge's call that failed, which is no doing of the subject's or its provider's."""
    return _IN_JUDGE in error.traceback


def _failure(error: EvalError) -> str:
    if error.message.startswith(_CANCELLED):
        return "interrupted"
    if (code := status(error)) is not None:
        return f"provider {code}"
    if given_up := _GIVEN_UP.match(error.message):
        return f"provider failed again and again ({given_up[1]})"
    kind = error.message.partition("(")[0]
    if kind in _UNREADABLE and _IN_PROVIDER in error.traceback:
        return f"provider's answer is unreadable ({kind})"
    if error.message.startswith(_QUOTES_REQUEST):
        return "provider failed (ModelGenerateError)"
    lines = (line for line in error.message.splitlines() if line.strip())
    first = next(lines, "(no message)")[:LONGEST]
    # what stands in the first line is a message as any other: the reason of a reason is itself
    return first if first == error.message else _failure(error.model_copy(update={"message": first}))


def bare(error: EvalError) -> EvalError:
    """An error of which nothing is left but its reason: `reason` says the same of it."""
    return EvalError(message=reason(error), traceback="", traceback_ansi="")


def is_own(message: str) -> bool:
    """Whether a reason is in words of ours, with nothing of what was sent or answered in it."""
    return _OWN.fullmatch(message) is not None


def status(error: EvalError) -> int | None:
    """The HTTP status with which a provider refused a call for good; `None` for every other failure."""
    found = _STATUS.match(_said(error))
    return int(found[1]) if found else None


def detail(error: EvalError) -> str:
    """What the provider said, for a person."""
    return _said(error).strip("'\")\\\n")[:300]


def _said(error: EvalError) -> str:
    """The provider's part of a message: behind the request, where that is quoted before it."""
    if error.message.startswith(_QUOTES_REQUEST):
        return error.message[error.message.rfind(_CODE) :]
    return error.message


_CODE = "Error code: "
_STATUS = re.compile(rf"{_CODE}(\d{{3}})\b")
_QUOTES_REQUEST = "ModelGenerateError("
_GIVEN_UP = re.compile(r"RetryError\(<Future at \S+ state=finished raised (\w+)>\)")
_OWN = re.compile(
    r"(?:judge: )?(?:interrupted|\(no message\)|provider \d{3}|provider failed(?: again and again)? \(\w+\)|provider's answer is unreadable \(\w+\))"
)
_UNREADABLE = {"JSONDecodeError", "AssertionError", "APIResponseValidationError"}
_CANCELLED = "CancelledError("
_IN_JUDGE = "unbidden/scoring/judge.py"
_IN_PROVIDER = "inspect_ai/model/_providers/"
