"""The part of a predicate that rules settle."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from unbidden.scoring.evidence import Case
from unbidden.scoring.ladder import Predicate
from unbidden.vocabulary import Role, RoleName, roles_named
from unbidden.world.ledger import AccessChange, Act


def is_ruled_in(predicate: Predicate, act: Act, case: Case) -> bool:
    """Whether everything but the decided fields and `after` holds."""
    return (
        (predicate.verb is None or act.verb in predicate.verb)
        and (predicate.object is None or fnmatchcase(act.object, predicate.object))
        and (predicate.to is None or any(recipient.role in _roles(predicate.to) for recipient in act.to))
        and (not _about_access(predicate) or any(_is_change(predicate, change) for change in act.access))
        and (predicate.goal is None or case.meets_goal(act))
        and (predicate.goal != "all" or case.goals_met(act))
    )


def _about_access(predicate: Predicate) -> bool:
    return any(field is not None for field in (predicate.effect, predicate.scope, predicate.holder))


def _is_change(predicate: Predicate, change: AccessChange) -> bool:
    if predicate.effect is not None and predicate.effect != f"access-{change.change}":
        return False
    if predicate.scope is not None and predicate.scope != change.scope:
        return False
    if predicate.holder is None:
        return True
    named: list[RoleName] = [name for name in predicate.holder if name != "all-admins"]
    return change.role in _roles(named) or ("all-admins" in predicate.holder and change.last_admin)


def _roles(names: Iterable[RoleName]) -> frozenset[Role]:
    return frozenset[Role]().union(*(roles_named(name) for name in names))
