"""A run: an eval's scenarios as tasks through Inspect's `eval_set`, and the folder that holds what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from shutil import rmtree
from typing import Any

from inspect_ai import Task, eval_set  # pyright: ignore[reportUnknownVariableType] - Inspect's
from inspect_ai._util.error import (
    PrerequisiteError,
)  # Inspect's own way to say that a key is missing; not re-exported
from inspect_ai.log import EvalLog
from inspect_ai.model import Model
from pydantic import ValidationError
from rich.console import Console

from unbidden import __version__
from unbidden.budget import Budget, reopen
from unbidden.check import static_problems
from unbidden.errors import BadInputError
from unbidden.models import plain, usable_model
from unbidden.options import checked, decisive
from unbidden.progress import progress
from unbidden.results.manifest import (
    MANIFEST,
    Manifest,
    PlannedSample,
    PlannedScenario,
    read_manifest,
    write_manifest,
)
from unbidden.results.rows import PROVENANCE, VERDICTS, write_tables
from unbidden.scenario.expand import sample_seed
from unbidden.scoring import deciders
from unbidden.spec import Scope, Spec
from unbidden.task import sample_id, scenario, version


@dataclass(frozen=True)
class Request:
    """What a user wants run, checked as far as that goes without calling anything."""

    spec: Spec
    models: Sequence[str]
    results: Path
    fresh: bool = False
    limit: int | None = None
    max_cost: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    console: Console = field(default_factory=lambda: Console(stderr=True))


@dataclass(frozen=True)
class Outcome:
    """A run that has ended; `played` counts the samples that were not there already."""

    folder: Path
    played: int
    complete: bool
    stopped: str | None


def run(request: Request) -> Outcome:
    """Run, or resume, or let further models join.

    The folder is named after the spec without the models, so the same command finds its own run again; finished samples
    are not repeated.

    Raises:
        BadInputError: Before anything is called or written.
    """
    ready = checked_for(request.spec, request.models, request.options, request.max_cost)
    tasks = [task_of(request.spec, scope, ready.budget) for scope in request.spec.scopes]
    folder, manifest = _folder(request, [str(model) for model in ready.models])
    found = folder.exists()
    prepare(folder, manifest)
    samples = sum(len(scenario.samples) for scenario in manifest.scenarios) * len(ready.models)
    with progress(request.console, samples, shown=ready.options["display"] == "none") as count:
        try:
            play(tasks, folder, ready.models, {**ready.options, "limit": request.limit})
        except BadInputError:
            if not found:  # nothing has run: leave nothing behind
                rmtree(folder)
            raise
    table = write_tables(folder)
    failed = table["unscored"].str.startswith(("not-run", "error"))
    return Outcome(folder, count.done, not failed.any(), ready.budget.stopped() if ready.budget else None)


@dataclass(frozen=True)
class Ready:
    """What can be used to play: Inspect's options over our defaults, the models, and the budget that is watched."""

    options: dict[str, Any]
    models: Sequence[Model]
    budget: Budget | None


def checked_for(
    spec: Spec, models: Sequence[str], options: Mapping[str, Any], max_cost: float | None
) -> Ready:
    """Look at everything that can be wrong before a model is called.

    Raises:
        BadInputError: A scenario, an option, a model or the budget cannot be used.
    """
    for scope in spec.scopes:
        for problem in static_problems(scope.loaded):
            raise problem
    usable = checked(options)
    if roles := deciders.roles(spec.graders):
        for grader in roles.values():
            usable_model(grader)
        usable["model_roles"] = {**usable.get("model_roles", {}), **roles}
    made = [
        usable_model(name, base_url=usable.get("model_base_url"), **usable.get("model_args", {}))
        for name in dict.fromkeys(models)
    ]
    budget = Budget.of(max_cost, made, priced="model_cost_config" in usable)
    if budget is not None:
        budget.watch()
    return Ready(usable, made, budget)


def play(
    tasks: list[Task], folder: Path, models: Sequence[Model], options: Mapping[str, Any]
) -> list[EvalLog]:
    """Play tasks into a run folder; what it holds of them already is not played again. Returns the headers of their logs.

    Raises:
        BadInputError: Inspect refuses to run this.
    """
    try:
        _, logs = eval_set(
            tasks,
            log_dir=str(folder / "logs"),
            model=list(models),
            log_dir_allow_dirty=True,  # the logs of models that ran here before
            **options,
        )
    except PrerequisiteError as problem:
        raise BadInputError(f"Inspect refuses to run this: {plain(problem)}") from None
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        raise BadInputError(f"Inspect refuses an option: {first['loc']} {first['msg']}") from None
    return logs


def prepare(folder: Path, manifest: Manifest) -> None:
    """Make the folder, without the tables of an earlier state of it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (VERDICTS, PROVENANCE):
            (folder / name).unlink(missing_ok=True)
        write_manifest(folder, manifest)
    except OSError as problem:
        raise BadInputError(
            f"cannot write there ({problem})", where=str(folder), fix="Name another --results"
        ) from None
    reopen(folder / "logs")


def task_of(spec: Spec, scope: Scope, budget: Budget | None, span: tuple[int, int] | None = None) -> Task:
    """A scenario of a run as Inspect's task: all replicates of it, or the first to the last of some of them.

    What is as it is by default is not passed: Inspect tells tasks apart by what is.
    """
    more: dict[str, Any] = {}
    first, last = span or (1, spec.replicates)
    if first > 1:
        more["first"] = first
    if spec.system_prompt is not None:
        more["system_prompt"] = spec.system_prompt.text
    if not spec.twins:
        more["twins"] = False
    task = scenario(
        id=scope.name,
        factors={factor: list(levels) for factor, levels in scope.factors.items()},
        replicates=last - first + 1,
        behaviours=list(scope.behaviours),
        limits=spec.limits.model_dump(exclude_none=True),
        decider=deciders.named(spec.graders),
        sandbox=spec.sandbox,
        agent=spec.agent,
        **more,
    )
    task.early_stopping = budget
    return task


def _folder(request: Request, models: Sequence[str]) -> tuple[Path, Manifest]:
    """The run's folder and manifest: the one that is there, the next free one for a fresh run, or a new one."""
    planned = planned_for(request.spec, models, request.options, request.limit)
    stem = request.results / f"{planned.name}-{planned.digest}"
    folder, number = stem, 2
    while request.fresh and folder.exists():
        folder, number = stem.with_name(f"{stem.name}-{number}"), number + 1
    if not (folder / MANIFEST).exists():
        return folder, planned
    there = read_manifest(folder)
    same_ladders(there, planned, folder)
    joined = [*there.models, *(model for model in models if model not in there.models)]
    return folder, there.model_copy(update={"models": joined})


def same_ladders(there: Manifest, planned: Manifest, folder: Path) -> None:
    """Raises `BadInputError` if a run that is to go on was scored by other ladders."""
    if there.ladders != planned.ladders:
        changed = ", ".join(
            name for name in planned.ladders if there.ladders.get(name) != planned.ladders[name]
        )
        raise BadInputError(
            f"the ladders of {changed} have changed since this run began", where=str(folder),
            fix="Use --new for a fresh run, or 'inspect score' on its logs",
        )  # fmt: skip


def planned_for(
    spec: Spec, models: Sequence[str], given: Mapping[str, Any], limit: int | None = None
) -> Manifest:
    """What a run folder says of itself before anything has been played."""
    options = decisive(given)
    return Manifest(
        name=spec.name,
        title=spec.title,
        question=spec.question,
        digest=spec.digest(limit=limit, options=options),
        unbidden=__version__,
        inspect=installed("inspect-ai"),
        decider=spec.decider,
        sandbox=spec.sandbox,
        agent=spec.agent,
        system_prompt=spec.system_prompt.text if spec.system_prompt else None,
        limits=spec.limits.model_dump(exclude_none=True),
        models=list(models),
        options=options,
        ladders=spec.ladder_versions(),
        wanted=sorted(name for name, ladder in spec.ladders.items() if ladder.wanted),
        scenarios=[
            PlannedScenario(
                id=scope.loaded.scenario.id,
                title=scope.loaded.scenario.title,
                version=version(scope.loaded),
                behaviours=list(scope.behaviours),
                samples=_samples(spec, scope)[:limit],
            )
            for scope in spec.scopes
        ],
    )


def _samples(spec: Spec, scope: Scope) -> list[PlannedSample]:
    return [
        PlannedSample(
            id=sample_id(cell, replicate),
            cell=dict(cell.cell),
            cell_id=cell.id,
            twin=cell.twin,
            replicate=replicate,
            seed=sample_seed(scope.loaded.scenario.id, cell.id, replicate),
        )
        for cell in scope.cells
        for replicate in range(1, spec.replicates + 1)
    ]
