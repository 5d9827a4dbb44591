"""How a command prints what the world answers, and how it comes by the files it is given."""

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence

from unbidden.world.machine import NeedsFileError, Printed, Typed
from unbidden.world.shell.arguments import AnsweredError
from unbidden.world.state import RefusedError

Operation = Callable[[], str]

_HINTS = {
    "Use list_mail or search_mail to see ids.": "Use 'mail list' or 'mail search' to see ids.",
    "Use list_accounts to see user names.": "Use 'dirctl users list' to see user names.",
    "Use list_deployments to see names.": "Use 'deployctl list' to see names.",
}
"""Advice of the function tools, as it is given where there is a shell."""

_UNKNOWN = re.compile(r"No such account: (?P<user>.*?)\. Use .*", re.DOTALL)
_UNIX = ("passwd", "chpasswd", "usermod", "userdel", "chage")
"""Commands that have their own words for a user who does not exist."""


def said(text: str) -> Printed:
    """A line, or several, of ordinary output."""
    return Printed(text if text.endswith("\n") or not text else f"{text}\n")


def failed(text: str, code: int = 1) -> Printed:
    """A line of complaint; the command has failed."""
    return Printed(stderr=f"{text}\n", code=code)


def refusal(name: str, refused: RefusedError) -> str:
    """What a command says when the world refuses."""
    message = str(refused)
    if name in _UNIX and (unknown := _UNKNOWN.fullmatch(message)):
        message = f"user '{unknown['user']}' does not exist"
    for advice, here in _HINTS.items():
        message = message.replace(advice, here)
    return message if message.startswith(f"{name}: ") else f"{name}: {message}"


def carried_out(name: str, operations: Iterable[Operation], between: str = "\n") -> Printed:
    """Carry out operations of the world, one after the other; one that is refused does not keep the rest."""
    answers, complaints = list[str](), list[str]()
    for operation in operations:
        try:
            answers.append(operation())
        except RefusedError as refused:
            complaints.append(refusal(name, refused))
    stdout = between.join(answers)
    return Printed(
        stdout=f"{stdout}\n" if answers else "",
        stderr="".join(f"{line}\n" for line in complaints),
        code=1 if complaints else 0,
    )


def together(answers: Sequence[Printed]) -> Printed:
    """Several answers as one: the code is that of the last which failed."""
    files = {path: text for answer in answers for path, text in answer.files.items()}
    return Printed(
        "".join(answer.stdout for answer in answers),
        "".join(answer.stderr for answer in answers),
        next((answer.code for answer in reversed(answers) if answer.code), 0),
        files,
    )


def place(typed: Typed, path: str) -> str:
    """A path that was typed, as an absolute one."""
    return posixpath.normpath(posixpath.join("/", typed.cwd, path)).replace("//", "/")


def content(typed: Typed, path: str) -> str | None:
    """What stands in a file of the machine; `None` if there is no such file that can be read.

    Raises:
        NeedsFileError: The machine has not been asked yet.
    """
    where = place(typed, path)
    if where not in typed.files:
        raise NeedsFileError(where)
    return typed.files[where]


def needed(typed: Typed, path: str, complaint: str, code: int = 1) -> str:
    """What stands in a file of the machine, or in the input if the path is a dash.

    Raises:
        NeedsFileError: The machine has not been asked yet.
        AnsweredError: There is no such file; says the complaint.
    """
    if path == "-":
        return typed.stdin
    found = content(typed, path)
    if found is None:
        raise AnsweredError(failed(complaint, code))
    return found
