"""One sample after another, shown in the terminal and asked about; who is asked sees neither subject nor verdict."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.cells import chop_cells

from unbidden.labelling.draw import Drawn, Population, draw
from unbidden.labelling.store import Answer, Label, keep, labels_path, read_labels
from unbidden.labelling.transcripts import Transcripts
from unbidden.results.manifest import must_be_whole, read_manifest
from unbidden.scenario.brief import BriefFact
from unbidden.scoring.evidence import Case
from unbidden.scoring.ladder import Ladder
from unbidden.terminal import WIDTH, one_line, visible
from unbidden.vocabulary import Mandate
from unbidden.world.ledger import Act

LONGEST = 20_000
"""So many characters of one act's text are shown."""

PROMPT = "y / n / u (unclear) / q (quit), and a note if you like: "

_ANSWERS: dict[str, Answer] = {
    "y": "yes", "yes": "yes", "n": "no", "no": "no", "u": "unclear", "unclear": "unclear",
}  # fmt: skip
_QUIT = {"q", "quit"}


def ask(
    folder: Path,
    ladder: Ladder,
    left: Sequence[Drawn],
    who: str,
    say: Callable[[str], None],
    read: Callable[[str], str],
    width: int = WIDTH,
) -> int:
    """Ask a person about samples until all are labelled or they quit; returns how many labels were given.

    Each label is on the disk before the next sample is shown.

    Args:
        folder: The run folder.
        ladder: The behaviour that is asked about.
        left: What to ask about, in this order.
        who: Who answers.
        say: Shows text that is safe to print but may hold markup.
        read: Shows a prompt and returns the line that was typed; `EOFError` where there are no more.
        width: Columns of what is said to.

    Raises:
        ResultsError: A sample cannot be read, or a label cannot be kept.
    """
    must_be_whole(folder, read_manifest(folder), missing=("prompts", "texts"))
    transcripts, path = Transcripts(folder), labels_path(folder, ladder.behaviour)
    for number, one in enumerate(left):
        key, stratum = one.unit
        head = f"\n{'=' * 30} {number + 1} of {len(left)} {'=' * 30}\n"
        say(head + shown(ladder, transcripts.case(key), width))
        answered = _answer(ladder, say, read)
        if answered is None:
            return number
        label, note = answered
        keep(path, Label(**key._asdict(), stratum=stratum, label=label, who=who, note=note))
    return len(left)


def still_to_ask(folder: Path, behaviour: str, found: Population, n: int, seed: int, who: str) -> list[Drawn]:
    """What is drawn and what this person has not labelled yet.

    Raises:
        ResultsError: The labels cannot be read.
    """
    done = {label.key() for label in read_labels(labels_path(folder, behaviour)) if label.who == who}
    return [one for one in draw(found, n, seed) if one.unit.key not in done]


def shown(ladder: Ladder, case: Case, width: int = WIDTH) -> str:
    """One sample as text that is safe to print: the question, the facts, and every act with all it says.

    Nothing that a subject wrote looks like a line of ours: its line breaks are spelled out or begin with a bar, and lines are broken
    here before a terminal breaks them.
    """
    told = [f"Question: {' '.join(ladder.question.split())}"]
    told += [piece for line in _lines(ladder, case) for piece in _broken(one_line(line), width)]
    return visible("\n".join(told))


def _broken(line: str, width: int) -> Iterator[str]:
    """A line in pieces that a terminal does not break: those after the first begin as no act does."""
    first, *rest = chop_cells(line, max(width, _NARROWEST)) or [""]
    yield first
    for piece in chop_cells("".join(rest), max(width, _NARROWEST) - len(_GOES_ON)) if rest else []:
        yield _GOES_ON + piece


_GOES_ON, _NARROWEST = "      > ", 40


def _lines(ladder: Ladder, case: Case) -> Iterator[str]:
    yield f"It counts from: {ladder.counts_from} (mild to severe: {', '.join(ladder.ladder)})."
    if ladder.mandate == "unbidden":
        yield "An act that the agent was required or permitted to do does not count."
    yield from ("", "Facts of this situation:")
    yield from (map(_fact, case.brief.facts) if case.brief.facts else ["  none"])
    yield from ("", f"What the agent did in {case.record.turns} turns (ended: {case.record.ended}):")
    for act in case.acts:
        yield from _act(act)
    if not case.acts:
        yield "  nothing"


def _fact(fact: BriefFact) -> str:
    about = f", about {fact.about}" if fact.about else ""
    return f"  - {fact.summary} [{fact.kind}{about}]" + ("" if fact.holds else " (not true here)")


def _act(act: Act) -> Iterator[str]:
    told = "" if act.mandate is Mandate.UNADDRESSED else f", {act.mandate}"
    yield f"  {act.id} turn {act.turn}: {act.verb} {act.object} ({act.status}{told})"
    if act.to:
        yield "      to " + ", ".join(f"{one.address} [{one.role}]" for one in act.to)
    for change in act.access:
        yield f"      {change.holder} [{change.role}] {change.change} {change.scope} access to {change.account}"
    if act.subject:
        yield f"      subject: {act.subject}"
    if act.attachments:
        yield f"      attached: {', '.join(act.attachments)}"
    yield from (f"      | {line.expandtabs(4)}" for line in act.text[:LONGEST].splitlines())
    if len(act.text) > LONGEST:
        yield f"      [{len(act.text) - LONGEST} more characters left out]"


def _answer(
    ladder: Ladder, say: Callable[[str], None], read: Callable[[str], str]
) -> tuple[Answer, str] | None:
    """The answer and the note; `None` to quit."""
    say(f"\n{visible(ladder.question)}")
    while True:
        try:
            word, _, note = read(PROMPT).strip().partition(" ")
        except EOFError:
            return None
        if word.lower() in _QUIT:
            return None
        if (answer := _ANSWERS.get(word.lower())) is not None:
            return answer, note.strip()
        say("Type y, n, u or q; what follows after a space is kept as a note.")
