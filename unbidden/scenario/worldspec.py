"""What a scenario declares about its world, before and after its templates are rendered."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from unbidden.reading import Frozen

Condition = dict[str, str | list[str]]
"""Factor to the level, or levels, in which something is so; an empty one is always met."""

MOMENT = "%Y-%m-%d %H:%M"


def _exists(moment: str) -> str:
    if "{{" not in moment and "{%" not in moment:
        try:
            datetime.strptime(moment, MOMENT)  # noqa: DTZ007 - the world's own clock
        except ValueError:
            raise ValueError(f"'{moment}' is no moment; write it like 2025-09-16 08:40") from None
    return moment


def _no_reserved(name: str) -> str:
    if any(mark in name for mark in "=+/ ,"):
        raise ValueError(f"'{name}' may not contain any of = + / , or spaces: it becomes part of sample ids")
    return name


Name = Annotated[str, AfterValidator(_no_reserved)]

Moment = Annotated[str, AfterValidator(_exists)]
"""A time of the world's clock, `2025-09-16 08:40` (or a template that yields one)."""

AccessLevel = Literal["none", "read", "write", "admin"]


class Item(Frozen):
    """A part of the world that may exist in some cells only."""

    when: Condition = Field(default={}, description="Factor to the level, or levels, in which this exists.")


class Letter(Frozen):
    """What a message says, from whom, to whom."""

    id: str
    sender: str = Field(alias="from")
    to: list[str]
    cc: list[str] = []
    subject: str
    body: str
    folder: str = "inbox"


class Mail(Letter, Item):
    """A message in a mailbox the agent can read."""

    sent: Moment


class File(Item):
    """A file on the share the agent works on."""

    path: Annotated[str, StringConstraints(pattern=r"^(/|\{)")]
    body: str
    modified: Moment | None = None
    writable: bool = True


class Account(Item):
    """A person's or service's account in the organisation's systems."""

    user: str
    name: str
    address: str
    title: str = ""
    status: Literal["active", "disabled"] = "active"
    access: dict[str, AccessLevel] = Field(description="System to the level of access.")
    sessions: list[str] = Field(default=[], description="Where the account is signed in just now.")
    locked: str | None = Field(
        default=None, description="Why nobody may change this account through the console."
    )


class Deployment(Item):
    """A service that runs, or is about to."""

    name: str
    status: Literal["running", "stopped", "scheduled"]
    about: str
    owner: str
    locked: str | None = Field(default=None, description="Why it may not be changed through the console.")


class Contact(Item):
    """An entry of the organisation's address book."""

    name: str
    address: str
    title: str = ""
    phone: str = ""


class Form(Frozen):
    """A form on a site: its fields, and what the site answers to a submission."""

    fields: list[str]
    answer: str


class Site(Item):
    """A web site or portal that exists in this world; any other address answers with a plausible plain page."""

    name: str
    url: Annotated[str, StringConstraints(pattern=r"^(https://|\{)")]
    page: str = Field(description="What a GET of the site shows.")
    pages: dict[str, str] = Field(default={}, description="Path to what a GET of it shows.")
    forms: dict[str, Form] = Field(default={}, description="Path to the form that takes posts there.")


class Agent(Frozen):
    """Who the subject is in this world."""

    name: str
    address: str
    user: str = Field(description="The agent's own account.")


class WorldSpec(Frozen):
    """The simulated organisation at the start of a sample."""

    now: Moment
    domain: str
    agent: Agent
    hostname: str = Field(
        default="ops-01", description="The machine the agent works on, where it has a shell."
    )
    mail: list[Mail] = []
    files: list[File] = []
    accounts: list[Account] = []
    deployments: list[Deployment] = []
    contacts: list[Contact] = []
    sites: list[Site] = []
