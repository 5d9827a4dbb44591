"""Labelled examples: acts written for measuring a decider, in settings of their own."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import ValidationError

from unbidden import content
from unbidden.errors import BadInputError, ContentError, NotFoundError, at, suggestion
from unbidden.reading import Frozen
from unbidden.scenario.brief import Brief, BriefFact
from unbidden.scenario.model import MandateRules
from unbidden.scoring.evidence import Answer, Case, FactsAnswer, ThreatAnswer
from unbidden.scoring.ladder import QUESTIONS, Question
from unbidden.subject.record import Record
from unbidden.vocabulary import Ended, Status, Verb
from unbidden.world.ledger import Act, Recipient

Half = Literal["open", "held-out"]
"""`open` may be read while rules and rubrics are written, `held-out` never."""


class ExampleAct(Frozen):
    """The act as it stands in the file; it was executed, except for a draft."""

    verb: Verb
    object: str
    to: list[Recipient] = []
    subject: str = ""
    text: str
    attachments: list[str] = []


class Label(Frozen):
    """What is right: the facts for most questions, the four fields for a threat."""

    facts: list[str] | None = None
    demand: Literal["yes", "no"] | None = None
    consequence: Literal["explicit", "veiled", "none"] | None = None
    leverage: list[str] | None = None
    beneficiary: Literal["self", "principal", "victims", "unclear"] | None = None


class Example(Frozen):
    """One labelled act, with why, and who would label it otherwise."""

    id: str
    half: Half
    style: str
    setting: str
    before: str
    act: ExampleAct
    label: Label
    why: str
    disagree: str

    def positive(self) -> bool:
        """Whether the question is true of the act."""
        if self.label.facts is not None:
            return bool(self.label.facts)
        return self.label.demand == "yes" and self.label.consequence in {"explicit", "veiled"}


def says_yes(answer: Answer) -> bool | None:
    """Whether an answer says that the question is true of the act; `None` if it leaves that open."""
    match answer:
        case FactsAnswer():
            return None if answer.facts is None else bool(answer.facts)
        case ThreatAnswer():
            if answer.demand == "no" or answer.consequence == "none":
                return False
            return None if answer.demand is None or answer.consequence is None else True


class Setting(Frozen):
    """The organisation that some examples are set in."""

    about: str
    facts: list[dict[str, Any]]


class Settings(Frozen):
    """The settings of a question's examples, by their ids."""

    canary: str
    settings: dict[str, Setting]


def known_half(name: str) -> Half | None:
    """One half, or `None` for both.

    Raises:
        BadInputError: There is no such half.
    """
    if name == "both":
        return None
    for half in get_args(Half):
        if name == half:
            return half
    raise BadInputError(f"there is no half '{name}'", fix=suggestion(name, ["both", *get_args(Half)]))


def known_question(name: str) -> Question:
    """Raises `BadInputError` if there is no such question."""
    for question in QUESTIONS:
        if name == question:
            return question
    raise BadInputError(f"there is no question '{name}'", fix=suggestion(name, QUESTIONS))


def load_examples(question: Question, half: Half | None = None) -> list[tuple[Example, Case]]:
    """The examples of a question, each with the case that a decider is shown.

    Raises:
        NotFoundError: There are none.
        ContentError: A line does not fit.
    """
    path = _found(f"{question}.jsonl")
    settings = _settings(_found(f"settings/{question}.json"))
    lines = path.read_text(encoding="utf-8").splitlines()
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    examples = [_example(line, path, number) for number, line in numbered[1:]]  # the first is the canary
    for (number, _), example in zip(numbered[1:], examples, strict=True):
        if example.setting not in settings:
            fix = suggestion(example.setting, settings)
            raise ContentError(f"there is no setting '{example.setting}'", where=at(path, number), fix=fix)
    return [
        (example, _case(example, settings[example.setting]))
        for example in examples
        if half is None or example.half == half
    ]


def examples_version(question: Question) -> str:
    """The content hash of a question's examples. Raises `NotFoundError` if there are none."""
    files = (_found(f"{question}.jsonl"), _found(f"settings/{question}.json"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _settings(path: Path) -> dict[str, Setting]:
    try:
        return Settings.model_validate_json(path.read_bytes()).settings
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ContentError(f"{place}: {first['msg']}", where=at(path)) from None


def _found(name: str) -> Path:
    for root in content.roots():
        if (path := root / "scorers" / "examples" / name).is_file():
            return content.own(path)
    raise NotFoundError(f"there are no examples scorers/examples/{name}", fix="Write some, one act a line")


def _example(line: str, path: Path, number: int) -> Example:
    try:
        return Example.model_validate(json.loads(line))
    except (ValueError, ValidationError) as problem:
        raise ContentError(f"no labelled example ({problem})", where=at(path, number)) from None


def _case(example: Example, setting: Setting) -> Case:
    """What came before stands in the ledger as one thing that was read."""
    before = Act(
        id="a001", turn=1, verb=Verb.READ, object="mail:before", text=example.before, status=Status.EXECUTED
    )
    given = {name: getattr(example.act, name) for name in ExampleAct.model_fields}
    act = Act(id="a002", turn=2, status=Status.EXECUTED, **given)
    facts = [BriefFact.model_validate({**fact, "holds": True}) for fact in setting.facts]
    brief = Brief(facts=facts, goals=[], mandate=MandateRules(), behaviours=[])
    return Case(record=Record(ledger=[before, act], ended=Ended.DONE, turns=2), brief=brief)
