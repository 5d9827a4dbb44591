"""Scenarios held against themselves: every cell renders, every exemplar gets the verdicts it expects."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

from unbidden.errors import ContentError, suggestion
from unbidden.reading import Place
from unbidden.replay import Replay, planned_for, replay
from unbidden.scenario.expand import MOST_CELLS, NO_TWIN, render
from unbidden.scenario.load import Loaded
from unbidden.scenario.model import Call, Exemplar, Expected, Step
from unbidden.scoring.ladder import NO_RUNG, Ladder, load_ladder
from unbidden.vocabulary import SURFACE, Surface, ToolGroup
from unbidden.world.tools import SHELL_TOOL, tool_parameters


def check(loaded: Loaded) -> list[ContentError]:
    """Everything that is wrong with a scenario.

    Static problems are reported alone: replaying exemplars that call tools that do not exist explains nothing.
    """
    static = [*_static(loaded), *_cells(loaded)]
    return static or check_replays([*replay([loaded]), *_on_the_other_surface(loaded)])


def _on_the_other_surface(loaded: Loaded) -> list[Replay]:
    """The exemplars that say nothing of a surface, on the one that is not the scenario's baseline."""
    if SURFACE not in loaded.scenario.factors:
        return []
    other: Surface = "functions" if loaded.scenario.factors[SURFACE].baseline == "shell" else "shell"
    return [one for one in replay([loaded], other) if SURFACE not in one.exemplar.cell]


def check_replays(replays: Sequence[Replay]) -> list[ContentError]:
    """Where the exemplars of one scenario came out otherwise than they expect, and what they leave uncovered."""
    return list(_verdicts(replays[0].loaded, replays)) if replays else []


def static_problems(loaded: Loaded) -> list[ContentError]:
    """What can be told without playing anything: tools and their arguments, rungs, closing words."""
    return list(_static(loaded))


def expected(exemplar: Exemplar, name: str) -> Expected:
    """What an exemplar expects of a behaviour, written out."""
    given = exemplar.expect.get(name, NO_RUNG)
    return Expected(rung=given) if isinstance(given, str) else given


def _static(loaded: Loaded) -> Iterator[ContentError]:
    scenario = loaded.scenario
    for name, steps in scenario.scripts.items():
        yield from _steps(loaded, ("scripts", name), steps)
    ladders = {name: load_ladder(name) for name in scenario.behaviours}
    for index, exemplar in enumerate(scenario.exemplars):
        place: Place = ("exemplars", index)
        surface = planned_for(loaded, exemplar).cell.get(SURFACE)
        yield from _steps(loaded, (*place, "steps"), exemplar.steps, shell=surface == "shell")
        if not exemplar.steps or exemplar.steps[-1].say is None:
            yield loaded.error(
                f"the exemplar '{exemplar.name}' does not end", place, "Let its last step be a 'say'"
            )
        yield from _rungs(loaded, index, ladders)


def _steps(
    loaded: Loaded, place: Place, steps: Sequence[Step], *, shell: bool = False
) -> Iterator[ContentError]:
    for index, step in enumerate(steps):
        calls = step.calls or ([Call(tool=step.tool, args=step.args)] if step.tool is not None else [])
        for call in calls:
            if not (shell and call.tool == SHELL_TOOL and set(call.args) == {"command"}):
                yield from _call(loaded, (*place, index), call, loaded.scenario.tools)


def _call(loaded: Loaded, place: Place, call: Call, groups: Sequence[ToolGroup]) -> Iterator[ContentError]:
    tools = tool_parameters(tuple(groups))
    if call.tool not in tools:
        yield loaded.error(
            f"there is no tool '{call.tool}' in this scenario", place, suggestion(call.tool, tools)
        )
        return
    required, allowed = tools[call.tool]
    for name in call.args:
        if name not in allowed:
            yield loaded.error(f"{call.tool} has no argument '{name}'", place, suggestion(name, allowed))
    for name in sorted(required - set(call.args)):
        yield loaded.error(f"{call.tool} needs the argument '{name}'", place)


def _rungs(loaded: Loaded, index: int, ladders: Mapping[str, Ladder]) -> Iterator[ContentError]:
    exemplar = loaded.scenario.exemplars[index]
    named = [("expect", name, expected(exemplar, name).rung) for name in exemplar.expect]
    named += [("expect", name, expected(exemplar, name).attempted or NO_RUNG) for name in exemplar.expect]
    named += [("near_miss", name, rung) for name, rungs in exemplar.near_miss.items() for rung in rungs]
    for section, name, rung in named:
        if rung != NO_RUNG and rung not in ladders[name].ladder:
            fix = suggestion(rung, [NO_RUNG, *ladders[name].ladder])
            yield loaded.error(f"'{name}' has no rung '{rung}'", ("exemplars", index, section, name), fix)


def _cells(loaded: Loaded) -> Iterator[ContentError]:
    factors = loaded.scenario.factors
    if (cells := prod(len(factor.levels) for factor in factors.values())) > MOST_CELLS:
        yield loaded.error(
            f"{cells} cells, more than {MOST_CELLS}", ("factors",), "Leave out factors or levels"
        )
        return
    for levels in product(*(factor.levels for factor in factors.values())):
        for replicate in (1, 2):
            try:
                render(loaded, dict(zip(factors, levels, strict=True)), replicate)
            except ContentError as problem:
                yield problem
                return


def _verdicts(loaded: Loaded, replays: Sequence[Replay]) -> Iterator[ContentError]:
    for one in replays:
        if one.error is not None:
            yield loaded.error(f"the exemplar '{one.label}' could not be played: {one.error}", one.place)
            continue
        for name in loaded.scenario.behaviours:
            yield from _mismatch(one, name)
    for name in loaded.scenario.behaviours:
        yield from _coverage(loaded, load_ladder(name))


def _mismatch(one: Replay, name: str) -> Iterator[ContentError]:
    want, got = expected(one.exemplar, name), one.scores.get(name, {})
    place = (*one.place, "expect", name) if name in one.exemplar.expect else one.place
    label = f"{one.label}: {name}"
    if got.get("rung") is None:
        yield one.loaded.error(f"{label} is unscored ({got.get('unscored')})", place)
        return
    if got["rung"] != want.rung:
        fix = f"Expected {want.rung}; reached by {' '.join(got['acts']) or 'no act'}. Mend the script or what it expects"
        yield one.loaded.error(f"{label} came out as {got['rung']}", place, fix)
    elif got["attempted"] != (want.attempted or want.rung):
        fix = f"Expected {want.attempted or want.rung}. Say it as 'attempted' if that is meant"
        yield one.loaded.error(f"{label} was attempted up to {got['attempted']}", place, fix)
    elif want.counted is not None and got["counted"] != want.counted:
        yield one.loaded.error(f"{label} counted is {got['counted']}", place, f"Expected {want.counted}")
    for rung in one.exemplar.near_miss.get(name, []):
        if _at_or_above(load_ladder(name), str(got["rung"]), rung):
            yield one.loaded.error(f"{label} reaches {rung}, which it should only come close to", place)


def _coverage(loaded: Loaded, ladder: Ladder) -> Iterator[ContentError]:
    """Every rung reached, a near miss for every counted one, and a misfire in a twin (unless the behaviour is wanted)."""
    exemplars, name = loaded.scenario.exemplars, ladder.behaviour
    reached = {expected(exemplar, name).rung for exemplar in exemplars}
    for rung in ladder.ladder:
        if rung not in reached:
            yield loaded.error(
                f"no exemplar reaches {name}: {rung}", ("exemplars",), "Add one, or drop the behaviour"
            )
    if ladder.wanted:
        return
    missed = {rung for exemplar in exemplars for rung in exemplar.near_miss.get(name, [])}
    for rung in ladder.ladder:
        if ladder.counts(rung) and rung not in missed:
            yield loaded.error(f"no exemplar is a near miss of {name}: {rung}", ("exemplars",), "Add one")
    if not any(_misfires(loaded, exemplar, ladder) for exemplar in exemplars):
        yield loaded.error(
            f"no exemplar misfires on {name} in a twin", ("exemplars",), "Add one with a twin's cell"
        )


def _misfires(loaded: Loaded, exemplar: Exemplar, ladder: Ladder) -> bool:
    rung = expected(exemplar, ladder.behaviour).rung
    return planned_for(loaded, exemplar).twin != NO_TWIN and rung != NO_RUNG and ladder.counts(rung)


def _at_or_above(ladder: Ladder, rung: str, other: str) -> bool:
    names = list(ladder.ladder)
    return rung != NO_RUNG and names.index(rung) >= names.index(other)
