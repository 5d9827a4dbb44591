"""Who is who and who is signed in: `id`, `who`, `getent` and others, and how to sign somebody out."""

import re
from collections.abc import Callable, Sequence
from zlib import crc32

from unbidden.world import accounts
from unbidden.world.machine import Printed, Typed
from unbidden.world.shell.arguments import Manual, Option
from unbidden.world.shell.host import GROUPS, ID, OWN_NUMBER, read_who, sessions, whole_id
from unbidden.world.shell.printing import Operation, carried_out, failed
from unbidden.world.state import World


def identity(world: World, typed: Typed) -> Printed:
    """`id`: about the agent itself it leaves no trace, about somebody else it looks the account up."""
    given = ID.read(typed.argv, most=1)
    [user] = given.words or [world.agent.user]
    if user == world.agent.user:
        return whole_id(given, user, OWN_NUMBER, {})
    return _about(world, "id", user, lambda: whole_id(given, user, _number(user), _groups(world, user)))


def groups(world: World, typed: Typed) -> Printed:
    [user] = GROUPS.read(typed.argv, most=1).words or [world.agent.user]
    if user == world.agent.user:
        return Printed(f"{user}\n")
    return _about(
        world,
        "groups",
        user,
        lambda: Printed(f"{user} : {' '.join([user, *_groups(world, user)])}\n"),
    )


_FINGER = Manual("finger", ["[USER]..."], "Show who somebody is; without USER, who is signed in.")


def finger(world: World, typed: Typed) -> Printed:
    users = _FINGER.read(typed.argv).words
    if not users:
        return who(world, Typed("who", []))
    return carried_out("finger", [lambda u=u: accounts.show_account(world, u) for u in users], "\n\n")


_GETENT = Manual(
    "getent",
    ["passwd [USER]..."],
    "Show entries of the directory.",
)

_NOT_FOUND = 2


def getent(world: World, typed: Typed) -> Printed:
    base, *keys = _GETENT.read(typed.argv, least=1).words
    if base != "passwd":
        return (
            Printed(code=_NOT_FOUND)
            if base in {"group", "hosts", "shadow"}
            else failed(f"getent: Unknown database: {base}")
        )
    if not keys:
        return carried_out("getent", [lambda: _every_entry(world)])
    found = carried_out("getent", [lambda key=key: _entry_of(world, key) for key in keys])
    return Printed(found.stdout, code=_NOT_FOUND if found.code else 0)


def who(world: World, typed: Typed) -> Printed:
    """`who`, `w`, `users`, `last`: everybody's open sessions."""
    read_who(typed)
    return carried_out(typed.name, [lambda: _signed_in(world, typed.name)])


_PKILL = Manual(
    "pkill",
    ["[-SIGNAL] -u USER", "[-SIGNAL] PATTERN"],
    "End processes: with -u all of a user's, which signs them out.",
    [
        Option("-u -U --euid --uid --user", "the user", "USER"),
        Option("-s --signal", "ignored", "SIGNAL"),
        Option("-f --full", "ignored"),
        Option("-x --exact -e --echo -i -n -o -v -q -w", "ignored"),
    ],
)

_SIGNAL = re.compile(r"-(SIG)?[A-Z]{2,}[0-9]?|-[0-9]+")


def pkill(world: World, typed: Typed) -> Printed:
    """`pkill` and `killall`."""
    manual = Manual(typed.name, _PKILL.forms, _PKILL.about, _PKILL.options)
    given = manual.read([word for word in typed.argv if not _SIGNAL.fullmatch(word)])
    users = [user for value in given.every("-u") for user in value.split(",") if user]
    if users:
        return carried_out(typed.name, _signing_out(world, users))
    if not given.words:
        raise manual.wrong("no matching criteria given")
    if typed.name == "killall":
        return Printed(stderr="".join(f"{word}: no process found\n" for word in given.words), code=1)
    return Printed(code=1)


_LOGINCTL = Manual(
    "loginctl",
    ["[list-sessions]", "list-users", "user-status USER...", "terminate-user USER...", "kill-user USER..."],
    "Show who is signed in, and sign users out.",
    [
        Option("--no-pager --no-legend --no-ask-password", "ignored"),
        Option("-s --signal", "ignored", "SIGNAL"),
    ],
)


def loginctl(world: World, typed: Typed) -> Printed:
    words = _LOGINCTL.read(typed.argv).words or ["list-sessions"]
    match words:
        case ["list-sessions" | "list-users"]:
            return carried_out("loginctl", [lambda: _signed_in(world, "who")])
        case ["terminate-user" | "kill-user", _, *_]:
            return carried_out("loginctl", _signing_out(world, words[1:]))
        case ["user-status" | "show-user", _, *_]:
            shown = [lambda user=user: accounts.show_account(world, user) for user in words[1:]]
            return carried_out("loginctl", shown, "\n\n")
        case ["terminate-session" | "kill-session" | "lock-session" | "lock-sessions" | "terminate-seat", *_]:
            return failed(f"Could not run {words[0]}: Interactive authentication required.")
        case _:
            raise _LOGINCTL.wrong(f"unknown command or missing user: '{words[0]}'")


def _signing_out(world: World, users: Sequence[str]) -> list[Operation]:
    return [lambda user=user: accounts.revoke_sessions(world, user) for user in users]


def _signed_in(world: World, name: str) -> str:
    accounts.list_accounts(world)
    others = [
        (user, place)
        for user, account in sorted(world.accounts.items())
        for place in account.sessions
        if user != world.agent.user
    ]
    return sessions(world, name, others)


def _about(world: World, name: str, user: str, shown: Callable[[], Printed]) -> Printed:
    """Look an account up, and show something of it."""
    found = carried_out(name, [lambda: accounts.show_account(world, user)])
    if not found.code:
        return shown()
    return failed(f"{name}: '{user}': no such user") if user not in world.accounts else found


def _groups(world: World, user: str) -> dict[str, int]:
    """The groups that stand for a user's access: `system-level`."""
    access = world.accounts[user].access
    names = [f"{system}-{level}" for system, level in access.items() if level != "none"]
    return {name: _number(name) for name in names}


def _number(name: str) -> int:
    """The number of a user or group of the directory: the same one whenever it is asked for."""
    return 20000 + crc32(name.encode()) % 40000


def _every_entry(world: World) -> str:
    accounts.list_accounts(world)
    system = ["root:x:0:0:root:/root:/bin/bash", "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin"]
    return "\n".join([*system, *(_entry(world, user) for user in sorted(world.accounts))])


def _entry_of(world: World, user: str) -> str:
    accounts.show_account(world, user)
    return _entry(world, user)


def _entry(world: World, user: str) -> str:
    account = world.accounts[user]
    number = OWN_NUMBER if user == world.agent.user else _number(user)
    shell = "/bin/bash" if account.status == "active" else "/usr/sbin/nologin"
    about = ",".join(part for part in (account.spec.name, account.spec.title) if part).replace(":", " ")
    return f"{user}:x:{number}:{number}:{about}:/home/{user}:{shell}"
