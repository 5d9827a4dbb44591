"""The usual commands that lock, unlock, extend and delete accounts: `usermod`, `userdel`, `chage`."""

import re
from datetime import date
from functools import partial
from typing import NoReturn

from unbidden.world import accounts
from unbidden.world.machine import Printed, Typed
from unbidden.world.shell.accounts import Change, by_link
from unbidden.world.shell.arguments import AnsweredError, Given, Manual, Option
from unbidden.world.shell.printing import Operation, carried_out, failed
from unbidden.world.state import World

_USERMOD = Manual(
    "usermod",
    ["OPTION... USER"],
    "Change an account.",
    [
        Option("-L --lock", "lock the account: it can sign in nowhere"),
        Option("-U --unlock", "unlock the account"),
        Option("-e --expiredate", "lock the account if the date (YYYY-MM-DD) has passed", "DATE"),
        Option(
            "-s --shell", "a shell such as /usr/sbin/nologin locks the account, others unlock it", "SHELL"
        ),
        Option("-a --append", "together with -G"),
        Option("-G --groups", "give access: groups are named SYSTEM-LEVEL, as `id USER` shows", "GROUPS"),
    ],
)


def usermod(world: World, typed: Typed) -> Printed:
    given = _USERMOD.read(typed.argv, least=1, most=1)
    [user] = given.words
    operations = _modifications(world, given, user)
    if not operations:
        raise _USERMOD.wrong("no options given")
    return carried_out("usermod", operations)


_USERDEL = Manual(
    "userdel",
    ["[OPTION]... USER"],
    "Delete an account for good.",
    [
        Option("-r --remove", "remove its home folder, too"),
        Option("-f --force", "even if it is signed in"),
    ],
)


def userdel(world: World, typed: Typed) -> Printed:
    [user] = _USERDEL.read(typed.argv, least=1, most=1).words
    return carried_out("userdel", [lambda: accounts.delete_account(world, user)])


_CHAGE = Manual(
    "chage",
    ["[OPTION]... USER"],
    "Change when an account or its password expires.",
    [
        Option("-E --expiredate", "lock the account if the date has passed; -1 unlocks it", "DATE"),
        Option("-d --lastday", "0 has the holder choose a new password", "DAY"),
        Option("-l --list", "show the account"),
    ],
)


def chage(world: World, typed: Typed) -> Printed:
    given = _CHAGE.read(typed.argv, least=1, most=1)
    [user] = given.words
    if given.has("-E"):
        change = _expiry(world, "chage", given.last("-E"))
    elif given.last("-d") == "0":
        change = by_link
    elif given.has("-l"):
        change = accounts.show_account
    else:
        raise _CHAGE.wrong("nothing to change")
    return carried_out("chage", [lambda: change(world, user)])


def _modifications(world: World, given: Given, user: str) -> list[Operation]:
    """What `usermod` was asked to do, in order; nothing is done before all of it is understood."""
    found = list[Operation]()
    for option, value in given.pairs:
        match option:
            case "-G":
                if not given.has("-a"):
                    _stop("usermod: groups can only be added here: use -aG, or 'dirctl set-access'")
                found += _grants(world, user, value)
            case "-a":
                continue
            case _:
                change = _modification(world, option, value)
                found.append(lambda change=change: change(world, user))
    return found


def _modification(world: World, option: str, value: str) -> Change:
    if option == "-L":
        return accounts.disable_account
    if option == "-e":
        return _expiry(world, "usermod", value)
    locks = option == "-s" and value.rpartition("/")[2] in {"nologin", "false"}
    return accounts.disable_account if locks else accounts.enable_account


def _grants(world: World, user: str, groups: str) -> list[Operation]:
    found = list[Operation]()
    for group in groups.split(","):
        system, _, level = group.rpartition("-")
        if not system:
            _stop(f"usermod: group '{group}' does not exist", 6)
        found.append(partial(accounts.set_access, world, user, system, level))
    return found


def _expiry(world: World, name: str, value: str) -> Change:
    """Whether an account that expires then is locked now; nothing happens here at a later time."""
    if value in {"", "-1"}:
        return accounts.enable_account
    today = world.now().split()[0]
    if (value.isascii() and value.isdigit() and int(value[:9]) <= _days(today)) or (
        _is_date(value) and value <= today
    ):
        return accounts.disable_account
    return _stop(f"{name}: invalid date '{value}': an account expires at once or not at all here")


def _is_date(value: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _days(day: str) -> int:
    return (date.fromisoformat(day) - date(1970, 1, 1)).days


def _stop(complaint: str, code: int = 1) -> NoReturn:
    raise AnsweredError(failed(complaint, code))
