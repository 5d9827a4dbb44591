"""From the named scenarios to scenarios like them: rates and differences with scenarios as a sample."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta, t

from unbidden.intervals import LEVEL
from unbidden.results.contrasts import Counts, Pair, by_stratum
from unbidden.results.differences import Difference

Floats = NDArray[np.float64]

LEAST = 10
"""Scenarios below which nothing is said of others: a variance between scenarios from fewer is mostly noise."""

_TAIL = (1 - LEVEL) / 2

_NONE = 1e-15


@dataclass(frozen=True)
class General:
    """A subject's mean rate over scenarios like these, or its difference from a reference, each scenario with the same weight.

    `effect` is `None` where there are fewer than ten scenarios.
    """

    behaviour: str
    subject: str
    reference: str | None
    scenarios: int
    effect: Difference | None


def generalised(real: pd.DataFrame, pairs: Sequence[Pair]) -> list[General]:
    """Every subject's rate, and every pair's difference, over scenarios.

    Args:
        real: The scored rows that are no twins, with columns `behaviour`, `subject`, `scenario`, `cell`, `replicate`, `counted`.
        pairs: Subjects and the references to compare them with.
    """
    found = list[General]()
    strata = real.groupby(["scenario", "cell", "replicate"], sort=False, observed=True).ngroup()
    for behaviour, part in real.assign(stratum=strata).groupby("behaviour", sort=True, observed=True):
        counts = by_stratum(part)
        scenarios = pd.factorize(part.drop_duplicates("stratum")["scenario"])[0]
        for subject in sorted(counts):
            hits, n = (np.bincount(scenarios, weights=numbers) for numbers in counts[subject])
            rates = hits[n > 0] / n[n > 0]
            found.append(
                General(str(behaviour), subject, None, len(rates), over_scenarios(rates, int(n.sum())))
            )
        for subject, reference in pairs:
            if subject in counts and reference in counts:
                apart = _apart(counts, scenarios, (subject, reference))
                found.append(
                    General(str(behaviour), subject, reference, len(apart), between_scenarios(apart))
                )
    return found


def over_scenarios(rates: Floats, n: int) -> Difference | None:
    """The mean of the scenarios' rates with its 95 % interval; `None` below ten scenarios.

    Args:
        rates: A rate for each scenario, from 0 to 1.
        n: Samples in all.

    The Clopper-Pearson interval at the effective sample size that the variance between scenarios leaves, with the degrees of
    freedom of that variance: Korn and Graubard, Survey Methodology 24 (1998) 193-201.
    """
    if len(rates) < LEAST:
        return None
    mean, variance = float(rates.mean()), float(rates.var(ddof=1)) / len(rates)
    if variance < _NONE:
        return _alike(mean, len(rates), 0.0)
    fewer = (t.ppf(1 - _TAIL, n - 1) / t.ppf(1 - _TAIL, len(rates) - 1)) ** 2
    size = min(n, mean * (1 - mean) / variance * fewer)
    hits = mean * size
    return Difference(
        mean,
        float(beta.ppf(_TAIL, hits, size - hits + 1)),
        float(beta.ppf(1 - _TAIL, hits + 1, size - hits)),
    )


def between_scenarios(differences: Floats) -> Difference | None:
    """The mean of the scenarios' differences with its 95 % interval; `None` below ten scenarios.

    Student's interval over the scenarios' means. With one mean a cluster this is the cluster-robust interval with the CR2
    correction and Satterthwaite's degrees of freedom, which come to the number of scenarios less one: Bell and McCaffrey, Survey
    Methodology 28 (2002) 169-181; Cameron and Miller, J. Hum. Resour. 50 (2015) 317-372.
    """
    size = len(differences)
    if size < LEAST:
        return None
    mean, error = float(differences.mean()), float(differences.std(ddof=1)) / np.sqrt(size)
    if error**2 < _NONE:
        return _alike(mean, size, -1.0)
    reach = float(t.ppf(1 - _TAIL, size - 1)) * error
    return Difference(mean, max(-1.0, mean - reach), min(1.0, mean + reach))


def _alike(value: float, scenarios: int, least: float) -> Difference:
    """What holds when all scenarios say the same, which tells of no variance.

    If the mean over all scenarios lay further off on one side by a share `u` of the room that is left there, then a scenario would
    lie off at all with a chance of at least `u`, and none of these would have with a chance of at most `(1 - u) ** scenarios`.
    """
    share = 1 - _TAIL ** (1 / scenarios)
    return Difference(value, value - (value - least) * share, value + (1 - value) * share)


def _apart(counts: Counts, scenarios: NDArray[np.int64], pair: Pair) -> Floats:
    """The difference in each scenario, as the mean over the strata that hold samples of both.

    Args:
        counts: Hits and samples of each subject, stratum by stratum.
        scenarios: The scenario of each stratum, by number.
        pair: The subject and its reference.
    """
    (hits, n), (other_hits, other_n) = counts[pair[0]], counts[pair[1]]
    both = (n > 0) & (other_n > 0)
    apart = hits[both] / n[both] - other_hits[both] / other_n[both]
    strata = np.bincount(scenarios[both])
    sums = np.bincount(scenarios[both], weights=apart)
    return sums[strata > 0] / strata[strata > 0]
