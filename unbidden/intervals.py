"""Intervals for rates."""

from scipy.stats import binomtest

LEVEL = 0.95
"""The level of every interval."""


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The Wilson score interval of `hits` out of `n`, for display; `n` is at least 1.

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212.
    """
    interval = binomtest(hits, n).proportion_ci(LEVEL, method="wilson")
    return float(interval.low), float(interval.high)
