"""A run: an eval's scenarios as Inspect tasks, and the folder that holds what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

from rich.console import Console

from unbidden.errors import BadInputError
from unbidden.patience import SHARE, Patience
from unbidden.planned import planned_for, same_ladders
from unbidden.playing import broken, checked_for, play, prepare, task_of, told
from unbidden.progress import progress
from unbidden.replies import forget_if_whole
from unbidden.results.build import unfinished
from unbidden.results.manifest import MANIFEST, Manifest, must_be_whole, read_manifest
from unbidden.results.rows import write_tables
from unbidden.resume import held, numbered
from unbidden.spec import Spec
from unbidden.spending import Spending
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
    max_errors: float = SHARE
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    console: Console = field(default_factory=lambda: Console(stderr=True))


@dataclass(frozen=True)
class Outcome:
    """A run that has ended.

    `played` counts the samples that were not there already, `spending` what they used; `complete` says whether every sample of the
    models that were asked for has run without an error.
    """

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
        StoppedError: It cannot go on; what had finished is kept.
    """
    ready = checked_for(request.spec, request.models, request.options, request.max_cost)
    models = [str(model) for model in ready.models]
    planned = planned_for(request.spec, models, request.options, request.limit)
    samples = sum(len(scenario.samples) for scenario in planned.scenarios)
    patience = Patience(samples, request.max_errors, request.spec.graders)
    patience.watch()
    tasks = [task_of(request.spec, scope, [*ready.reasons, patience]) for scope in request.spec.scopes]
    folder = numbered(request.results / f"{planned.name}-{planned.digest}", fresh=request.fresh)
    found = folder.exists()
    with held(folder):
        manifest = _joined(folder, planned)
        prepare(folder, manifest)
        try:
            with progress(request.console, samples * len(models), ready.spending, shown=ready.quiet) as count:
                logs = play(tasks, folder, ready, request.limit)
        except BadInputError:
            if not found and not ready.spending.accounts:  # nothing has run: leave nothing behind
                rmtree(folder)
            raise
        finally:
            show_spending(ready.spending, request.console)
        with told(folder):
            table = write_tables(folder)
            forget_if_whole(folder, table)
    left = unfinished(table)
    own, others = left["subject"].isin(models), sorted(set(left["subject"]) - set(models))
    why = [
        broken(folder, logs),
        ready.budget and ready.budget.stopped(),
        patience.stopped(),
        f"Samples of {', '.join(others)} are left from an earlier command." if others else None,
    ]
    stopped = "\n".join(line for line in why if line) or None
    return Outcome(folder, count.done, not own.any(), stopped, ready.spending)


def show_spending(spending: Spending, console: Console) -> None:
    """Say what was called, and what it cost."""
    if spending.accounts:
        console.print(spending.table())
    for note in spending.notes():
        console.print(inert(note), style="yellow", soft_wrap=True)


def _joined(folder: Path, planned: Manifest) -> Manifest:
    """The manifest that is there, with the models that join; or the new one."""
    if not (folder / MANIFEST).exists():
        return planned
    there = read_manifest(folder)
    must_be_whole(folder, there)
    same_ladders(there, planned, folder)
    joined = [*there.models, *(model for model in planned.models if model not in there.models)]
    return there.model_copy(update={"models": joined})
