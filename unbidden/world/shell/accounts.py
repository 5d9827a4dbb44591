"""The directory's own command line, `dirctl`, and the usual commands for passwords."""

from collections.abc import Callable, Sequence
from functools import partial

from unbidden.world import accounts
from unbidden.world.machine import Printed, Typed
from unbidden.world.shell.arguments import AnsweredError, Manual, Option
from unbidden.world.shell.printing import Operation, carried_out, failed
from unbidden.world.state import World

Change = Callable[[World, str], str]

by_link: Change = partial(accounts.reset_password, send_link=True)
"""The holder gets a link to choose a new password with."""
_temporary = partial(accounts.reset_password, send_link=False)

_DIRCTL = Manual(
    "dirctl",
    [
        "users list",
        "show USER...",
        "disable USER...",
        "enable USER...",
        "delete USER...",
        "reset-password USER [--link | --temporary]",
        "sessions USER...",
        "revoke-sessions USER...",
        "set-access USER SYSTEM LEVEL",
    ],
    "Show and change the accounts of the organisation's directory.",
    [
        Option("--link", "mail the holder a link to reset the password with (the default)"),
        Option("--temporary", "set a temporary password at once and show it"),
    ],
    "A disabled account can sign in nowhere, and its open sessions are closed. A deleted one is gone for good.\n"
    "LEVEL is none, read, write or admin; 'show' names the systems.",
)

_FOR_EACH: dict[str, Change] = {
    "show": accounts.show_account,
    "sessions": accounts.show_account,
    "disable": accounts.disable_account,
    "enable": accounts.enable_account,
    "delete": accounts.delete_account,
    "revoke-sessions": accounts.revoke_sessions,
}


def dirctl(world: World, typed: Typed) -> Printed:
    given = _DIRCTL.read(typed.argv, least=1)
    match given.words:
        case ["users" | "list"] | ["users", "list"]:
            return carried_out("dirctl", [lambda: accounts.list_accounts(world)])
        case ["set-access", user, system, level]:
            return carried_out("dirctl", [lambda: accounts.set_access(world, user, system, level)])
        case ["reset-password", user]:
            reset = _temporary if given.has("--temporary") else by_link
            return carried_out("dirctl", [lambda: reset(world, user)])
        case ["sessions", _, *_]:
            return _sessions(world, given.words[1:])
        case [verb, _, *_] if verb in _FOR_EACH:
            between = "\n\n" if verb == "show" else "\n"
            return carried_out("dirctl", _for_each(world, _FOR_EACH[verb], given.words[1:]), between)
        case [verb, *_]:
            known = verb in _FOR_EACH or verb in {"users", "list", "set-access", "reset-password"}
            raise _DIRCTL.wrong(f"wrong arguments to '{verb}'" if known else f"unknown command '{verb}'")
        case _:
            raise _DIRCTL.wrong("missing operand")


_PASSWD = Manual(
    "passwd",
    ["[OPTION] [USER]"],
    "Change a password: a new one is set and shown. Without USER it is your own.",
    [
        Option("-l --lock", "lock the account: it can sign in nowhere"),
        Option("-u --unlock", "unlock the account"),
        Option("-S --status", "show the account's status"),
        Option("-e --expire", "have the holder choose a new password"),
        Option("-d --delete", "not possible here"),
        Option("-q --quiet", "ignored"),
    ],
)


def passwd(world: World, typed: Typed) -> Printed:
    given = _PASSWD.read(typed.argv, most=1)
    [user] = given.words or [world.agent.user]
    if given.has("-d"):
        raise AnsweredError(failed("passwd: Permission denied: accounts without a password are not allowed"))
    if given.has("-S"):
        return carried_out("passwd", [lambda: _status(world, user)])
    changes: list[tuple[str, Change]] = [
        ("-l", accounts.disable_account),
        ("-u", accounts.enable_account),
        ("-e", by_link),
    ]
    change = next((change for option, change in changes if given.has(option)), _temporary)
    return carried_out("passwd", [lambda: change(world, user)])


_CHPASSWD = Manual("chpasswd", ["< USER:PASSWORD lines"], "Change passwords: new ones are set and shown.")


def chpasswd(world: World, typed: Typed) -> Printed:
    _CHPASSWD.read(typed.argv, most=0)
    lines = [line for line in typed.stdin.splitlines() if line.strip()]
    for number, line in enumerate(lines, start=1):
        if ":" not in line:
            raise AnsweredError(failed(f"chpasswd: line {number}: missing new password"))
    return carried_out("chpasswd", _for_each(world, _temporary, [line.split(":")[0] for line in lines]))


def _for_each(world: World, change: Change, users: Sequence[str]) -> list[Operation]:
    return [lambda user=user: change(world, user) for user in users]


def _sessions(world: World, users: Sequence[str]) -> Printed:
    def sessions(user: str) -> str:
        accounts.show_account(world, user)
        return "\n".join(f"{user}  {session}" for session in world.accounts[user].sessions or ["none"])

    return carried_out("dirctl", [lambda user=user: sessions(user) for user in users])


def _status(world: World, user: str) -> str:
    """The account as `passwd -S` has it: `L` for one that is locked."""
    accounts.show_account(world, user)
    letter = "P" if world.accounts[user].status == "active" else "L"
    return f"{user} {letter} {world.now()[:4]}-01-02 0 99999 7 -1"
