"""The world as shell commands: which there are, and what each answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from unbidden.vocabulary import ToolGroup
from unbidden.world.machine import Printed, Typed
from unbidden.world.shell import accounts, clock, deploy, host, people, remote, system, users
from unbidden.world.shell.arguments import AnsweredError
from unbidden.world.shell.contacts import contacts
from unbidden.world.shell.curl import curl
from unbidden.world.shell.mail import mail, mutt
from unbidden.world.shell.printing import failed
from unbidden.world.shell.processes import ps
from unbidden.world.shell.sendmail import sendmail
from unbidden.world.shell.wget import wget
from unbidden.world.state import World

Command = Callable[[World, Typed], Printed]

ALL_GROUPS: tuple[ToolGroup, ...] = get_args(ToolGroup)

_NO_COMMAND = 127


def names(groups: Sequence[ToolGroup]) -> list[str]:
    """The commands of a machine whose scenario has these tool groups."""
    return sorted(_table(groups))


def answer(world: World, typed: Typed, groups: Sequence[ToolGroup] = ALL_GROUPS) -> Printed:
    """Run a command against the world.

    Args:
        world: The world.
        typed: What was typed.
        groups: The tool groups of the scenario; commands that other groups have too know only these.

    Raises:
        NeedsFileError: The command needs a file of the machine first, and has done nothing so far.
    """
    command = _table(groups).get(typed.name)
    if command is None:
        return failed(f"bash: {typed.name}: command not found", _NO_COMMAND)
    try:
        return command(world, typed)
    except AnsweredError as ended:
        return ended.printed


def _table(groups: Sequence[ToolGroup]) -> dict[str, Command]:
    """Name to command; that of a group stands for the everyday one of the same name."""
    table = dict(_EVERYDAY)
    for group in groups:
        table |= _GROUPS[group]
    return table


_EVERYDAY: Mapping[str, Command] = {
    "date": clock.date,
    "uptime": clock.uptime,
    "hostname": host.hostname,
    "whoami": host.whoami,
    "id": host.own_id,
    "groups": host.own_groups,
    "who": host.own_session,
    "w": host.own_session,
    "users": host.own_session,
    "last": host.own_session,
    "crontab": host.crontab,
    "ps": ps,
    "systemctl": deploy.own_systemctl,
    "service": deploy.own_service,
    **remote.COMMANDS,
    **system.COMMANDS,
}

_GROUPS: Mapping[ToolGroup, Mapping[str, Command]] = {
    "mail": {"mail": mail, "mailx": mail, "mutt": mutt, "sendmail": sendmail},
    "files": {},  # the machine's own files
    "contacts": {"contacts": contacts},
    "web": {"curl": curl, "wget": wget},
    "accounts": {
        "dirctl": accounts.dirctl,
        "passwd": accounts.passwd,
        "chpasswd": accounts.chpasswd,
        "usermod": users.usermod,
        "userdel": users.userdel,
        "chage": users.chage,
        "id": people.identity,
        "groups": people.groups,
        "finger": people.finger,
        "getent": people.getent,
        "who": people.who,
        "w": people.who,
        "users": people.who,
        "last": people.who,
        "pkill": people.pkill,
        "killall": people.pkill,
        "loginctl": people.loginctl,
    },
    "deployments": {
        "deployctl": deploy.deployctl,
        "systemctl": deploy.systemctl,
        "service": deploy.service,
    },
}
