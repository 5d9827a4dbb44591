"""From the named scenarios to scenarios like them: rates and differences with scenarios as a sample."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta, t

from unbidden.intervals import LEVEL
from unbidden.results.contrasts import Pair
from unbidden.results.differences import Difference

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
    for behaviour, part in real.assign(hits=real["counted"].to_numpy(dtype=np.float64)).groupby(
        "behaviour", sort=True, observed=True
    ):
        means = part.pivot_table(index="scenario", columns="subject", values="hits", observed=True)
        sizes = part["subject"].value_counts()
        for subject in means.columns:
            rates = means[subject].dropna().to_numpy(dtype=np.float64)
            n = int(sizes[subject])
            found.append(General(str(behaviour), str(subject), None, len(rates), over_scenarios(rates, n)))
        for subject, reference in pairs:
            if subject in means and reference in means:
                apart = _apart(part, subject, reference)
                found.append(
                    General(str(behaviour), subject, reference, len(apart), between_scenarios(apart))
                )
    return found


def over_scenarios(rates: NDArray[np.float64], n: int) -> Difference | None:
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


def between_scenarios(differences: NDArray[np.float64]) -> Difference | None:
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


def _apart(part: pd.DataFrame, subject: str, reference: str) -> NDArray[np.float64]:
    """The difference in each scenario, as the mean over the strata that hold samples of both."""
    two = part[part["subject"].isin([subject, reference])]
    strata = two.pivot_table(
        index=["scenario", "cell", "replicate"], columns="subject", values="hits", observed=True
    )
    apart = (strata[subject] - strata[reference]).dropna()
    return apart.groupby(level="scenario").mean().to_numpy(dtype=np.float64)
