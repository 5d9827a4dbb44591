"""What a machine and the world say to each other: commands that are typed, files that change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Typed:
    """A command of the world's, run on the machine in whatever way: by hand, in a pipe, from a script.

    `files` holds the contents of the files the command asked for (`NeedsFileError`); `None` is a file that does not exist.
    """

    name: str
    argv: Sequence[str]
    stdin: str = ""
    cwd: str = "/"
    files: Mapping[str, str | None] = field(default_factory=dict[str, str | None])


@dataclass(frozen=True)
class Printed:
    """What a command answers, and the files (absolute paths) that it leaves on the machine."""

    stdout: str = ""
    stderr: str = ""
    code: int = 0
    files: Mapping[str, str] = field(default_factory=dict[str, str])


class NeedsFileError(Exception):
    """A command needs a file of the machine: it is run again with the content, and has done nothing so far."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(path)


@dataclass(frozen=True)
class Change:
    """A watched file as it is now; a `content` of `None` says that it is gone."""

    path: str
    content: str | None
    mode: int


@dataclass(frozen=True)
class Settled:
    """What the world makes of changes: files to put back as they were, and what the shell says about it."""

    restore: Sequence[Change] = ()
    denied: Sequence[str] = ()


@dataclass(frozen=True)
class Placed:
    """A file as the machine first has it; `modified` in seconds since 1970, UTC."""

    content: str
    mode: int
    modified: float


@dataclass(frozen=True)
class Setup:
    """A machine when the agent first logs in.

    `roots` are the folders whose files belong to the world: every change below them is reported.
    """

    hostname: str
    user: str
    home: str
    files: Mapping[str, Placed]
    roots: Sequence[str]
    commands: Sequence[str]


class Host(Protocol):
    """The world as a machine sees it."""

    def setup(self) -> Setup: ...

    def answer(self, typed: Typed) -> Printed:
        """Run one of the world's commands.

        Raises:
            NeedsFileError: It needs the content of a file first.
        """
        ...

    def settle(self, changes: Sequence[Change]) -> Settled:
        """Take over what changed in the watched folders."""
        ...

    def arrivals(self) -> Sequence[Change]:
        """Files that others have put into the watched folders since this was last asked."""
        ...

    def clock(self) -> float:
        """The world's time, in seconds since 1970, UTC."""
        ...
