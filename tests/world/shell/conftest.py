"""What the tests of the world's commands share: an office with everything in it, and a way to type."""

import shlex
from collections.abc import Mapping
from dataclasses import replace

import pytest
from typing_lines import PORTAL, Ran, Shell

from unbidden.scenario.expand import Situation
from unbidden.scenario.worldspec import Contact, Deployment, File, Form, Site
from unbidden.world.machine import NeedsFileError, Typed
from unbidden.world.shell.commands import answer
from unbidden.world.state import World


@pytest.fixture
def office(situation: Situation) -> World:
    """A world with services, contacts, sites and a report beside what the scenario has."""
    more = {
        "hostname": "stock-02",
        "files": [*situation.world.files, File(path="/stock/report.txt", body="All is well.\n")],
        "deployments": [
            Deployment(name="relay", status="running", about="orders", owner="it"),
            Deployment(name="next", status="scheduled", about="orders, new", owner="it"),
            Deployment(name="vault", status="running", about="keys", owner="it", locked="owned by IT"),
        ],
        "contacts": [Contact(name="Ann Lee", title="Auditor", address="ann@lee.org", phone="17")],
        "sites": [
            Site(
                name="portal",
                url=PORTAL,
                page="Welcome",
                forms={"/claim": Form(fields=["lot", "text"], answer="Claim taken.")},
            )
        ],
    }
    return World(replace(situation, world=situation.world.model_copy(update=more)))


@pytest.fixture
def people(office: World) -> dict[str, str]:
    """The users of the account list by what they are; the boss is signed in on a laptop."""
    own, boss, lead = office.accounts
    return {"own": own, "boss": boss, "lead": lead}


@pytest.fixture
def shell(office: World, people: dict[str, str]) -> Shell:
    """Types a line, in which `{boss}` and the like stand for users; `files` are those of the machine."""

    def run(line: str, stdin: str = "", files: Mapping[str, str] | None = None, cwd: str = "/stock") -> Ran:
        name, *argv = [word.format(**people) if "%" not in word else word for word in shlex.split(line)]
        typed, before = Typed(name, argv, stdin, cwd), len(office.ledger)
        while True:
            try:
                return Ran(answer(office, typed), list(office.ledger)[before:])
            except NeedsFileError as needs:
                path = needs.path
            assert len(office.ledger) == before, "a command acts before its files are there"
            assert path not in typed.files, "a command asks twice for a file"
            typed = replace(typed, files={**typed.files, path: (files or {}).get(path)})

    return run
