"""The machine itself: its name, the agent's own identity and session, processes, scheduled jobs."""

from collections.abc import Sequence

from unbidden.world import files
from unbidden.world.machine import Printed, Typed
from unbidden.world.shell import clock
from unbidden.world.shell.arguments import AnsweredError, Given, Manual, Option
from unbidden.world.shell.printing import carried_out, failed, needed
from unbidden.world.state import World

OWN_NUMBER = 1000
"""The agent's user number."""

_GATEWAY = "10.20.4.2"
_ADDRESS = "10.20.4.17"

_HOSTNAME = Manual(
    "hostname",
    ["[OPTION]"],
    "Show the name of this machine.",
    [
        Option("-f --fqdn --long", "with its domain"),
        Option("-s --short", "without its domain"),
        Option("-d --domain", "only its domain"),
        Option("-i --ip-address -I --all-ip-addresses", "its addresses"),
    ],
)


def hostname(world: World, typed: Typed) -> Printed:
    given = _HOSTNAME.read(typed.argv)
    if given.words:
        raise AnsweredError(failed("hostname: you must be root to change the host name"))
    domain = world.agent.address.rpartition("@")[2]
    shown = {"-f": f"{world.hostname}.{domain}", "-d": domain, "-i": _ADDRESS}
    option = next((name for name, _ in reversed(given.pairs)), "-s")
    return Printed(f"{shown.get(option, world.hostname)}\n")


_WHOAMI = Manual("whoami", [""], "Print your user name.")


def whoami(world: World, typed: Typed) -> Printed:
    _WHOAMI.read(typed.argv, most=0)
    return Printed(f"{world.agent.user}\n")


ID = Manual(
    "id",
    ["[OPTION]... [USER]"],
    "Print a user's name, number and groups.",
    [
        Option("-u --user", "only the number"),
        Option("-g --group", "only the number of the group"),
        Option("-G --groups", "all groups"),
        Option("-n --name", "names instead of numbers"),
        Option("-r --real", "ignored"),
    ],
)


def own_id(world: World, typed: Typed) -> Printed:
    """`id` where there is no directory: only the agent's own account is known."""
    given = ID.read(typed.argv, most=1)
    if given.words not in ([], [world.agent.user]):
        raise AnsweredError(failed(f"id: '{given.words[0]}': no such user"))
    return whole_id(given, world.agent.user, OWN_NUMBER, {})


def whole_id(given: Given, user: str, number: int, groups: dict[str, int]) -> Printed:
    """What `id` prints about a user; `groups` are those beside the user's own."""
    every = {user: number} | groups
    if given.has("-u", "-g"):
        return Printed(f"{user if given.has('-n') else number}\n")
    if given.has("-G"):
        return Printed(" ".join(every if given.has("-n") else map(str, every.values())) + "\n")
    listed = ",".join(f"{value}({name})" for name, value in every.items())
    return Printed(f"uid={number}({user}) gid={number}({user}) groups={listed}\n")


GROUPS = Manual("groups", ["[USER]"], "Print the groups of a user.")


def own_groups(world: World, typed: Typed) -> Printed:
    words = GROUPS.read(typed.argv, most=1).words
    if words not in ([], [world.agent.user]):
        raise AnsweredError(failed(f"groups: '{words[0]}': no such user"))
    return Printed(f"{world.agent.user}\n")


WHO_ABOUT = "Show who is signed in."
WHO_OPTIONS = (Option("-a --all -b -H --heading -q -u -h -s -f -i -w -F -x -R", "ignored"),)


def own_session(world: World, typed: Typed) -> Printed:
    """`who`, `w`, `users`, `last` where there is no directory."""
    read_who(typed)
    return Printed(sessions(world, typed.name, []) + "\n")


def read_who(typed: Typed) -> Given:
    """The command line of those commands; how many lines are wanted (`-n 5`, `-5`) makes no difference."""
    argv = [word for word in typed.argv if not word.lstrip("-n").isdigit() and word != "-n"]
    return Manual(typed.name, ["[OPTION]... [USER]"], WHO_ABOUT, WHO_OPTIONS).read(argv)


def sessions(world: World, name: str, others: Sequence[tuple[str, str]]) -> str:
    """Open sessions as the named command shows them: the agent's own, and others by user and place."""
    since = clock.signed_in(world)
    users = [(world.agent.user, "pts/0", _GATEWAY), *((user, "sso", place) for user, place in others)]
    if name == "users":
        return " ".join(user for user, _, _ in users)
    if name == "w":
        head = "USER             TTY      FROM             LOGIN@   IDLE WHAT"
        rows = [f"{user:<16} {tty:<8} {place:<16} {since:%H:%M}    0.00s -bash" for user, tty, place in users]
        return "\n".join([clock.uptime_line(world), head, *rows])
    if name == "last":
        rows = [
            f"{user:<16} {tty:<12} {place:<16} {since:%a %b %e %H:%M}   still logged in"
            for user, tty, place in users
        ]
        return "\n".join([*rows, "", f"wtmp begins {clock.booted(world):%a %b %e %H:%M:%S %Y}"])
    return "\n".join(f"{user:<16} {tty:<12} {since:%Y-%m-%d %H:%M} ({place})" for user, tty, place in users)


_CRONTAB = Manual(
    "crontab",
    ["FILE", "-", "-l", "-r", "-e"],
    "Set, list or delete your scheduled jobs; a dash stands for the input.",
    [
        Option("-l", "list them"),
        Option("-r", "delete them"),
        Option("-e", "edit them"),
        Option("-i", "ignored"),
        Option("-u", "another user's, which only root may", "USER"),
    ],
)


def crontab(world: World, typed: Typed) -> Printed:
    given = _CRONTAB.read(typed.argv, most=1)
    user = world.agent.user
    path = f"/var/spool/cron/crontabs/{user}"
    if given.last("-u", user) != user:
        raise AnsweredError(failed("must be privileged to use -u"))
    if given.has("-e"):
        raise AnsweredError(failed("crontab: standard input is not a terminal"))
    if given.has("-l", "-r"):
        if path not in world.files:
            raise AnsweredError(failed(f"no crontab for {user}"))
        if given.has("-l"):
            return Printed(carried_out("crontab", [lambda: files.read_file(world, path)]).stdout[:-1])
        return _quiet(carried_out("crontab", [lambda: files.delete_file(world, path)]))
    if not given.words and not typed.stdin:
        raise _CRONTAB.wrong("file name or - must be given")
    [source] = given.words or ["-"]
    table = needed(typed, source, f"{source}: No such file or directory")
    return _quiet(carried_out("crontab", [lambda: files.write_file(world, path, table)]))


def _quiet(printed: Printed) -> Printed:
    """Only complaints: `crontab` says nothing when all is well."""
    return Printed(stderr=printed.stderr, code=printed.code)
