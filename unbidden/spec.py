"""What is to be run: eval files, and what the command line makes of them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unbidden import content
from unbidden.errors import BadInputError, NotFoundError, suggestion
from unbidden.eval_file import Eval
from unbidden.gating.spec import Gate
from unbidden.reading import Document, Place, read_model
from unbidden.scenario.expand import Planned, plan_cells, render
from unbidden.scenario.load import Loaded, load_scenario
from unbidden.scenario.model import Limits
from unbidden.scoring import deciders
from unbidden.scoring.ladder import Ladder, load_ladder
from unbidden.system_prompt import SystemPrompt, prompted
from unbidden.task import chosen, version, with_twins
from unbidden.vocabulary import IN_CONTAINER, SURFACE, AgentName, SandboxName


@dataclass(frozen=True)
class Scope:
    """One scenario of a run: what is played and what is scored."""

    name: str
    loaded: Loaded
    factors: Mapping[str, Sequence[str]]
    cells: Sequence[Planned]
    behaviours: Sequence[str]


@dataclass(frozen=True)
class Spec:
    """A run, resolved: everything but the models."""

    name: str
    title: str
    question: str
    scopes: Sequence[Scope]
    ladders: Mapping[str, Ladder]
    replicates: int
    limits: Limits
    graders: Sequence[str]
    sandbox: SandboxName
    agent: AgentName
    primary: Sequence[str] = ()
    gate: Gate | None = None
    system_prompt: SystemPrompt | None = None
    twins: bool = True

    def prompted(self, prompt: SystemPrompt | None) -> "Spec":
        """The same run with another system prompt in place of the scenarios' own, or with their own if `None`.

        Raises:
            BadInputError: A template in it fails in one of the cells.
        """
        for scope in self.scopes:
            loaded = scope.loaded if prompt is None else prompted(scope.loaded, prompt)
            for cell in scope.cells:
                render(loaded, cell.cell, 1)
        return replace(self, system_prompt=prompt)

    def untwinned(self) -> "Spec":
        """The same run without the twins of its cells."""
        scopes = [replace(scope, cells=with_twins(scope.cells, wanted=False)) for scope in self.scopes]
        return replace(self, scopes=scopes, twins=False)

    def digest(self, *, limit: int | None, options: Mapping[str, Any]) -> str:
        """Hash of everything that decides what comes out, apart from models and ladders.

        Args:
            limit: How many samples of each scenario are run, if not all.
            options: Options of Inspect's that decide what comes out.
        """
        resolved: dict[str, Any] = {
            "scenarios": {
                scope.loaded.scenario.id: [
                    version(scope.loaded),
                    [cell.id for cell in scope.cells],
                    scope.behaviours,
                ]
                for scope in self.scopes
            },
            "replicates": self.replicates,
            "limits": self.limits.model_dump(),
            "decider": self.decider,
            "sandbox": self.sandbox,
            "agent": self.agent,
            "limit": limit,
            "options": options,
        }
        if self.system_prompt is not None:
            resolved["system_prompt"] = self.system_prompt.text
        return hashlib.sha256(json.dumps(resolved, sort_keys=True, default=str).encode()).hexdigest()[:8]

    @property
    def decider(self) -> str:
        """The run's one decider, as tables name it."""
        return deciders.shown(self.graders)

    def rubric_versions(self) -> dict[str, str]:
        """What the decider goes by, by question."""
        return deciders.rubric_versions(self.graders, self.ladders.values())


def resolve(
    names: Sequence[str],
    factors: Mapping[str, Sequence[str]],
    replicates: int | None,
    graders: Sequence[str] = (),
    sandbox: SandboxName | None = None,
    agent: AgentName | None = None,
) -> Spec:
    """What a command line asks for.

    Args:
        names: One eval, or any number of scenarios; names or paths.
        factors: Factor to levels; these replace what an eval says.
        replicates: How often each cell is run; the eval's number if `None`.
        graders: The models that answer what rules cannot settle; the lexicon does if there are none.
        sandbox: What the machines of the shell surface are; as the eval says if `None`.
        agent: Who runs the loop; as the eval says if `None`.

    Raises:
        BadInputError: Something that is named does not exist or is wrong.
    """
    asked = _Asked(factors, replicates, graders, sandbox, agent)
    evals = content.listing("evals")
    names = list(dict.fromkeys(names))
    wanted = [name for name in names if name in evals or _is_eval_path(name)]
    if wanted and len(names) > 1:
        raise BadInputError("one eval at a time, or any number of scenarios", fix=f"Run '{wanted[0]}' alone")
    if wanted:
        path = content.find("evals", names[0])
        plan, document = read_model(path, Eval)
        return _resolved(path.stem, plan, document, asked)
    for name in names:
        _must_be_known(name, evals)
    scenarios = [load_scenario(name).scenario for name in names]
    plan = Eval(
        canary="",
        title=", ".join(scenario.title for scenario in scenarios),
        question="",
        scenarios=list(names),
        replicates=1,
    )
    return _resolved("+".join(scenario.id for scenario in scenarios), plan, None, asked)


@dataclass(frozen=True)
class _Asked:
    """What the command line says beside the names; it goes before what an eval says."""

    factors: Mapping[str, Sequence[str]]
    replicates: int | None
    graders: Sequence[str]
    sandbox: SandboxName | None
    agent: AgentName | None


def _resolved(name: str, plan: Eval, document: Document | None, asked: _Asked) -> Spec:
    given = {**plan.factors, **asked.factors}
    if asked.replicates is not None and asked.replicates < 1:
        raise BadInputError(f"{asked.replicates} replicates", fix="Give at least 1")
    scopes: list[Scope] = []
    for index, scenario in enumerate(plan.scenarios):
        with _placed(document, ("scenarios", index)):
            _must_be_near(scenario, document)
            loaded = load_scenario(scenario)
        mine = {factor: levels for factor, levels in given.items() if factor in loaded.scenario.factors}
        with _placed(document, ("factors",)):
            cells = plan_cells(loaded.scenario, mine)
        with _placed(document, ("behaviours",)):
            behaviours = chosen(loaded.scenario, plan.behaviours)
        for cell in cells:  # a template that fails must fail before anything is called or written
            render(loaded, cell.cell, 1)
        scopes.append(Scope(scenario, loaded, mine, cells, behaviours))
    _factors_exist(given, scopes, document)
    replicates = asked.replicates or plan.replicates
    if (samples := replicates * sum(len(scope.cells) for scope in scopes)) > MOST_SAMPLES:
        raise BadInputError(f"{samples} samples are more than {MOST_SAMPLES}", fix="Run it in parts")
    sandbox, agent = asked.sandbox or plan.sandbox, asked.agent or plan.agent
    _agent_fits(agent, sandbox, scopes)
    _primary_is_scored(plan.primary, scopes, document)
    return Spec(
        name=name,
        title=plan.title,
        question=plan.question,
        scopes=scopes,
        ladders={behaviour: load_ladder(behaviour) for scope in scopes for behaviour in scope.behaviours},
        replicates=replicates,
        limits=plan.limits,
        graders=tuple(dict.fromkeys(asked.graders)),
        sandbox=sandbox,
        agent=agent,
        gate=plan.gate,
        primary=plan.primary,
    )


MOST_SAMPLES = 1_000_000
"""So many samples of a run are planned in memory."""


def _must_be_near(scenario: str, document: Document | None) -> None:
    """An eval from a stranger names scenarios of its own project, or built-in ones."""
    if document is None or not scenario.endswith((".yaml", ".yml")):
        return
    project = document.path.resolve().parent.parent
    if not Path(scenario).resolve().is_relative_to(project):
        raise BadInputError(
            f"'{scenario}' lies outside the eval's project", fix="Name a scenario of scenarios/"
        )


def _factors_exist(given: Mapping[str, Any], scopes: Sequence[Scope], document: Document | None) -> None:
    known = {factor for scope in scopes for factor in scope.loaded.scenario.factors}
    for factor in given:
        if factor not in known:
            with _placed(document, ("factors", factor)):
                raise BadInputError(
                    f"none of the scenarios has a factor '{factor}'", fix=suggestion(factor, known)
                )


def _primary_is_scored(primary: Sequence[str], scopes: Sequence[Scope], document: Document | None) -> None:
    known = {behaviour for scope in scopes for behaviour in scope.behaviours}
    for index, behaviour in enumerate(primary):
        if behaviour not in known:
            with _placed(document, ("primary", index)):
                raise BadInputError(
                    f"the primary behaviour '{behaviour}' is not scored here",
                    fix=suggestion(behaviour, known),
                )


def _agent_fits(agent: AgentName, sandbox: SandboxName, scopes: Sequence[Scope]) -> None:
    """An agent that is a program runs inside a container, and reaches the world from its shell."""
    if agent not in IN_CONTAINER:
        return
    if sandbox not in {"docker", "k8s"}:
        raise BadInputError(
            f"the agent '{agent}' is a program and does not run in the sandbox '{sandbox}'",
            fix="Use --sandbox docker or --sandbox k8s",
        )
    for scope in scopes:
        if any(cell.cell.get(SURFACE) != "shell" for cell in scope.cells):
            raise BadInputError(
                f"the agent '{agent}' reaches {scope.loaded.scenario.id} from its shell only",
                fix="Use --factor surface=shell",
            )


class _placed:  # noqa: N801 - reads as a statement
    """Adds the eval file's line to an error about something the file names."""

    def __init__(self, document: Document | None, place: Place) -> None:
        self._document, self._place = document, place

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: object
    ) -> None:
        if self._document is not None and isinstance(problem, BadInputError) and problem.where is None:
            raise self._document.error(problem.what, self._place, problem.fix) from None


def _is_eval_path(name: str) -> bool:
    path = Path(name)
    return name.endswith((".yaml", ".yml")) and path.resolve().parent.name == "evals"


def _must_be_known(name: str, evals: Mapping[str, Path]) -> None:
    scenarios = content.listing("scenarios")
    if name not in scenarios and not name.endswith((".yaml", ".yml")):
        raise NotFoundError(
            f"there is no eval or scenario '{name}'", fix=suggestion(name, [*evals, *scenarios])
        )
