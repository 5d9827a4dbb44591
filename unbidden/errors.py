"""The error tree.

UnbiddenError                 every error this package raises on purpose
├── BadInputError             what the user wrote or named cannot be used: exit code 2, nothing written
│   ├── ContentError          a scenario, ladder or eval file is wrong, at a line of it
│   ├── NotFoundError         a name or path that does not exist
│   └── ResultsError          a results folder that cannot be read
├── WorldFaultError           the world or a tool of it broke: the sample is unscored, never zero
├── ScriptError               a scripted subject cannot go on with its exemplar
└── DeciderError              a decider gave no usable answer: the sample is unscored, never zero

"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path


class UnbiddenError(Exception):
    """Base of every error that this package raises on purpose."""


class BadInputError(UnbiddenError):
    """Something the user wrote or named cannot be used.

    Args:
        what: What is wrong, in one sentence without a full stop.
        where: The file, and the line of it where that is known.
        fix: What is allowed or what to do next.
    """

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(". ".join(part for part in (f"{where}: {what}" if where else what, fix) if part))


class ContentError(BadInputError):
    """A content file is wrong at a known line."""


class NotFoundError(BadInputError):
    """A name or path that does not exist."""


class ResultsError(BadInputError):
    """A results folder that cannot be read."""


class WorldFaultError(UnbiddenError):
    """The world or a tool of it broke. Inspect would pass some of Python's own errors on to the subject as tool results."""


class ScriptError(UnbiddenError):
    """A scripted subject cannot go on: its exemplar refers to something the conversation does not hold."""


class DeciderError(UnbiddenError):
    """A decider gave no usable answer.

    Args:
        reason: A short machine-readable reason, kept in the verdict.
        detail: What happened, for a person.
        votes: A panel's decisions, judge by judge (empty where one gave none).
    """

    def __init__(self, reason: str, detail: str, votes: Sequence[str] = ()) -> None:
        self.reason = reason
        self.votes = list(votes)
        super().__init__(f"{reason}: {detail}")


def suggestion(given: str, allowed: Iterable[str]) -> str:
    """The allowed values, led by the one nearest to what was given."""
    names = sorted(allowed)
    near = get_close_matches(given, names, n=1, cutoff=0.6)
    listed = ", ".join(names) if names else "none"
    return f"Did you mean '{near[0]}'? Allowed: {listed}" if near else f"Allowed: {listed}"


def at(path: Path, line: int | None = None) -> str:
    """A place in a file as `file:line`, relative to the current folder where it lies below it."""
    try:
        shown = path.resolve().relative_to(Path.cwd())
    except ValueError:
        shown = path
    return f"{shown}:{line}" if line is not None else str(shown)
