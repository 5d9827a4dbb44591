"""How often the intervals of `unbidden compare` hold the truth, and how often its test errs.

    python benchmarks/coverage.py [ROUNDS] [SEED]

Four parts: the intervals of one rate over rates from 0 to 1 (summed over all outcomes, no simulation); the intervals of the
difference of two subjects that share replicates, Tango's (which is used), beside Miettinen and Nurminen's within cells
and within replicates; the size and power of the exact test; and the intervals over scenarios. Cells have unlike
rates; `worlds` sway both subjects alike (normal, on the logit scale, with that standard deviation).
"""

import sys
from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import binom

from unbidden.intervals import LEVEL, exact, wilson
from unbidden.results.differences import Difference, Strata, difference, miettinen_nurminen
from unbidden.results.generalise import between_scenarios, over_scenarios
from unbidden.results.permutation import no_difference

Floats = NDArray[np.float64]


class Setting(NamedTuple):
    """The rates of two subjects in each cell, and how much the worlds sway both."""

    name: str
    first: list[float]
    second: list[float]
    worlds: float = 0.0


SIZES = [5, 10, 20, 50, 100, 200]
RATES = np.linspace(0, 1, 21)
REPLICATES = [1, 2, 5, 10, 30]
UNLIKE = [0.02, 0.1, 0.3, 0.5, 0.9, 0.98]
SETTINGS = [
    Setting("never", [0.0] * 6, [0.0] * 6),
    Setting("rare, equal", [0.05] * 6, [0.05] * 6),
    Setting("unlike cells, equal", UNLIKE, UNLIKE),
    Setting("unlike cells and worlds, equal", UNLIKE, UNLIKE, 2.0),
    Setting("0.5 and 0.3", [0.5] * 6, [0.3] * 6),
    Setting("0.15 and 0", [0.15] * 6, [0.0] * 6),
    Setting("unlike cells and differences", UNLIKE, [0.0, 0.1, 0.1, 0.3, 0.5, 0.9]),
    Setting("one cell differs", [1.0, 0, 0, 0, 0, 0], [0.0] * 6),
    Setting("0.5 and 0.3, worlds", [0.5] * 6, [0.3] * 6, 2.0),
]


def main(rounds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    single()
    differences(rng, rounds)
    scenarios(rng, rounds)


def single() -> None:
    print("1. One rate: coverage in percent at rates from 0 to 1, summed over all outcomes")
    print("   n    interval " + "".join(f"{rate:6.2f}" for rate in RATES) + "   least over 0..1")
    fine = np.linspace(0, 1, 2001)
    for n, (name, interval) in product(SIZES, (("Wilson", wilson), ("exact", exact))):
        shown, least = covered(interval, n, RATES), covered(interval, n, fine).min()
        print(
            f"   {n:<4d} {name:9s}"
            + "".join(f"{100 * value:6.1f}" for value in shown)
            + f"   {100 * least:.1f}"
        )


def covered(interval: Callable[[int, int], tuple[float, float]], n: int, rates: Floats) -> Floats:
    limits = np.array([interval(hits, n) for hits in range(n + 1)])
    inside = (limits[:, :1] - 1e-9 <= rates) & (rates <= limits[:, 1:] + 1e-9)
    return (binom.pmf(np.arange(n + 1)[:, None], n, rates) * inside).sum(axis=0)


def differences(rng: np.random.Generator, rounds: int) -> None:
    print(
        f"\n2. Difference of two subjects over 6 cells, {rounds} rounds: coverage (mean width); 3. how often the exact test rejects"
    )
    print("   replicates  true   used: pairs     cells (M-N)     replicates (M-N)   rejects   setting")
    for setting, replicates in product(SETTINGS, REPLICATES):
        shown, rejected, truth = played(rng, setting, replicates, rounds)
        cells = "   ".join(f"{held:.3f} ({width:.2f})" for held, width in shown)
        print(
            f"   {replicates:<10d} {truth:+.3f}   {cells}      {rejected:.3f}     {setting.name}", flush=True
        )


def played(
    rng: np.random.Generator, setting: Setting, replicates: int, rounds: int
) -> tuple[list[tuple[float, float]], float, float]:
    """Coverage and width of three intervals, the share of rejections, and the true difference."""
    shape = (rounds, replicates, len(setting.first))
    sway = setting.worlds * rng.normal(size=shape)
    first, second = (
        expit(logit(np.clip(rates, 1e-12, 1 - 1e-12)) + sway) for rates in (setting.first, setting.second)
    )
    truth = float((first - second).mean())
    x, y = (rng.random(shape) < rates for rates in (first, second))
    held, width, rejected = np.zeros(3), np.zeros(3), 0
    for one, other in zip(x, y, strict=True):
        paired = pairs(one, other)
        found = [used(paired), miettinen_nurminen(by_cell(one, other)), miettinen_nurminen(paired)]
        held += [effect.low <= truth <= effect.high for effect in found]
        width += [effect.high - effect.low for effect in found]
        rejected += no_difference(paired) <= 1 - LEVEL
    return list(zip(held / rounds, width / rounds, strict=True)), rejected / rounds, truth


def pairs(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> Strata:
    ones = np.ones(one.size)
    return Strata.of(one.ravel().astype(float), ones, other.ravel().astype(float), ones)


def by_cell(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> Strata:
    n = np.full(one.shape[1], float(one.shape[0]))
    return Strata.of(one.sum(axis=0).astype(float), n, other.sum(axis=0).astype(float), n)


def used(strata: Strata) -> Difference:
    """As `unbidden compare` has it: with no difference inside where the exact test keeps it."""
    effect = difference(strata)
    if effect is None:
        raise SystemExit("strata without samples")
    if no_difference(strata) > 1 - LEVEL:
        return effect._replace(low=min(effect.low, 0.0), high=max(effect.high, 0.0))
    return effect


def scenarios(rng: np.random.Generator, rounds: int) -> None:
    print(
        f"\n4. Over scenarios like these, 10 samples each, rates beta distributed, {rounds} rounds: coverage of a rate, of a difference"
    )
    for count, (a, b) in product((10, 15, 30), ((0.2, 3.8), (1, 4), (1, 1), (20, 20))):
        held = np.zeros(2)
        for _ in range(rounds):
            rates = rng.binomial(10, rng.beta(a, b, size=(2, count))) / 10
            one, apart = over_scenarios(rates[0], 10 * count), between_scenarios(rates[0] - rates[1])
            if one is None or apart is None:
                raise SystemExit("too few scenarios")
            held += [one.low <= a / (a + b) <= one.high, apart.low <= 0 <= apart.high]
        print(
            f"   scenarios {count:2d}  mean {a / (a + b):.2f}  beta({a}, {b})   {held[0] / rounds:.3f}   {held[1] / rounds:.3f}",
            flush=True,
        )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*[*given, *[2000, 1][len(given) :]])
