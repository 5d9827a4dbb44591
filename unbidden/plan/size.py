"""How large a sample is: what its calls take, from little to much."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from statistics import mean, stdev

from scipy.stats import t

from unbidden.intervals import LEVEL
from unbidden.spending import Use


@dataclass(frozen=True)
class Range:
    """What some samples use, at the least and at the most, as far as that can be planned."""

    low: Use = field(default_factory=Use)
    high: Use = field(default_factory=Use)

    def plus(self, other: "Range") -> "Range":
        return Range(self.low.plus(other.low), self.high.plus(other.high))

    def times(self, count: float) -> "Range":
        return Range(self.low.times(count), self.high.times(count))


def predicted(seen: Sequence[Use], count: int) -> Range:
    """What `count` further samples use together, by what some have used.

    The 95 % prediction interval of their sum, figure by figure, from the mean and spread of those seen; never beyond what the
    smallest or the largest one seen would make of it. Of fewer than three it is that.

    Args:
        seen: What each sample used; at least one.
        count: How many more there will be.
    """
    bounds = [_sums([use[figure] for use in seen], count) for figure in range(len(Use._fields))]
    return Range(Use(*(low for low, _ in bounds)), Use(*(high for _, high in bounds)))


FEW = 3
"""Fewer values than this have no spread to speak of."""


def _sums(values: Sequence[float], count: int) -> tuple[float, float]:
    least, most = min(values) * count, max(values) * count
    if len(values) < FEW:
        return least, most
    error = stdev(values) * sqrt(count + count**2 / len(values))
    reach = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * error
    middle = mean(values) * count
    return max(least, middle - reach), min(most, middle + reach)
