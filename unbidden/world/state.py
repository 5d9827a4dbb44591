"""The simulated organisation as real state, and the one way an act on it is recorded."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from unbidden.scenario.expand import Situation
from unbidden.scenario.worldspec import MOMENT, AccessLevel, Account, Contact, Deployment, File, Mail, Site
from unbidden.vocabulary import Role, Status, Verb
from unbidden.world.ledger import AccessChange, Act, Ledger, Recipient
from unbidden.world.lines import Lines
from unbidden.world.roles import RoleBook
from unbidden.world.rules import covers, told_about

MINUTES_A_TURN = 2
"""How far the world's clock moves with each turn of the subject."""


class RefusedError(Exception):
    """The world does not do what was asked: the agent sees the message, the ledger keeps the status."""

    def __init__(self, message: str, status: Literal[Status.BLOCKED, Status.FAILED] = Status.FAILED) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True)
class AccountState:
    """An account as it is now; `taken` says that somebody else holds its only password."""

    spec: Account
    status: Literal["active", "disabled"]
    access: Mapping[str, AccessLevel]
    sessions: Sequence[str]
    taken: bool = False

    def usable(self) -> dict[str, AccessLevel]:
        """System to the level of access that the holder can use as things stand."""
        if self.taken or self.status != "active":
            return {}
        return {system: level for system, level in self.access.items() if level != "none"}

    def administers(self) -> frozenset[str]:
        """The systems that the holder can administer as things stand."""
        return frozenset(system for system, level in self.usable().items() if level == "admin")


@dataclass
class Attempt:
    """What is learned of an act only while it is carried out."""

    reversible: bool | None = None


class World:
    """Mail, files, accounts, deployments, contacts and sites of one sample, with its ledger.

    Args:
        situation: The rendered scenario.
    """

    def __init__(self, situation: Situation) -> None:
        spec = situation.world
        self.agent = spec.agent
        self.roles = RoleBook(spec.domain, spec.agent.address, situation.roles)
        self.ledger = Ledger()
        self.turn = 0
        self.calls = list[tuple[int, int]]()
        """For each call that reached a tool since the last turn, in order: the ledger's length before and after it."""
        self.pace: Callable[[], None] = lambda: None
        """Called before each act: an agent that runs its own loop does not say when a turn begins."""
        self.notices = list[str]()
        """What a screen would show next, such as mail that has arrived."""
        self.hostname = spec.hostname
        self._written = 0
        self._waited = timedelta()
        self.mail: dict[str, Mail] = {mail.id: mail for mail in spec.mail}
        self.written = set[str]()
        """Paths of the files that the agent wrote."""
        self.files: dict[str, File] = {file.path: file for file in spec.files}
        self.placed = list[str]()
        """Paths of files that others have left and a machine may not have yet."""
        self.modes: dict[str, int] = {}
        """Permission bits of files on which somebody has set them."""
        self.lines = Lines(situation)
        self.accounts = {
            account.user: AccountState(account, account.status, account.access, account.sessions)
            for account in spec.accounts
        }
        self.deployments: dict[str, Deployment] = {item.name: item for item in spec.deployments}
        self.contacts: Sequence[Contact] = spec.contacts
        self.sites: Mapping[str, Site] = {site.url.rstrip("/"): site for site in spec.sites}
        self._principals = [address for address in situation.roles.get(Role.PRINCIPAL, []) if "@" in address]
        self.local_addresses = _local_addresses(situation, self.roles)
        self._start = _time(spec.now)
        self._mandate = situation.brief.mandate
        self._blocks = situation.blocks
        self._initial = self._snapshot()

    def now(self) -> str:
        """The world's clock."""
        return (self._start + self._waited + timedelta(minutes=MINUTES_A_TURN * self.turn)).strftime(MOMENT)

    def wait_until(self, moment: str) -> None:
        """Let the world's time go on to a moment; one that has passed changes nothing."""
        self._waited += max(timedelta(), _time(moment) - _time(self.now()))

    @contextmanager
    def call(self) -> Generator[None]:
        """One call of a tool: the acts recorded inside belong to it."""
        before = len(self.ledger)
        try:
            yield
        finally:
            self.calls.append((before, len(self.ledger)))

    def take_calls(self) -> list[tuple[int, int]]:
        """The calls since this was last asked."""
        calls, self.calls = self.calls, []
        return calls

    def take_notices(self) -> str:
        """What has to be shown since this was last asked."""
        shown, self.notices = "\n".join(self.notices), []
        return shown

    def place(self, file: File) -> None:
        """Somebody other than the agent leaves a file on the share."""
        self.files[file.path] = file
        self.placed.append(file.path)
        self.lines.add(f"file:{file.path}", file.body)

    def new_id(self, letter: str) -> str:
        """An id for a message that is being written; none is given twice, whatever is deleted."""
        while True:
            self._written += 1
            given = f"{letter}{self._written:03d}"
            if given not in self.mail:
                return given

    def principals(self) -> list[Recipient]:
        """Those in whose hands a turn ends."""
        return self.recipients(self._principals)

    def recipients(self, addresses: Sequence[str]) -> list[Recipient]:
        return [Recipient(address=address, role=self.roles.of_address(address)) for address in addresses]

    @contextmanager
    def attempt(
        self,
        verb: Verb,
        obj: str,
        *,
        to: Sequence[Recipient] = (),
        subject: str = "",
        text: str = "",
        attachments: Sequence[str] = (),
        access: Sequence[AccessChange] = (),
    ) -> Generator[Attempt]:
        """Carry out one act: whatever happens inside, exactly one act is recorded.

        Args:
            verb: What it does.
            obj: What it acts on, as `kind:name`.
            to: Whom it reaches.
            subject: A message's subject.
            text: What it says or writes.
            attachments: Paths of attached files.
            access: Who loses or gains access by it, or would if it were not refused.

        Raises:
            RefusedError: The organisation's systems block it, or the body found that it cannot be done.
        """
        self.pace()
        attempt, status, reason = Attempt(), Status.EXECUTED, None
        try:
            self._refuse_blocked(verb, obj, to)
            yield attempt
        except RefusedError as refused:
            status, reason = refused.status, str(refused)
            raise
        finally:
            mandate, content = told_about(self._mandate, verb, obj, to)
            self.ledger.add(
                Act(
                    id=self.ledger.next_id(),
                    turn=self.turn,
                    verb=verb,
                    object=obj,
                    to=list(to),
                    subject=subject,
                    text=text,
                    attachments=list(attachments),
                    status=status,
                    reason=reason,
                    mandate=mandate,
                    content=content,
                    access=list(access),
                    reversible=attempt.reversible,
                )
            )

    def record(self, verb: Verb, obj: str, *, to: Sequence[Recipient] = (), text: str = "") -> None:
        """Record an act that changes nothing in the world, such as a closing word."""
        with self.attempt(verb, obj, to=to, text=text):
            pass

    def record_malformed(self, verb: Verb, tool: str, arguments: str, message: str) -> None:
        """Record a call that never reached the world because its form was wrong."""
        self.ledger.add(
            Act(
                id=self.ledger.next_id(),
                turn=self.turn,
                verb=verb,
                object=f"tool:{tool}",
                text=arguments,
                status=Status.FAILED,
                reason=message,
            )
        )

    def changes(self) -> dict[str, Any]:
        """What differs from the start, by section and name; `None` for what is gone."""
        after = self._snapshot()
        return {
            section: changed
            for section, items in after.items()
            if (changed := _difference(self._initial[section], items))
        }

    def _refuse_blocked(self, verb: Verb, obj: str, to: Sequence[Recipient]) -> None:
        own = self.accounts.get(self.agent.user)
        if own is not None and own.status != "active" and verb is not Verb.SAY:
            raise RefusedError(f"Session closed: the account {self.agent.user} is disabled", Status.BLOCKED)
        for block in self._blocks:
            if covers(block, verb, obj, to, every=False):
                raise RefusedError(block.message, Status.BLOCKED)

    def _snapshot(self) -> dict[str, dict[str, Any]]:
        return {
            "mail": dict(self.mail),
            "files": dict(self.files),
            "accounts": {
                user: {
                    "status": account.status,
                    "access": dict(account.access),
                    "sessions": list(account.sessions),
                    "taken": account.taken,
                }
                for user, account in self.accounts.items()
            },
            "deployments": dict(self.deployments),
            "modes": dict(self.modes),
        }


def _time(moment: str) -> datetime:
    return datetime.strptime(moment, MOMENT)  # noqa: DTZ007 - the world's own clock


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    names = [*after, *(name for name in before if name not in after)]
    return {name: _plain(after.get(name)) for name in names if after.get(name) != before.get(name)}


def _plain(value: Any) -> Any:
    return (
        value.model_dump(by_alias=True, exclude_defaults=True)
        if isinstance(value, Mail | File | Deployment)
        else value
    )


def _local_addresses(situation: Situation, roles: RoleBook) -> frozenset[str]:
    """Everyone who has a mailbox here: whoever the scenario mentions with an address of the own domain."""
    spec = situation.world
    mentioned = {spec.agent.address, *roles.addresses}
    mentioned |= {account.address for account in spec.accounts} | {
        contact.address for contact in spec.contacts
    }
    for mail in spec.mail:
        mentioned |= {mail.sender, *mail.to, *mail.cc}
    return frozenset(
        address.lower() for address in mentioned if roles.is_own(address.lower().rpartition("@")[2])
    )
