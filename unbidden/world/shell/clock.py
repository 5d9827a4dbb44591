"""The world's time on the command line: `date` and `uptime`."""

import re
from datetime import UTC, datetime, timedelta

from unbidden.scenario.worldspec import MOMENT
from unbidden.world.machine import Printed, Typed
from unbidden.world.shell.arguments import AnsweredError, Manual, Option
from unbidden.world.shell.printing import failed
from unbidden.world.state import MINUTES_A_TURN, World

_DATE = Manual(
    "date",
    ["[OPTION]... [+FORMAT]"],
    "Display the time in the given FORMAT.",
    [
        Option("-d --date", "display the time described by TEXT, not now", "TEXT"),
        Option("-s --set", "set the time", "TEXT"),
        Option("-u --utc --universal", "Coordinated Universal Time"),
        Option("-R --rfc-email", "for example Mon, 14 Aug 2006 02:34:56 +0000"),
        Option("-I --iso-8601", "for example 2006-08-14; -Iseconds, -Iminutes, -Ihours show more"),
    ],
    "FORMAT knows %Y %m %d %H %M %S %s %F %T %a %A %b %B %j %V %Z and the others of strftime.",
)

_ISO = {
    "": "%Y-%m-%d",
    "date": "%Y-%m-%d",
    "hours": "%Y-%m-%dT%H+00:00",
    "minutes": "%Y-%m-%dT%H:%M+00:00",
    "seconds": "%Y-%m-%dT%H:%M:%S+00:00",
    "ns": "%Y-%m-%dT%H:%M:%S,%N+00:00",
}
_LONG = "%a %b %e %H:%M:%S UTC %Y"
_MAIL = "%a, %d %b %Y %H:%M:%S +0000"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_STEP = re.compile(rf"([+-]?\s*\d{{1,9}}|next|last|an?)\s*({'|'.join(_UNITS)})s?(\s+ago)?")
_DAY = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[t ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?)?(?:\s*(?:z|utc))?"
)


def date(world: World, typed: Typed) -> Printed:
    argv, iso = list[str](), None
    for word in typed.argv:
        found = re.fullmatch(r"(?:-I|--iso-8601=?)(\w*)", word)
        iso = found[1] if found else iso
        argv += [] if found else [word]
    given = _DATE.read(argv, most=1)
    if given.has("-s") or (given.words and not given.words[0].startswith("+")):
        raise AnsweredError(failed("date: cannot set date: Operation not permitted"))
    iso = "" if iso is None and given.has("-I") else iso
    if iso is not None and iso not in _ISO:
        raise _DATE.wrong(f"invalid argument '{iso}' for '--iso-8601'")
    pattern = _ISO[iso] if iso is not None else _MAIL if given.has("-R") else _LONG
    pattern = given.words[0][1:] if given.words else pattern
    wanted = given.last("-d", "now")
    try:
        return Printed(_formatted(_described(world, wanted), pattern) + "\n")
    except (ValueError, OverflowError):
        raise AnsweredError(failed(f"date: invalid date '{wanted}'")) from None


_UPTIME = Manual(
    "uptime",
    ["[-p | -s]"],
    "Tell how long the system has been running.",
    [
        Option("-p --pretty", "in words"),
        Option("-s --since", "since when"),
    ],
)


def uptime(world: World, typed: Typed) -> Printed:
    given = _UPTIME.read(typed.argv, most=0)
    if given.has("-s"):
        return Printed(f"{booted(world):%Y-%m-%d %H:%M:%S}\n")
    if given.has("-p"):
        since = now(world) - booted(world)
        return Printed(f"up {since.days} days, {since.seconds // 3600} hours\n")
    return Printed(uptime_line(world) + "\n")


def now(world: World) -> datetime:
    """The world's time."""
    return datetime.strptime(world.now(), MOMENT).replace(tzinfo=UTC)


def signed_in(world: World) -> datetime:
    """When the agent's own session began."""
    return now(world) - timedelta(minutes=MINUTES_A_TURN * world.turn + 4)


def booted(world: World) -> datetime:
    """When the machine was started: a while before the agent came."""
    return signed_in(world) - timedelta(days=41, hours=3, minutes=12)


def uptime_line(world: World) -> str:
    since = now(world) - booted(world)
    hours, minutes = divmod(since.seconds // 60, 60)
    load = "load average: 0.08, 0.03, 0.01"
    return f" {now(world):%H:%M:%S} up {since.days} days, {hours:2}:{minutes:02},  1 user,  {load}"


def _formatted(moment: datetime, pattern: str) -> str:
    """As `strftime`, with what `date` knows beyond it."""
    own = {"%%": "%%", "%N": "000000000", "%s": str(int(moment.timestamp())), "%:z": "+00:00", "%n": "\n"}
    return moment.strftime(re.sub(r"%%|%N|%s|%:z|%n", lambda found: own[found[0]], pattern))


def _described(world: World, text: str) -> datetime:
    """A moment in words, as far as people usually write them.

    Raises:
        ValueError: It is none.
        OverflowError: It is too far away.
    """
    words = text.strip().lower()
    if epoch := re.fullmatch(r"@(-?\d{1,12})(?:\.\d+)?", words):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(epoch[1]))
    moment, rest = _start(world, words)
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise ValueError(text)
        moment += timedelta(seconds=_count(step[1]) * _UNITS[step[2]] * (-1 if step[3] else 1))
        rest = rest[step.end() :].strip()
    return moment


def _start(world: World, words: str) -> tuple[datetime, str]:
    """The moment that the words begin with, and the rest of them."""
    if day := _DAY.match(words):
        parts = [int(part or 0) for part in day.groups()]
        return datetime(*parts[:3], *parts[3:], tzinfo=UTC), words[day.end() :].strip()
    first, _, rest = words.partition(" ")
    shifts = {"now": 0, "today": 0, "tomorrow": 1, "yesterday": -1}
    if first in shifts:
        return now(world) + timedelta(days=shifts[first]), rest.strip()
    if weekday := re.fullmatch(rf"(next |last )?({'|'.join(_DAYS)})", words):
        today = now(world).replace(hour=0, minute=0)
        ahead = (_DAYS.index(weekday[2]) - today.weekday()) % 7
        ahead += {"next ": 7 if not ahead else 0, "last ": -7, None: 0}[weekday[1]]
        return today + timedelta(days=ahead), ""
    if clock := re.fullmatch(r"(\d{1,2}):(\d{2})(?::\d{2})?", words):
        return now(world).replace(hour=int(clock[1]), minute=int(clock[2])), ""
    return now(world), words


def _count(word: str) -> int:
    named = {"next": 1, "last": -1, "a": 1, "an": 1}
    return named[word] if word in named else int(word.replace(" ", ""))
