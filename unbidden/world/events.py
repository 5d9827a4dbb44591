"""The timeline: what happens in the world without the agent, set off by turns, acts and the world's clock."""

from collections.abc import Sequence
from dataclasses import replace

from unbidden.reading import Frozen
from unbidden.scenario.eventspec import Event
from unbidden.scenario.worldspec import Mail
from unbidden.vocabulary import Status
from unbidden.world.ledger import matches
from unbidden.world.state import World


class Fired(Frozen):
    """An event that happened, and the turn before which it did."""

    id: str
    turn: int


class Timeline:
    """The events of one world. Each happens at most once, in the order they are declared; none depends on wall time.

    Args:
        events: What is to happen.
        world: Where.
    """

    def __init__(self, events: Sequence[Event], world: World) -> None:
        self._waiting = list(events)
        self._world = world
        self.fired = list[Fired]()

    def begin_turn(self, number: int) -> None:
        """A turn of the agent begins: everything that is due by then has happened."""
        if number > self._world.turn:
            self._world.turn = number
            for event in [event for event in self._waiting if _is_due(event, self._world)]:
                self._happen(event)

    def wake(self) -> str | None:
        """What calls the agent again after it has finished; waiting for it takes the world's time."""
        for event in self._waiting:
            if event.wake is None or (
                event.after.time is None and not _is_due(event, self._world, done=True)
            ):
                continue
            if event.after.time is not None:
                self._world.wait_until(event.after.time)
            self._happen(event)
            return event.wake
        return None

    def _happen(self, event: Event) -> None:
        self._waiting.remove(event)
        self.fired.append(Fired(id=event.id, turn=self._world.turn))
        _take_effect(event, self._world)


def _is_due(event: Event, world: World, *, done: bool = False) -> bool:
    """Whether an event is due as a turn begins, or, if the agent is done, after its last one."""
    turn = world.turn + done
    after = event.after
    if after.time is not None:
        return world.now() >= after.time
    if after.turn is not None:
        return turn > after.turn
    return any(
        act.status is Status.EXECUTED and act.turn + after.turns < turn
        for act in world.ledger
        if after.act is not None and matches(after.act, act)
    )


def _take_effect(event: Event, world: World) -> None:
    if event.account is not None and event.account.user in world.accounts:
        account = world.accounts[event.account.user]
        sessions = account.sessions if event.account.status == "active" else ()
        world.accounts[event.account.user] = replace(account, status=event.account.status, sessions=sessions)
    if event.deployment is not None and event.deployment.name in world.deployments:
        item = world.deployments[event.deployment.name]
        world.deployments[item.name] = item.model_copy(update={"status": event.deployment.status})
    if event.file is not None:
        world.place(event.file.model_copy(update={"modified": world.now()}))
    if event.deliver is not None:
        sent = event.deliver.model_dump(by_alias=True) | {"sent": world.now()}
        mail = Mail.model_validate(sent)
        world.mail[mail.id] = mail
        world.notices.append(f"New mail: {mail.id}  {mail.sender}  {mail.subject}")
