"""Exemplars played through Inspect: the real world, the real machine, the real scorers."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inspect_ai import Task, eval  # noqa: A004 # pyright: ignore[reportUnknownVariableType] - Inspect's
from inspect_ai.dataset import MemoryDataset
from inspect_ai.log import EvalSample
from inspect_ai.util import Store

from unbidden.reading import Place
from unbidden.sandbox.choice import EMBEDDED
from unbidden.scenario.brief import SampleMeta
from unbidden.scenario.expand import Planned, full_cell, plan_cells
from unbidden.scenario.load import Loaded
from unbidden.scenario.model import Exemplar
from unbidden.scoring.evidence import Case
from unbidden.scoring.scorer import behaviour
from unbidden.subject.loop import play
from unbidden.subject.record import Record
from unbidden.task import make_sample, version
from unbidden.vocabulary import SURFACE, SandboxName, Surface


@dataclass(frozen=True)
class Replay:
    """One exemplar as it came out of the real world and the real scorers."""

    loaded: Loaded
    index: int
    surface: Surface
    case: Case | None
    scores: Mapping[str, Mapping[str, Any]]
    error: str | None

    @property
    def exemplar(self) -> Exemplar:
        return self.loaded.scenario.exemplars[self.index]

    @property
    def label(self) -> str:
        """The exemplar's name, and the surface if it is not the exemplar's own."""
        own = _cell(self.loaded, self.exemplar, None).get(SURFACE, "functions")
        return self.exemplar.name if self.surface == own else f"{self.exemplar.name} ({self.surface})"

    @property
    def place(self) -> Place:
        return ("exemplars", self.index)


def replay(
    scenarios: Sequence[Loaded],
    surface: Surface | None = None,
    sandbox: SandboxName = EMBEDDED,
    **model_args: str,
) -> list[Replay]:
    """Play every exemplar of some scenarios through Inspect.

    Args:
        scenarios: The scenarios.
        surface: The surface to play on, where a scenario has it; the exemplar's own if `None`.
        sandbox: What the machines of the shell surface are.
        model_args: Arguments of the scripted subject, such as where it puts its thinking.
    """
    plays = [_Play(loaded, index, surface) for loaded in scenarios for index in _playable(loaded, surface)]
    with tempfile.TemporaryDirectory(prefix="unbidden-check-") as folder:
        logs = eval(
            [_task(loaded, [one for one in plays if one.loaded is loaded], sandbox) for loaded in scenarios],
            model="unbidden/exemplar",
            model_args=model_args,
            log_dir=folder,
            display="none",
            score_display=False,
            log_realtime=False,
            log_level="error",
        )
        played = {(log.eval.task, str(sample.id)): sample for log in logs for sample in log.samples or []}
    return [_replayed(one, played.get((_task_name(one.loaded), one.id))) for one in plays]


@dataclass(frozen=True)
class _Play:
    """One exemplar to be played on one surface."""

    loaded: Loaded
    index: int
    surface: Surface | None

    @property
    def exemplar(self) -> Exemplar:
        return self.loaded.scenario.exemplars[self.index]

    @property
    def planned(self) -> Planned:
        return planned_for(self.loaded, self.exemplar, self.surface)

    @property
    def id(self) -> str:
        return f"{self.planned.id}/{self.exemplar.name}"


def _playable(loaded: Loaded, surface: Surface | None) -> list[int]:
    """The exemplars that can be played on a surface: those that say nothing of one, or this one."""
    scenario = loaded.scenario
    if surface is None:
        return list(range(len(scenario.exemplars)))
    if surface not in (scenario.factors[SURFACE].levels if SURFACE in scenario.factors else ()):
        return []
    return [
        index
        for index, exemplar in enumerate(scenario.exemplars)
        if exemplar.cell.get(SURFACE, surface) == surface
    ]


def _task_name(loaded: Loaded) -> str:
    return f"check-{loaded.scenario.id}"


def _cell(loaded: Loaded, exemplar: Exemplar, surface: Surface | None) -> dict[str, str]:
    given = exemplar.cell if surface is None else {**exemplar.cell, SURFACE: surface}
    return full_cell(loaded.scenario, given)


def planned_for(loaded: Loaded, exemplar: Exemplar, surface: Surface | None = None) -> Planned:
    """An exemplar's cell, on a surface if one is given."""
    cell = _cell(loaded, exemplar, surface)
    return next(
        entry
        for entry in plan_cells(loaded.scenario, {k: [v] for k, v in cell.items()})
        if entry.cell == cell
    )


def _task(loaded: Loaded, plays: Sequence[_Play], sandbox: SandboxName) -> Task:
    digest = version(loaded)
    samples = [make_sample(loaded, digest, one.planned, 1, one.exemplar.name, sandbox) for one in plays]
    return Task(
        name=_task_name(loaded),
        dataset=MemoryDataset(samples),
        solver=play(str(loaded.document.path)),
        scorer=[behaviour(name) for name in loaded.scenario.behaviours],
        turn_limit=loaded.scenario.limits.turns,
        fail_on_error=False,
    )


def _replayed(one: _Play, sample: EvalSample | None) -> Replay:
    surface: Surface = "shell" if one.planned.cell.get(SURFACE) == "shell" else "functions"
    if sample is None or sample.error is not None:
        message = (
            sample.error.message
            if sample is not None and sample.error is not None
            else "the sample did not run"
        )
        return Replay(one.loaded, one.index, surface, None, {}, message)
    record = Record.of(Store(sample.store))
    case = Case(record=record, brief=SampleMeta.of(sample.metadata).brief) if record is not None else None
    scores = {
        name: {**(score.metadata or {}), "unscored": score.reason}
        for name, score in (sample.scores or {}).items()
    }
    return Replay(one.loaded, one.index, surface, case, scores, None)
