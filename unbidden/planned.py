"""What a run folder says of itself before anything has been played."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from unbidden import __version__
from unbidden.errors import BadInputError
from unbidden.options import decisive
from unbidden.results.manifest import Manifest, PlannedSample, PlannedScenario
from unbidden.scenario.expand import sample_seed
from unbidden.spec import Scope, Spec
from unbidden.task import sample_id, version


def planned_for(
    spec: Spec, models: Sequence[str], given: Mapping[str, Any], limit: int | None = None
) -> Manifest:
    """The manifest of a run.

    Args:
        spec: What is played.
        models: The subjects, by the names that Inspect gives them.
        given: Inspect's options, as the user gave them.
        limit: How many samples of each scenario are played, if not all.
    """
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
        ladders={name: ladder.digest() for name, ladder in spec.ladders.items()},
        rubrics=spec.rubric_versions(),
        primary=list(spec.primary),
        wanted=sorted(name for name, ladder in spec.ladders.items() if ladder.wanted),
        scenarios=[
            PlannedScenario(
                id=scope.loaded.scenario.id,
                title=scope.loaded.scenario.title,
                version=version(scope.loaded),
                behaviours=list(scope.behaviours),
                private=scope.loaded.scenario.private,
                samples=_samples(spec, scope)[:limit],
            )
            for scope in spec.scopes
        ],
    )


def same_ladders(there: Manifest, planned: Manifest, folder: Path) -> None:
    """Raises `BadInputError` if a run that is to go on was scored by other ladders, or decided by other rubrics."""
    for kind, before, now in (
        ("ladders", there.ladders, planned.ladders),
        ("rubrics", there.rubrics, planned.rubrics),
    ):
        if changed := [name for name in now if before.get(name) != now[name]]:
            raise BadInputError(
                f"the {kind} of {', '.join(changed)} have changed since this run began",
                where=str(folder),
                fix="Use --new for a fresh run, or 'unbidden score' on this one",
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
