"""What factors do to a rate: main effects, two-way interactions, twins, and what is left once a factor is fixed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal

import pandas as pd

from unbidden.results.contrasts import (
    ENOUGH,
    HITS,
    PLANNED,
    SCORED,
    Estimate,
    Mean,
    cells_where,
    change_of,
    difference,
    estimate,
    fixed,
    mean,
    rate_of,
    raw,
)
from unbidden.results.firth import Vector
from unbidden.scenario.expand import NO_TWIN

Levels = Mapping[str, Sequence[str]]
"""The levels of each factor, its baseline first."""

TWIN = "twin"


@dataclass(frozen=True)
class Effect:
    """A risk difference, standardised over the cells of everything else.

    Of a factor: the rate at `level` minus that at `baseline`. Of two: how much the first one's difference differs between the second
    one's level and baseline. Of a twin: the rate of the cells minus that of the same cells without what the twin removes.

    `scored` and `unscored` are the samples in the cells that enter, `least` the fewest scored samples that any side of the difference
    has. `estimate` is `None` where too few samples were scored for any. `bounds` are the differences that the unscored ones could make
    of the one observed, if there are any. `holm` is the p after Holm's correction, once that is known.
    """

    kind: Literal["main", "interaction", "twin"]
    factors: Sequence[str]
    levels: Sequence[str]
    baselines: Sequence[str]
    scored: int
    unscored: int
    least: int
    estimate: Estimate | None
    bounds: tuple[float, float] | None
    holm: float | None = None


@dataclass(frozen=True)
class Ranked:
    """A factor between the level with the highest rate and the one with the lowest, and what can be said of it.

    Of a behaviour that is wanted the lowest rate is the harm, so that `worst` has it.
    """

    factor: str
    worst: str
    best: str
    estimate: Estimate | None
    least: int

    @property
    def moves(self) -> bool:
        """Whether there is a difference at all, whatever it may be worth."""
        return self.estimate is not None and abs(self.estimate.value) > _NOTHING

    @property
    def says(self) -> Literal["cause", "not told apart", "too few"]:
        """Whether the interval excludes no effect; too few where a side has fewer than five scored samples."""
        if self.estimate is None or self.least < ENOUGH:
            return "too few"
        return "cause" if self.estimate.low > 0 or self.estimate.high < 0 else "not told apart"


@dataclass(frozen=True)
class Fixed:
    """What would change if a factor were fixed at its least harmful level, and what then drives the behaviour.

    `before` is the mean rate over the cells there are now, `after` over those at that level, `change` their difference. `remaining`
    ranks the other factors on the samples at that level only.
    """

    factor: str
    level: str
    scored: int
    before: Mean | None
    after: Mean | None
    change: Mean | None
    remaining: Sequence[Ranked]


def effects(rows: pd.DataFrame, levels: Levels, *, wanted: bool) -> Iterator[Effect]:
    """All effects on one behaviour: of factors, of pairs of factors, and of twins unless the behaviour is wanted.

    Args:
        rows: The rows of one behaviour, of one or more subjects (who are then a stratum), twins included.
        levels: The factors and their levels, each baseline first.
        wanted: Whether the behaviour is the work that was asked for.
    """
    grid = grid_of(rows[rows["twin"] == NO_TWIN], levels)
    varied = {name: list(found) for name, found in levels.items() if name in grid.columns}
    for name, found in varied.items():
        for level in found[1:]:
            yield from _effect(grid, "main", {name: (level, found[0])})
    for one, other in combinations(varied, 2):
        for level, second in product(varied[one][1:], varied[other][1:]):
            pair = {one: (level, varied[one][0]), other: (second, varied[other][0])}
            yield from _effect(grid, "interaction", pair)
    if not wanted:
        for removes in sorted(_values(rows["twin"]) - {NO_TWIN}):
            yield from _effect(_twin_grid(rows, levels, removes), "twin", {TWIN: (NO_TWIN, removes)})


def fix(rows: pd.DataFrame, levels: Levels, *, wanted: bool) -> tuple[list[Ranked], list[Fixed]]:
    """The factors ranked, and what follows if the strongest is fixed; then, as long as one that is left is a cause, if that is, too."""
    grid = grid_of(rows[rows["twin"] == NO_TWIN], levels)
    first = ranking(grid, levels, wanted=wanted)
    steps: list[Fixed] = []
    left = first
    while left and left[0].moves and (not steps or left[0].says == "cause"):
        strongest = left[0]
        weights, everywhere = fixed(grid, strongest.factor, strongest.best), mean(grid[SCORED] >= 0)
        part, kept = cells_where(grid, weights > 0).drop(columns=strongest.factor), weights[weights > 0]
        left = ranking(part, levels, wanted=wanted)
        steps.append(
            Fixed(
                factor=strongest.factor,
                level=strongest.best,
                scored=int(part[SCORED].sum()),
                before=rate_of(grid, everywhere),
                after=rate_of(part, kept),
                change=change_of(grid, weights - everywhere),
                remaining=left,
            )
        )
        grid = part
    return first, steps


_NOTHING = 1e-9
"""What rounding leaves of no difference."""


def ranking(grid: pd.DataFrame, levels: Levels, *, wanted: bool) -> list[Ranked]:
    """The factors of a grid, by how far apart the rates of their levels are."""
    found = [
        _ranked(grid, name, [level for level in order if (grid[name] == level).any()], wanted=wanted)
        for name, order in levels.items()
        if name in grid.columns
    ]
    return sorted(
        found,
        key=lambda ranked: -abs(round(ranked.estimate.value, 9)) if ranked.estimate is not None else 1.0,
    )


def grid_of(rows: pd.DataFrame, levels: Levels) -> pd.DataFrame:
    """The cells of some rows with their counts. A factor that is not varied in a scenario is empty there, and left out if it is nowhere."""
    table = pd.DataFrame({name: rows[name].astype(str) for name in ("subject", "scenario")})
    for name in levels:
        values = rows[f"cell.{name}"].astype("string").fillna("").astype(str)
        several = values.groupby(table["scenario"]).transform("nunique") > 1
        if several.any():
            table[name] = values.where(several, "")
    return _counted(table, rows)


def _counted(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    cell = list(table.columns)
    scored = (rows["unscored"] == "").to_numpy(bool)
    hits = rows["counted"].fillna(value=False).to_numpy(bool) & scored
    counts = table.assign(**{HITS: hits.astype(int), SCORED: scored.astype(int), PLANNED: 1})
    return counts.groupby(cell, as_index=False, sort=True).sum()


def _twin_grid(rows: pd.DataFrame, levels: Levels, removes: str) -> pd.DataFrame:
    """The cells with their twins of one kind. Factors that the twin itself sets tell the two apart and make no strata."""
    scenarios = _values(rows[rows["twin"] == removes]["scenario"])
    part = rows[rows["twin"].isin([NO_TWIN, removes]) & rows["scenario"].isin(scenarios)]
    table = pd.DataFrame({name: part[name].astype(str) for name in ("subject", "scenario", "twin")})
    twin = table["twin"] == removes
    for name in levels:
        values = part[f"cell.{name}"].astype("string").fillna("").astype(str)
        for scenario in sorted(scenarios):
            here = table["scenario"] == scenario
            if _values(values[here & twin]) != _values(values[here & ~twin]):
                values = values.mask(here, "")
        table[name] = values
    return _counted(table, part)


def _values(column: "pd.Series[str]") -> set[str]:
    return {str(value) for value in column.unique()}


def _effect(
    grid: pd.DataFrame, kind: Literal["main", "interaction", "twin"], pairs: Mapping[str, tuple[str, str]]
) -> Iterator[Effect]:
    """The effect, or nothing where no two cells differ in just that."""
    weights = difference(grid, pairs)
    if not weights.any():
        return
    used = cells_where(grid, weights != 0)
    together = tuple(pairs)
    yield Effect(
        kind=kind,
        factors=tuple(pairs),
        levels=tuple(level for level, _ in pairs.values()),
        baselines=tuple(baseline for _, baseline in pairs.values()),
        scored=int(used[SCORED].sum()),
        unscored=int((used[PLANNED] - used[SCORED]).sum()),
        least=_least(grid, weights, together),
        estimate=estimate(grid, weights, (together[0], together[1]) if len(together) == _PAIR else None),
        bounds=_bounds(grid, weights),
    )


_PAIR = 2


def _least(grid: pd.DataFrame, weights: Vector, factors: Sequence[str]) -> int:
    used = cells_where(grid, weights != 0)
    return int(used.groupby(list(factors))[SCORED].sum().min())


def _bounds(grid: pd.DataFrame, weights: Vector) -> tuple[float, float] | None:
    lost = grid[PLANNED] - grid[SCORED]
    if not lost[weights != 0].any():
        return None
    low, high = (
        raw(grid.assign(**{HITS: grid[HITS] + lost * (sign * weights > 0), SCORED: grid[PLANNED]}), weights)
        for sign in (-1, 1)
    )
    return low, high


def _ranked(grid: pd.DataFrame, name: str, order: Sequence[str], *, wanted: bool) -> Ranked:
    rates = {level: estimate(grid, mean(grid[name] == level)) for level in order}
    known = {level: rate.value for level, rate in rates.items() if rate is not None}
    by_rate = sorted(known, key=lambda level: -known[level] if wanted else known[level])
    if len(by_rate) < _PAIR:
        return Ranked(name, order[-1], order[0], None, 0)
    best, worst = by_rate[0], by_rate[-1]
    weights = difference(grid, {name: (worst, best)})
    if not weights.any():
        return Ranked(name, worst, best, None, 0)
    return Ranked(name, worst, best, estimate(grid, weights), _least(grid, weights, [name]))
