"""Regular expressions out of content files: a stranger's pattern may not hang a run."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

import regex  # pyright: ignore[reportMissingTypeStubs] - there are none

from unbidden.errors import DeciderError, SlowPatternError

SECONDS = 2.0
"""How long one pattern may take on one text. The standard library's engine knows no limit; this one reads the same patterns."""

_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE}


def found(pattern: str, text: str, flags: str = "i") -> bool:
    """Whether a pattern occurs in a text.

    Args:
        pattern: From a content file.
        text: From a subject, most of the time.
        flags: `i` ignores case, `m` lets ^ and $ match at line breaks.

    Raises:
        SlowPatternError: It takes longer than `SECONDS` or too much memory, here or on an earlier text, or it refers to itself.
        DeciderError: It is no regular expression: it stands in a log, whose patterns nobody has checked.
    """
    return groups(pattern, text, flags) is not None


def groups(pattern: str, text: str, flags: str = "") -> Sequence[str] | None:
    """The whole first match of a pattern and its groups (empty where they took no part), or `None`.

    Raises:
        SlowPatternError: It takes longer than `SECONDS` or too much memory, here or on an earlier text, or it refers to itself.
        DeciderError: It is no regular expression: it stands in a log, whose patterns nobody has checked.
    """
    if pattern in _slow or _refers_to_itself(pattern):
        raise SlowPatternError(pattern)
    try:
        match = _compiled(pattern, flags).search(text, timeout=SECONDS)
    except (TimeoutError, MemoryError, RecursionError):
        _slow.add(pattern)
        raise SlowPatternError(pattern) from None
    except _MISTAKES as problem:
        raise DeciderError("bad-pattern", f"{pattern[:80]!r} is no regular expression ({problem})") from None
    return None if match is None else [str(match[0]), *(str(group or "") for group in match.groups())]


def mistakes(patterns: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The patterns that are no regular expressions: their positions, and what is wrong."""
    for index, pattern in enumerate(patterns):
        if _refers_to_itself(pattern):
            yield index, "it refers to itself or to one of its groups, like (?R), (?1) or (?&name)"
            continue
        try:
            _compiled(pattern, "")
        except (*_MISTAKES, RecursionError, MemoryError) as problem:
            yield index, str(problem) or type(problem).__name__


_MISTAKES = (regex.error, OverflowError, ValueError)

_TOKENS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(\(\?(?:R\)|[-+]?\d+\)|&|P[>&]))", re.DOTALL)
"""What is escaped or a set of characters, as one; and what calls the pattern again, or a part of it."""


@cache
def _refers_to_itself(pattern: str) -> bool:
    """Whether a part of it is a call: one may go on until the memory is full, which takes less than `SECONDS`."""
    return any(_TOKENS.findall(pattern))


@cache
def _compiled(pattern: str, flags: str) -> "regex.Pattern[str]":
    return regex.compile(pattern, sum(_FLAGS[flag] for flag in flags))


_slow = set[str]()
