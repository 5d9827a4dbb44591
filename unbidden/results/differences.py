"""The difference of two subjects' rates, stratified: estimate, interval and test, all of one score statistic."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from unbidden.intervals import LEVEL

Floats = NDArray[np.float64]

_Z = float(norm.ppf((1 + LEVEL) / 2))
_GRID = np.linspace(-1, 1, 129)

_ROUNDING, _FLAT = 1e-12, 1e-8


class Difference(NamedTuple):
    """A stratified risk difference, subject minus reference, from -1 to 1, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Strata:
    """Samples of two subjects that share a stratum, as counts; only strata that hold samples of both.

    Arrays of one length: `hits` of `n` are the subject's, `other_hits` of `other_n` the reference's, and `times` says how
    many strata look like that.
    """

    hits: Floats
    n: Floats
    other_hits: Floats
    other_n: Floats
    times: Floats

    @classmethod
    def of(cls, hits: Floats, n: Floats, other_hits: Floats, other_n: Floats) -> "Strata":
        """Strata one by one, in any order; those without samples of both subjects are left out."""
        both = (n > 0) & (other_n > 0)
        rows = np.stack([hits[both], n[both], other_hits[both], other_n[both]], axis=1).astype(np.float64)
        alike, times = np.unique(rows, axis=0, return_counts=True)
        columns = alike.reshape(-1, 4).T
        return cls(columns[0], columns[1], columns[2], columns[3], times.astype(np.float64))

    @property
    def paired(self) -> bool:
        """Whether each stratum is one sample of each subject."""
        return bool(np.all(self.n == 1) and np.all(self.other_n == 1))

    @property
    def weights(self) -> Floats:
        """Mantel-Haenszel weights n m / (n + m), by which the estimate is the mean over pairs where strata are pairs."""
        return self.n * self.other_n / (self.n + self.other_n)

    @property
    def pairs(self) -> float:
        """How many pairs of samples say as much as these: their number, where strata are pairs."""
        return float(2 * (self.weights * self.times).sum())


def difference(strata: Strata) -> Difference | None:
    """The stratified risk difference with the interval of all values that the score test does not reject at 5 %.

    `None` if no stratum holds samples of both subjects. Strata that are pairs get Tango's interval, others the one of Miettinen and
    Nurminen. On pairs that one estimates each stratum's two rates from two samples, and comes out up to twice as wide
    (benchmarks/coverage.py); at no difference both are the same test, McNemar's.
    """
    if not len(strata.times):
        return None
    return tango(strata) if strata.paired else miettinen_nurminen(strata)


def tango(strata: Strata) -> Difference:
    """The score interval of pairs (one world, played once by each subject), whose variance is estimated over all of them.

    Source: Tango, Statist. Med. 17 (1998) 891-908.
    """
    return _inverted(_tango(strata), strata)


def miettinen_nurminen(strata: Strata) -> Difference:
    """The stratified score interval with Mantel-Haenszel weights.

    Source: Miettinen and Nurminen, Statist. Med. 4 (1985) 213-226.
    """
    return _inverted(_miettinen_nurminen(strata), strata)


def score(strata: Strata, margin: float) -> float:
    """The score statistic against the hypothesis that the difference is `margin`: standard normal if it is.

    Large values say that the difference is greater. The test that decides margins, and that the interval inverts.
    """
    numerator, error = _statistic(strata)(np.array([margin]))
    if error[0] > 0:
        return float(numerator[0] / error[0])
    return float(np.sign(numerator[0]) * np.inf) if abs(numerator[0]) > _ROUNDING else 0.0


_Statistic = Callable[[Floats], tuple[Floats, Floats]]
"""Differences to test in; distance of the estimate from each, and its standard error if that is the difference."""


def _statistic(strata: Strata) -> _Statistic:
    return _tango(strata) if strata.paired else _miettinen_nurminen(strata)


def _estimate(strata: Strata) -> np.float64:
    weights = strata.weights * strata.times
    rates = strata.hits / strata.n - strata.other_hits / strata.other_n
    return (weights * rates).sum() / weights.sum()


def _inverted(statistic: _Statistic, strata: Strata) -> Difference:
    value = float(_estimate(strata))
    return Difference(value, _limit(statistic, value, -1), _limit(statistic, value, 1))


def _limit(statistic: _Statistic, value: float, side: int) -> float:
    """The outermost difference on one side that is not rejected; the statistic is checked over the whole side, not only at one root."""

    def excess(margins: Floats) -> Floats:
        numerator, error = statistic(margins)
        return np.abs(numerator) - _Z * error

    grid = np.unique(np.append(_GRID, value))
    grid = grid[grid >= value] if side > 0 else grid[grid <= value][::-1]
    kept = np.flatnonzero(excess(grid) <= _ROUNDING)
    last = int(kept[-1])
    if last == len(grid) - 1:
        return float(grid[-1])
    found: float = brentq(lambda margin: float(excess(np.array([margin]))[0]), grid[last], grid[last + 1])  # type: ignore[assignment]
    return float(found)


def _tango(strata: Strata) -> _Statistic:
    n = float(strata.times.sum())
    first = float(strata.times[(strata.hits == 1) & (strata.other_hits == 0)].sum())
    second = float(strata.times[(strata.hits == 0) & (strata.other_hits == 1)].sum())

    def statistic(margins: Floats) -> tuple[Floats, Floats]:
        linear = -first - second + (2 * n - first + second) * margins
        constant = -second * margins * (1 - margins)
        alone = (np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0)) - linear) / (4 * n)
        variance = (2 * alone + margins * (1 - margins)) / n
        return (first - second) / n - margins, np.sqrt(np.maximum(variance, 0))

    return statistic


def _miettinen_nurminen(strata: Strata) -> _Statistic:
    weights = strata.weights * strata.times
    share = strata.weights / weights.sum()
    value = _estimate(strata)
    total = strata.n + strata.other_n

    def statistic(margins: Floats) -> tuple[Floats, Floats]:
        first, second = _constrained(strata, margins[:, None])
        variance = (
            (first * (1 - first) / strata.n + second * (1 - second) / strata.other_n) * total / (total - 1)
        )
        return value - margins, np.sqrt((strata.times * share**2 * variance).sum(axis=1))

    return statistic


def _constrained(strata: Strata, margin: Floats) -> tuple[Floats, Floats]:
    """The likeliest rates of each stratum whose difference is `margin`: the closed solution of Miettinen and Nurminen, appendix I."""
    total, hits = strata.n + strata.other_n, strata.hits + strata.other_hits
    square = (strata.n + 2 * strata.other_n) * margin - total - hits
    linear = (strata.other_n * margin - total - 2 * strata.other_hits) * margin + hits
    constant = strata.other_hits * margin * (1 - margin)
    third = square / (3 * total)
    odd = third**3 - square * linear / (6 * total**2) + constant / (2 * total)
    root = np.where(odd < 0, -1, 1) * np.sqrt(np.maximum(third**2 - linear / (3 * total), 0))
    cosine = np.divide(odd, root**3, out=np.ones_like(odd), where=np.abs(root) > _FLAT)
    angle = (np.pi + np.arccos(np.clip(cosine, -1, 1))) / 3
    second = np.clip(2 * root * np.cos(angle) - third, np.maximum(0, -margin), np.minimum(1, 1 - margin))
    return second + margin, second
