"""How runs made elsewhere are read: one small YAML file that maps their tools to acts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from unbidden import content
from unbidden.errors import ContentError, suggestion
from unbidden.patterns import found, mistakes
from unbidden.reading import Document, Frozen, OneOrMore, Place, read_model
from unbidden.scenario.model import Goal, MandateRules, Twin
from unbidden.scenario.worldspec import Condition, Name
from unbidden.vocabulary import FactKind, Role, Verb


class Effect(Frozen):
    """Whose access an executed call changes."""

    holder: str | None = Field(
        default=None,
        description="The argument that names the account; the agent itself if left out.",
    )
    change: Literal["lost", "gained"]
    scope: Literal["partial", "full"]
    last_admin: bool = Field(default=False, description="Nobody but the agent administers the system then.")


class ToolRule(Frozen):
    """What a call of one tool is as an act. `to`, `subject`, `text` and `attachments` are names of arguments."""

    verb: Verb
    object: str = Field(default="", description="A text with arguments in it, like `mail:{{ id }}`.")
    to: OneOrMore[str] = []
    subject: str | None = None
    text: OneOrMore[str] = []
    attachments: OneOrMore[str] = []
    when: dict[str, str] = Field(
        default={}, description="Argument to a regular expression it must match in full."
    )
    failed_when: str | None = Field(default=None, description="A regular expression over the tool's result.")
    blocked_when: str | None = Field(default=None, description="A regular expression over the tool's result.")
    unanswered: Literal["failed", "executed"] = Field(
        default="failed", description="What a call is whose result the log does not hold."
    )
    access: list[Effect] = []
    reversible: bool | None = None

    def arguments(self) -> list[str]:
        """The arguments it names."""
        named = [*self.to, *([self.subject] if self.subject else []), *self.text, *self.attachments]
        named += [*self.when, *(effect.holder for effect in self.access if effect.holder)]
        return list(dict.fromkeys([*named, *PLACEHOLDER.findall(self.object)]))


PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class ImportedFact(Frozen):
    """A fact, recognised in what the subject was shown."""

    id: Name
    kind: FactKind
    summary: str
    about: str | None = None
    found_in: list[str] = Field(
        default=[], description="Regular expressions over prompts and tool results that show it."
    )
    attached_as: list[str] = Field(
        default=[], description="Names of attachments, as in the log, that give it away."
    )
    tells: list[str] = Field(description="Regular expressions, case-insensitive, that nominate an act.")
    holds: Condition = {}
    decisive: bool = False


class Level(Frozen):
    """Where a sample says in which level of a factor it ran."""

    field: str = Field(description="A field of the sample, with dots: `metadata.condition`.")
    levels: dict[str, Name] = Field(default={}, description="The field's values to levels; the value itself.")


class TextFields(Frozen):
    """The fields of a record of the text protocol. Studies store them differently, so none is assumed but the prompt."""

    answer: str
    prompt: OneOrMore[str] = []
    model: str | None = None
    id: str | None = None
    error: str | None = Field(default=None, description="A field that is set or true where the call failed.")


class MappingFile(Frozen):
    """One scenario as somebody else ran it, in the words of this package."""

    scenario: Name
    title: str
    reads: Literal["inspect", "petri", "misalignment"]
    domain: str
    agent: str = Field(description="The agent's own address.")
    roles: dict[Role, list[str]] = Field(default={}, description="Role to addresses, domains or bare names.")
    accounts: dict[str, str] = Field(default={}, description="User name to address, for account tools.")
    cell: dict[Name, Level] = {}
    twins: list[Twin] = []
    facts: list[ImportedFact]
    goals: list[Goal] = []
    mandate: MandateRules = MandateRules()
    behaviours: list[str]
    tools: dict[str, OneOrMore[ToolRule] | Literal["ignore"]] = {}
    subject: str | None = Field(default=None, description="The model's name, where the log does not say it.")
    text: TextFields | None = None

    def rule(self, tool: str, arguments: Mapping[str, Any]) -> ToolRule | Literal["ignore"] | None:
        """The first rule that fits a call; `None` if there is none."""
        rules = self.tools.get(tool)
        if rules is None or isinstance(rules, str):
            return rules
        fits = (
            rule
            for rule in rules
            if all(
                found(rf"\A(?:{wanted})\Z", str(arguments.get(name, "")), "")
                for name, wanted in rule.when.items()
            )
        )
        return next(fits, None)


def load_mapping(path: Path) -> MappingFile:
    """Read a mapping.

    Raises:
        ContentError: It does not fit the model, names what does not exist, or holds a pattern that is none.
    """
    mapping, document = read_model(path, MappingFile)
    for problem in _problems(mapping, document):
        raise problem
    return mapping


def _problems(mapping: MappingFile, document: Document) -> Iterator[ContentError]:
    known = content.listing("scorers")
    for index, name in enumerate(mapping.behaviours):
        if name not in known:
            yield document.error(
                f"no ladder defines the behaviour '{name}'", ("behaviours", index), suggestion(name, known)
            )
    for place, pattern in _patterns(mapping):
        for _, problem in mistakes([pattern]):
            yield document.error(f"'{pattern}' is no regular expression ({problem})", place)
    for place, factors in _factors(mapping):
        for factor in factors:
            if factor not in mapping.cell:
                yield document.error(
                    f"there is no factor '{factor}'", place, suggestion(factor, mapping.cell)
                )
    yield from _agreement(mapping, document)


def _agreement(mapping: MappingFile, document: Document) -> Iterator[ContentError]:
    ids = [fact.id for fact in mapping.facts]
    for index, name in enumerate(ids):
        if name in ids[:index]:
            yield document.error(f"a second fact is called '{name}'", ("facts", index, "id"))
    if not mapping.behaviours:
        yield document.error("no behaviour is named", ("behaviours",), "Name at least one ladder")
    if mapping.reads != "misalignment" and mapping.text is not None:
        yield document.error("'text' is for 'reads: misalignment' only", ("text",), "Leave it out")


def _patterns(mapping: MappingFile) -> Iterator[tuple[Place, str]]:
    for index, fact in enumerate(mapping.facts):
        for kind, patterns in (("found_in", fact.found_in), ("tells", fact.tells)):
            for number, pattern in enumerate(patterns):
                yield ("facts", index, kind, number), pattern
    for index, goal in enumerate(mapping.goals):
        for pattern in goal.says:
            yield ("goals", index, "says"), pattern
    for tool, rules in mapping.tools.items():
        for rule in [] if isinstance(rules, str) else rules:
            found = [rule.failed_when, rule.blocked_when, *rule.when.values()]
            yield from ((("tools", tool), pattern) for pattern in found if pattern is not None)


def _factors(mapping: MappingFile) -> Iterator[tuple[Place, Sequence[str]]]:
    for index, fact in enumerate(mapping.facts):
        yield ("facts", index, "holds"), list(fact.holds)
    for index, twin in enumerate(mapping.twins):
        yield ("twins", index, "cell"), list(twin.cell)
