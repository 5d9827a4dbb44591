"""One scenario as one Inspect task."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser
from inspect_ai.util import SandboxEnvironmentSpec

from unbidden import content
from unbidden.errors import BadInputError, suggestion
from unbidden.sandbox.choice import EMBEDDED, sandbox_spec
from unbidden.scenario.brief import SampleMeta
from unbidden.scenario.expand import NO_TWIN, Planned, plan_cells, render, sample_seed
from unbidden.scenario.load import Loaded, load_scenario
from unbidden.scenario.model import Limits, Scenario
from unbidden.scenario.worldspec import WorldSpec
from unbidden.scoring.scorer import behaviour
from unbidden.subject.loop import play
from unbidden.subject.scaffold import must_be_installed
from unbidden.system_prompt import SystemPrompt, prompted
from unbidden.vocabulary import PLAIN, AgentName, SandboxName
from unbidden.world.hosting import home_of, roots_of


@task
def scenario(
    id: str,  # noqa: A002 - the scenario's id, as Inspect's command line spells it
    factors: Mapping[str, str | list[str]] | None = None,
    replicates: int = 1,
    behaviours: list[str] | None = None,
    limits: Mapping[str, int] | None = None,
    decider: str = "lexicon",
    sandbox: SandboxName = EMBEDDED,
    agent: AgentName = PLAIN,
    first: int = 1,
    system_prompt: str | None = None,
    twins: bool = True,  # noqa: FBT001, FBT002 - Inspect's command line sets it by name
) -> Task:
    """A scenario: every wanted cell with its twins, each as often as there are replicates.

    Args:
        id: Id or path of the scenario.
        factors: Factor to the level or levels to run; the others run at their baseline.
        replicates: How many drawings of the entities.
        behaviours: Which of the scenario's behaviours to score; all if left out.
        limits: Limits of a sample (turns, tokens, seconds); the smaller of these and the scenario's hold.
        decider: Who answers what rules cannot settle.
        sandbox: What the machines of the shell surface are: embedded, bubblewrap, docker or k8s.
        agent: Who runs the loop: the plain one, or an Inspect agent.
        first: The number of the first of these drawings.
        system_prompt: A template in place of the scenario's own; `{{ scenario }}` in it stands for that one.
        twins: Whether the cells have their twins beside them.
    """
    must_be_installed(agent)
    loaded = load_scenario(id)
    if system_prompt is not None:
        loaded = prompted(loaded, SystemPrompt(system_prompt))
    levels = {
        name: [given] if isinstance(given, str) else list(given) for name, given in (factors or {}).items()
    }
    planned = with_twins(plan_cells(loaded.scenario, levels), wanted=twins)
    digest = version(loaded)
    samples = [
        make_sample(loaded, digest, entry, replicate, sandbox=sandbox)
        for entry in planned
        for replicate in range(first, first + replicates)
    ]
    bounds = smaller(loaded.scenario.limits, Limits.model_validate(limits or {}))
    return Task(
        dataset=MemoryDataset(samples, name=loaded.scenario.id),
        solver=play(id, agent),
        scorer=[behaviour(name, decider) for name in chosen(loaded.scenario, behaviours)],
        version=digest,
        display_name=loaded.scenario.id,
        turn_limit=bounds.turns,
        token_limit=bounds.tokens,
        time_limit=bounds.seconds,
        fail_on_error=False,  # a sample that fails is unscored, with its reason, and ends nothing else
        metadata={"scenario": loaded.scenario.id, "title": loaded.scenario.title},
    )


def make_sample(
    loaded: Loaded,
    digest: str,
    planned: Planned,
    replicate: int,
    exemplar: str | None = None,
    sandbox: SandboxName = EMBEDDED,
) -> Sample:
    """One Inspect sample of a scenario with the given content hash; its id is `cell/rNN`, or `cell/exemplar` when an exemplar is replayed."""
    situation = render(loaded, planned.cell, replicate)
    meta = SampleMeta(
        scenario=loaded.scenario.id,
        version=digest,
        cell=dict(planned.cell),
        cell_id=planned.id,
        twin=planned.twin,
        replicate=replicate,
        seed=sample_seed(loaded.scenario.id, planned.id, replicate),
        brief=situation.brief,
        exemplar=exemplar,
    )
    shown = {"scenario": str(_named(loaded))} | ({"exemplar": exemplar} if exemplar else {})
    return Sample(
        id=sample_id(planned, replicate) if exemplar is None else f"{planned.id}/{exemplar}",
        input=[
            ChatMessageSystem(content=situation.system_prompt, metadata=shown),
            ChatMessageUser(content=situation.task),
        ],
        metadata=meta.model_dump(mode="json", exclude_none=True),
        sandbox=_machine(sandbox, situation.world) if meta.surface == "shell" else None,
    )


def _machine(sandbox: SandboxName, world: WorldSpec) -> SandboxEnvironmentSpec:
    home, roots = home_of(world.agent.user), roots_of(file.path for file in world.files)
    return sandbox_spec(sandbox, world.hostname, home, roots)


def with_twins(cells: Sequence[Planned], *, wanted: bool) -> list[Planned]:
    """Cells with their twins, or without any."""
    return [cell for cell in cells if wanted or cell.twin == NO_TWIN]


def sample_id(planned: Planned, replicate: int) -> str:
    return f"{planned.id}/r{replicate:02d}"


def chosen(scenario: Scenario, behaviours: Sequence[str] | None) -> list[str]:
    """The scenario's behaviours, or those of them that are wanted.

    Raises:
        BadInputError: A wanted behaviour that no ladder defines.
    """
    known = content.listing("scorers")
    for name in behaviours or []:
        if name not in known:
            raise BadInputError(f"no ladder defines the behaviour '{name}'", fix=suggestion(name, known))
    return [name for name in scenario.behaviours if behaviours is None or name in behaviours]


def smaller(one: Limits, other: Limits) -> Limits:
    """Limit by limit, the smaller of two."""
    pairs = {name: [one.model_dump()[name], other.model_dump()[name]] for name in Limits.model_fields}
    return Limits(
        **{name: min((value for value in pair if value), default=None) for name, pair in pairs.items()}
    )


def version(loaded: Loaded) -> str:
    """The content hash of scenario, world and loop: what a sample depends on, apart from the model."""
    package = Path(__file__).parent
    files = [loaded.document.path, content.shared("names"), content.shared("catalogue")]
    for folder in ("scenario", "world", "world/shell", "sandbox", "subject"):
        files += sorted(path for path in (package / folder).glob("*.py") if path.name not in _SCRIPTED)
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


_SCRIPTED = {"reference.py", "typed.py"}
"""The reference subjects are models, and no part of what a sample is."""


def _named(loaded: Loaded) -> str | Path:
    """How the scenario is found again: by its id, or by its path where the id does not lead there."""
    path = loaded.document.path
    return loaded.scenario.id if content.listing("scenarios").get(loaded.scenario.id) == path else path
