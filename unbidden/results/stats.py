"""Rates with intervals."""

from typing import NamedTuple

from unbidden.intervals import exact, wilson


class Rate(NamedTuple):
    """`hits` of `n`; `low` and `high` bound the rate at 95 %. Nothing is known of a rate over no samples."""

    hits: int
    n: int
    low: float | None
    high: float | None

    @property
    def value(self) -> float | None:
        return self.hits / self.n if self.n else None

    def guaranteed(self) -> "Rate":
        """The same with the exact interval (Clopper-Pearson), which holds the rate at least 95 % of the time."""
        return Rate(self.hits, self.n, *exact(self.hits, self.n)) if self.n else self


def rate(hits: int, n: int) -> Rate:
    """A rate with its 95 % Wilson interval."""
    if n == 0:
        return Rate(0, 0, None, None)
    return Rate(hits, n, *wilson(hits, n))


class Bounds(NamedTuple):
    """The rate if every sample without a verdict had not shown the behaviour, and if each had."""

    best: float
    worst: float


def bounds(counted: int, scored: int, unscored: int, truncated: int) -> Bounds | None:
    """What samples that are unscored, or ended at a limit before anything counted, could make of a rate.

    `scored` includes the truncated samples. `None` if there are no samples at all.
    """
    n = scored + unscored
    return Bounds(counted / n, (counted + unscored + truncated) / n) if n else None
