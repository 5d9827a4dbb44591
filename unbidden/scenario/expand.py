"""From a scenario to its samples: factors to cells, replicates to entities, templates to texts."""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from types import SimpleNamespace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from unbidden import content
from unbidden.errors import BadInputError, suggestion
from unbidden.reading import Place, read_document
from unbidden.scenario.brief import Brief, BriefFact
from unbidden.scenario.eventspec import Event
from unbidden.scenario.load import Loaded
from unbidden.scenario.model import Block, Entity, Scenario
from unbidden.scenario.worldspec import Condition, WorldSpec
from unbidden.templates import bounded, render_text, render_tree
from unbidden.vocabulary import Role

Cell = Mapping[str, str]
NO_TWIN = "none"


@dataclass(frozen=True)
class Planned:
    """A cell to run, and what it takes away if it is a twin."""

    cell: Cell
    twin: str

    @property
    def id(self) -> str:
        """The cell as part of a sample id: `prompt=bold+evidence=fraud`."""
        return "+".join(f"{factor}={level}" for factor, level in self.cell.items())


@dataclass(frozen=True)
class Situation:
    """One sample of a scenario with every text rendered."""

    system_prompt: str
    task: str
    world: WorldSpec
    roles: Mapping[Role, Sequence[str]]
    blocks: Sequence[Block]
    events: Sequence[Event]
    brief: Brief


def plan_cells(scenario: Scenario, factors: Mapping[str, Sequence[str]]) -> list[Planned]:
    """All cells of the given levels, the rest at baseline, each with its twins beside it.

    Raises:
        BadInputError: A factor or level that the scenario does not have.
    """
    for factor, levels in factors.items():
        if factor not in scenario.factors:
            raise BadInputError(
                f"{scenario.id} has no factor '{factor}'", fix=suggestion(factor, scenario.factors)
            )
        for level in levels:
            allowed = scenario.factors[factor].levels
            if level not in allowed:
                raise BadInputError(
                    f"the factor '{factor}' of {scenario.id} has no level '{level}'",
                    fix=suggestion(level, allowed),
                )
    if (count := prod(len(levels) for levels in factors.values())) > MOST_CELLS:
        raise BadInputError(f"{scenario.id} has {count} cells of these factors, more than {MOST_CELLS}")
    axes = [list(factors.get(name, [factor.baseline])) for name, factor in scenario.factors.items()]
    cells = [dict(zip(scenario.factors, levels, strict=True)) for levels in product(*axes)]
    real = [cell for cell in cells if _twin_of(scenario, cell) == NO_TWIN]
    wanted = [cell | twin.cell for cell in real for twin in scenario.twins]
    planned: dict[str, Planned] = {}
    for cell in [*cells, *wanted]:
        entry = Planned(cell, _twin_of(scenario, cell))
        planned.setdefault(entry.id, entry)
    return list(planned.values())


MOST_CELLS = 10_000
"""More combinations of levels are no design, and fill the memory."""


def _twin_of(scenario: Scenario, cell: Cell) -> str:
    return next((twin.removes for twin in scenario.twins if twin.cell.items() <= cell.items()), NO_TWIN)


def full_cell(scenario: Scenario, given: Cell) -> dict[str, str]:
    """A cell with the factors that were left out at their baseline."""
    return {name: given.get(name, factor.baseline) for name, factor in scenario.factors.items()}


def render(loaded: Loaded, cell: Cell, replicate: int) -> Situation:
    """Render one sample.

    Args:
        loaded: The scenario.
        cell: A level for every factor.
        replicate: Which drawing of the entities, from 1.

    Raises:
        ContentError: A template fails or yields something the world cannot hold; names the line.
    """
    with bounded():
        return _rendered(loaded, cell, replicate)


def _rendered(loaded: Loaded, cell: Cell, replicate: int) -> Situation:
    scenario = loaded.scenario
    names = _names(loaded, cell, replicate)
    complain = loaded.error
    world = _world(loaded, cell, names)

    def text(value: str, *place: str | int) -> str:
        return render_text(value, names, complain, place)

    return Situation(
        system_prompt=text(scenario.system_prompt, "system_prompt").strip(),
        task=text(scenario.task, "task").strip(),
        world=world,
        roles={
            role: [text(entry, "roles", role, index) for index, entry in enumerate(entries)]
            for role, entries in scenario.roles.items()
        },
        blocks=[
            block.model_copy(
                update={
                    "object": block.object and text(block.object, "blocks", index, "object"),
                    "message": text(block.message, "blocks", index, "message"),
                }
            )
            for index, block in enumerate(scenario.blocks)
            if holds(block.when, cell)
        ],
        events=_events(loaded, cell, names, world),
        brief=_brief(loaded, cell, names),
    )


def holds(condition: Condition, cell: Cell) -> bool:
    """Whether a cell meets a condition."""
    return all(
        cell[factor] in ([levels] if isinstance(levels, str) else levels)
        for factor, levels in condition.items()
    )


def sample_seed(scenario: str, cell_id: str, replicate: int) -> int:
    """The seed of a sample's model calls, a function of scenario, cell and replicate; 31 bits."""
    return _digest(f"{scenario}:{cell_id}:{replicate}") % 2**31


def _world(loaded: Loaded, cell: Cell, names: Mapping[str, Any]) -> WorldSpec:
    """Rendered item by item, because what does not exist in a cell must not have to render in it."""
    declared: dict[str, Any] = loaded.document.data["world"]
    rendered: dict[str, Any] = {}
    origin: dict[str, list[int]] = {}
    for section, value in declared.items():
        place: Place = ("world", section)
        if section in _SECTIONS:
            kept = [(i, item) for i, item in enumerate(value) if holds(item.get("when") or {}, cell)]
            origin[section] = [index for index, _ in kept]
            rendered[section] = [
                render_tree(item, names, loaded.error, (*place, index)) for index, item in kept
            ]
        else:
            rendered[section] = render_tree(value, names, loaded.error, place)
    for section, key in _KEYS.items():
        seen = set[str]()
        for position, item in enumerate(rendered.get(section, [])):
            if item[key] in seen:
                place = ("world", section, origin[section][position], key)
                raise loaded.error(f"a second entry of {section} has the {key} '{item[key]}'", place)
            seen.add(item[key])
    try:
        return TypeAdapter(WorldSpec).validate_python(rendered)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        section, *rest = first["loc"]
        if str(section) in origin and rest and isinstance(rest[0], int):
            rest[0] = origin[str(section)][rest[0]]
        raise loaded.error(f"rendered, it does not fit: {first['msg']}", ("world", section, *rest)) from None


_SECTIONS = {"mail", "files", "accounts", "deployments", "contacts", "sites"}
_KEYS = {"mail": "id", "files": "path", "accounts": "user", "deployments": "name", "sites": "url"}


def _events(loaded: Loaded, cell: Cell, names: Mapping[str, Any], world: WorldSpec) -> list[Event]:
    events = list[Event]()
    declared: list[Any] = loaded.document.data.get("events") or []
    for index, raw in enumerate(declared):
        if not holds(raw.get("when") or {}, cell):
            continue
        place: Place = ("events", index)
        try:
            event = TypeAdapter(Event).validate_python(render_tree(raw, names, loaded.error, place))
        except ValidationError as problem:
            first = problem.errors(include_url=False)[0]
            where = (*place, *first["loc"])
            raise loaded.error(f"rendered, it does not fit: {first['msg']}", where) from None
        _must_find_its_object(loaded, event, place, world)
        if event.after.act is not None:
            loaded.must_compile(event.after.act.says, (*place, "after", "act", "says"))
        events.append(event)
    return events


def _must_find_its_object(loaded: Loaded, event: Event, place: Place, world: WorldSpec) -> None:
    users = [account.user for account in world.accounts]
    if event.account is not None and event.account.user not in users:
        what = f"there is no account '{event.account.user}' in this cell"
        raise loaded.error(what, (*place, "account"), suggestion(event.account.user, users))
    running = [item.name for item in world.deployments]
    if event.deployment is not None and event.deployment.name not in running:
        what = f"there is no deployment '{event.deployment.name}' in this cell"
        raise loaded.error(what, (*place, "deployment"), suggestion(event.deployment.name, running))
    if event.deliver is not None and event.deliver.id in {mail.id for mail in world.mail}:
        raise loaded.error(f"a second message has the id '{event.deliver.id}'", (*place, "deliver", "id"))


def _brief(loaded: Loaded, cell: Cell, names: Mapping[str, Any]) -> Brief:
    scenario, complain = loaded.scenario, loaded.error
    data = loaded.document.data
    facts = [
        BriefFact(
            **render_tree(
                {key: value for key, value in raw.items() if key != "holds"}, names, complain, ("facts", i)
            ),
            holds=holds(scenario.facts[i].holds, cell),
        )
        for i, raw in enumerate(data["facts"])
    ]
    goals = render_tree(data.get("goals") or [], names, complain, ("goals",))
    for i, fact in enumerate(facts):
        loaded.must_compile(fact.tells, ("facts", i, "tells"))
    for i, goal in enumerate(goals):
        loaded.must_compile(goal.get("says") or [], ("goals", i, "says"))
    mandate = render_tree(data.get("mandate") or {}, names, complain, ("mandate",))
    return Brief.model_validate(
        {"facts": facts, "goals": goals, "mandate": mandate, "behaviours": scenario.behaviours}
    )


def _names(loaded: Loaded, cell: Cell, replicate: int) -> dict[str, Any]:
    names: dict[str, Any] = {}
    draw = random.Random(_digest(f"{loaded.scenario.id}:{replicate}"))  # noqa: S311 - reproducible, not secret
    people = _people(draw)
    for name, entity in loaded.scenario.entities.items():
        names[name] = _drawn(loaded, name, entity, names, draw, people)
    for name, factor in loaded.scenario.factors.items():
        value = factor.levels[cell[name]]
        fields = {"text": value or ""} if isinstance(value, str | None) else value
        rendered = render_tree(fields, names, loaded.error, ("factors", name, "levels", cell[name]))
        names[name] = SimpleNamespace(level=cell[name], **rendered)
    return names


def _drawn(
    loaded: Loaded,
    name: str,
    entity: Entity,
    names: Mapping[str, Any],
    draw: random.Random,
    people: Iterator[tuple[str, str]],
) -> Any:
    place: Place = ("entities", name)
    if entity.pick is not None:
        picked = render_tree(draw.choice(entity.pick), names, loaded.error, place)
        return picked if isinstance(picked, str) else SimpleNamespace(**picked)
    if entity.person is not None:
        domain = render_text(entity.person, names, loaded.error, place)
        first, last = next(people, ("", ""))
        if not first:
            raise loaded.error("there are no names left for another person", place)
        user = f"{first[0]}{last}".lower()
        address = f"{first}.{last}@{domain}".lower()
        return SimpleNamespace(name=f"{first} {last}", first=first, last=last, user=user, address=address)
    low, high = entity.number or (0, 0)
    return draw.randint(low, high)


def _people(draw: random.Random) -> Iterator[tuple[str, str]]:
    data = read_document(content.shared("names")).data
    return zip(
        draw.sample(data["first"], len(data["first"])),
        draw.sample(data["last"], len(data["last"])),
        strict=False,
    )


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
