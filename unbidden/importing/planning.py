"""Where the samples of a run made elsewhere stand: cell, twin, replicate, and what scoring must know of each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unbidden.errors import BadInputError
from unbidden.importing.acts import seen
from unbidden.importing.inspect_logs import Foreign
from unbidden.importing.mapping import MappingFile
from unbidden.importing.records import ABSENT, look_up
from unbidden.results.manifest import PlannedSample
from unbidden.scenario.brief import Brief, BriefFact, SampleMeta
from unbidden.scenario.expand import NO_TWIN, holds

ONLY_CELL = "any"
"""The id of the cell where a mapping knows no factors."""


@dataclass(frozen=True)
class Placed:
    """A sample and its place in the run."""

    foreign: Foreign
    planned: PlannedSample


def place(samples: Sequence[Foreign], mapping: MappingFile) -> list[Placed]:
    """Number the samples of each cell; those of several models with the same task, id and epoch are the same replicate.

    Raises:
        BadInputError: A sample without a field that the mapping reads a level from.
    """
    keys = list[tuple[str, str, str, int]]()
    cells, counts = list[dict[str, str]](), Counter[tuple[str, ...]]()
    for foreign in samples:
        cell = _cell(foreign, mapping)
        cell_id = "+".join(f"{factor}={level}" for factor, level in cell.items()) or ONLY_CELL
        task, name = (foreign.task, foreign.id) if foreign.id is not None else ("", "")
        counts[foreign.model, cell_id, task, name] += 1
        keys.append((cell_id, task, name, counts[foreign.model, cell_id, task, name]))
        cells.append(cell)
    numbers, used = dict[tuple[str, str, str, int], int](), Counter[str]()
    for key in sorted(set(keys)):
        used[key[0]] += 1
        numbers[key] = used[key[0]]
    return [
        Placed(foreign, _planned(key[0], cell, numbers[key], mapping))
        for foreign, key, cell in zip(samples, keys, cells, strict=True)
    ]


def meta_of(
    placed: Placed, mapping: MappingFile, version: str, told: frozenset[str] = frozenset()
) -> SampleMeta:
    """What scoring must know of a sample; `told` are the facts that its prompts already told."""
    planned = placed.planned
    facts = [
        BriefFact(
            id=fact.id,
            kind=fact.kind,
            summary=fact.summary,
            about=fact.about,
            found_in=[*(["task"] if fact.id in told else []), seen(fact.id), *fact.attached_as],
            tells=fact.tells,
            holds=holds(fact.holds, planned.cell),
            decisive=fact.decisive,
        )
        for fact in mapping.facts
    ]
    return SampleMeta(
        scenario=mapping.scenario,
        version=version,
        cell=planned.cell,
        cell_id=planned.cell_id,
        twin=planned.twin,
        replicate=planned.replicate,
        seed=planned.seed,
        brief=Brief(facts=facts, goals=mapping.goals, mandate=mapping.mandate, behaviours=mapping.behaviours),
    )


def _planned(cell_id: str, cell: Mapping[str, str], replicate: int, mapping: MappingFile) -> PlannedSample:
    twin = next((twin.removes for twin in mapping.twins if twin.cell.items() <= cell.items()), NO_TWIN)
    return PlannedSample(
        id=f"{cell_id}/r{replicate:02d}",
        cell=dict(cell),
        cell_id=cell_id,
        twin=twin,
        replicate=replicate,
        seed=0,  # no model of ours was called with one
    )


def _cell(foreign: Foreign, mapping: MappingFile) -> dict[str, str]:
    cell = dict[str, str]()
    for factor, level in mapping.cell.items():
        value = look_up(foreign.fields, level.field)
        if value is ABSENT or value is None or isinstance(value, dict | list):
            raise BadInputError(
                f"the sample {foreign.sample.id} has no value at '{level.field}' for the factor '{factor}'",
                where=str(foreign.file), fix="Correct the factor's field in the mapping, or leave the factor out",
            )  # fmt: skip
        name = level.levels.get(str(value), str(value))
        if not name or any(mark in name for mark in "=+/ ,") or not name.isprintable():
            raise BadInputError(
                f"'{name}' at '{level.field}' cannot be a level", where=str(foreign.file),
                fix=f"Give it a short name under cell.{factor}.levels in the mapping, without any of = + / , or spaces",
            )  # fmt: skip
        cell[factor] = name
    return cell
