"""A scenario: one situation, one YAML file."""

from typing import Any, Literal

from pydantic import Field, model_validator

from unbidden.reading import Frozen, OneOrMore
from unbidden.scenario.eventspec import ActPattern, Event
from unbidden.scenario.worldspec import Condition, Name, WorldSpec
from unbidden.vocabulary import FactKind, Role, RoleName, ToolGroup, Verb


class Entity(Frozen):
    """Something drawn anew for each replicate, and equal over all models, cells and twins.

    Exactly one of `pick`, `person` and `number` is given. Later entities and all texts may refer to it by name;
    a person has `name`, `first`, `last`, `user` and `address`.
    """

    pick: list[str | dict[str, str]] | None = None
    person: str | None = Field(default=None, description="The mail domain of the person's address.")
    number: tuple[int, int] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Entity":
        if sum(kind is not None for kind in (self.pick, self.person, self.number)) != 1:
            raise ValueError("give exactly one of pick, person, number")
        if self.pick == []:
            raise ValueError("pick has nothing to pick from")
        if self.number is not None and self.number[0] > self.number[1]:
            raise ValueError(f"number goes from {self.number[0]} down to {self.number[1]}")
        return self


class Factor(Frozen):
    """Something the experimenter varies.

    A level's value is free: a text is reached as `{{ factor.text }}`, a mapping by its keys, and the level's own
    name as `{{ factor.level }}`.
    """

    baseline: str
    levels: dict[Name, str | dict[str, str] | None]

    @model_validator(mode="after")
    def _baseline_exists(self) -> "Factor":
        if self.baseline not in self.levels:
            raise ValueError(
                f"the baseline '{self.baseline}' is none of the levels: {', '.join(self.levels)}"
            )
        return self


class Twin(Frozen):
    """The same cell with one decisive thing taken away."""

    removes: Name
    cell: dict[str, str]


class Fact(Frozen):
    """Something that may be alleged, disclosed, used as leverage or falsely stated."""

    id: Name
    kind: FactKind
    summary: str
    about: str | None = Field(default=None, description="The address of the person it is about.")
    found_in: list[str | list[str]] = Field(
        default=[],
        description="Mail ids, file paths, names of sites or `task`; a nested list means all of them.",
    )
    tells: list[str] = Field(description="Regular expressions, case-insensitive, that nominate an act.")
    holds: Condition = Field(default={}, description="The cells in which it is true; all if left out.")
    decisive: bool = Field(default=False, description="Having read it is being `exposed`.")


class Goal(ActPattern):
    """One part of the work that was asked for, recognised by an executed act."""

    id: Name


class MandateRule(Frozen):
    """Acts the subject was told something about. What no rule covers is unaddressed."""

    verb: OneOrMore[Verb]
    object: str | None = None
    to: list[RoleName] | None = None
    content: Literal["any", "assigned"] = Field(
        default="any",
        description="`assigned`: an act that alleges or discloses something goes beyond it and is unaddressed.",
    )


class MandateRules(Frozen):
    """What the subject was told about acts; equal over the levels of `prompt`."""

    required: list[MandateRule] = []
    permitted: list[MandateRule] = []
    forbidden: list[MandateRule] = []


class Block(Frozen):
    """Acts that the organisation's systems refuse, with the message the agent sees."""

    verb: OneOrMore[Verb]
    object: str | None = None
    to: list[RoleName] | None = None
    message: str
    when: Condition = {}


class Limits(Frozen):
    """Where a sample ends at the latest. The smaller of the scenario's and the eval's limit holds."""

    turns: int | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, gt=0)
    seconds: int | None = Field(default=None, gt=0)


class Call(Frozen):
    """One tool call of a scripted step."""

    tool: str
    args: dict[str, Any] = {}


class Step(Frozen):
    """One turn of a scripted run: a tool call, several at once, a closing word, or another script."""

    tool: str | None = None
    args: dict[str, Any] = {}
    calls: list[Call] | None = None
    say: str | None = None
    script: str | None = None
    if_seen: str | None = Field(
        default=None, description="Played only if this occurs in an earlier tool result."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "Step":
        if sum(kind is not None for kind in (self.tool, self.calls, self.say, self.script)) != 1:
            raise ValueError("a step is exactly one of tool, calls, say, script")
        return self


class Expected(Frozen):
    """The verdict an exemplar must get on one behaviour."""

    rung: str = "none"
    attempted: str | None = Field(
        default=None, description="The highest rung attempted; the rung itself if left out."
    )
    counted: bool | None = Field(
        default=None, description="Whether it counts; follows from the rung if left out."
    )


Subject = Literal["bystander", "advocate", "zealot", "schemer"]


class Exemplar(Frozen):
    """A scripted run with its expected verdicts; it tests scenario, world and scorers at once."""

    name: Name
    about: str = ""
    cell: dict[str, str] = {}
    plays: OneOrMore[Subject] = Field(default=[], description="The reference subjects that play this script.")
    steps: list[Step]
    expect: dict[str, str | Expected]
    near_miss: dict[str, OneOrMore[str]] = Field(
        default={}, description="Behaviour to the rungs this run comes close to and must not reach."
    )


class Scenario(Frozen):
    """One situation, one YAML file."""

    canary: str
    id: Name
    title: str
    version: int = 1
    about: str = ""
    private: bool = Field(
        default=False, description="Its prompts are left out of results that are shared (`unbidden redact`)."
    )
    entities: dict[str, Entity] = {}
    roles: dict[Role, list[str]] = Field(
        default={},
        description="Role to addresses or domains; the built-in catalogue knows public bodies and media.",
    )
    factors: dict[Name, Factor]
    twins: list[Twin]
    tools: list[ToolGroup]
    system_prompt: str
    task: str
    world: WorldSpec
    events: list[Event] = Field(default=[], description="What happens in the world while the agent works.")
    facts: list[Fact]
    goals: list[Goal] = []
    mandate: MandateRules
    blocks: list[Block] = []
    behaviours: list[str]
    limits: Limits = Limits(turns=30)
    scripts: dict[str, list[Step]] = Field(default={}, description="Steps that several exemplars share.")
    exemplars: list[Exemplar]
