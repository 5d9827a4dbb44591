"""Playing: what is checked before anything is called, and Inspect's `eval_set` on a run folder."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval_set  # pyright: ignore[reportUnknownVariableType] - Inspect's
from inspect_ai._util.error import (
    PrerequisiteError,
)  # Inspect's own way to say that a key is missing; not re-exported
from inspect_ai.log import EvalLog
from inspect_ai.model import Model
from pydantic import ValidationError

from unbidden.budget import Budget, reopen
from unbidden.check import static_problems
from unbidden.errors import BadInputError, StoppedError, shown_problem
from unbidden.models import plain, usable_model
from unbidden.options import checked, patient
from unbidden.patience import Reason, Stops
from unbidden.prices import give_prices, prices_from
from unbidden.replies import kept
from unbidden.results.manifest import Manifest, write_manifest
from unbidden.results.rows import TABLES
from unbidden.resume import cannot_write, make_ready, newest_first
from unbidden.scoring import deciders
from unbidden.spec import Scope, Spec
from unbidden.spending import Spending
from unbidden.task import scenario


@dataclass(frozen=True)
class Ready:
    """What can be used to play: Inspect's options over our defaults, the models, and what watches the money."""

    options: dict[str, Any]
    models: Sequence[Model]
    budget: Budget | None
    spending: Spending

    @property
    def reasons(self) -> Sequence[Reason]:
        """What may stop it before it is done."""
        return [self.budget] if self.budget is not None else []

    @property
    def quiet(self) -> bool:
        """Whether Inspect shows nothing, so that we do."""
        return self.options["display"] == "none"


def checked_for(spec: Spec, models: Sequence[str], given: Mapping[str, Any], max_cost: float | None) -> Ready:
    """Look at everything that can be wrong before a model is called.

    Args:
        spec: What is to be played.
        models: The subjects.
        given: Inspect's options, as the user gave them.
        max_cost: The most it may cost, in dollars.

    Raises:
        BadInputError: A scenario, an option, a model or the budget cannot be used.
    """
    for scope in spec.scopes:
        for problem in static_problems(scope.loaded):
            raise problem
    options = checked(given)
    give_prices(prices_from(options.pop("model_cost_config", {})))
    if roles := deciders.roles(spec.graders):
        judges = {role: usable_model(grader, config=patient(options)) for role, grader in roles.items()}
        options["model_roles"] = {**options.get("model_roles", {}), **judges}
    made = [
        usable_model(name, base_url=options.get("model_base_url"), **options.get("model_args", {}))
        for name in dict.fromkeys(models)
    ]
    graders, spending = [usable_model(grader) for grader in spec.graders], Spending()
    budget = Budget.of(max_cost, [*made, *graders], spending)
    return Ready(options, made, budget, spending)


def task_of(spec: Spec, scope: Scope, reasons: Sequence[Reason], span: tuple[int, int] | None = None) -> Task:
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
    task.early_stopping = Stops(reasons)
    return task


def prepare(folder: Path, manifest: Manifest) -> None:
    """Make a run folder ready, without the tables of an earlier state of it.

    Raises:
        BadInputError: A log in it is damaged, or it cannot be written. No log is touched.
    """
    make_ready(folder, manifest)
    try:
        write_manifest(folder, manifest)
        reopen(folder / "logs")
        newest_first(folder)
        for name in TABLES:
            (folder / name).unlink(missing_ok=True)
    except OSError as problem:
        raise cannot_write(folder, problem) from None


def play(tasks: list[Task], folder: Path, ready: Ready, limit: int | None = None) -> list[EvalLog]:
    """Play tasks into a run folder; what it holds of them already is not played again. Returns the heads of their logs.

    Args:
        tasks: What to play.
        folder: The run folder, made ready.
        ready: What to play it with.
        limit: How many samples of each task, if not all.

    Raises:
        BadInputError: Inspect refuses to run this.
        StoppedError: A file cannot be written.
        KeyboardInterrupt: The user interrupted it. Inspect has written the logs, and takes that for an ordinary end.
    """
    with told(folder), kept(folder, ready.models):
        _, logs = eval_set(
            tasks,
            log_dir=str(folder / "logs"),
            model=list(ready.models),
            limit=limit,
            log_dir_allow_dirty=True,  # the logs of models that ran here before
            **ready.options,
        )
    if len(logs) < len(tasks) * len(ready.models):
        raise KeyboardInterrupt
    return logs


def broken(folder: Path, logs: Sequence[EvalLog]) -> str | None:
    """Why a scenario ended as a whole, if one did: that its log cannot be written, for example."""
    errors = [log.error.message for log in logs if log.status == "error" and log.error is not None]
    return _stopped(folder, errors[0]) if errors else None


@contextmanager
def told(folder: Path) -> Generator[None]:
    """Say in our words why a run did not begin, or could not go on.

    Raises:
        BadInputError: Inspect refuses to run this.
        StoppedError: A file cannot be written.
    """
    try:
        yield
    except PrerequisiteError as problem:
        raise BadInputError(f"Inspect refuses to run this: {plain(problem)}") from None
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        raise BadInputError(f"Inspect refuses an option: {first['loc']} {first['msg']}") from None
    except OSError as problem:
        raise StoppedError(_stopped(folder, shown_problem(problem))) from None


def _stopped(folder: Path, problem: str) -> str:
    return (
        f"{folder}: the run could not go on ({problem}). What had finished before is in its logs; "
        "when the cause is gone, the same command (without --new) goes on from there"
    )
