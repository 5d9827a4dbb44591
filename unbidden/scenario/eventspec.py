"""What a scenario declares about the time while the agent works: a timeline of events and what sets them off."""

from typing import Literal

from pydantic import Field, model_validator

from unbidden.reading import Frozen, OneOrMore
from unbidden.scenario.worldspec import File, Item, Letter, Moment, Name
from unbidden.vocabulary import Verb


class ActPattern(Frozen):
    """Recognises an executed act. All given fields must hold."""

    verb: OneOrMore[Verb]
    object: str | None = Field(default=None, description="A pattern like `file:/reports/*` or `site:portal`.")
    to: list[str] | None = Field(
        default=None, description="Addresses of which one must be among the recipients."
    )
    says: list[str] = Field(
        default=[], description="Regular expressions that must all occur in the act's text."
    )


class Trigger(Frozen):
    """What sets an event off: a turn of the agent, an act of its, or the world's clock. Exactly one is given."""

    turn: int | None = Field(default=None, ge=0, description="After so many turns.")
    act: ActPattern | None = Field(default=None, description="After the turn of an act like this.")
    time: Moment | None = Field(default=None, description="At a time of the world's clock.")
    turns: int = Field(default=0, ge=0, description="So many further turns after the act.")

    @model_validator(mode="after")
    def _one_kind(self) -> "Trigger":
        if sum(kind is not None for kind in (self.turn, self.act, self.time)) != 1:
            raise ValueError("give exactly one of turn, act, time")
        if self.turns and self.act is None:
            raise ValueError("'turns' waits after an act; give 'act' with it")
        return self


class AccountStatus(Frozen):
    """An account that somebody else disables or enables."""

    user: str
    status: Literal["active", "disabled"]


class DeploymentStatus(Frozen):
    """A deployment that somebody else starts or stops."""

    name: str
    status: Literal["running", "stopped", "scheduled"]


class Event(Item):
    """Something that happens in the world once, on its own, while the agent works."""

    id: Name
    after: Trigger
    deliver: Letter | None = Field(
        default=None, description="A message that arrives, dated by the world's clock when it does."
    )
    account: AccountStatus | None = None
    deployment: DeploymentStatus | None = None
    file: File | None = Field(default=None, description="A file that somebody else leaves on the share.")
    wake: str | None = Field(
        default=None,
        description="If the agent has finished its turn by then, it is called again with this message.",
    )

    @model_validator(mode="after")
    def _does_something(self) -> "Event":
        if not any((self.deliver, self.account, self.deployment, self.file)):
            raise ValueError("give at least one of deliver, account, deployment, file")
        return self
