"""Scenario files in, checked scenarios out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from unbidden import content
from unbidden.errors import ContentError, suggestion
from unbidden.patterns import mistakes
from unbidden.reading import Document, Place, read_model
from unbidden.scenario.model import Scenario
from unbidden.scenario.worldspec import Condition
from unbidden.vocabulary import SURFACE, SYSTEM_FOLDERS, Surface


@dataclass(frozen=True)
class Loaded:
    """A scenario with the document it came from, for messages that name a line."""

    scenario: Scenario
    document: Document

    def error(self, what: str, place: Iterable[str | int], fix: str | None = None) -> ContentError:
        return self.document.error(what, tuple(place), fix)

    def must_compile(self, patterns: Sequence[str], place: Place) -> None:
        """Raises `ContentError` at the first pattern that is not a regular expression."""
        for index, problem in mistakes(patterns):
            raise self.error(f"not a regular expression: {problem}", (*place, index))


def load_scenario(name: str) -> Loaded:
    """Read a scenario by its id or path.

    Raises:
        NotFoundError: There is no such scenario.
        ContentError: The file does not fit the model, or refers to something that does not exist.
    """
    scenario, document = read_model(content.find("scenarios", name), Scenario)
    loaded = Loaded(scenario, document)
    for problem in _problems(loaded):
        raise problem
    for index, fact in enumerate(scenario.facts):
        if not any("{" in tell for tell in fact.tells):  # templates are compiled when they are rendered
            loaded.must_compile(fact.tells, ("facts", index, "tells"))
    return loaded


def _problems(loaded: Loaded) -> Iterator[ContentError]:
    scenario = loaded.scenario
    if scenario.id != Path(loaded.document.path).stem:
        yield loaded.error(f"the id '{scenario.id}' is not the file's name", ("id",), "Make the two equal")
    known = content.listing("scorers")
    for index, behaviour in enumerate(scenario.behaviours):
        if behaviour not in known:
            fix = suggestion(behaviour, known) + ". A new behaviour is a new file in scorers/"
            yield loaded.error(f"no ladder defines the behaviour '{behaviour}'", ("behaviours", index), fix)
    for factor, levels in scenario.factors.items():
        for level, value in levels.levels.items():
            if isinstance(value, dict) and "level" in value:
                place = ("factors", factor, "levels", level, "level")
                yield loaded.error("'level' is the level's own name and cannot be given", place)
    for script, steps in scenario.scripts.items():
        for number, step in enumerate(steps):
            if step.script is not None:
                yield loaded.error("a script cannot refer to a script", ("scripts", script, number))
    yield from _surface(loaded)
    yield from _cells(loaded)
    yield from _conditions(loaded)
    yield from _exemplars(loaded)


def _surface(loaded: Loaded) -> Iterator[ContentError]:
    """The levels of `surface` mean something to the engine, and a machine watches folders."""
    if SURFACE not in loaded.scenario.factors:
        return
    allowed = get_args(Surface)
    for level in loaded.scenario.factors[SURFACE].levels:
        if level not in allowed:
            place = ("factors", SURFACE, "levels", level)
            yield loaded.error(f"'{level}' is no surface", place, suggestion(level, allowed))
    for index, file in enumerate(loaded.scenario.world.files):
        top, _, below = file.path.lstrip("/").partition("/")
        if "{" in file.path or (below and top not in SYSTEM_FOLDERS):
            continue
        fix = "With a shell, every file of the world lies in a folder that is none of the machine's own"
        yield loaded.error(f"'{file.path}' cannot lie there", ("world", "files", index, "path"), fix)


def _cells(loaded: Loaded) -> Iterator[ContentError]:
    scenario = loaded.scenario
    places: list[tuple[Place, Mapping[str, str | list[str]]]] = [
        (("twins", index, "cell"), dict(twin.cell)) for index, twin in enumerate(scenario.twins)
    ]
    places += [
        (("exemplars", i, "cell"), dict(exemplar.cell)) for i, exemplar in enumerate(scenario.exemplars)
    ]
    for place, cell in places:
        yield from _levels(loaded, place, cell)


def _conditions(loaded: Loaded) -> Iterator[ContentError]:
    world = loaded.scenario.world
    for section in ("mail", "files", "accounts", "deployments", "contacts", "sites"):
        for index, item in enumerate(getattr(world, section)):
            yield from _levels(loaded, ("world", section, index, "when"), item.when)
    for index, block in enumerate(loaded.scenario.blocks):
        yield from _levels(loaded, ("blocks", index, "when"), block.when)
    for index, event in enumerate(loaded.scenario.events):
        yield from _levels(loaded, ("events", index, "when"), event.when)
    for index, fact in enumerate(loaded.scenario.facts):
        yield from _levels(loaded, ("facts", index, "holds"), fact.holds)
    yield from _sources(loaded)
    if not any(fact.decisive for fact in loaded.scenario.facts):
        yield loaded.error(
            "no fact is decisive", ("facts",), "Mark the fact that `exposed` is about: decisive: true"
        )


def _sources(loaded: Loaded) -> Iterator[ContentError]:
    world = loaded.scenario.world
    declared = {"task", *(mail.id for mail in world.mail), *(file.path for file in world.files)}
    declared |= {event.deliver.id for event in loaded.scenario.events if event.deliver is not None}
    declared |= {site.name for site in world.sites}
    if not any("{" in name for name in declared):
        for index, fact in enumerate(loaded.scenario.facts):
            for source in (
                name for way in fact.found_in for name in ([way] if isinstance(way, str) else way)
            ):
                if source not in declared and "{" not in source:
                    fix = suggestion(source, declared)
                    yield loaded.error(f"nothing is called '{source}'", ("facts", index, "found_in"), fix)


def _levels(
    loaded: Loaded, place: Place, condition: Condition | Mapping[str, str | list[str]]
) -> Iterator[ContentError]:
    factors = loaded.scenario.factors
    for factor, levels in condition.items():
        if factor not in factors:
            yield loaded.error(
                f"there is no factor '{factor}'", (*place, factor), suggestion(factor, factors)
            )
            continue
        for level in [levels] if isinstance(levels, str) else levels:
            if level not in factors[factor].levels:
                fix = suggestion(level, factors[factor].levels)
                yield loaded.error(f"the factor '{factor}' has no level '{level}'", (*place, factor), fix)


def _exemplars(loaded: Loaded) -> Iterator[ContentError]:
    scenario = loaded.scenario
    seen: set[str] = set()
    for index, exemplar in enumerate(scenario.exemplars):
        place: Place = ("exemplars", index)
        if exemplar.name in seen:
            yield loaded.error(f"a second exemplar is called '{exemplar.name}'", (*place, "name"))
        seen.add(exemplar.name)
        for section, named in (("expect", exemplar.expect), ("near_miss", exemplar.near_miss)):
            for behaviour in named:
                if behaviour not in scenario.behaviours:
                    fix = suggestion(behaviour, scenario.behaviours)
                    what = f"'{behaviour}' is none of the scenario's behaviours"
                    yield loaded.error(what, (*place, section, behaviour), fix)
        for number, step in enumerate(exemplar.steps):
            if step.script is not None and step.script not in scenario.scripts:
                fix = suggestion(step.script, scenario.scripts)
                yield loaded.error(f"there is no script '{step.script}'", (*place, "steps", number), fix)
