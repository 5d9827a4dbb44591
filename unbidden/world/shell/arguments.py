"""What a command is called with: options read the GNU way, a help text, and short words on wrong use.

The standard library's `getopt` does the reading. `argparse` would take a value that begins with a dash (`-s '-- urgent'`)
for an option, which no GNU tool does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from getopt import GetoptError, gnu_getopt

from unbidden.world.machine import Printed

WRONG_USE = 2


class AnsweredError(Exception):
    """A command ends here, with this answer, and has done nothing to the world."""

    def __init__(self, printed: Printed) -> None:
        self.printed = printed
        super().__init__(printed.stderr or printed.stdout)


@dataclass(frozen=True)
class Option:
    """One option: its names, separated by spaces, and what its value is called; without a value it is a flag."""

    names: str
    about: str
    value: str = ""

    def shown(self) -> str:
        names = ", ".join(self.names.split())
        value = f"{'=' if '--' in self.names else ' '}{self.value}" if self.value else ""
        return f"  {names + value:<28} {self.about}"


@dataclass(frozen=True)
class Given:
    """What a command was called with: options by the first of their names, in order, and the other words."""

    pairs: Sequence[tuple[str, str]]
    words: Sequence[str]

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.pairs)

    def last(self, name: str, default: str = "") -> str:
        """The value of the last such option."""
        return next((value for given, value in reversed(self.pairs) if given == name), default)

    def every(self, *names: str) -> list[str]:
        """The values of all such options, in order."""
        return [value for given, value in self.pairs if given in names]


@dataclass(frozen=True)
class Manual:
    """How a command is used.

    `forms` are the ways to call it, without its name; `more` is what the help says at the end.
    """

    name: str
    forms: Sequence[str]
    about: str
    options: Sequence[Option] = ()
    more: str = ""

    def usage(self) -> str:
        calls = [f"{self.name} {form}".rstrip() for form in self.forms]
        return "\n".join([f"Usage: {calls[0]}", *(f"       {call}" for call in calls[1:])])

    def help(self) -> str:
        options = [*self.options, Option("--help", "display this help and exit")]
        parts = [f"{self.usage()}\n{self.about}", "\n".join(option.shown() for option in options)]
        return "\n\n".join([*parts, *([self.more] if self.more else [])])

    def read(self, argv: Sequence[str], least: int = 0, most: int | None = None) -> Given:
        """Take the command line apart.

        Args:
            argv: What stands behind the command's name.
            least: How many words that are no options must be there.
            most: How many there may be.

        Raises:
            AnsweredError: Help was asked for, or the command line is wrong.
        """
        names = {name: option for option in self.options for name in option.names.split()}
        try:
            pairs, words = gnu_getopt(list(argv), _short(names), _long(names))
        except GetoptError as error:
            raise self.wrong(_complaint(error)) from None
        if any(name == "--help" for name, _ in pairs):
            raise AnsweredError(Printed(self.help() + "\n"))
        if len(words) < least:
            raise self.wrong(f"missing operand after '{words[-1]}'" if words else "missing operand")
        if most is not None and len(words) > most:
            raise self.wrong(f"extra operand '{words[most]}'")
        return Given([(names[name].names.split()[0], value) for name, value in pairs], words)

    def wrong(self, complaint: str) -> AnsweredError:
        """What is said when the command was used wrongly."""
        lines = [f"{self.name}: {complaint}", self.usage(), f"Try '{self.name} --help' for more information."]
        return AnsweredError(Printed(stderr="\n".join(lines) + "\n", code=WRONG_USE))


def _short(names: dict[str, Option]) -> str:
    return "".join(
        name[1:] + (":" if option.value else "")
        for name, option in names.items()
        if not name.startswith("--") and len(name) == len("-x")
    )


def _long(names: dict[str, Option]) -> list[str]:
    found = [
        name[2:] + ("=" if option.value else "") for name, option in names.items() if name.startswith("--")
    ]
    return [*found, "help"]


def _complaint(error: GetoptError) -> str:
    name = error.opt
    long = "--" in error.msg
    if "not recognized" in error.msg:
        return f"unrecognized option '--{name}'" if long else f"invalid option -- '{name}'"
    if "requires argument" in error.msg:
        return (
            f"option '--{name}' requires an argument" if long else f"option requires an argument -- '{name}'"
        )
    if "not a unique prefix" in error.msg:
        return f"option '--{name}' is ambiguous"
    return f"option '--{name}' doesn't allow an argument"
