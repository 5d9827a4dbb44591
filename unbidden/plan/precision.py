"""How many samples a rate or a difference needs, and what a number of samples gives."""

from bisect import bisect_left
from dataclasses import dataclass
from math import ceil, sqrt
from typing import cast

from statsmodels.stats.proportion import (  # pyright: ignore[reportMissingTypeStubs] - there are none
    proportion_confint,  # pyright: ignore[reportUnknownVariableType]
    samplesize_proportions_2indep_onetail,  # pyright: ignore[reportUnknownVariableType]
)

from unbidden.errors import BadInputError
from unbidden.intervals import LEVEL

WORST = 0.5
"""The rate at which an interval is widest: what is assumed if no rate is."""

MOST = 1_000_000
"""More samples than this are no plan."""


@dataclass(frozen=True)
class Wanted:
    """What a run is to reach.

    Args:
        width: The most that the 95 % interval of a subject's rate may measure from end to end.
        difference: The difference between two subjects' rates that is to be found.
        rate: The rate that is expected (of the one subject, in a difference); the least favourable one if `None`.
        power: How probably the difference is to be found.
    """

    width: float | None = None
    difference: float | None = None
    rate: float | None = None
    power: float = 0.8

    def __post_init__(self) -> None:
        for name in ("width", "difference", "rate", "power"):
            value: float | None = getattr(self, name)
            if value is not None and not 0 < value < 1:
                option = "detect" if name == "difference" else name
                raise BadInputError(f"--{option} {value} is out of range", fix="Give it between 0 and 1")

    def samples(self) -> int | None:
        """How many samples a subject's rate needs for all that is wanted; `None` if nothing is.

        Raises:
            BadInputError: More than a million, or no such difference is possible.
        """
        needs = [
            *([samples_for_width(self.rate, self.width)] if self.width is not None else []),
            *([self._for_difference(self.difference)] if self.difference is not None else []),
        ]
        return max(needs, default=None)

    def _for_difference(self, difference: float) -> int:
        needed = samples_for_difference(self.rate, difference, self.power)
        if needed is None:
            raise BadInputError(
                f"no rate differs from {self.rate} by {difference}", fix="Give a smaller --detect"
            )
        return needed


def interval(rate: float, n: int) -> tuple[float, float]:
    """The 95 % Wilson interval that is to be expected at a rate: `rate * n` hits of `n`, whole or not."""
    low, high = cast("tuple[float, float]", proportion_confint(rate * n, n, alpha=1 - LEVEL, method="wilson"))
    return float(low), float(high)


def width(rate: float | None, n: int) -> float:
    """How wide that interval is, from end to end.

    Over cells with different rates the pooled rate varies less than a single binomial of that rate, so this is no less than what
    a run will show on average.
    """
    low, high = interval(WORST if rate is None else rate, n)
    return high - low


def samples_for_width(rate: float | None, wanted: float) -> int:
    """The fewest samples whose interval is no wider than wanted.

    Raises:
        BadInputError: More than a million.
    """
    found = bisect_left(range(1, MOST), True, key=lambda n: width(rate, n) <= wanted) + 1  # noqa: FBT003
    if found >= MOST:
        raise BadInputError(f"a width of {wanted} needs more than {MOST:,} samples", fix="Give a larger one")
    return found


def samples_for_difference(rate: float | None, difference: float, power: float) -> int | None:
    """The fewest samples of each of two subjects that find a difference at the 5 % level, two-sided.

    The two are taken as independent; sharing replicates, as they do, they need no more. The normal approximation is corrected
    for continuity, which brings it to Fisher's exact test: Fleiss, Tytun & Ury, Biometrics 36 (1980) 343-346.

    Args:
        rate: The one subject's rate; the pair around one half, which needs most, if `None`.
        difference: From that to the other subject's, upwards or downwards, whichever needs more.
        power: How probably it is found.

    Returns:
        The number, or `None` if no rate differs so much from the given one.
    """
    pairs = (
        [(0.5 - difference / 2, difference)] if rate is None else [(rate, difference), (rate, -difference)]
    )
    needs = [_corrected(one, by, power) for one, by in pairs if 0 <= one + by <= 1]
    return max(needs, default=None)


def detectable(rate: float | None, n: int, power: float) -> float | None:
    """The smallest difference, to a thousandth, that `n` samples of each subject find; `None` if they find none."""

    def found(thousandths: int) -> bool:
        needed = samples_for_difference(rate, thousandths / 1000, power)
        return needed is None or needed <= n

    smallest = bisect_left(range(1, 1000), True, key=found) + 1  # noqa: FBT003
    possible = samples_for_difference(rate, smallest / 1000, power) if smallest < 1000 else None  # noqa: PLR2004
    return smallest / 1000 if possible is not None else None


def _corrected(rate: float, difference: float, power: float) -> int:
    plain = cast(
        "float",
        samplesize_proportions_2indep_onetail(
            difference, rate, power, ratio=1, alpha=1 - LEVEL, alternative="two-sided"
        ),
    )
    return ceil(plain / 4 * (1 + sqrt(1 + 4 / (plain * abs(difference)))) ** 2)
