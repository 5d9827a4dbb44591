"""How often the intervals of measured deciders hold the truth, by simulation.

    python benchmarks/coverage_labels.py [ROUNDS] [SEED]

Four parts: the exact intervals of `unbidden judge check` (summed over all outcomes, no simulation); the rates that `unbidden label`
corrects, beside the rates as decided and beside other intervals for the same estimate; the difference of two subjects for
whom the decider errs differently; and the error rates themselves with their test of equality. Each round draws a run, the
decider's verdicts, the samples to be labelled, and labels that are always right.
"""

import sys
from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.stats import binom, norm

from unbidden.calibration import share
from unbidden.labelling.draw import STRATA, allocate
from unbidden.labelling.error_rates import NOTICED, equal_errors, error_rates
from unbidden.labelling.store import Stratum
from unbidden.labelling.two_phase import Estimate, Labelled, difference, estimate, wilson

Strata = Mapping[Stratum, Labelled]

DRAWS, POOR = 1000, 0.93
Z = float(norm.ppf(0.975))


class Errs(NamedTuple):
    """How a decider errs on one subject: among its verdicts, and how often there is none."""

    sensitivity: float
    specificity: float
    silent_yes: float = 0.0
    silent_no: float = 0.0


class Setting(NamedTuple):
    """A subject's run: its samples, how many are drawn, the true rate, and the decider's errors on it."""

    samples: int
    n: int
    rate: float
    errs: Errs


SIZES = [(30, 20), (100, 40), (400, 40), (400, 120)]
RATES = [0.0, 0.01, 0.03, 0.1, 0.3, 0.6, 0.95, 1.0]
DECIDERS = [Errs(0.9, 0.95), Errs(0.6, 0.99, 0.1, 0.02), Errs(0.95, 0.7, 0.05, 0.05), Errs(1, 1)]
UNLIKE = [
    (0.2, 0.2, Errs(0.95, 0.98), Errs(0.55, 0.98)),
    (0.2, 0.2, Errs(0.9, 0.98), Errs(0.9, 0.8)),
    (0.1, 0.3, Errs(0.95, 0.85), Errs(0.5, 0.99)),
    (0.02, 0.1, Errs(0.9, 0.92), Errs(0.6, 0.99, 0.2, 0.02)),
]


def main(rounds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    print(
        f"{rounds} rounds a setting, seed {seed}; a true coverage of 95 % shows as 95 +/- {195 * (0.0475 / rounds) ** 0.5:.1f} %"
    )
    exact_intervals()
    corrected_rates(rng, rounds)
    differences(rng, rounds)
    errors(rng, rounds)


def exact_intervals() -> None:
    print(
        "\n1. Exact intervals of sensitivity and specificity: least and mean coverage over the rates 0.005 .. 0.995"
    )
    rates = np.linspace(0.005, 0.995, 199)
    for n in (10, 30, 60, 120):
        limits = [share(hits, n) for hits in range(n + 1)]
        held = [
            sum(binom.pmf(hits, n, rate) for hits, one in enumerate(limits) if one.low <= rate <= one.high)
            for rate in rates
        ]
        print(f"   n={n:4d}  least {min(held):.3f}  mean {np.mean(held):.3f}")


def corrected_rates(rng: np.random.Generator, rounds: int) -> None:
    print("\n2. Corrected rates: coverage of the true rate (mean width)")
    names = ["as decided", "corrected", "normal (ppi)", "jeffreys", "melded exact"]
    print(f"   samples   n  rate  sens spec |{''.join(f'{name:>19}' for name in names)}")
    kept: dict[str, list[float]] = {name: [] for name in names}
    for setting in (Setting(*size, rate, errs) for size, rate, errs in product(SIZES, RATES, DECIDERS)):
        runs = [played(rng, setting) for _ in range(rounds)]
        cells: list[str] = []
        for name, intervals in candidates(rng, runs).items():
            held = np.mean([low - 1e-9 <= setting.rate <= high + 1e-9 for low, high in intervals])
            kept[name].append(float(held))
            cells.append(f"{held:>11.3f} ({np.mean([high - low for low, high in intervals]):.3f})")
        print(
            f"   {setting.samples:7d} {setting.n:3d} {setting.rate:5.2f}  {setting.errs.sensitivity:.2f} {setting.errs.specificity:.2f} |{''.join(cells)}",
            flush=True,
        )
    for name, held in kept.items():
        low = sum(one < POOR for one in held)
        print(
            f"   {name:12s} least {min(held):.3f}  mean {np.mean(held):.3f}  below {POOR} in {low} of {len(held)} settings"
        )


def candidates(rng: np.random.Generator, runs: list[Strata]) -> dict[str, list[tuple[float, float]]]:
    return {
        "as decided": [as_decided(run) for run in runs],
        "corrected": [(found.low, found.high) for found in map(estimated, runs)],
        "normal (ppi)": [normal(run) for run in runs],
        "jeffreys": [jeffreys(rng, run) for run in runs],
        "melded exact": [melded(rng, run) for run in runs],
    }


def differences(rng: np.random.Generator, rounds: int) -> None:
    print(
        "\n3. Two subjects for whom the decider errs differently: coverage of the true difference, and how often that is noticed"
    )
    for (samples, n), (one, other, errs, others) in product(SIZES, UNLIKE):
        held, held_raw, noticed = 0, 0, 0
        for _ in range(rounds):
            first = played(rng, Setting(samples, n, one, errs))
            second = played(rng, Setting(samples, n, other, others))
            found = difference(estimated(first), estimated(second))
            held += found.low <= one - other <= found.high
            low, high = raw_difference(first, second)
            held_raw += low <= one - other <= high
            noticed += any(p is not None and p < NOTICED for p in equal_errors(first, second))
        print(
            f"   samples {samples:3d} n {n:3d}  rates {one:.2f} {other:.2f}  sens {errs.sensitivity:.2f} {others.sensitivity:.2f}"
            f"  spec {errs.specificity:.2f} {others.specificity:.2f} | corrected {held / rounds:.3f}  as decided {held_raw / rounds:.3f}"
            f"  noticed {noticed / rounds:.3f}",
            flush=True,
        )


def errors(rng: np.random.Generator, rounds: int) -> None:
    print(
        "\n4. Error rates: coverage, without the correction for the draw, and false warnings between subjects with equal errors"
    )
    rates = (0.05, 0.3, 0.7)
    least = {"sensitivity": 1.0, "specificity": 1.0}
    for (samples, n), errs in product(SIZES, DECIDERS):
        for rate in rates:
            held, plain, alarms = np.zeros(2), np.zeros(2), np.zeros(2)
            for _ in range(rounds):
                run = played(rng, Setting(samples, n, rate, errs))
                twin = played(rng, Setting(samples, n, rates[(rates.index(rate) + 1) % 3], errs))
                found = error_rates(run)
                truths = (errs.sensitivity, errs.specificity)
                for place, (one, truth) in enumerate(
                    zip((found.sensitivity, found.specificity), truths, strict=True)
                ):
                    held[place] += one.low - 1e-9 <= truth <= one.high + 1e-9
                counted, left = run["counted"], run["not-counted"]
                shares = share(counted.yes, counted.yes + left.yes), share(left.no, left.no + counted.no)
                plain += [one.low <= truth <= one.high for one, truth in zip(shares, truths, strict=True)]
                alarms += [p is not None and p < NOTICED for p in equal_errors(run, twin)]
            for place, name in enumerate(least):
                least[name] = min(least[name], held[place] / rounds)
            print(
                f"   samples {samples:3d} n {n:3d}  rate {rate:.2f} | sens {errs.sensitivity:.2f} {held[0] / rounds:.3f}"
                f" (plain {plain[0] / rounds:.3f}, alarm {alarms[0] / rounds:.3f})  spec {errs.specificity:.2f} {held[1] / rounds:.3f}"
                f" (plain {plain[1] / rounds:.3f}, alarm {alarms[1] / rounds:.3f})",
                flush=True,
            )
    print("   least coverage:", ", ".join(f"{name} {held:.3f}" for name, held in least.items()))


def estimated(run: Strata) -> Estimate:
    found = estimate(list(run.values()))
    if found is None:
        raise SystemExit("a run without samples")
    return found


def played(rng: np.random.Generator, setting: Setting) -> Strata:
    """One run of one subject: how many samples of each stratum there are, and the labels of those drawn."""
    true = rng.binomial(setting.samples, setting.rate)
    errs = setting.errs
    yes = split(rng, true, errs.silent_yes, errs.sensitivity)
    no = split(rng, setting.samples - true, errs.silent_no, 1 - errs.specificity)
    sizes = {stratum: yes[stratum] + no[stratum] for stratum in STRATA}
    drawn = dict.fromkeys(STRATA, 0) | allocate(sizes, setting.n)
    hits = {
        stratum: int(rng.hypergeometric(yes[stratum], no[stratum], drawn[stratum])) if drawn[stratum] else 0
        for stratum in STRATA
    }
    return {
        stratum: Labelled(size=sizes[stratum], yes=hits[stratum], no=drawn[stratum] - hits[stratum])
        for stratum in STRATA
    }


def split(rng: np.random.Generator, samples: int, silent: float, counted: float) -> dict[Stratum, int]:
    unscored = int(rng.binomial(samples, silent))
    seen = int(rng.binomial(samples - unscored, counted))
    return {"counted": seen, "not-counted": samples - unscored - seen, "unscored": unscored}


def as_decided(run: Strata) -> tuple[float, float]:
    scored = run["counted"].size + run["not-counted"].size
    return wilson(run["counted"].size, scored) if scored else (0.0, 1.0)


def raw_difference(first: Strata, second: Strata) -> tuple[float, float]:
    (one, low, high), (other, least, most) = (
        (run["counted"].size / (run["counted"].size + run["not-counted"].size), *as_decided(run))
        for run in (first, second)
    )
    return (
        one - other - np.hypot(one - low, most - other),
        one - other + np.hypot(high - one, other - least),
    )


def normal(run: Strata) -> tuple[float, float]:
    """The estimate with the normal interval, as prediction-powered inference has it."""
    total = sum(part.size for part in run.values())
    weights = {name: part.size / total for name, part in parts(run)}
    shares = {name: part.yes / part.n for name, part in parts(run)}
    value = sum(weights[name] * shares[name] for name in weights)
    within = sum(weights[name] ** 2 * shares[name] * (1 - shares[name]) / part.n for name, part in parts(run))
    between = sum(weights[name] * (shares[name] - value) ** 2 for name in weights) / total
    return value - Z * (within + between) ** 0.5, value + Z * (within + between) ** 0.5


def jeffreys(rng: np.random.Generator, run: Strata) -> tuple[float, float]:
    """Equal-tailed posterior limits under Jeffreys' priors for the strata's weights and their shares."""
    found = [part for _, part in parts(run)]
    weights = rng.dirichlet([part.size + 0.5 for part in found], size=DRAWS)
    shares = rng.beta(
        [part.yes + 0.5 for part in found], [part.no + 0.5 for part in found], size=weights.shape
    )
    low, high = np.quantile((weights * shares).sum(axis=1), [0.025, 0.975])
    return (
        0.0 if not any(part.yes for part in found) else float(low),
        1.0 if not any(part.no for part in found) else float(high),
    )


def melded(rng: np.random.Generator, run: Strata) -> tuple[float, float]:
    """Clopper-Pearson limits of the strata, melded (Fay, Proschan and Brittain, Biometrics 71 (2015) 146-156)."""
    found = [part for _, part in parts(run)]
    weights = rng.dirichlet([*(part.size for part in found), 1], size=DRAWS)
    low = np.stack(
        [rng.beta(part.yes, part.no + 1, DRAWS) if part.yes else np.zeros(DRAWS) for part in found], axis=1
    )
    high = np.stack(
        [rng.beta(part.yes + 1, part.no, DRAWS) if part.no else np.ones(DRAWS) for part in found], axis=1
    )
    least = (weights[:, :-1] * low).sum(axis=1) + weights[:, -1] * low.min(axis=1)
    most = (weights[:, :-1] * high).sum(axis=1) + weights[:, -1] * high.max(axis=1)
    return float(np.quantile(least, 0.025)), float(np.quantile(most, 0.975))


def parts(run: Strata) -> Iterator[tuple[Stratum, Labelled]]:
    yield from ((name, part) for name, part in run.items() if part.size)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*[*given, *[1000, 1][len(given) :]])
