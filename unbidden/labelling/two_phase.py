"""A rate corrected by labels: the decider's verdicts on all samples, and a person's on a random part of each kind."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from statsmodels.stats.proportion import (  # pyright: ignore[reportMissingTypeStubs] - there are none
    proportion_confint,  # pyright: ignore[reportUnknownVariableType]
)

from unbidden.intervals import LEVEL
from unbidden.labelling.store import Answer
from unbidden.reading import Frozen


class Labelled(Frozen):
    """A stratum: how many samples it has, and what a person said about those drawn from it."""

    size: int
    yes: int = 0
    no: int = 0
    unclear: int = 0

    @property
    def n(self) -> int:
        return self.yes + self.no + self.unclear


class Interval(Frozen):
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


class Estimate(Frozen):
    """A rate (or a difference) if every open question were answered so that it is least, and if so that it is most.

    Open are the samples a person found unclear, and strata nobody has labelled anything of. With nothing open both are
    the same.
    """

    least: Interval
    most: Interval

    @property
    def low(self) -> float:
        return self.least.low

    @property
    def high(self) -> float:
        return self.most.high

    def is_open(self) -> bool:
        return self.least != self.most


def labelled(size: int, answers: Mapping[Answer, int]) -> Labelled:
    return Labelled(size=size, **{name: answers.get(name, 0) for name in ("yes", "no", "unclear")})


def estimate(strata: Sequence[Labelled]) -> Estimate | None:
    """A subject's true rate, by double sampling for stratification; `None` if it has no samples.

    The samples are the first phase: each stratum's share of them is its weight. The labels are the second: the rate is
    the weighted mean of the strata's shares of yes. That is the classical estimator (Cochran, Sampling Techniques, 3rd
    ed. 1977, chapter 12); as the strata are the decider's verdicts, it equals the mean of the verdicts plus the labelled
    samples' mean difference from them, stratum by stratum: prediction-powered inference (Angelopoulos et al., Science
    382 (2023) 669-674) with the verdicts as the predictions. It asks nothing of the decider: however it errs, and for
    whichever subject, only the width of the interval suffers.

    The interval puts each stratum's Wilson limits together by their distances from the estimate (MOVER: Zou and Donner,
    Statist. Med. 27 (2008) 1693-1702; for strata: Yan and Su, Statistics in Biopharmaceutical Research 2 (2010)
    329-335), with the spread between the strata, from the first phase, as one part more. Chosen by simulation
    (benchmarks/coverage_labels.py) over the normal interval, which fails near 0 and 1, over posterior
    intervals with Jeffreys' priors, and over melded Clopper-Pearson limits, which are far too wide.
    """
    present = [stratum for stratum in strata if stratum.size]
    if not present:
        return None
    return Estimate(least=_answered(present, open_is=0), most=_answered(present, open_is=1))


def difference(first: Estimate, second: Estimate) -> Estimate:
    """The first rate minus the second, with the limits of both put together by their distances.

    That is Newcombe's way (Statist. Med. 17 (1998) 873-890). The two are treated as independent. Subjects that share replicates are alike where they are dependent at all, so the
    interval is rather too wide than too narrow.
    """
    return Estimate(least=_minus(first.least, second.most), most=_minus(first.most, second.least))


def wilson(hits: float, n: float) -> tuple[float, float]:
    """The Wilson interval; `hits` need not be whole."""
    low, high = cast(
        "tuple[Any, Any]", proportion_confint(hits, n, alpha=1 - LEVEL, method="wilson")
    )  # the formula allows it, scipy's does not
    return max(0.0, float(low)), min(1.0, float(high))


def _minus(first: Interval, second: Interval) -> Interval:
    value = first.value - second.value
    return Interval(
        value=value,
        low=max(-1.0, value - math.hypot(first.value - first.low, second.high - second.value)),
        high=min(1.0, value + math.hypot(first.high - first.value, second.value - second.low)),
    )


def _answered(strata: Sequence[Labelled], open_is: int) -> Interval:
    """The estimate if every open question is answered no (0), or yes (1)."""
    total = sum(stratum.size for stratum in strata)
    weights = [stratum.size / total for stratum in strata]
    parts = [_stratum(stratum, open_is) for stratum in strata]
    value = min(1.0, sum(weight * part.value for weight, part in zip(weights, parts, strict=True)))
    below = [weight * (part.value - part.low) for weight, part in zip(weights, parts, strict=True)]
    above = [weight * (part.high - part.value) for weight, part in zip(weights, parts, strict=True)]
    between = sum(weight * (part.value - value) ** 2 for weight, part in zip(weights, parts, strict=True))
    if 0 < value < 1:
        low, high = wilson(value * total, total)
        share = math.sqrt(between / (value * (1 - value)))  # of the spread of single samples
        below.append(share * (value - low))
        above.append(share * (high - value))
    return Interval(
        value=value, low=max(0.0, value - math.hypot(*below)), high=min(1.0, value + math.hypot(*above))
    )


def _stratum(stratum: Labelled, open_is: int) -> Interval:
    if stratum.n == 0:  # nothing is known: as a whole it is what is least, or most
        return Interval(value=open_is, low=open_is, high=open_is)
    hits = stratum.yes + open_is * stratum.unclear
    low, high = wilson(hits, stratum.n)
    share = hits / stratum.n
    return Interval(value=share, low=min(low, share), high=max(high, share))
