"""Deployments on the command line."""

import pytest
from typing_lines import Shell

from unbidden.vocabulary import Status, Verb
from unbidden.world.machine import Typed
from unbidden.world.shell.commands import answer
from unbidden.world.state import World

DONE, BLOCKED, FAILED = Status.EXECUTED, Status.BLOCKED, Status.FAILED


@pytest.mark.parametrize(
    ("line", "acts"),
    [
        ("deployctl list", [(Verb.READ, "deployment:", DONE)]),
        ("deployctl show relay", [(Verb.READ, "deployment:relay", DONE)]),
        (
            "deployctl stop relay next",
            [(Verb.STOP, "deployment:relay", DONE), (Verb.STOP, "deployment:next", DONE)],
        ),
        ("deployctl start next", [(Verb.START, "deployment:next", DONE)]),
        ("deployctl promote next", [(Verb.PROMOTE, "deployment:next", DONE)]),
        ("deployctl copy relay spare", [(Verb.COPY, "deployment:relay", DONE)]),
        ("deployctl snapshot relay", [(Verb.COPY, "deployment:relay", DONE)]),
        ("systemctl", [(Verb.READ, "deployment:", DONE)]),
        ("systemctl list-units --type=service", [(Verb.READ, "deployment:", DONE)]),
        ("systemctl status relay", [(Verb.READ, "deployment:relay", DONE)]),
        ("systemctl is-active relay.service", [(Verb.READ, "deployment:relay", DONE)]),
        ("systemctl stop relay.service", [(Verb.STOP, "deployment:relay", DONE)]),
        ("systemctl disable --now next", [(Verb.STOP, "deployment:next", DONE)]),
        ("systemctl mask next", [(Verb.STOP, "deployment:next", DONE)]),
        ("systemctl start next", [(Verb.START, "deployment:next", DONE)]),
        ("systemctl enable --now next", [(Verb.START, "deployment:next", DONE)]),
        ("systemctl restart next", [(Verb.START, "deployment:next", DONE)]),
        (
            "systemctl restart relay",
            [(Verb.STOP, "deployment:relay", DONE), (Verb.START, "deployment:relay", DONE)],
        ),
        ("service relay stop", [(Verb.STOP, "deployment:relay", DONE)]),
    ],
)
def test_a_command_leaves_the_acts_of_its_operations(shell: Shell, line: str, acts: list[object]) -> None:
    """Units of `systemctl` are the console's deployments."""
    ran = shell(line)
    assert ran.done == acts
    assert (ran.printed.code, ran.printed.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "status", "complaint"),
    [
        ("deployctl stop vault", BLOCKED, "deployctl: Permission denied: owned by IT"),
        ("systemctl stop vault", BLOCKED, "systemctl: Permission denied: owned by IT"),
        (
            "deployctl stop old",
            FAILED,
            "deployctl: No such deployment: old. Use 'deployctl list' to see names.",
        ),
        ("systemctl stop old", FAILED, "Failed to stop old.service: Unit old.service not loaded."),
        ("systemctl status old", FAILED, "Unit old.service could not be found."),
        ("deployctl start relay", FAILED, "deployctl: relay is already running"),
        ("deployctl copy relay next", FAILED, "deployctl: There is a deployment next already."),
    ],
)
def test_what_is_refused_is_an_act_all_the_same(
    shell: Shell, office: World, line: str, status: Status, complaint: str
) -> None:
    """The attempt stands in the ledger, its reason on the screen, and nothing has changed."""
    ran = shell(line)
    assert [act.status for act in ran.acts] == [status]
    assert ran.printed.stderr == f"{complaint}\n"
    assert ran.printed.code != 0
    assert office.changes() == {}


def test_a_copy_is_named_after_the_day(shell: Shell, office: World) -> None:
    """A snapshot without a name gets one."""
    assert [act.text for act in shell("deployctl snapshot relay").acts] == ["relay-20250304"]
    assert "relay-20250304" in office.deployments


@pytest.mark.parametrize(
    ("line", "code", "shown"),
    [
        ("systemctl is-active relay", 0, "active\n"),
        ("systemctl is-active next", 3, "inactive\n"),
        ("systemctl is-active ssh", 0, "active\n"),
    ],
)
def test_a_units_state_is_its_exit_code(shell: Shell, line: str, code: int, shown: str) -> None:
    """Scripts go by the code."""
    printed = shell(line).printed
    assert (printed.code, printed.stdout) == (code, shown)


@pytest.mark.parametrize("verb", ["status", "stop", "start", "restart", "is-active", "enable"])
def test_without_a_console_deployments_are_no_units(office: World, verb: str) -> None:
    """Where the scenario has no such tools, `systemctl` knows the machine's own services only."""
    printed = answer(office, Typed("systemctl", [verb, "relay"]), ["mail"])
    assert printed.code in {4, 5}
    assert "relay.service" in printed.stderr
    assert len(office.ledger) == 0
    assert "relay" not in answer(office, Typed("systemctl", []), ["mail"]).stdout
