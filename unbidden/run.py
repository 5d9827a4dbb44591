"""A run: an eval's scenarios as tasks through Inspect's `eval_set`, and the folder that holds what came out."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
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
from pydantic import ValidationError
from rich.console import Console

from unbidden import __version__
from unbidden.budget import Budget, reopen
from unbidden.check import static_problems
from unbidden.errors import BadInputError, StoppedError, shown_problem
from unbidden.models import plain, usable_model
from unbidden.options import checked, decisive
from unbidden.prices import give_prices, prices_from
from unbidden.progress import progress
from unbidden.replies import kept
from unbidden.results.manifest import (
    MANIFEST,
    Manifest,
    PlannedSample,
    PlannedScenario,
    must_be_whole,
    read_manifest,
    write_manifest,
)
from unbidden.results.rows import TABLES, write_tables
from unbidden.resume import cannot_write, held, make_ready, newest_first
from unbidden.scenario.expand import sample_seed
from unbidden.scoring import deciders
from unbidden.spec import Scope, Spec
from unbidden.spending import Spending
from unbidden.task import sample_id, scenario, version
from unbidden.terminal import inert


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
    """A run that has ended; `played` counts the samples that were not there already, `spending` what they used."""

    folder: Path
    played: int
    complete: bool
    stopped: str | None
    spending: Spending


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
    give_prices(prices_from(options.pop("model_cost_config", {})))
    if roles := deciders.roles(request.spec.graders):
        judges = {role: usable_model(grader) for role, grader in roles.items()}
        options["model_roles"] = {**options.get("model_roles", {}), **judges}
    models = [
        usable_model(name, base_url=options.get("model_base_url"), **options.get("model_args", {}))
        for name in dict.fromkeys(request.models)
    ]
    graders, spending = [usable_model(grader) for grader in request.spec.graders], Spending()
    budget = Budget.of(request.max_cost, [*models, *graders], spending)
    tasks = [_task(request.spec, scope, budget) for scope in request.spec.scopes]
    planned = _manifest(request, [str(model) for model in models])
    folder = _folder(request, planned)
    found = folder.exists()
    with held(folder):
        manifest = _joined(folder, planned)
        _prepare(folder, manifest)
        samples = sum(len(scenario.samples) for scenario in manifest.scenarios) * len(models)
        with (
            _told(folder, found=found),
            kept(folder, models) as replies,
            progress(request.console, samples, spending, shown=options["display"] == "none") as count,
        ):
            _, logs = eval_set(
                tasks,
                log_dir=str(folder / "logs"),
                model=models,
                limit=request.limit,
                log_dir_allow_dirty=True,  # the logs of models that ran here before
                **options,
            )
            _show(spending, request.console)
            table = write_tables(folder)
        failed = table["unscored"].str.startswith(("not-run", "error"))
        if not failed.any():
            replies.forget()
    stopped = _broken(folder, logs) or (budget.stopped() if budget else None)
    return Outcome(folder, count.done, not failed.any(), stopped, spending)


@contextmanager
def _told(folder: Path, *, found: bool) -> Generator[None]:
    """Say in our words why a run did not begin, or could not go on."""
    try:
        yield
    except PrerequisiteError as problem:
        if not found:  # nothing has run: leave nothing behind
            rmtree(folder)
        raise BadInputError(f"Inspect refuses to run this: {plain(problem)}") from None
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        raise BadInputError(f"Inspect refuses an option: {first['loc']} {first['msg']}") from None
    except OSError as problem:
        raise StoppedError(_stopped(folder, shown_problem(problem))) from None


def _broken(folder: Path, logs: Sequence[EvalLog]) -> str | None:
    """Why a scenario ended as a whole, if one did: that its log cannot be written, for example."""
    errors = [log.error.message for log in logs if log.status == "error" and log.error is not None]
    return _stopped(folder, errors[0]) if errors else None


def _stopped(folder: Path, problem: str) -> str:
    return (
        f"{folder}: the run could not go on ({problem}). What had finished before is in its logs; "
        "when the cause is gone, the same command goes on from there"
    )


def _show(spending: Spending, console: Console) -> None:
    if spending.accounts:
        console.print(spending.table())
    for note in spending.notes():
        console.print(inert(note), style="yellow", soft_wrap=True)


def _prepare(folder: Path, manifest: Manifest) -> None:
    """Make the folder ready, without the tables of an earlier state of it."""
    make_ready(folder, manifest)
    try:
        write_manifest(folder, manifest)
        reopen(folder / "logs")
        newest_first(folder)
        for name in TABLES:
            (folder / name).unlink(missing_ok=True)
    except OSError as problem:
        raise cannot_write(folder, problem) from None


def _task(spec: Spec, scope: Scope, budget: Budget | None) -> Task:
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
    task.early_stopping = budget
    return task


def _folder(request: Request, planned: Manifest) -> Path:
    """The run's folder, or the next free one for a fresh run."""
    stem = request.results / f"{planned.name}-{planned.digest}"
    folder, number = stem, 2
    while request.fresh and folder.exists():
        folder, number = stem.with_name(f"{stem.name}-{number}"), number + 1
    return folder


def _joined(folder: Path, planned: Manifest) -> Manifest:
    """The manifest that is there, with the models that join; or the new one."""
    if not (folder / MANIFEST).exists():
        return planned
    there = read_manifest(folder)
    must_be_whole(folder, there)
    if there.ladders != planned.ladders:
        changed = ", ".join(
            name for name in planned.ladders if there.ladders.get(name) != planned.ladders[name]
        )
        raise BadInputError(
            f"the ladders of {changed} have changed since this run began", where=str(folder),
            fix="Use --new for a fresh run, or 'inspect score' on its logs",
        )  # fmt: skip
    joined = [*there.models, *(model for model in planned.models if model not in there.models)]
    return there.model_copy(update={"models": joined})


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
                private=scope.loaded.scenario.private,
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
