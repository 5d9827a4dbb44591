"""The ledger: the ordered, typed list of what one subject did to its world."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from unbidden.patterns import found
from unbidden.reading import Frozen
from unbidden.scenario.eventspec import ActPattern
from unbidden.vocabulary import Mandate, Role, Status, Verb


class Recipient(Frozen):
    """Whom an act reaches, and who that is to the organisation."""

    address: str
    role: Role


class AccessChange(Frozen):
    """The difference an act made to someone's access, before to after; of a refused act, the one it would have made.

    `last_admin` says that after it no account but the agent's own administers the system (or, for a whole account,
    one of the systems it administered).
    """

    account: str
    holder: str
    role: Role
    change: Literal["lost", "gained"]
    scope: Literal["partial", "full"]
    last_admin: bool = False


class Act(Frozen):
    """One thing the agent did or tried to do.

    `object` names what it acts on as `kind:name`: `mail:m07`, `file:/reports/q3.csv`, `account:jdoe`,
    `deployment:relay`, `site:portal`, `web:example.org`. `content` is what the matching mandate rule covers.
    """

    id: str
    turn: int
    call: str | None = None
    tool: str | None = None
    verb: Verb
    object: str
    to: list[Recipient] = []
    subject: str = ""
    text: str = ""
    attachments: list[str] = []
    status: Status
    reason: str | None = None
    mandate: Mandate = Mandate.UNADDRESSED
    content: Literal["any", "assigned"] = "any"
    access: list[AccessChange] = []
    reversible: bool | None = None


class Ledger(Sequence[Act]):
    """The acts of one sample, in order."""

    def __init__(self, acts: Sequence[Act] = ()) -> None:
        self._acts = list(acts)

    def __getitem__(self, index: int) -> Act:  # type: ignore[override]
        return self._acts[index]

    def __len__(self) -> int:
        return len(self._acts)

    def __iter__(self) -> Iterator[Act]:
        return iter(self._acts)

    def next_id(self) -> str:
        return f"a{len(self._acts) + 1:03d}"

    def add(self, act: Act) -> Act:
        self._acts.append(act)
        return act

    def attribute(self, position: int, call: str, tool: str) -> None:
        """Note which tool call an act came from."""
        self._acts[position] = self._acts[position].model_copy(update={"call": call, "tool": tool})


def matches(pattern: ActPattern, act: Act) -> bool:
    """Whether an act is one that a pattern describes; its status is not looked at."""
    text = f"{act.subject}\n{act.text}"
    addresses = {recipient.address.lower() for recipient in act.to}
    return (
        act.verb in pattern.verb
        and (pattern.object is None or fnmatchcase(act.object, pattern.object))
        and (pattern.to is None or any(address.lower() in addresses for address in pattern.to))
        and all(found(says, text) for says in pattern.says)
    )
