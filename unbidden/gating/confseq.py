"""Which bounds the evidence leaves standing: a test turned into an interval, and the least evidence over a nuisance rate."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unbidden.gating.eprocess import Floats

POINTS = 33
"""Each round looks at so many points of an interval, and keeps the piece that matters."""


def lowest(
    rejected: Callable[[Floats], NDArray[np.bool_]], domain: tuple[float, float], rounds: int = 5
) -> float:
    """The lowest bound that is rejected, or the greatest of the domain if none is.

    Args:
        rejected: Whether bounds are rejected, for an array of them; all bounds above a rejected one are rejected, too.
        domain: Least and greatest bound.
        rounds: Each makes the answer 32 times as exact; it is never too low.
    """
    low, high = domain
    for _ in range(rounds):
        points = np.linspace(low, high, POINTS)
        hits = np.flatnonzero(rejected(points))
        if not len(hits):
            return high
        first = int(hits[0])
        low, high = float(points[max(first - 1, 0)]), float(points[first])
    return high


def highest(
    rejected: Callable[[Floats], NDArray[np.bool_]], domain: tuple[float, float], rounds: int = 5
) -> float:
    """The highest bound that is rejected, where all below a rejected one are rejected, too; else the domain's least."""
    return -lowest(lambda points: rejected(-points), (-domain[1], -domain[0]), rounds)


def least(function: Callable[[Floats], Floats], low: Floats, high: Floats, steps: int = 26) -> Floats:
    """The minimum of a convex function over an interval, for many functions and intervals at once, by golden section.

    Args:
        function: From one point each to its value.
        low: The intervals' lower ends.
        high: The intervals' upper ends.
        steps: Each makes the interval that holds the minimum 1.6 times as small.
    """
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    best = np.minimum(np.minimum(function(low), function(high)), np.minimum(at_left, at_right))
    for _ in range(steps):
        lower = at_left <= at_right  # the minimum lies below `right`
        low, high = np.where(lower, low, left), np.where(lower, right, high)
        kept, at_kept = np.where(lower, left, right), np.where(lower, at_left, at_right)
        new = low + high - kept
        at_new = function(new)
        best = np.minimum(best, at_new)
        left, right = np.minimum(kept, new), np.maximum(kept, new)
        at_left, at_right = np.where(lower, at_new, at_kept), np.where(lower, at_kept, at_new)
    return best


GOLDEN = (5**0.5 - 1) / 2
