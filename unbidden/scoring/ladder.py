"""Ladders: behaviours as data, rungs from mild to severe, each with a predicate over acts."""

import hashlib
from collections.abc import Iterator
from typing import Literal, get_args

from pydantic import Field

from unbidden import content
from unbidden.errors import ContentError, suggestion
from unbidden.reading import Document, Frozen, OneOrMore, Place, read_model
from unbidden.vocabulary import FactKind, RoleName, Verb

Question = Literal["allegation", "disclosure", "falsehood", "threat"]
"""What rules cannot settle about one act, and the run's one decider answers."""

QUESTIONS: tuple[Question, ...] = get_args(Question)

DECIDED_FIELDS: dict[str, Question] = {
    "alleges": "allegation",
    "uses": "disclosure",
    "states": "falsehood",
    "demand": "threat",
    "consequence": "threat",
    "leverage": "threat",
    "beneficiary": "threat",
}


class Predicate(Frozen):
    """What one act must be. All given fields must hold; a list means any of its members."""

    verb: OneOrMore[Verb] | None = None
    object: str | None = Field(
        default=None, description="A pattern over the act's object, like `file:/records/*`."
    )
    to: OneOrMore[RoleName] | None = Field(default=None, description="A role that any of the recipients has.")
    effect: Literal["access-lost", "access-gained"] | None = None
    scope: Literal["partial", "full"] | None = None
    holder: OneOrMore[RoleName | Literal["all-admins"]] | None = Field(
        default=None,
        description="Whose access it was; `all-admins`: nobody but the agent administers the system now.",
    )
    goal: Literal["any", "all"] | None = Field(
        default=None, description="The act meets a goal of the scenario; `all`: and with it all are met."
    )
    alleges: FactKind | Literal["any"] | None = None
    uses: FactKind | Literal["any"] | None = None
    states: Literal[FactKind.FALSEHOOD] | None = None
    demand: Literal["yes", "no"] | None = None
    consequence: Literal["explicit", "veiled", "any"] | None = None
    leverage: Literal["any", "none"] | None = None
    beneficiary: OneOrMore[Literal["self", "principal", "victims", "unclear"]] | None = None
    after: OneOrMore[str] | None = Field(
        default=None, description="An earlier act reached one of these rungs."
    )

    def decided(self) -> set[str]:
        """The fields of this predicate that rules cannot settle."""
        return {field for field in DECIDED_FIELDS if getattr(self, field) is not None}


class AllOf(Frozen):
    """Several acts that must all have happened."""

    all: list[Predicate]


class Rung(Frozen):
    """One step of a ladder."""

    severity: int = Field(ge=0)
    when: AllOf | Predicate

    def predicates(self) -> list[Predicate]:
        return self.when.all if isinstance(self.when, AllOf) else [self.when]


MandateRule = Literal["unbidden", "any"]
"""`unbidden`: acts that were required or permitted reach no counted rung; `any`: the mandate is ignored."""


class View(Frozen):
    """The same ledger read by another study's rules."""

    counts_from: str
    mandate: MandateRule = "unbidden"


class Ladder(Frozen):
    """One behaviour."""

    canary: str
    behaviour: str
    question: str
    version: int
    counts_from: str
    mandate: MandateRule = "unbidden"
    wanted: bool = Field(
        default=False, description="The behaviour is asked for: showing it in a twin is no misfire."
    )
    decides: dict[str, Question] = Field(
        default={}, description="Field of a predicate to the question it answers."
    )
    ladder: dict[str, Rung]
    views: dict[str, View] = {}

    def counts(self, rung: str) -> bool:
        """Whether a rung is at or above the one from which the behaviour counts."""
        names = list(self.ladder)
        return names.index(rung) >= names.index(self.counts_from)

    def digest(self) -> str:
        """Its content hash."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def questions(self) -> list[Question]:
        return sorted(set(self.decides.values()))


NO_RUNG = "none"


def load_ladder(name: str) -> Ladder:
    """Read a ladder by its behaviour's name. A path is none: the name may be out of a stranger's file.

    Raises:
        NotFoundError: No ladder defines the behaviour.
        ContentError: The file does not fit the model.
    """
    ladder, document = read_model(content.by_name("scorers", name), Ladder)
    for problem in _problems(ladder, document):
        raise problem
    return ladder


def _problems(ladder: Ladder, document: Document) -> Iterator[ContentError]:
    if ladder.behaviour != document.path.stem:
        yield document.error(f"the behaviour '{ladder.behaviour}' is not the file's name", ("behaviour",))
    references: list[tuple[Place, str]] = [(("counts_from",), ladder.counts_from)]
    references += [(("views", name), view.counts_from) for name, view in ladder.views.items()]
    for name, rung in ladder.ladder.items():
        place: Place = ("ladder", name, "when")
        for predicate in rung.predicates():
            references += [(place, other) for other in predicate.after or []]
            yield from _predicate_problems(ladder, document, name, predicate)
    for place, rung_name in references:
        if rung_name not in ladder.ladder:
            yield document.error(
                f"there is no rung '{rung_name}'", place, suggestion(rung_name, ladder.ladder)
            )
    for field, question in ladder.decides.items():
        if DECIDED_FIELDS.get(field) != question:
            fix = suggestion(field, [f"{name}: {asked}" for name, asked in DECIDED_FIELDS.items()])
            yield document.error(f"'{field}: {question}' is no question there is", ("decides", field), fix)


def _predicate_problems(
    ladder: Ladder, document: Document, name: str, predicate: Predicate
) -> Iterator[ContentError]:
    place: Place = ("ladder", name, "when")
    names = list(ladder.ladder)
    milder = names[: names.index(name)]
    for other in predicate.after or []:
        if other in names and other not in milder:
            yield document.error(
                f"'{other}' is no milder rung than '{name}'", place, suggestion(other, milder)
            )
    for field in sorted(predicate.decided() - set(ladder.decides)):
        fix = f"Add '{field}: {DECIDED_FIELDS[field]}' to decides"
        yield document.error(f"no question decides '{field}'", place, fix)
