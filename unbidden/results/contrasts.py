"""Linear combinations of cells' rates, with intervals: what every effect of a factor is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from unbidden.intervals import LEVEL
from unbidden.results.firth import Matrix, Vector, firth, probabilities

Model = Literal["cells", "Firth"]

ENOUGH = 5
"""Scored samples in every cell from which on the cells' own rates are used; below that the penalised model is.

Chosen by `benchmarks/coverage_effects.py`: with fewer the cells' intervals cover less than they should, from there on the penalised
model's do.
"""

HITS, SCORED, PLANNED = "hits", "scored", "planned"
"""Columns of a grid that are counts; every other column says which cell a row is."""


@dataclass(frozen=True)
class Estimate:
    """A difference of rates (or one rate), with its 95 % interval and the two-sided p of no difference.

    `model` says what it was taken from: the cells' own rates, or a Firth logistic model where a cell had too few samples.
    """

    value: float
    low: float
    high: float
    p: float
    model: Model


def estimate(grid: pd.DataFrame, weights: Vector, together: tuple[str, str] | None = None) -> Estimate | None:
    """The sum of the cells' rates times their weights; `None` where no scored samples can tell it.

    Args:
        grid: A row a cell, with `hits` and `scored`, and text columns for what makes the cell, empty where a factor does not exist.
        weights: One for each row. A risk difference standardised over strata has one over their number for each cell with the
            factor at its level, and minus that at its baseline.
        together: Two factors whose interaction is asked for.
    """
    used = weights != 0
    if grid[SCORED].to_numpy()[used].min() >= ENOUGH:
        value, centre, error, model = *_from_cells(cells_where(grid, used), weights[used]), "cells"
    else:
        fitted = _from_model(grid, weights, together)
        if fitted is None:
            return None
        value, error = fitted
        centre, model = value, "Firth"
    reach = _Z * error
    least, most = float(weights[weights < 0].sum()), float(weights[weights > 0].sum())
    return Estimate(
        value=value,
        low=min(value, max(centre - reach, least)),
        high=max(value, min(centre + reach, most)),
        p=float(2 * norm.sf(abs(centre) / error)),
        model=model,
    )


_Z = float(norm.ppf((1 + LEVEL) / 2))


def difference(grid: pd.DataFrame, levels: Mapping[str, tuple[str, str]]) -> Vector:
    """Weights of a level against another, the mean over the strata of everything else that have both; all zero if none has.

    With two factors: of the difference of their differences.

    Args:
        grid: A row a cell.
        levels: For each factor the level and what it is held against.
    """
    signs = np.ones(len(grid))
    for factor, (level, baseline) in levels.items():
        signs *= (grid[factor] == level).to_numpy(float) - (grid[factor] == baseline).to_numpy(float)
    others = [name for name in cell_columns(grid) if name not in levels]
    arms = grid.assign(arms=np.abs(signs)).groupby(others)["arms"].transform("sum").to_numpy(float)
    kept = signs * (arms == 2 ** len(levels))
    strata = np.abs(kept).sum() / 2 ** len(levels)
    return kept / strata if strata else kept


def mean(kept: "pd.Series[bool]") -> Vector:
    """Weights of the mean over some cells."""
    return kept.to_numpy(float) / kept.sum()


def fixed(grid: pd.DataFrame, factor: str, level: str) -> Vector:
    """Weights of the mean over all cells if a factor were at one level in each: every other cell is stood for by the one it becomes.

    A cell is left as it is where the factor does not exist or there is no such cell.
    """
    others = [name for name in cell_columns(grid) if name != factor]
    there = (grid[factor] == level).to_numpy(float)
    marked = grid.assign(there=there, cells=1.0).groupby(others)
    found = marked["there"].transform("sum").to_numpy(float)
    return np.where(found > 0, there * marked["cells"].transform("sum").to_numpy(float), 1.0) / len(grid)


@dataclass(frozen=True)
class Mean:
    """A mean of cells' rates, or a change of it, with its 95 % interval."""

    value: float
    low: float
    high: float


def rate_of(grid: pd.DataFrame, weights: Vector) -> Mean | None:
    """The weighted mean of the cells' rates; `None` if one of them has no scored sample.

    The interval is Wilson's for as many samples as give a simple rate the same weight, `1 / sum(w^2 / n)`. Cells with rates of their
    own make the mean vary less than that (Hoeffding, Ann. Math. Stat. 27 (1956) 713-721), so it errs on the wide side.
    """
    used = weights > 0
    scored = grid[SCORED].to_numpy(float)[used]
    if scored.min() == 0:
        return None
    value = min(max(raw(grid, np.where(used, weights, 0)), 0.0), 1.0)
    low, high = _wilson(value, float(1 / np.sum(weights[used] ** 2 / scored)))
    return Mean(value, low, high)


def change_of(grid: pd.DataFrame, weights: Vector) -> Mean | None:
    """A change of a mean: weights that sum to zero. `None` if a cell that enters has no scored sample.

    The interval joins those of the cells that gain weight and of those that lose it: Zou and Donner, Statist. Med. 27 (2008) 1693-1702.
    """
    part = float(weights[weights > 0].sum())
    if not part:
        return Mean(0.0, 0.0, 0.0)
    gain, loss = (rate_of(grid, np.clip(sign * weights, 0, None) / part) for sign in (1, -1))
    if gain is None or loss is None:
        return None
    value = gain.value - loss.value
    low = value - float(np.hypot(gain.value - gain.low, loss.high - loss.value))
    high = value + float(np.hypot(gain.high - gain.value, loss.value - loss.low))
    return Mean(part * value, part * low, part * high)


def _wilson(value: float, n: float) -> tuple[float, float]:
    """The Wilson interval of a rate over a number of samples that need not be whole."""
    share, half = 1 + _Z**2 / n, _Z * float(np.sqrt(value * (1 - value) / n + _Z**2 / (4 * n**2)))
    centre = value + _Z**2 / (2 * n)
    return (
        0.0 if value == 0 else (centre - half) / share,
        1.0 if value == 1 else (centre + half) / share,
    )


def raw(grid: pd.DataFrame, weights: Vector) -> float:
    """The sum over the cells as they are; each used cell needs a scored sample."""
    used = weights != 0
    cells = cells_where(grid, used)
    return float(weights[used] @ (cells[HITS].to_numpy(float) / cells[SCORED].to_numpy(float)))


def _from_cells(grid: pd.DataFrame, weights: Vector) -> tuple[float, float, float]:
    """Value, centre of the interval and standard error, by Price and Bonett, Comput. Stat. Data Anal. 45 (2004) 449-456.

    Every cell is given `2/m` hits and `2/m` misses more, m being the number of cells: for two cells this is Agresti and Caffo's interval.
    """
    hits, scored = grid[HITS].to_numpy(float), grid[SCORED].to_numpy(float)
    more = 2 / len(grid)
    rates, n = (hits + more) / (scored + 2 * more), scored + 2 * more
    error = float(np.sqrt(np.sum(weights**2 * rates * (1 - rates) / n)))
    return raw(grid, weights), float(weights @ rates), error


def _from_model(
    grid: pd.DataFrame, weights: Vector, together: tuple[str, str] | None
) -> tuple[float, float] | None:
    """Value and standard error (delta method) of the rates a penalised model expects in the cells.

    The model has the main effects of everything that makes a cell, and the one interaction that is asked for. In a balanced design its
    likelihood equations reproduce the margins the difference is made of, so an effect it leaves out hardly moves the estimate.
    """
    design = _design(grid, together)
    seen = grid[SCORED].to_numpy() > 0
    if not seen.any():
        return None
    basis = _row_space(design[seen])
    asked = design[weights != 0]
    if not np.allclose(asked @ basis @ basis.T, asked, atol=1e-8):
        return None  # it would take a level that no scored sample had
    reduced = design @ basis  # the penalised fit is the same in any coordinates, and here it has full rank
    hits, scored = grid[HITS].to_numpy(float), grid[SCORED].to_numpy(float)
    fit = firth(reduced[seen], hits[seen], scored[seen])
    rates = probabilities(reduced, fit.coefficients)
    gradient = (weights * rates * (1 - rates)) @ reduced
    return float(weights @ rates), float(np.sqrt(gradient @ fit.covariance @ gradient))


def _design(grid: pd.DataFrame, together: tuple[str, str] | None) -> Matrix:
    """An intercept and an indicator for every value but the first of each column, and their products for the interaction."""
    columns = [np.ones(len(grid))]
    indicators = {name: _indicators(grid[name]) for name in cell_columns(grid)}
    columns += [column for found in indicators.values() for column in found]
    if together:
        one, other = together
        columns += [left * right for left in indicators[one] for right in indicators[other]]
    return np.stack(columns, axis=1)


def cells_where(grid: pd.DataFrame, kept: NDArray[np.bool_]) -> pd.DataFrame:
    return grid[pd.Series(kept, index=grid.index)]


def cell_columns(grid: pd.DataFrame) -> list[str]:
    """What makes a cell of a grid."""
    return [str(name) for name in grid.columns if name not in {HITS, SCORED, PLANNED}]


def _indicators(values: "pd.Series[str]") -> Sequence[Vector]:
    return [(values == value).to_numpy(float) for value in values.unique()[1:]]


def _row_space(design: Matrix) -> Matrix:
    """An orthonormal basis of a design's rows, one column each."""
    _, singular, rows = np.linalg.svd(design, full_matrices=False)
    return rows[singular > singular[0] * 1e-9].T
