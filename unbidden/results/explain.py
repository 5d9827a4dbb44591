"""Which factors drive a behaviour, and what would be left to drive it if the strongest were fixed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import pandas as pd
from statsmodels.stats.multitest import (  # pyright: ignore[reportMissingTypeStubs] - there are none
    multipletests,  # pyright: ignore[reportUnknownVariableType]
)

from unbidden import content
from unbidden.errors import BadInputError, suggestion
from unbidden.results.effects import Effect, Fixed, Ranked, effects, fix
from unbidden.results.manifest import Manifest, read_manifest
from unbidden.results.rows import read_verdicts
from unbidden.scenario.expand import NO_TWIN
from unbidden.scenario.load import load_scenario

Levels = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Part:
    """One behaviour of one subject, or of all of them pooled (`subject` is then `None`).

    `ranking` has the factors by how far they move the rate, `steps` what follows if the first is fixed, then the next, and so on.
    """

    behaviour: str
    subject: str | None
    wanted: bool
    scored: int
    unscored: int
    effects: Sequence[Effect]
    ranking: Sequence[Ranked]
    steps: Sequence[Fixed]


@dataclass(frozen=True)
class Explanation:
    """What `unbidden explain` prints.

    `levels` has the factors that were varied, each baseline first; `unvaried` those that were not, by scenario, with the levels there are.
    """

    run: Manifest
    levels: Levels
    unvaried: Mapping[str, Levels]
    parts: Sequence[Part]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "run": {"name": self.run.name, "digest": self.run.digest, "decider": self.run.decider},
            "scripted": self.run.scripted(),
            "scenarios": [scenario.id for scenario in self.run.scenarios],
            "exploratory": True,
            "levels": {name: list(found) for name, found in self.levels.items()},
            "unvaried": self.unvaried,
            "parts": [_plain(part) for part in self.parts],
        }


def explain(
    folder: Path, behaviours: Sequence[str] = (), baselines: Mapping[str, str] | None = None
) -> Explanation:
    """Explain the behaviours of a run.

    Args:
        folder: A run folder.
        behaviours: Which behaviours; all if none are named.
        baselines: For a factor the level that the others are held against; the first that the run had if not given.

    Raises:
        ResultsError: The folder cannot be read.
        BadInputError: No such behaviour, factor or level, or a run without anything to hold against each other.
    """
    run, table = read_manifest(folder), read_verdicts(folder)
    chosen = _chosen(table, behaviours)
    levels = varied(run, baselines or {})
    parts = [
        _part(rows, levels, behaviour, subject, wanted=behaviour in run.wanted)
        for behaviour in chosen
        for subject, rows in _subjects(table[table["behaviour"] == behaviour])
    ]
    unvaried = _unvaried(run, levels)
    if not any(part.effects for part in parts):
        raise BadInputError(
            "every factor ran at one level, and no cell has a twin: there is nothing to explain",
            where=str(folder),
            fix=f"Run it again with several levels of a factor. {could_vary(unvaried)}",
        )
    return Explanation(run, levels, unvaried, _adjusted(parts))


def varied(run: Manifest, baselines: Mapping[str, str]) -> dict[str, list[str]]:
    """The factors of which some scenario ran several levels (twins apart), in the order of the run, each baseline first.

    Raises:
        BadInputError: A baseline for a factor or level that was not run.
    """
    levels: dict[str, list[str]] = {}
    for scenario in run.scenarios:
        cells = [planned.cell for planned in scenario.samples if planned.twin == NO_TWIN]
        for factor in dict.fromkeys(name for cell in cells for name in cell):
            found = list(dict.fromkeys(cell[factor] for cell in cells if factor in cell))
            if len(found) > 1:
                levels[factor] = list(dict.fromkeys([*levels.get(factor, []), *found]))
    for factor, level in baselines.items():
        if factor not in levels:
            raise BadInputError(f"no factor '{factor}' was varied", fix=suggestion(factor, levels))
        if level not in levels[factor]:
            what = f"the factor '{factor}' had no level '{level}'"
            raise BadInputError(what, fix=suggestion(level, levels[factor]))
        levels[factor] = [level, *(other for other in levels[factor] if other != level)]
    return levels


def could_vary(unvaried: Mapping[str, Levels]) -> str:
    """One line that says which factors could have been varied."""
    listed = "; ".join(
        f"{scenario}: " + ", ".join(f"{factor}={'|'.join(found)}" for factor, found in levels.items())
        for scenario, levels in unvaried.items()
        if levels
    )
    return f"To vary, by --factor: {listed}" if listed else "Its scenarios have no other factor"


def _unvaried(run: Manifest, levels: Levels) -> dict[str, dict[str, list[str]]]:
    """By scenario, the factors that were not varied and do not make a twin, with their levels if the scenario is still there."""
    known = content.listing("scenarios")
    found: dict[str, dict[str, list[str]]] = {}
    for scenario in run.scenarios:
        if scenario.id in known:
            there = load_scenario(scenario.id).scenario
            of_twins = {factor for twin in there.twins for factor in twin.cell}
            found[scenario.id] = {
                name: list(factor.levels)
                for name, factor in there.factors.items()
                if name not in levels and name not in of_twins
            }
    return found


def _chosen(table: pd.DataFrame, behaviours: Sequence[str]) -> list[str]:
    known = sorted(str(name) for name in table["behaviour"].unique())
    for name in behaviours:
        if name not in known:
            raise BadInputError(f"no sample of this run was scored for '{name}'", fix=suggestion(name, known))
    return list(dict.fromkeys(behaviours)) or known


def _subjects(rows: pd.DataFrame) -> Iterator[tuple[str | None, pd.DataFrame]]:
    subjects = sorted(str(name) for name in rows["subject"].unique())
    for subject in subjects:
        yield subject, rows[rows["subject"] == subject]
    if len(subjects) > 1:
        yield None, rows


def _part(rows: pd.DataFrame, levels: Levels, behaviour: str, subject: str | None, *, wanted: bool) -> Part:
    real = rows[rows["twin"] == NO_TWIN]
    first, steps = fix(rows, levels, wanted=wanted)
    return Part(
        behaviour=behaviour,
        subject=subject,
        wanted=wanted,
        scored=int((real["unscored"] == "").sum()),
        unscored=int((real["unscored"] != "").sum()),
        effects=list(effects(rows, levels, wanted=wanted)),
        ranking=first,
        steps=steps,
    )


def _adjusted(parts: Sequence[Part]) -> list[Part]:
    """With p corrected over every effect there is an estimate of."""
    told = [effect.estimate.p for part in parts for effect in part.effects if effect.estimate is not None]
    corrected = iter(holm(told))
    return [
        replace(
            part,
            effects=[
                replace(effect, holm=next(corrected)) if effect.estimate is not None else effect
                for effect in part.effects
            ],
        )
        for part in parts
    ]


def holm(told: Sequence[float]) -> list[float]:
    """Corrected p: Holm, Scand. J. Stat. 6 (1979) 65-70."""
    if not told:
        return []
    found = cast("Any", multipletests(told, method="holm"))
    return [float(p) for p in found[1]]


def _plain(part: Part) -> dict[str, Any]:
    data = asdict(part)
    for ranked, shown in [
        *zip(part.ranking, data["ranking"], strict=True),
        *(
            pair
            for step, plain in zip(part.steps, data["steps"], strict=True)
            for pair in zip(step.remaining, plain["remaining"], strict=True)
        ),
    ]:
        shown["says"] = ranked.says
    return data
