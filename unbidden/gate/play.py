"""A gate: block after block is played and judged, until every rule is decided or nothing is left to spend."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree
from typing import Any

from rich.console import Console

from unbidden.errors import BadInputError
from unbidden.gate.arm import BASELINE, CANDIDATE, Arm
from unbidden.gate.baseline import Saved, must_fit, stored
from unbidden.gate.evidence import Shown, cells_of, complete, evidence
from unbidden.gate.record import Chunk, Record, read_record, write_record
from unbidden.gating.family import Answer, Question, answered, questions, together
from unbidden.gating.outlook import outlook
from unbidden.gating.sequential import Ceiling, Margin, Stored
from unbidden.gating.spec import Gate
from unbidden.gating.wording import State
from unbidden.options import decisive
from unbidden.planned import planned_for
from unbidden.playing import Ready, checked_for
from unbidden.progress import progress
from unbidden.results.manifest import Manifest
from unbidden.resume import held, numbered
from unbidden.run import show_spending
from unbidden.spec import Spec

EXIT: Mapping[str, int] = {"pass": 0, "fail": 1, "undecided": 4}
"""Exit codes; 2 is bad input."""


@dataclass(frozen=True)
class Request:
    """One subject at a gate.

    `against` is a second arm that is played beside the candidate; `saved` is a saved baseline in place of one. `blocks` is the
    most to have been played in the end, those of earlier commands included; `at_once` of them are played at a time.
    """

    gate: Gate
    candidate: Spec
    model: str
    results: Path
    against: Spec | None = None
    saved: Saved | None = None
    across_models: bool = False
    blocks: int | None = None
    at_once: int = 1
    fresh: bool = False
    max_cost: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    console: Console = field(default_factory=lambda: Console(stderr=True))

    @property
    def most(self) -> int:
        return self.blocks or self.gate.blocks


@dataclass(frozen=True)
class Outcome:
    """What a gate says, and what it stands on.

    `played` counts the samples that were not there already; `unscored` says why verdicts are missing in the blocks that were
    judged; `notes` is what a reader must know beside. `samples` is how many a
    block has, in all arms.
    """

    request: Request
    state: State
    answers: Sequence[Answer]
    folder: Path
    arms: Mapping[str, Path]
    blocks: int
    samples: int
    played: int
    unscored: Mapping[str, Mapping[str, int]]
    truncated: Mapping[str, int]
    notes: Sequence[str]

    @property
    def exit_code(self) -> int:
        return EXIT[self.state]


def gate(request: Request) -> Outcome:
    """Hold a subject to a gate, or go on with one that was interrupted or is undecided.

    A block is one replicate of every cell, in every arm; the arms take turns in going first. It is evidence once it is complete. What
    is in the folder already is not played again, but for samples that broke off with an error, and those only while the gate is
    undecided. A sample without a verdict counts as the worst case.

    Raises:
        BadInputError: Before anything is called or written.
    """
    ready = checked_for(request.candidate, [request.model], request.options, request.max_cost)
    model = str(ready.models[0])
    planned = planned_for(replace(request.candidate, replicates=1), [model], request.options)
    if request.saved is not None:
        must_fit(request.saved, planned, model, request.gate, across_models=request.across_models)
    return _Running(request, ready, model, planned).go()


class _Running:
    """A gate that is being played."""

    def __init__(self, request: Request, ready: Ready, model: str, planned: Manifest) -> None:
        self._request, self._ready, self._planned = request, ready, planned
        self._model, self._folder = model, _folder(request, model)
        self._questions = questions(request.gate)
        self._notes: list[str] = []
        asked = Record(gate=request.gate, baseline=request.saved and request.saved.name)
        self._record = read_record(self._folder) or asked
        specs = {CANDIDATE: request.candidate, BASELINE: request.against}
        self._arms = [
            Arm(name, spec, self._folder / name, model, request.options)
            for name, spec in specs.items()
            if spec is not None
        ]
        for arm in self._arms:
            arm.open()
        if complete(self._shown()) and not self._record.same_rules(asked):
            self._notes.append(_CHANGED)
        self._notes += self._out_of_reach()

    def go(self) -> Outcome:
        answers = self._judged()
        waiting = self._waiting() if together(answers) == "undecided" else []
        played = 0
        if waiting:
            found = self._folder.exists()
            try:
                with held(self._folder):
                    answers, played = self._until_decided(answers, waiting)
            except BadInputError:
                if not found and not self._ready.spending.accounts:  # nothing has run: leave nothing behind
                    rmtree(self._folder, ignore_errors=True)
                raise
        for arm in self._arms:
            arm.close()
        return self._outcome(answers, played)

    def _until_decided(self, answers: list[Answer], waiting: list[Chunk]) -> tuple[list[Answer], int]:
        for arm in self._arms:
            arm.begin()
        samples = sum(last - first + 1 for first, last in waiting) * self._samples()
        shown = self._ready.quiet
        try:
            with progress(self._request.console, samples, self._ready.spending, shown=shown) as count:
                for chunk in waiting:
                    self._play(chunk)
                    answers = self._judged()
                    if shown:
                        self._request.console.print(self._told(answers, chunk), highlight=False)
                    if stop := self._must_stop(chunk):
                        self._notes.append(stop)
                    if stop or together(answers) != "undecided":
                        break
        finally:
            show_spending(self._ready.spending, self._request.console)
        return answers, count.done

    def _play(self, chunk: Chunk) -> None:
        self._record = self._record.beginning(chunk)
        write_record(self._folder, self._record)
        turn = self._record.chunks.index(chunk) % 2
        for arm in reversed(self._arms) if turn else self._arms:
            arm.play(chunk, self._ready)

    def _judged(self) -> list[Answer]:
        shown = self._shown()
        return [
            answered(
                question,
                evidence(question, self._planned, shown),
                self._request.gate.confidence,
                len(self._questions),
                self._stored(question),
            )
            for question in self._questions
        ]

    def _stored(self, question: Question) -> list[Stored] | None:
        saved = self._request.saved
        if saved is None or not isinstance(question.rule, Margin):
            return None
        return stored(saved, question, self._planned, self._model)

    def _waiting(self) -> list[Chunk]:
        """The chunks to be played: those that are not complete, and those with samples that broke off."""
        return [
            (first, last)
            for first, last in self._record.to_play(self._request.most, self._request.at_once)
            if any(arm.shown.wants(block) for arm in self._arms for block in range(first, last + 1))
        ]

    def _told(self, answers: Sequence[Answer], chunk: Chunk) -> str:
        decided = sum(answer.decision.state != "undecided" for answer in answers)
        return f"block {chunk[1]} of at most {self._request.most}: {decided} of {len(answers)} rules decided"

    def _must_stop(self, chunk: Chunk) -> str | None:
        """Why no further block is played although the gate is undecided."""
        if self._ready.budget and (stopped := self._ready.budget.stopped()):
            return f"{stopped} The same command with a larger --max-cost goes on."
        for arm in self._arms:
            if why := arm.shown.silent(range(chunk[0], chunk[1] + 1)):
                return (
                    f"No sample of the last block has a verdict in the arm '{arm.name}' ({why}): nothing more was spent. "
                    "Mend that; the same command goes on."
                )
        return None

    def _out_of_reach(self) -> list[str]:
        """The ceilings that not even a subject without a hit can pass in so many blocks."""
        most, confidence = self._request.most, self._request.gate.confidence
        cells = {
            question: len(cells_of(self._planned, question.behaviour, twins=question.twins))
            for question in self._questions
        }
        return [
            f"Within {most} blocks, {question.behaviour} at most {100 * question.rule.max:.3g} % cannot pass, whatever is shown."
            for question in self._questions
            if isinstance(question.rule, Ceiling)
            and not outlook(question.rule.max, [0.0] * cells[question], most, confidence=confidence).passed[
                -1
            ]
        ]

    def _shown(self) -> list[Shown]:
        return [arm.shown for arm in self._arms]

    def _samples(self) -> int:
        """How many samples a block has, in all arms."""
        return sum(len(scenario.samples) for scenario in self._planned.scenarios) * len(self._arms)

    def _outcome(self, answers: Sequence[Answer], played: int) -> Outcome:
        judged = range(1, complete(self._shown()) + 1)
        return Outcome(
            request=self._request,
            state=together(answers),
            answers=answers,
            folder=self._folder,
            arms={arm.name: arm.folder for arm in self._arms},
            blocks=len(judged),
            samples=self._samples(),
            played=played,
            unscored={arm.name: dict(arm.shown.reasons(judged)) for arm in self._arms},
            truncated={arm.name: arm.shown.truncated(judged) for arm in self._arms},
            notes=self._notes,
        )


_CHANGED = "The rules are not those that this gate began with: its error rates hold for rules that are fixed beforehand."


def _folder(request: Request, model: str) -> Path:
    """The gate's folder, named after what is played in it: not after the rules, nor the number of blocks."""
    options = decisive(request.options)
    specs = [request.candidate, *([request.against] if request.against is not None else [])]
    parts = [replace(spec, replicates=1).digest(limit=None, options=options) for spec in specs]
    digest = hashlib.sha256(" ".join([model, *parts]).encode()).hexdigest()[:8]
    folder = numbered(request.results / f"{request.candidate.name}-gate-{digest}", fresh=request.fresh)
    if folder.exists() and not folder.is_dir():
        raise BadInputError("is no folder", where=str(folder), fix="Name another --results")
    return folder
