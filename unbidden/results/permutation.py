"""Whether two subjects differ at all: the exact test within strata, and what it could have found."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, gammaln, softmax
from scipy.stats import binom

from unbidden.intervals import LEVEL
from unbidden.results.differences import Strata

Floats = NDArray[np.float64]

POWER = 0.8

_PRECISE, _HALF = 5e-4, 0.5

_LEAST = 1e-18
"""Chances below this are left out of a distribution: thousands of them do not reach the last digit of a p-value."""


def no_difference(strata: Strata) -> float:
    """The two-sided p-value of the exact stratified permutation test of no difference.

    If the subjects do not differ, then within a stratum (one world of one cell) nothing says which of the verdicts was whose: all
    ways to deal them out to the two subjects are equally likely, whatever the rates of the strata are and however they differ. So
    the number of the subject's hits in a stratum is hypergeometric given the stratum's totals, and the sum over strata has
    the distribution of their convolution, with nothing estimated and no approximation; a sum at least as far from its mean counts
    as at least as extreme. This is the exact Cochran-Mantel-Haenszel test (Mehta, Patel and Gray, J. Am. Stat. Assoc. 80
    (1985) 969-973). Strata of one sample each, which is what shared replicates are, make it the exact McNemar test: of the pairs
    that disagree, half should favour each. 1 where no stratum tells.
    """
    distribution, least = _distribution(strata)
    seen = float((strata.hits * strata.times).sum())
    values = least + np.arange(len(distribution))
    mean = float(
        (strata.times * strata.n * (strata.hits + strata.other_hits) / (strata.n + strata.other_n)).sum()
    )
    extreme = np.abs(values - mean) >= abs(seen - mean) - 1e-7
    return min(1.0, float(distribution[extreme].sum()))


def _distribution(strata: Strata) -> tuple[Floats, int]:
    """The chances of each sum of the subject's hits, and the least sum."""
    chances, least = np.ones(1), 0
    rows = zip(strata.n, strata.other_n, strata.hits + strata.other_hits, strata.times, strict=True)
    for n, other, hits, times in rows:
        one, start = _within(int(n), int(other), int(hits), int(times))
        chances = np.convolve(chances, one)
        least += start
        kept = np.flatnonzero(chances > _LEAST)
        chances, least = chances[kept[0] : kept[-1] + 1], least + int(kept[0])
    return chances, least


def _within(n: int, other: int, hits: int, times: int) -> tuple[Floats, int]:
    """The same for `times` strata that look alike."""
    low, high = max(0, hits - other), min(n, hits)
    if low == high:
        return np.ones(1), times * low
    mine = np.arange(low, high + 1)  # hypergeometric: in proportion to the ways to deal the hits out
    one: Floats = softmax(
        -gammaln([mine + 1, n - mine + 1, hits - mine + 1, other - hits + mine + 1]).sum(axis=0)
    )
    if high == low + 1:  # then the sum over strata is binomial: all pairs that disagree at once
        return np.asarray(binom.pmf(np.arange(times + 1), times, one[1]), dtype=np.float64), times * low
    chances: Floats = np.ones(1)
    for _ in range(times):
        chances = np.convolve(chances, one)
    return chances, times * low


@lru_cache(maxsize=4096)
def detectable(pairs: int, rate: float) -> float | None:
    """The smallest difference from `rate` that the exact test of pairs would show with 80 % power at the 5 % level.

    Assumed: the reference's true rate is `rate`, the difference lies towards the middle of the scale, and the two subjects'
    verdicts on a pair are independent (worlds that sway both alike make the true power higher). `None` where even a
    difference that takes in all of the scale would be missed too often.
    """
    room = max(rate, 1 - rate)
    if _power(pairs, rate, room) < POWER:
        return None
    low, high = 0.0, room
    while high - low > _PRECISE:
        middle = (low + high) / 2
        low, high = (low, middle) if _power(pairs, rate, middle) >= POWER else (middle, high)
    return high


def _power(pairs: int, rate: float, difference: float) -> float:
    """How often the two-sided exact test of pairs rejects at the 5 % level."""
    other = rate + difference if rate <= _HALF else rate - difference
    up, down = other * (1 - rate), rate * (1 - other)
    unlike = up + down
    if unlike <= 0:
        return 0.0
    spread = 6 * np.sqrt(pairs * unlike * (1 - unlike)) + 1
    counts = np.arange(max(0, int(pairs * unlike - spread)), min(pairs, int(pairs * unlike + spread)) + 1)
    tail = _rejected(pairs)[counts]
    favoured = up / unlike
    shown = _at_most(tail, counts, favoured) + _at_most(tail, counts, 1 - favoured)
    return float((binom.pmf(counts, pairs, unlike) * shown).sum())


@lru_cache(maxsize=256)
def _rejected(pairs: int) -> NDArray[np.int64]:
    """For each number of pairs that disagree, up to how many for one side is too few for chance; -1 where nothing is."""
    counts = np.arange(pairs + 1)
    tail = np.asarray(binom.ppf((1 - LEVEL) / 2, counts, _HALF), dtype=np.int64)
    return np.where(_at_most(tail, counts, _HALF) > (1 - LEVEL) / 2, tail - 1, tail)


def _at_most(hits: NDArray[np.int64], n: NDArray[np.int64], rate: float) -> Floats:
    """The binomial distribution's chance of at most that many hits; none of fewer than none."""
    return np.where(hits < 0, 0.0, bdtr(np.maximum(hits, 0), n, rate))
