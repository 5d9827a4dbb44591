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
from pydantic import ValidationError
from rich.console import Console

from unbidden import __version__
from unbidden.budget import Budget, reopen
from unbidden.check import static_problems
from unbidden.errors import BadInputError
from unbidden.models import plain, usable_model
from unbidden.options import checked, decisive, patient
from unbidden.patience import SHARE, Patience, Stops
from unbidden.progress import progress
from unbidden.results.manifest import (
    MANIFEST,
    Manifest,
    PlannedSample,
    PlannedScenario,
    read_manifest,
    write_manifest,
)
from unbidden.results.rows import TABLES, write_tables
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
    max_errors: float = SHARE


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
    for scope in request.spec.scopes:
        for problem in static_problems(scope.loaded):
            raise problem
    options = checked(request.options)
    if roles := deciders.roles(request.spec.graders):
        judges = {role: usable_model(grader, config=patient(options)) for role, grader in roles.items()}
        options["model_roles"] = {**options.get("model_roles", {}), **judges}
    models = [
        usable_model(name, base_url=options.get("model_base_url"), **options.get("model_args", {}))
        for name in dict.fromkeys(request.models)
    ]
    budget = Budget.of(request.max_cost, models, priced="model_cost_config" in options)
    if budget is not None:
        budget.watch()
    folder, manifest = _folder(request, [str(model) for model in models])
    samples = sum(len(scenario.samples) for scenario in manifest.scenarios)
    patience = Patience(samples, request.max_errors)
    patience.watch()
    found = folder.exists()
    _prepare(folder, manifest)
    stops = Stops([patience] if budget is None else [budget, patience])
    tasks = [_task(request.spec, scope, stops) for scope in request.spec.scopes]
    with progress(request.console, samples * len(models), shown=options["display"] == "none") as count:
        try:
            eval_set(
                tasks,
                log_dir=str(folder / "logs"),
                model=models,
                limit=request.limit,
                log_dir_allow_dirty=True,  # the logs of models that ran here before
                **options,
            )
        except PrerequisiteError as problem:
            if not found:  # nothing has run: leave nothing behind
                rmtree(folder)
            raise BadInputError(f"Inspect refuses to run this: {plain(problem)}") from None
        except ValidationError as problem:
            first = problem.errors(include_url=False)[0]
            raise BadInputError(f"Inspect refuses an option: {first['loc']} {first['msg']}") from None
    table = write_tables(folder)
    failed = table["unscored"].str.startswith(("not-run", "error"))
    told = [line for line in (budget.stopped() if budget else None, patience.stopped()) if line]
    return Outcome(folder, count.done, not failed.any(), "\n".join(told) or None)


def _prepare(folder: Path, manifest: Manifest) -> None:
    """Make the folder, without the tables of an earlier state of it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            (folder / name).unlink(missing_ok=True)
        write_manifest(folder, manifest)
    except OSError as problem:
        raise BadInputError(
            f"cannot write there ({problem})", where=str(folder), fix="Name another --results"
        ) from None
    reopen(folder / "logs")


def _task(spec: Spec, scope: Scope, stops: Stops) -> Task:
    task = scenario(
        id=scope.name,
        factors={factor: list(levels) for factor, levels in scope.factors.items()},
        replicates=spec.replicates,
        behaviours=list(scope.behaviours),
        limits=spec.limits.model_dump(exclude_none=True),
        decider=deciders.named(spec.graders),
        sandbox=spec.sandbox,
        agent=spec.agent,
    )
    task.early_stopping = stops
    return task


def _folder(request: Request, models: Sequence[str]) -> tuple[Path, Manifest]:
    """The run's folder and manifest: the one that is there, the next free one for a fresh run, or a new one."""
    planned = _manifest(request, models)
    stem = request.results / f"{planned.name}-{planned.digest}"
    folder, number = stem, 2
    while request.fresh and folder.exists():
        folder, number = stem.with_name(f"{stem.name}-{number}"), number + 1
    if not (folder / MANIFEST).exists():
        return folder, planned
    there = read_manifest(folder)
    if there.ladders != planned.ladders:
        changed = ", ".join(
            name for name in planned.ladders if there.ladders.get(name) != planned.ladders[name]
        )
        raise BadInputError(
            f"the ladders of {changed} have changed since this run began", where=str(folder),
            fix="Use --new for a fresh run, or 'inspect score' on its logs",
        )  # fmt: skip
    joined = [*there.models, *(model for model in models if model not in there.models)]
    return folder, there.model_copy(update={"models": joined})


def _manifest(request: Request, models: Sequence[str]) -> Manifest:
    spec, options = request.spec, decisive(request.options)
    return Manifest(
        name=spec.name,
        title=spec.title,
        question=spec.question,
        digest=spec.digest(limit=request.limit, options=options),
        unbidden=__version__,
        inspect=installed("inspect-ai"),
        decider=spec.decider,
        sandbox=spec.sandbox,
        agent=spec.agent,
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
                samples=_samples(spec, scope)[: request.limit],
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
