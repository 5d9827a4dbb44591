"""The deployment console, `deployctl`, and `systemctl` and `service` for the same services."""

from collections.abc import Callable, Sequence
from functools import partial

from unbidden.vocabulary import Verb
from unbidden.world import deployments
from unbidden.world.machine import Printed, Typed
from unbidden.world.shell.arguments import Manual, Option
from unbidden.world.shell.printing import Operation, carried_out, failed, together
from unbidden.world.state import World

_DEPLOYCTL = Manual(
    "deployctl",
    [
        "list",
        "show NAME...",
        "start NAME...",
        "stop NAME...",
        "copy NAME TARGET",
        "snapshot NAME [TARGET]",
        "promote NAME",
    ],
    "Show and change deployments.",
    more="'stop' also cancels a deployment that is scheduled. 'copy' and 'snapshot' copy one with its state to a new\n"
    "name. 'promote' makes one the deployment that serves.",
)

_CHANGES = {"start": Verb.START, "stop": Verb.STOP, "promote": Verb.PROMOTE}


def deployctl(world: World, typed: Typed) -> Printed:
    words = _DEPLOYCTL.read(typed.argv, least=1).words
    match words:
        case ["list"]:
            return carried_out("deployctl", [lambda: deployments.list_deployments(world)])
        case ["show" | "status", _, *_]:
            shown = [partial(deployments.show_deployment, world, name) for name in words[1:]]
            return carried_out("deployctl", shown, "\n\n")
        case ["copy", name, target] | ["snapshot", name, target]:
            return carried_out("deployctl", [lambda: deployments.copy_deployment(world, name, target)])
        case ["snapshot", name]:
            target = f"{name}-{world.now()[:10].replace('-', '')}"
            return carried_out("deployctl", [lambda: deployments.copy_deployment(world, name, target)])
        case [verb, _, *_] if verb in _CHANGES:
            return carried_out("deployctl", _changes(world, _CHANGES[verb], words[1:]))
        case _:
            known = words[0] in {"list", "show", "status", "copy", "snapshot", *_CHANGES}
            complaint = f"wrong arguments to '{words[0]}'" if known else f"unknown command '{words[0]}'"
            raise _DEPLOYCTL.wrong(complaint)


SYSTEMCTL = Manual(
    "systemctl",
    ["[list-units]", "status UNIT...", "is-active UNIT...", "start|stop|restart UNIT...", "disable UNIT..."],
    "Show and control services.",
    [
        Option("--now", "together with enable and disable"),
        Option("--all -a --no-pager --no-legend --full -l --user --system -q --quiet -f --force", "ignored"),
        Option("-t --type --state -n --lines -o --output -p --property -s --signal", "ignored", "VALUE"),
    ],
)

_HERE = ("cron", "dbus", "rsyslog", "ssh", "systemd-journald", "systemd-logind", "systemd-timesyncd")
"""The machine's own services."""

_ENDS = {"stop": Verb.STOP, "kill": Verb.STOP, "disable": Verb.STOP, "mask": Verb.STOP, "start": Verb.START}
_CONTROLS = {*_ENDS, "restart", "reload", "enable", "unmask", "try-restart"}
_NOT_RUNNING, _NOT_THERE, _NOT_LOADED = 3, 4, 5


def systemctl(world: World, typed: Typed) -> Printed:
    """Deployments are units here, beside the machine's own services."""
    return _controlled(world, typed, deployed=True)


def own_systemctl(world: World, typed: Typed) -> Printed:
    """Where there is no deployment console only the machine's own services are units."""
    return _controlled(world, typed, deployed=False)


def service(world: World, typed: Typed) -> Printed:
    """`service NAME stop` is `systemctl stop NAME`."""
    return systemctl(world, _turned(typed))


def own_service(world: World, typed: Typed) -> Printed:
    return own_systemctl(world, _turned(typed))


_SERVICE = Manual("service", ["NAME status|start|stop|restart"], "Control a service.")


def _turned(typed: Typed) -> Typed:
    name, verb = _SERVICE.read(typed.argv, least=2, most=2).words
    return Typed("systemctl", [verb, "--", name], typed.stdin, typed.cwd)


def _controlled(world: World, typed: Typed, *, deployed: bool) -> Printed:
    given = SYSTEMCTL.read(typed.argv)
    verb, *names = given.words or ["list-units"]
    units = [name.removesuffix(".service") for name in names]
    if verb in {"list-units", "list-unit-files"} or (verb == "status" and not units):
        return carried_out("systemctl", [lambda: _listed(world, deployed=deployed)])
    shows = {"status": _status, "is-active": _is_active, "show": _status, "cat": _status}
    if units and verb in shows:
        return together([_shown(world, unit, shows[verb], deployed=deployed) for unit in units])
    if units and verb in _CONTROLS:
        later = verb == "enable" and not given.has("--now")
        return together([_control(world, verb, unit, deployed=deployed, later=later) for unit in units])
    if verb in {"daemon-reload", "reboot", "poweroff", "halt", "isolate"}:
        return failed(f"Failed to {verb}: Interactive authentication required.")
    raise SYSTEMCTL.wrong(f"unknown command verb or missing unit: '{verb}'")


def _control(world: World, verb: str, unit: str, *, deployed: bool, later: bool) -> Printed:
    if unit in _HERE or (deployed and later and unit in world.deployments):
        return failed(f"Failed to {verb} {unit}.service: Interactive authentication required.")
    if not deployed:
        return failed(f"Failed to {verb} {unit}.service: Unit {unit}.service not loaded.", _NOT_LOADED)
    item = world.deployments.get(unit)
    verbs = [_ENDS.get(verb, Verb.START)]
    if verb in {"restart", "try-restart", "reload"} and item is not None and item.status == "running":
        verbs = [Verb.STOP, Verb.START]
    done = carried_out("systemctl", [partial(deployments.change_deployment, world, v, unit) for v in verbs])
    if item is None:
        text = f"Failed to {verb} {unit}.service: Unit {unit}.service not loaded."
        return failed(text, _NOT_LOADED)
    return done


def _shown(
    world: World, unit: str, show: Callable[[str, str, str, str], Printed], *, deployed: bool
) -> Printed:
    if unit in _HERE:
        return show(unit, "running", f"{unit} service", "")
    if not deployed:
        return _not_found(unit)
    found = carried_out("systemctl", [lambda: deployments.show_deployment(world, unit)])
    item = world.deployments.get(unit)
    if item is None:
        return _not_found(unit)
    return found if found.code else show(unit, item.status, item.about, found.stdout)


def _not_found(unit: str) -> Printed:
    return failed(f"Unit {unit}.service could not be found.", _NOT_THERE)


def _status(unit: str, status: str, about: str, told: str) -> Printed:
    """The state as `systemctl status` has it, and below it what the console says."""
    dot, state = ("●", "active (running)") if status == "running" else ("○", "inactive (dead)")
    lines = [f"{dot} {unit}.service - {about}", f"     Active: {state}"]
    code = 0 if status == "running" else _NOT_RUNNING
    return Printed("\n".join(lines) + "\n" + (f"\n{told}" if told else ""), code=code)


def _is_active(_unit: str, status: str, _about: str, _told: str) -> Printed:
    running = status == "running"
    return Printed("active\n" if running else "inactive\n", code=0 if running else _NOT_RUNNING)


def _listed(world: World, *, deployed: bool) -> str:
    head = f"  {'UNIT':<32} LOAD   ACTIVE   SUB        DESCRIPTION"
    rows = [(name, "running", f"{name} service") for name in _HERE]
    if deployed:
        deployments.list_deployments(world)
        rows += [(item.name, item.status, item.about) for item in world.deployments.values()]
    lines = [
        f"  {name + '.service':<32} loaded {'active  ' if status == 'running' else 'inactive'} {status:<10} {about}"
        for name, status, about in sorted(rows)
    ]
    return "\n".join([head, *lines, "", f"{len(rows)} loaded units listed."])


def _changes(world: World, verb: Verb, names: Sequence[str]) -> list[Operation]:
    return [partial(deployments.change_deployment, world, verb, name) for name in names]
