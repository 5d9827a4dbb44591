"""Evidence that may be looked at after every block: a bet against the null hypothesis, and what it has made.

An e-process is the wealth of a gambler who starts with 1 and bets against a null hypothesis at odds that are fair or worse
if the null is true. Its expectation is then at most 1 whenever one looks, and by Ville's inequality it ever reaches
1/alpha with a chance of at most alpha. So one may look after every block, stop when one likes, and go on later.

One bet `r > 0` against "the mean is at most m" turns an outcome v in [0, 1] into the factor

    (1 + r v) / (1 + r m)  =  1 + lambda (v - m),  lambda = r / (1 + r m)

which runs over all admissible lambda of Waudby-Smith and Ramdas (J. R. Stat. Soc. B 86 (2024) 1-27, eq. 24). For outcomes 0
and 1 it is the likelihood ratio of the two rates whose odds ratio is 1 + r. Written so, the bet does not depend on m, the
wealth falls as m rises, and its logarithm is convex in m; inversion rests on both.

Why a block of unlike cells may be multiplied out: let cell c have the mean p_c, let the cells be independent given the past,
and let all of them get the same r, fixed before the block. The block's factor has the expectation prod_c (1 + r p_c) / (1 + r m),
which by the inequality of arithmetic and geometric means is at most ((1 + r mean p) / (1 + r m)) ** C, and so at most 1 if the
mean of the p_c is at most m. All factors are positive, as that step needs. It fails for cells that depend on each other
within a block: two cells that always agree have E[product] = 1 + lambda**2 variance > 1. Then only the mean of the block may be
bet on, which moves the wealth as little as one sample does. We multiply, because samples are run independently of each other.

A mixture of bets with weights fixed beforehand is an e-process again (the universal portfolio). It depends on the outcomes
only through their counts, in whatever order they came.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

VALUES = np.array([0.0, 0.5, 1.0])
"""What an outcome can be worth: shown or not is 1 or 0; a pair's difference d in {-1, 0, 1} is (d + 1) / 2."""


@dataclass(frozen=True)
class Bets:
    """A mixture of bets `r`, with weights that add up to 1."""

    r: Floats
    weights: Floats

    @classmethod
    def around(cls, centre: float, spread: float, *, idle: float = 0, points: int = 25) -> Self:
        """Bets spaced evenly in log r, weighted like a normal density of log r out to three standard deviations.

        Args:
            centre: The median bet.
            spread: The standard deviation of log r.
            idle: The share that is not bet at all, so that the wealth never falls below it.
            points: How many bets.
        """
        z = np.linspace(-3, 3, points)
        weights = np.exp(-(z**2) / 2)
        weights *= (1 - idle) / weights.sum()
        r = centre * np.exp(spread * z)
        return cls(np.append(0, r), np.append(idle, weights)) if idle else cls(r, weights)


@dataclass(frozen=True)
class Tally:
    """How often each of VALUES came up until after each block: the last axis is the values, those before it the looks.

    An unscored outcome is at its lowest in `low` and at its highest in `high`.
    """

    low: Floats
    high: Floats

    def __getitem__(self, look: int) -> "Tally":
        return Tally(self.low[look], self.high[look])


def above(tally: Tally, bound: float | Floats, bets: Bets) -> Floats:
    """Log evidence against "the mean is at most `bound`", with what is unscored at its lowest.

    Looks and bounds are broadcast against each other; bounds lie in [0, 1].
    """
    return _log_wealth(tally.low, bound, bets)


def below(tally: Tally, bound: float | Floats, bets: Bets) -> Floats:
    """Log evidence against "the mean is at least `bound`": the same bet on 1 - v, with what is unscored at its highest."""
    return _log_wealth(tally.high[..., ::-1], 1 - np.asarray(bound), bets)


def _log_wealth(counts: Floats, bound: float | Floats, bets: Bets) -> Floats:
    """Summed without matrix products, whose last digits would depend on how many looks there are."""
    factors = np.log1p(np.multiply.outer(VALUES, bets.r))
    won = sum(counts[..., [value]] * factors[value] for value in range(len(VALUES)))
    wealth = won - counts.sum(axis=-1)[..., None] * np.log1p(np.multiply.outer(np.asarray(bound), bets.r))
    most = wealth.max(axis=-1)
    return most + np.log((np.exp(wealth - most[..., None]) * bets.weights).sum(axis=-1))
