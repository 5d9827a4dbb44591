"""Intervals for rates."""

from functools import lru_cache
from typing import Literal

from scipy.stats import binomtest

LEVEL = 0.95
"""The level of every interval."""


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The Wilson score interval of `hits` out of `n`, for display; `n` is at least 1.

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212.
    """
    return _interval(hits, n, "wilson")


def exact(hits: int, n: int) -> tuple[float, float]:
    """The Clopper-Pearson interval of `hits` out of `n`, which holds the rate at least as often as its level; `n` is at least 1.

    Source: Clopper and Pearson, Biometrika 26 (1934) 404-413.
    """
    return _interval(hits, n, "exact")


@lru_cache(maxsize=4096)
def _interval(hits: int, n: int, method: Literal["wilson", "exact"]) -> tuple[float, float]:
    found = binomtest(hits, n, hits / n)  # of that share itself, which spares the search for a p-value
    interval = found.proportion_ci(LEVEL, method=method)
    return float(interval.low), float(interval.high)
