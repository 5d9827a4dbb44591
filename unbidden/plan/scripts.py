"""What a sample takes, before any model is called: from the scripted subjects in the rendered situations."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json import dumps
from statistics import mean
from typing import get_args

from inspect_ai import Task, eval  # noqa: A004 # pyright: ignore[reportUnknownVariableType] - Inspect's
from inspect_ai.dataset import MemoryDataset
from inspect_ai.event import ModelEvent
from inspect_ai.log import EvalSample
from inspect_ai.model import ChatMessage, ChatMessageAssistant
from inspect_ai.util import Store

from unbidden.errors import ScriptError
from unbidden.plan.size import Range
from unbidden.scenario.brief import SampleMeta
from unbidden.scenario.model import Limits, Subject
from unbidden.scoring.evidence import Case
from unbidden.scoring.judge import INSTRUCTIONS, tool_for
from unbidden.scoring.ladder import Ladder, Question
from unbidden.scoring.material import facts_for, material, rubric
from unbidden.scoring.verdict import nominated
from unbidden.spec import Scope, Spec
from unbidden.spending import Use
from unbidden.subject.loop import play
from unbidden.subject.record import Record
from unbidden.subject.reference import played_by
from unbidden.task import make_sample, smaller, version
from unbidden.world.ledger import Act

QUICK: Subject = "bystander"
"""Does the work and nothing else: the least that is planned for."""

CELLS = 2
"""In how many cells of a scenario the scripts are played; the others differ by some words."""

CHARACTERS = 4
"""Characters a token, tool definitions and arguments included: a rule of thumb for English."""

SAYS = 500
"""Tokens that a subject writes in a turn at the most that is planned for. One that reasons at length writes more."""

TURNS = 100
"""Turns that are planned for at the most where nothing limits them."""

ANSWER = (80, 300)
"""Tokens of a judge's answer."""

RULE = (
    f"Estimated without calling a model: {CHARACTERS} characters a token, the whole conversation and the tools read again in every turn. "
    f"Low: the work done as the script does it that does nothing else. High: every turn that the limits allow, "
    f"each adding what the wordiest script's turns add and {SAYS} tokens of the subject's own."
)


@dataclass(frozen=True)
class Sized:
    """What one sample of a scenario takes, of its subject and of each judge."""

    subject: Range
    judge: Range


def estimated(spec: Spec) -> dict[str, Sized]:
    """What a sample of each scenario takes.

    The scripted subjects are played through the real world in some cells, on an embedded machine and in the plain loop whatever the
    eval says, and what a model would have had to read is counted.

    Returns:
        Scenario id to size.

    Raises:
        ScriptError: A scenario's scripts cannot be played.
    """
    with tempfile.TemporaryDirectory(prefix="unbidden-plan-") as folder:
        logs = eval(
            [_task(scope) for scope in spec.scopes],
            model="unbidden/exemplar",
            log_dir=folder,
            display="none",
            score=False,
            log_realtime=False,
            log_level="error",
        )
        samples = {
            log.eval.task: list(log.samples or []) for log in logs
        }  # now: they are read from the folder
    sized: dict[str, Sized] = {}
    for scope in spec.scopes:
        scenario, ladders = scope.loaded.scenario, [spec.ladders[name] for name in scope.behaviours]
        quick = played_by(scenario, QUICK).name
        played = [
            _played(sample, ladders, quick) for sample in samples.get(scenario.id, []) if sample.error is None
        ]
        sized[scenario.id] = _sized(played, smaller(scenario.limits, spec.limits))
    return sized


def _task(scope: Scope) -> Task:
    loaded = scope.loaded
    scripts = {played_by(loaded.scenario, subject).name for subject in get_args(Subject)}
    cells = scope.cells[:: max(1, len(scope.cells) // CELLS)][:CELLS]
    digest = version(loaded)
    samples = [make_sample(loaded, digest, cell, 1, script) for cell in cells for script in sorted(scripts)]
    return Task(
        name=loaded.scenario.id,
        dataset=MemoryDataset(samples),
        solver=play(str(loaded.document.path)),
        turn_limit=loaded.scenario.limits.turns,
        fail_on_error=False,
    )


@dataclass(frozen=True)
class _Played:
    """Characters that each turn of a script would have had a model read and write, and that each question would have a judge read."""

    quick: bool
    turns: Sequence[tuple[int, int]]
    asked: Sequence[int]

    @property
    def growth(self) -> float:
        """Characters by which the conversation grew in a turn, on average."""
        return (self.turns[-1][0] - self.turns[0][0]) / max(1, len(self.turns) - 1)

    @property
    def use(self) -> Use:
        read, written = (sum(turn[place] for turn in self.turns) / CHARACTERS for place in (0, 1))
        return Use(calls=len(self.turns), fresh=read, output=written)

    @property
    def judged(self) -> Use:
        asked = len(self.asked)
        return Use(calls=asked, fresh=sum(self.asked) / CHARACTERS, output=asked * ANSWER[0])


def _played(sample: EvalSample, ladders: Sequence[Ladder], quick: str) -> _Played:
    events = [event for event in sample.events if isinstance(event, ModelEvent)]
    turns = [
        (_characters(event.input) + sum(len(tool.model_dump_json()) for tool in event.tools), _said(event))
        for event in events
    ]
    script = SampleMeta.of(sample.metadata).exemplar
    return _Played(script == quick, turns, list(_questions(sample, ladders)))


def _said(event: ModelEvent) -> int:
    return _characters([event.output.message])


def _characters(messages: Sequence[ChatMessage]) -> int:
    calls = [
        dumps(call.arguments)
        for message in messages
        if isinstance(message, ChatMessageAssistant)
        for call in message.tool_calls or []
    ]
    return sum(len(message.text) for message in messages) + sum(map(len, calls))


def _questions(sample: EvalSample, ladders: Sequence[Ladder]) -> Iterator[int]:
    """Characters of each question that a judge would be asked about a sample."""
    record = Record.of(Store(sample.store))
    if record is None:
        return
    case = Case(record=record, brief=SampleMeta.of(sample.metadata).brief)
    asked = _asked(case, ladders)
    for (_, question), act in asked.items():
        tool = tool_for(question, [fact.id for fact in facts_for(question, case)])
        texts = (INSTRUCTIONS, rubric(question), material(question, act, case).text, tool.model_dump_json())
        yield sum(map(len, texts))


def _asked(case: Case, ladders: Sequence[Ladder]) -> dict[tuple[str, Question], Act]:
    """Act id and question to the act; ladders that ask the same stand once."""
    return {(act.id, question): act for ladder in ladders for act, question in nominated(ladder, case)}


def _sized(played: Sequence[_Played], limits: Limits) -> Sized:
    quick = [one for one in played if one.quick]
    if not quick:
        raise ScriptError("the scripts could not be played: see 'unbidden scenarios check'")
    turns = limits.turns or TURNS
    first = mean(one.turns[0][0] for one in played) / CHARACTERS
    growth = max(one.growth for one in played) / CHARACTERS + SAYS
    high = Use(calls=turns, fresh=turns * first + growth * turns * (turns - 1) / 2, output=turns * SAYS)
    if limits.tokens is not None:  # ends a sample no earlier than after the call that exceeds it
        high = high.times(min(1, limits.tokens / (high.input + high.output)))
    return Sized(
        subject=Range(_mean([one.use for one in quick]), high),
        judge=Range(_mean([one.judged for one in quick]), _judged_at_most(played, turns)),
    )


def _judged_at_most(played: Sequence[_Played], turns: int) -> Use:
    """As many questions a turn as the script with the most, in every turn, each as long as the longest."""
    asked = turns * max(len(one.asked) / len(one.turns) for one in played)
    longest = max((characters for one in played for characters in one.asked), default=0) / CHARACTERS
    return Use(calls=asked, fresh=asked * longest, output=asked * ANSWER[1])


def _mean(uses: Sequence[Use]) -> Use:
    total = Use()
    for use in uses:
        total = total.plus(use)
    return total.times(1 / len(uses))
