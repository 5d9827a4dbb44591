"""The evidence for and against a bound: of one rate, of a difference of two arms, and of a difference from a saved baseline."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from unbidden.gating.confseq import least
from unbidden.gating.eprocess import VALUES, Bets, Floats, Tally, above, below

MORE, LESS = Bets.around(2.2, 0.9), Bets.around(4.0, 1.0)
"""Bets that a rate is above a bound, and below it. An alternative at odds 1 + r times the bound's asks for the bet r.

Tuned by exact mean sample numbers (benchmarks/gate.py) against those of Wald's test for the truth, for ceilings from 0.02 to 0.3: 1.1 to
1.3 times as many where the truth is nothing or a quarter of the ceiling, or twice it, and 1.2 to 1.32 times at a half. Bets below lie
higher, because a subject that never shows the behaviour is the common case. Truths nearer to the bound cost up to 1.6
times as many, and a rate of nearly 1 does, too, where the least number is a handful.
"""

DIFFERENCE = Bets.around(3.0, 1.2)
"""Bets on a difference. The best one depends on how often the arms differ, too, so they are spread wider."""

SHARED = Bets.around(1.0, 1.0, idle=0.1, points=17)
"""Bets on two rates at once: far from the one rate, the evidence of the other must not be undone, so a share stays idle."""


@dataclass(frozen=True)
class Test:
    """A tally after each number of blocks from 0 on, and what it says.

    `passing` takes a tally and bounds to the log evidence against "above the bound", which grows with the bound; `failing` to
    that against "at most the bound", which falls. Looks and bounds are broadcast against each other. `domain` holds all bounds
    there can be.
    """

    tally: Tally
    domain: tuple[float, float]
    passing: Callable[[Tally, Floats], Floats]
    failing: Callable[[Tally, Floats], Floats]


def of_rate(arm: Floats) -> Test:
    """A test of the rate of outcomes that are 1, 0 or NaN if unscored; blocks x cells."""
    return Test(
        _tally(_worst(arm, 0), _worst(arm, 1)),
        (0, 1),
        lambda tally, bound: below(tally, bound, LESS),
        lambda tally, bound: above(tally, bound, MORE),
    )


def of_difference(candidate: Floats, baseline: Floats) -> Test:
    """A test of the difference of two arms, cell by cell: d in {-1, 0, 1} is bet on as (d + 1) / 2.

    Only the differences' mean is used, so the arms of a pair may depend on each other.
    """
    low = _worst(candidate, 0) - _worst(baseline, 1)
    high = _worst(candidate, 1) - _worst(baseline, 0)
    return Test(
        _tally((low + 1) / 2, (high + 1) / 2),
        (-1, 1),
        lambda tally, bound: below(tally, (bound + 1) / 2, DIFFERENCE),
        lambda tally, bound: above(tally, (bound + 1) / 2, DIFFERENCE),
    )


def against_stored(candidate: Floats, hits: int, most: int, samples: int) -> Test:
    """A test of the difference from a saved baseline, whose own error enters as evidence, too.

    If the baseline's rate is b, a candidate's rate above b + bound is refuted by the product of the evidence against "the
    baseline is at most b" and "the candidate is at least b + bound": a product of two independent e-values is one. The null
    leaves b open, so the least product over all b counts; it is at most that at the true b. No share of alpha is spent on an
    interval for b. The logarithm of the product is convex in b.

    Args:
        candidate: Outcomes, blocks x cells.
        hits: The saved baseline's hits, with none of what is unscored.
        most: The same with all of what is unscored.
        samples: Its samples, as many in each cell.
    """
    saved = Tally(
        np.array([samples - hits, 0, hits], dtype=np.float64),
        np.array([samples - most, 0, most], dtype=np.float64),
    )

    def over_baselines(evidence: Callable[[Floats, Floats], Floats], tally: Tally, bound: Floats) -> Floats:
        shift = np.broadcast_to(bound, np.broadcast_shapes(np.shape(bound), tally.low.shape[:-1]))
        return least(
            lambda b: evidence(b, np.clip(b + shift, 0, 1)), np.maximum(0, -shift), np.minimum(1, 1 - shift)
        )

    return Test(
        _tally(_worst(candidate, 0), _worst(candidate, 1)),
        (-1, 1),
        lambda tally, bound: over_baselines(
            lambda b, p: above(saved, b, SHARED) + below(tally, p, SHARED), tally, bound
        ),
        lambda tally, bound: over_baselines(
            lambda b, p: below(saved, b, SHARED) + above(tally, p, SHARED), tally, bound
        ),
    )


def _worst(arm: Floats, unscored: float) -> Floats:
    return np.where(np.isnan(arm), unscored, arm)


def _tally(low: Floats, high: Floats) -> Tally:
    return Tally(_counts(low), _counts(high))


def _counts(outcomes: Floats) -> Floats:
    """How often each value came up until after each block, from 0 blocks on: (blocks + 1) x values."""
    each = (outcomes[..., None] == VALUES).sum(axis=1)
    return np.concatenate([np.zeros((1, len(VALUES))), each.cumsum(axis=0)])
