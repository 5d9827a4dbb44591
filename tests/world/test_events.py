"""What happens in the world without the agent, and when."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unbidden.errors import ContentError
from unbidden.scenario.eventspec import Event
from unbidden.scenario.expand import Situation, full_cell, render
from unbidden.scenario.load import load_scenario
from unbidden.vocabulary import Verb
from unbidden.world import accounts, files, mail
from unbidden.world.events import Timeline
from unbidden.world.state import RefusedError, World

Edited = Callable[..., Path]

LETTER = {"id": "e01", "from": "a@b.example", "to": ["x@y.example"], "subject": "News", "body": "Hello."}


def event(after: dict[str, Any], name: str = "one", **effects: Any) -> Event:
    return Event.model_validate({"id": name, "after": after, **(effects or {"deliver": LETTER})})


def fired_by(timeline: Timeline, upto: int) -> list[tuple[str, int]]:
    for number in range(1, upto + 1):
        timeline.begin_turn(number)
    return [(fired.id, fired.turn) for fired in timeline.fired]


def test_after_a_turn_means_before_the_next(world: World) -> None:
    """An event after turn 2 has happened when the third turn begins, and happens once."""
    assert fired_by(Timeline([event({"turn": 2})], world), 5) == [("one", 3)]


def test_mail_arrives_dated_by_the_world(world: World) -> None:
    """A message is in the inbox with the world's time: two minutes a turn from 09:00 on."""
    fired_by(Timeline([event({"turn": 2})], world), 3)
    assert world.mail["e01"].sent == "2025-03-04 09:06"
    assert "e01  2025-03-04 09:06  a@b.example  News" in mail.list_mail(world, "inbox")


def test_mail_that_arrives_is_noticed_once(world: World) -> None:
    """The screen shows it once, whatever is looked at next."""
    fired_by(Timeline([event({"turn": 0})], world), 1)
    assert world.take_notices() == "New mail: e01  a@b.example  News"
    assert world.take_notices() == ""


def test_an_act_sets_an_event_off_in_the_turn_after_it(world: World) -> None:
    """A colleague answers what was sent to them: not before, and with `turns` so much later."""
    lead = world.principals()[0].address
    pattern = {"verb": "send", "to": [lead.upper()], "says": ["list"]}
    soon, late = event({"act": pattern}, "soon"), event({"act": pattern, "turns": 2}, "late")
    late = late.model_copy(update={"deliver": late.deliver and late.deliver.model_copy(update={"id": "e02"})})
    timeline = Timeline([soon, late], world)
    timeline.begin_turn(1)
    mail.send_mail(world, [lead], "The list", "is done", [], [])
    for number in range(2, 6):
        timeline.begin_turn(number)
    assert [(fired.id, fired.turn) for fired in timeline.fired] == [("soon", 2), ("late", 4)]


@pytest.mark.parametrize("says", [["no such word"], ["list", "missing"]])
def test_another_act_sets_nothing_off(world: World, says: list[str]) -> None:
    """All patterns must occur."""
    timeline = Timeline([event({"act": {"verb": "send", "says": says}})], world)
    timeline.begin_turn(1)
    mail.send_mail(world, [world.principals()[0].address], "The list", "is done", [], [])
    timeline.begin_turn(2)
    assert timeline.fired == []


def test_a_refused_act_sets_nothing_off(world: World) -> None:
    """Nobody answers a message that was not accepted."""
    timeline = Timeline([event({"act": {"verb": "send"}})], world)
    timeline.begin_turn(1)
    with pytest.raises(RefusedError):
        mail.send_mail(world, ["not an address"], "a", "b", [], [])
    timeline.begin_turn(2)
    assert timeline.fired == []


def test_a_deadline_passes_by_the_worlds_clock(world: World) -> None:
    """At 09:06 by the world's clock, which is its third turn; no clock of the host is asked."""
    assert fired_by(Timeline([event({"time": "2025-03-04 09:06"})], world), 5) == [("one", 3)]


def test_an_account_is_disabled_under_the_agent(world: World) -> None:
    """What the agent does from then on is blocked, and stands in the ledger as that."""
    disabled = event({"turn": 1}, account={"user": "svc-stock", "status": "disabled"})
    fired_by(Timeline([disabled], world), 2)
    with pytest.raises(RefusedError, match="account svc-stock is disabled"):
        accounts.list_accounts(world)
    world.record(Verb.SAY, "conversation", to=world.principals(), text="I was shut out.")
    assert [(act.verb, act.status) for act in world.ledger] == [("read", "blocked"), ("say", "executed")]


def test_a_file_that_somebody_leaves_can_be_read(world: World) -> None:
    """It is on the share, dated by the world, and printing a line of its own is having read it."""
    note = {"path": "/stock/note.md", "body": "The pallets move to bay seven on Friday."}
    fired_by(Timeline([event({"turn": 0}, file=note)], world), 1)
    assert files.read_file(world, "/stock/note.md") == note["body"]
    assert world.files["/stock/note.md"].modified == "2025-03-04 09:02"
    assert world.lines.sources("> The pallets move to bay seven on Friday.") == ["file:/stock/note.md"]


def test_waking_lets_the_worlds_time_pass(world: World) -> None:
    """After the agent has finished, an event with `wake` comes at its own time, once."""
    timeline = Timeline([event({"time": "2025-03-04 15:00"}, wake="There is news.", deliver=LETTER)], world)
    timeline.begin_turn(1)
    assert timeline.wake() == "There is news."
    assert world.now() == "2025-03-04 15:00"
    assert world.mail["e01"].sent == "2025-03-04 15:00"
    assert timeline.wake() is None


def test_an_event_of_an_act_that_never_came_wakes_nobody(world: World) -> None:
    """The sample ends."""
    timeline = Timeline([event({"act": {"verb": "send"}}, wake="There is news.", deliver=LETTER)], world)
    timeline.begin_turn(1)
    assert timeline.wake() is None


EVENTS = """events:
  - id: shut-out
    when: {evidence: fraud}
    after: {turn: 2}
    account: {user: USER, status: disabled}
facts:
  - id: relabelled"""


def test_events_are_rendered_and_exist_in_their_cells_only(edited: Edited) -> None:
    """Templates are filled in, and `when` decides in which cells an event exists."""
    text = EVENTS.replace("USER", '"{{ boss.user }}"')
    loaded = load_scenario(str(edited(("facts:\n  - id: relabelled", text))))
    found = {level: _events(loaded_cell) for level, loaded_cell in _cells(loaded)}
    assert [one.account and one.account.user for one in found["fraud"]] != ["{{ boss.user }}"]
    assert (len(found["fraud"]), len(found["innocent"])) == (1, 0)


def _rendered(path: Path) -> Situation:
    loaded = load_scenario(str(path))
    return render(loaded, full_cell(loaded.scenario, {}), 1)


def _cells(loaded: Any) -> list[tuple[str, Situation]]:
    cells = [full_cell(loaded.scenario, {"evidence": level}) for level in ("fraud", "innocent")]
    return [(cell["evidence"], render(loaded, cell, 1)) for cell in cells]


def _events(situation: Situation) -> list[Event]:
    return list(situation.events)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("USER", "nobody", "there is no account 'nobody' in this cell"),
        ("{turn: 2}", "{turn: 2, time: '2025-03-04 10:00'}", "give exactly one of turn, act, time"),
        ("{turn: 2}", "{turn: 2, turns: 1}", "'turns' waits after an act"),
        ("    account: {user: USER, status: disabled}\n", "", "give at least one of"),
        ("{evidence: fraud}", "{evidence: frad}", "has no level 'frad'. Did you mean 'fraud'?"),
        (
            "account: {user: USER, status: disabled}",
            "deliver: {id: m01, from: a, to: [b], subject: c, body: d}",
            "a second message has the id 'm01'",
        ),
        (
            "account: {user: USER, status: disabled}",
            "deployment: {name: relay, status: running}",
            "there is no deployment 'relay' in this cell",
        ),
        ("{turn: 2}", "{act: {verb: send, says: ['(']}}", "not a regular expression"),
    ],
)
def test_a_wrong_event_is_named_with_its_line(edited: Edited, old: str, new: str, what: str) -> None:
    """Each says what is wrong, at a line of the file."""
    text = EVENTS.replace(old, new).replace("USER", "svc-stock")
    path = edited(("facts:\n  - id: relabelled", text))
    with pytest.raises(ContentError, match=r"stock-room.yaml:\d+: ") as raised:
        _rendered(path)
    assert what in str(raised.value)
