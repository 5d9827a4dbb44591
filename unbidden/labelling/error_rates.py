"""How often the decider errs on one subject's own samples, and whether it errs alike on two."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, softmax

from unbidden.calibration import share
from unbidden.labelling.store import Stratum
from unbidden.labelling.two_phase import Labelled
from unbidden.reading import Frozen

NOTICED = 0.05
"""Below this p-value two subjects' error rates are said to differ. Not adjusted for several looks: better warned once too often."""


class ErrorRate(Frozen):
    """One rate with its exact 95 % interval; `value` is `None` where no label tells. `n` labels tell of it."""

    value: float | None
    low: float
    high: float
    n: int


class ErrorRates(Frozen):
    """Sensitivity and specificity among a subject's scored samples whose label is clear."""

    sensitivity: ErrorRate
    specificity: ErrorRate


class _Told(NamedTuple):
    """Labels with one answer: on how many the decider said the same, on how many not.

    `odds` is how much likelier a sample was to be drawn where it said the same than where it did not; `None` where one
    of the two has no clear label.
    """

    same: int
    other: int
    odds: float | None


def error_rates(strata: Mapping[Stratum, Labelled]) -> ErrorRates:
    """Sensitivity and specificity, corrected for the draw.

    Samples are drawn at a higher rate where the decider counted, so shares of the labels as they stand are biased
    (verification bias: Begg and Greenes, Biometrics 39 (1983) 207-215). Among the drawn samples with one true answer the
    decider's verdict is binomial with the odds of the true rate times the ratio of the two sampling fractions; the exact
    interval (Clopper-Pearson) of that share is moved back by this ratio. This is exact when samples are drawn one by one with a
    fixed chance, and errs towards too wide for the fixed numbers that are drawn here (benchmarks/coverage_labels.py).
    """
    yes, no = _told(strata, "yes"), _told(strata, "no")
    return ErrorRates(sensitivity=_rate(yes), specificity=_rate(no))


def equal_errors(
    first: Mapping[Stratum, Labelled], second: Mapping[Stratum, Labelled]
) -> tuple[float | None, float | None]:
    """P-values of equal sensitivity and of equal specificity for two subjects; `None` where labels cannot tell.

    Fisher's exact test, conditional on how many labels there are of each answer, with the known ratio of sampling odds as
    the odds ratio under equality (the noncentral hypergeometric distribution); the plain Fisher test where both subjects
    were drawn alike.
    """
    return (
        _equal(_told(first, "yes"), _told(second, "yes")),
        _equal(_told(first, "no"), _told(second, "no")),
    )


def _told(strata: Mapping[Stratum, Labelled], answer: str) -> _Told:
    counted, left = strata["counted"], strata["not-counted"]
    fractions = [_fraction(counted), _fraction(left)]
    if answer == "yes":
        same, other = counted.yes, left.yes
    else:
        same, other = left.no, counted.no
        fractions.reverse()
    first, second = fractions
    return _Told(same, other, first / second if first and second else None)


def _fraction(stratum: Labelled) -> float:
    """How much of a stratum has a clear label; all of one that has no samples."""
    return (stratum.yes + stratum.no) / stratum.size if stratum.size else 1.0


def _rate(told: _Told) -> ErrorRate:
    n = told.same + told.other
    if told.odds is None or n == 0:
        return ErrorRate(value=None, low=0.0, high=1.0, n=n)
    seen = share(told.same, n)
    return ErrorRate(
        value=_moved(told.same / n, told.odds),
        low=_moved(seen.low, told.odds),
        high=_moved(seen.high, told.odds),
        n=n,
    )


def _moved(seen: float, odds: float) -> float:
    """The rate whose odds are the seen ones without the ratio by which the draw multiplied them."""
    return seen / (seen + (1 - seen) * odds)


def _equal(first: _Told, second: _Told) -> float | None:
    n, m = first.same + first.other, second.same + second.other
    if first.odds is None or second.odds is None or n == 0 or m == 0:
        return None
    same = first.same + second.same
    chances = _chances(n, m, same, first.odds / second.odds)
    seen = float(chances[first.same - max(0, same - m)])
    return min(1.0, float(chances[chances <= seen * (1 + 1e-9)].sum()))


def _chances(n: int, m: int, same: int, odds: float) -> NDArray[np.float64]:
    """Fisher's noncentral hypergeometric distribution: of `same` marked ones, how many are among the first `n` of `n + m`.

    From the smallest possible number up. Not scipy's, which ends the whole process where only one number is possible
    (1.17.1: `nchypergeom_fisher.pmf(7, 10, 7, 10, 1 + 2**-52)`); elsewhere they agree.
    """
    x = np.arange(max(0, same - m), min(n, same) + 1)
    ways = -gammaln([x + 1, n - x + 1, same - x + 1, m - same + x + 1]).sum(axis=0)
    return softmax(ways + x * np.log(odds))
