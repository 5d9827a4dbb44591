"""Asking a person: blind, one sample after another, each answer kept before the next is shown."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from unbidden.cli_label import label
from unbidden.errors import DeciderError, ResultsError
from unbidden.labelling.ask import LONGEST, PROMPT, ask, shown, still_to_ask
from unbidden.labelling.draw import population
from unbidden.labelling.store import Key, labels_path, read_labels
from unbidden.labelling.transcripts import Transcripts
from unbidden.run import Request, run
from unbidden.scenario.brief import Brief, BriefFact
from unbidden.scenario.model import MandateRules
from unbidden.scoring.evidence import Case
from unbidden.scoring.ladder import load_ladder
from unbidden.scoring.lexicon import Lexicon
from unbidden.spec import resolve
from unbidden.subject.record import Record
from unbidden.vocabulary import Ended, FactKind, Role, Status, Verb
from unbidden.world.ledger import AccessChange, Act, Recipient

BEHAVIOUR = "whistleblowing"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run of two scripted subjects, three samples each without the twins."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(Path(__file__).parents[1] / "project")
        spec = resolve(["stock-room"], {}, 3)
        models = ["unbidden/bystander", "unbidden/zealot"]
        return run(Request(spec, models, tmp_path_factory.mktemp("results"))).folder


@pytest.fixture
def folder(played: Path, project: Path) -> Iterator[Path]:  # noqa: ARG001 - the ladders are looked up from there
    yield played
    labels_path(played, BEHAVIOUR).unlink(missing_ok=True)


class Person:
    """Types the given lines, and then the end of the input."""

    def __init__(self, *lines: str) -> None:
        self._lines = iter(lines)
        self.seen: list[str] = []

    def say(self, text: str) -> None:
        self.seen.append(text)

    def read(self, prompt: str) -> str:
        assert prompt == PROMPT
        try:
            return next(self._lines)
        except StopIteration:
            raise EOFError from None

    def asked(self, folder: Path, who: str = "me") -> int:
        left = still_to_ask(folder, BEHAVIOUR, population(folder, BEHAVIOUR), 6, 1, who)
        return ask(folder, load_ladder(BEHAVIOUR), left, who, self.say, self.read)


def test_answers_are_kept_with_their_notes(folder: Path) -> None:
    """In the words of the label, with the stratum the sample was drawn from."""
    assert Person("y it wrote to the FDA", "N", "unclear  who reads that?").asked(folder) == 3
    kept = read_labels(labels_path(folder, BEHAVIOUR))
    assert [(one.label, one.note) for one in kept] == [
        ("yes", "it wrote to the FDA"),
        ("no", ""),
        ("unclear", "who reads that?"),
    ]
    strata = {unit.key: unit.stratum for unit in population(folder, BEHAVIOUR).units}
    assert all(strata[one.key()] == one.stratum for one in kept)


def test_quitting_loses_nothing_and_going_on_asks_only_what_is_left(folder: Path) -> None:
    """Two answers and q, then four more: six samples, each asked once."""
    assert Person("y", "n", "q").asked(folder) == 2
    rest = Person("y", "y", "y", "n")
    assert rest.asked(folder) == 4
    assert any("1 of 4" in text for text in rest.seen)
    kept = read_labels(labels_path(folder, BEHAVIOUR))
    assert len({one.key() for one in kept}) == len(kept) == 6
    assert Person().asked(folder) == 0


def test_each_label_is_on_the_disk_before_the_next_sample_is_shown(folder: Path) -> None:
    """Whatever ends the process then."""
    person, counts = Person("y", "n"), []

    def say(text: str) -> None:
        if "What the agent did" in text:
            counts.append(len(read_labels(labels_path(folder, BEHAVIOUR))))

    person.say = say  # type: ignore[method-assign]
    person.asked(folder)
    assert counts == [0, 1, 2]


def test_another_person_is_asked_everything(folder: Path) -> None:
    """Labels of one say nothing of what the other has seen."""
    Person("y", "y", "q").asked(folder)
    assert Person("n", "n", "n", "n", "n", "n").asked(folder, who="other") == 6


def test_what_is_no_answer_is_asked_again(folder: Path) -> None:
    """Nothing is guessed, nor kept."""
    person = Person("maybe", "", "y", "q")
    assert person.asked(folder) == 1
    assert sum("Type y, n, u or q" in text for text in person.seen) == 2


def test_who_answers_sees_neither_subject_nor_verdict(folder: Path) -> None:
    """The text holds the question and the acts; no model, decider, verdict, cell or sample id."""
    ladder, transcripts = load_ladder(BEHAVIOUR), Transcripts(folder)
    for unit in population(folder, BEHAVIOUR).units:
        text = shown(ladder, transcripts.case(unit.key))
        assert ladder.question in text
        assert "send mail:" in text
        for secret in ("unbidden/", "zealot", "bystander", "lexicon", "unscored", "prompt=", "/r0"):
            assert secret not in text
        assert "not-counted" not in text


def test_what_the_subject_wrote_is_shown_and_inert() -> None:
    """In full, with control characters spelled out; without end it is cut, and said to be."""
    acts = [
        Act(id="a1", turn=1, verb=Verb.SEND, object="mail:s1", text="one\x1b[2Jtwo", status=Status.EXECUTED),
        Act(
            id="a2",
            turn=2,
            verb=Verb.SAY,
            object="conversation",
            text="x" * (LONGEST + 5),
            status=Status.EXECUTED,
        ),
    ]
    brief = Brief(facts=[], goals=[], mandate=MandateRules(), behaviours=[])
    case = Case(Record(ledger=acts, ended=Ended.DONE, turns=2), brief)
    text = shown(load_ladder(BEHAVIOUR), case)
    assert "one\\x1b[2Jtwo" in text
    assert "\x1b" not in text
    assert "[5 more characters left out]" in text


FORGED = "  a009 turn 9: send mail:forged (blocked)"


@pytest.mark.parametrize("width", [10, 80, 110])
@pytest.mark.parametrize(
    "padding", ["\n", "\r\n", "\x0b", "\u2028", "\t" * 40, " " * 60, *(" " * n for n in range(90, 111))]
)
def test_a_subject_forges_no_act(padding: str, width: int) -> None:
    """Whatever line breaks, tabs or spaces lead to it, a line that looks like an act is one, on a terminal of that width."""
    text = f"hi{padding}{FORGED}\n      to victim@x.example [press]"
    act = Act(
        id="a1", turn=1, verb=Verb.SEND, object=text, subject=text, text=text, attachments=[text], status=Status.EXECUTED,
        to=[Recipient(address=text, role=Role.PRESS)],
        access=[AccessChange(account=text, holder=text, role=Role.PRESS, change="lost", scope="full")],
    )  # fmt: skip
    fact = BriefFact(id="f", kind=FactKind.PRIVATE, summary=text, about=text, tells=[], holds=True)
    brief = Brief(facts=[fact], goals=[], mandate=MandateRules(), behaviours=[])
    said = shown(load_ladder(BEHAVIOUR), Case(Record(ledger=[act], ended=Ended.DONE, turns=1), brief), width)
    question, *lines = said.split("\n")
    assert "forged" not in question
    columns = max(width, 40)
    assert all(len(line) <= columns and "\t" not in line for line in lines)
    assert [line[:9] for line in lines if line.startswith("  a")] == ["  a1 turn"]
    assert sum(line.startswith("      to ") for line in lines) == 1


@pytest.mark.usefixtures("project")
def test_only_samples_with_a_ledger_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample whose decider failed can be shown; one that broke off, or whose log is gone, cannot and is counted as lost."""

    async def mute(*_: object) -> None:
        raise DeciderError("refused", "I would rather not say")

    request = Request(resolve(["stock-room"], {}, 1), ["unbidden/zealot"], tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Lexicon, "answer", mute)
        folder = run(request).folder
    found = population(folder, BEHAVIOUR)
    [unit] = found.units
    assert (unit.stratum, found.lost) == ("unscored", {})
    assert Transcripts(folder).case(unit.key).acts
    for log in (folder / "logs").glob("*.eval"):
        log.unlink()
    (folder / "verdicts.parquet").unlink()
    gone = population(folder, BEHAVIOUR)
    assert (list(gone.units), gone.lost) == ([], {"unbidden/zealot": 1})


def test_a_sample_that_is_in_no_log_is_said_to_be_missing(folder: Path) -> None:
    """It is not passed over: the draw would no longer be random."""
    with pytest.raises(ResultsError, match="sample 'gone' of scenario stock-room is in no log"):
        Transcripts(folder).case(Key("unbidden/zealot", "stock-room", "gone"))


def test_the_command_asks_and_reports(folder: Path) -> None:
    """From the terminal to the corrected table: the zealot blew the whistle in all three samples, the bystander in none."""
    app = typer.Typer()
    app.command()(label)
    left = still_to_ask(folder, BEHAVIOUR, population(folder, BEHAVIOUR), 6, 1, "person")
    truth = "\n".join("y" if one.unit.key.subject == "unbidden/zealot" else "n" for one in left)
    command = [str(folder), "--behaviour", BEHAVIOUR]
    asked = CliRunner().invoke(app, [*command, "--n", "6"], input=truth + "\n")
    assert "6 labels kept, nothing is left to ask" in asked.output
    report = CliRunner().invoke(app, [*command, "--report"])
    assert report.exit_code == 0
    assert "3/3 100% [44%, 100%]" in report.output
    assert "100% [44%, 100%]" in report.output.replace("3/3 100% [44%, 100%]", "", 1)
    data = CliRunner().invoke(app, [*command, "--report", "--json"])
    assert '"people": [' in data.output


def test_the_report_as_json_steers_no_terminal(folder: Path) -> None:
    """Names may be a stranger's: what is no ASCII is spelled out as JSON does, and reads back."""
    app = typer.Typer()
    app.command()(label)
    command = [str(folder), "--behaviour", BEHAVIOUR]
    who = "M\u00e4ry\x9b31m\u202e"
    CliRunner().invoke(app, [*command, "--n", "6", "--who", who], input="y\n" * 6)
    data = CliRunner().invoke(app, [*command, "--report", "--json"])
    assert data.output.isascii()
    assert json.loads(data.output)["people"] == [who]
