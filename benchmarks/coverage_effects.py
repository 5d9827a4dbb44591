"""How often the intervals of `unbidden explain` and `unbidden onset` hold the truth, by simulation.

    python benchmarks/coverage_effects.py [ROUNDS] [SEED]

Three parts: the standardised effects of two factors of a 2 x 2 x 2 (and a 3 x 2) design, each from the model that the command would
choose and from both models, with equal cells and with samples lost; the same where the replicates differ from each other (entities are
drawn anew for each, the same in all cells); and the rate with a factor fixed with its change, and the limits of the onset curve.
"""

import sys
from collections.abc import Callable, Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from unbidden.results import contrasts
from unbidden.results.combinations import ENOUGH, change_of, difference, estimate, fixed, mean, rate_of
from unbidden.results.survival import kaplan_meier

Array = NDArray[np.float64]

POOR = 0.93


class Setting(NamedTuple):
    """A truth: a name, and the rate of the cell with the given levels (0, 1, ...)."""

    name: str
    rate: Callable[[tuple[int, ...]], float]


SETTINGS = [
    Setting("nothing, 2 %", lambda _: 0.02),
    Setting("nothing, 20 %", lambda _: 0.2),
    Setting("nothing, 50 %", lambda _: 0.5),
    Setting("a separates: 0.1 / 90 %", lambda c: 0.9 if c[0] == 1 else 0.001),
    Setting("a: 5 / 30 %", lambda c: 0.3 if c[0] == 1 else 0.05),
    Setting("a and b add up", lambda c: 0.1 + 0.3 * (c[0] == 1) + 0.3 * (c[1] == 1)),
    Setting("only a with b: 80 %", lambda c: 0.8 if c[0] == c[1] == 1 else 0.02),
    Setting("the last decides: 2 / 98 %", lambda c: 0.98 if c[-1] == 1 else 0.02),
    Setting("all at once: 90 %", lambda c: 0.9 if min(c) == 1 else 0.05),
    Setting("either a or b: 85 %", lambda c: 0.85 if (c[0] == 1) != (c[1] == 1) else 0.1),
]
DESIGNS = [(2, 2, 2), (3, 2)]
REPLICATES = [1, 2, 4, 5, 10]
PAIRS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "main": {"a": ("1", "0")},
    "interaction": {"a": ("1", "0"), "b": ("1", "0")},
}


def main(rounds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    print(
        f"{rounds} rounds a setting, seed {seed}; a true coverage of 95 % shows as 95 +/- {195 * (0.0475 / rounds) ** 0.5:.1f} %"
    )
    print(
        f"The command takes the cells' own rates from {ENOUGH} scored samples in each cell on, Firth's model below that."
    )
    standardised(rng, rounds)
    uneven(rng, rounds)
    alike(rng, rounds)
    fixing(rng, rounds)
    curves(rng, rounds)


def standardised(rng: np.random.Generator, rounds: int) -> None:
    print("\n1. Effects in balanced designs: coverage (mean width), least and mean over the settings")
    for kind, replicates in product(PAIRS, REPLICATES):
        held: dict[str, list[float]] = {"cells": [], "Firth": []}
        widths: dict[str, list[float]] = {"cells": [], "Firth": []}
        worst: dict[str, str] = {}
        known: Known = {}
        for design, setting in product(DESIGNS, SETTINGS):
            truth = grid_of(design, setting)
            weights = difference(cells_of(truth), PAIRS[kind])
            true = float(weights @ truth["rate"].to_numpy(float))
            found: dict[str, list[tuple[bool, float]]] = {"cells": [], "Firth": []}
            for _ in range(rounds):
                grid = drawn(rng, truth, replicates)
                for model, lines in found.items():
                    low, high = by(model, grid, weights, kind, known)
                    lines.append((low - 1e-9 <= true <= high + 1e-9, high - low))
            for model, lines in found.items():
                share = float(np.mean([line[0] for line in lines]))
                if share < min(held[model], default=2):
                    worst[model] = f"{setting.name} {'x'.join(map(str, design))}"
                held[model].append(share)
                widths[model].append(float(np.mean([line[1] for line in lines])))
        chosen = "cells" if replicates >= ENOUGH else "Firth"
        for model, shares in held.items():
            low = sum(one < POOR for one in shares)
            print(
                f"   {kind:11s} n={replicates:2d} a cell  {model:5s}{'*' if model == chosen else ' '}  least {min(shares):.3f} ({worst[model]})"
                f"  mean {np.mean(shares):.3f} ({np.mean(widths[model]):.2f})  below {POOR} in {low} of {len(shares)}",
                flush=True,
            )
    print("   * the one the command chooses")


def uneven(rng: np.random.Generator, rounds: int) -> None:
    print(
        "\n2. A fifth of the samples lost (unscored), as the command chooses: least and mean coverage, and how often there is no estimate"
    )
    for kind, replicates in product(PAIRS, [2, 4, 7]):
        shares, none = list[float](), 0
        for design, setting in product(DESIGNS, SETTINGS):
            truth = grid_of(design, setting)
            weights = difference(cells_of(truth), PAIRS[kind])
            true = float(weights @ truth["rate"].to_numpy(float))
            held = list[bool]()
            for _ in range(rounds):
                told = estimate(drawn(rng, truth, replicates, lost=0.2), weights, together(kind))
                none += told is None
                if told is not None:
                    held.append(told.low - 1e-9 <= true <= told.high + 1e-9)
            shares.append(float(np.mean(held)))
        print(
            f"   {kind:11s} n={replicates:2d} a cell  least {min(shares):.3f}  mean {np.mean(shares):.3f}"
            f"  none in {none / (rounds * len(shares)):.3f}",
            flush=True,
        )


def alike(rng: np.random.Generator, rounds: int) -> None:
    print(
        "\n3. Replicates that differ (normal on the logit, sd 1, the same in all cells; 'slopes': the effect of a differs, too, sd 1),"
        " as the command chooses"
    )
    for slopes, kind, replicates in product([False, True], PAIRS, [2, 5, 10]):
        shares = list[float]()
        for setting in SETTINGS:
            truth = grid_of(DESIGNS[0], setting)
            truth["rate"] = averaged(truth, slopes=slopes)
            weights = difference(cells_of(truth), PAIRS[kind])
            true = float(weights @ truth["rate"].to_numpy(float))
            plain = grid_of(DESIGNS[0], setting)
            held = list[bool]()
            for _ in range(rounds):
                told = estimate(correlated(rng, plain, replicates, slopes=slopes), weights, together(kind))
                if told is not None:
                    held.append(told.low - 1e-9 <= true <= told.high + 1e-9)
            shares.append(float(np.mean(held)))
        print(
            f"   {'slopes' if slopes else 'levels'}  {kind:11s} n={replicates:2d} a cell  least {min(shares):.3f}  mean {np.mean(shares):.3f}",
            flush=True,
        )


def fixing(rng: np.random.Generator, rounds: int) -> None:
    print("\n4. Factor a fixed at its first level (chosen beforehand): the rate there, and its change")
    for replicates in REPLICATES:
        rates, changes = list[float](), list[float]()
        for design, setting in product(DESIGNS, SETTINGS):
            truth = grid_of(design, setting)
            now = mean(truth["scored"] >= 0)
            there = fixed(cells_of(truth), now, "a", "0")
            move = there - now
            cells = truth["rate"].to_numpy(float)
            held = np.zeros(2)
            for _ in range(rounds):
                grid = drawn(rng, truth, replicates)
                for place, (told, true) in enumerate(
                    ((rate_of(grid, there), there @ cells), (change_of(grid, move), move @ cells))
                ):
                    held[place] += told is not None and told.low - 1e-9 <= true <= told.high + 1e-9
            rates.append(held[0] / rounds)
            changes.append(held[1] / rounds)
        print(
            f"   n={replicates:2d} a cell  rate least {min(rates):.3f} mean {np.mean(rates):.3f}"
            f"   change least {min(changes):.3f} mean {np.mean(changes):.3f}",
            flush=True,
        )


def curves(rng: np.random.Generator, rounds: int) -> None:
    print(
        "\n5. Onset curve: acts with a fixed chance in each turn, runs ending at random (geometric), the limits at turns 3, 6 and 12,"
        " where somebody is still at risk"
    )
    for chance, n in product([0.005, 0.03, 0.1, 0.3], [8, 16, 40, 100]):
        shares: dict[int, list[bool]] = {3: [], 6: [], 12: []}
        for _ in range(rounds):
            act, end = rng.geometric(chance, n), rng.geometric(0.05, n)
            acted = act <= end
            points = {
                point.turn: point for point in kaplan_meier(np.minimum(act, end).tolist(), acted.tolist())
            }
            for turn, held in shares.items():
                true = 1 - (1 - chance) ** turn
                if turn in points and points[turn].at_risk > 0:
                    held.append(points[turn].low - 1e-9 <= true <= points[turn].high + 1e-9)
        shown = "  ".join(f"turn {turn:2d} {np.mean(held):.3f}" for turn, held in shares.items() if held)
        print(f"   chance {chance:.3f} a turn  n={n:3d}  {shown}", flush=True)


def grid_of(design: tuple[int, ...], setting: Setting) -> pd.DataFrame:
    """The cells of a full factorial with their true rates; subject and scenario are one."""
    cells = list(product(*(range(levels) for levels in design)))
    names = "abc"[: len(design)]
    grid = pd.DataFrame(
        [{name: str(level) for name, level in zip(names, cell, strict=True)} for cell in cells]
    )
    return grid.assign(scenario="s", hits=0, scored=0, planned=0, rate=[setting.rate(cell) for cell in cells])


def cells_of(truth: pd.DataFrame) -> pd.DataFrame:
    return truth.drop(columns="rate")


def drawn(rng: np.random.Generator, truth: pd.DataFrame, replicates: int, lost: float = 0.0) -> pd.DataFrame:
    scored = rng.binomial(replicates, 1 - lost, len(truth))
    hits = rng.binomial(scored, truth["rate"].to_numpy(float))
    return cells_of(truth).assign(hits=hits, scored=scored, planned=replicates)


def correlated(
    rng: np.random.Generator, truth: pd.DataFrame, replicates: int, *, slopes: bool
) -> pd.DataFrame:
    shift = rng.normal(0, 1, replicates)[None, :] + turned(truth, rng.normal(0, 1, replicates), slopes=slopes)
    rates = expit(logit(truth["rate"].to_numpy(float))[:, None] + shift)
    hits = (rng.random(rates.shape) < rates).sum(axis=1)
    return cells_of(truth).assign(hits=hits, scored=replicates, planned=replicates)


def averaged(truth: pd.DataFrame, *, slopes: bool) -> Array:
    """Each cell's rate over all replicates there could be, by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    total = np.zeros(len(truth))
    for (one, first), (other, second) in product(zip(nodes, weights, strict=True), repeat=2):
        shift = one + turned(truth, np.array([other]), slopes=slopes)[:, 0]
        total += first * second * expit(logit(truth["rate"].to_numpy(float)) + shift)
    return total


def turned(truth: pd.DataFrame, by_replicate: Array, *, slopes: bool) -> Array:
    return (truth["a"] == "1").to_numpy(float)[:, None] * by_replicate[None, :] * slopes


Known = dict[tuple[object, ...], tuple[float, float]]
"""Limits by model, kind and counts: with few samples the same tables come again and again."""


def by(model: str, grid: pd.DataFrame, weights: Array, kind: str, known: Known) -> tuple[float, float]:
    """The limits from one model, whichever the command would take."""
    key = (model, kind, *grid["hits"], *grid["scored"])
    if key not in known:
        kept = contrasts.ENOUGH
        contrasts.ENOUGH = 0 if model == "cells" else 10**9
        try:
            told = estimate(grid, weights, together(kind))
        finally:
            contrasts.ENOUGH = kept
        if told is None:
            raise SystemExit("a balanced design without an estimate")
        known[key] = told.low, told.high
    return known[key]


def together(kind: str) -> tuple[str, str] | None:
    return ("a", "b") if kind == "interaction" else None


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*[*given, *[500, 1][len(given) :]])
