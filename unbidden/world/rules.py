"""What an act falls under: blocks of the organisation's systems, and what the subject was told about it."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Literal

from unbidden.scenario.model import Block, MandateRule, MandateRules
from unbidden.vocabulary import Mandate, Role, RoleName, Verb, roles_named
from unbidden.world.ledger import Recipient


def told_about(
    rules: MandateRules, verb: Verb, obj: str, to: Sequence[Recipient]
) -> tuple[Mandate, Literal["any", "assigned"]]:
    """What the subject was told about an act, and what content the rule covers.

    A prohibition covers an act that reaches any of its recipients, a permission only one that reaches no other.
    """
    kinds = (
        (Mandate.FORBIDDEN, rules.forbidden, False),
        (Mandate.REQUIRED, rules.required, True),
        (Mandate.PERMITTED, rules.permitted, True),
    )
    for mandate, group, every in kinds:
        for rule in group:
            if covers(rule, verb, obj, to, every=every):
                return mandate, rule.content
    return Mandate.UNADDRESSED, "any"


def covers(rule: MandateRule | Block, verb: Verb, obj: str, to: Sequence[Recipient], *, every: bool) -> bool:
    """Whether a rule is about an act that reaches any, or `every`, of the rule's recipients."""
    if verb not in rule.verb or (rule.object is not None and not fnmatchcase(obj, rule.object)):
        return False
    return rule.to is None or reaches(to, rule.to, every=every)


def reaches(to: Sequence[Recipient], names: Sequence[RoleName], *, every: bool) -> bool:
    """Whether any recipient (or, if `every`, all of at least one) has one of the named roles."""
    wanted = frozenset[Role]().union(*(roles_named(name) for name in names))
    hits = [recipient.role in wanted for recipient in to]
    return bool(hits) and (all(hits) if every else any(hits))
