"""Pairs of subjects: how far apart they are on each behaviour, and whether that is more than chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.multitest import (  # pyright: ignore[reportMissingTypeStubs] - there are none
    multipletests,  # pyright: ignore[reportUnknownVariableType]
)

from unbidden.intervals import LEVEL
from unbidden.results.differences import Difference, Strata, difference, score
from unbidden.results.lines import group_of
from unbidden.results.permutation import detectable, no_difference

Within = Literal["replicate", "cell"]
"""What samples must share to be compared with each other: scenario, cell and replicate, or scenario and cell only."""

Pair = tuple[str, str]
"""A subject, and the reference it is compared with."""

Counts = dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
"""For each subject its hits and its samples, stratum by stratum."""

_KEYS: Mapping[Within, list[str]] = {
    "replicate": ["scenario", "cell", "replicate"],
    "cell": ["scenario", "cell"],
}


@dataclass(frozen=True)
class Contrast:
    """One subject against a reference on one behaviour; differences are subject minus reference, from -1 to 1.

    `hits` of `n` and `other_hits` of `other_n` are the samples that were compared: scored, no twins, in a stratum that holds
    samples of both. `left_out` counts the scored samples without such a counterpart. `effect` and `p` are `None` where nothing could
    be compared. `adjusted` is Holm's p-value over the command's primary comparisons, `None` if this is exploratory.
    `detectable` is the least difference that so many pairs show with 80 % power, `None` if there is none. `below` says
    whether the difference is shown to be below the margin that was asked for.
    """

    behaviour: str
    subject: str
    reference: str
    group: str
    hits: int
    n: int
    other_hits: int
    other_n: int
    strata: int
    left_out: int
    effect: Difference | None
    p: float | None
    detectable: float | None
    primary: bool = False
    adjusted: float | None = None
    below: bool | None = None


@dataclass(frozen=True)
class Asked:
    """What to compare, and how; a behaviour of `behaviours` that nobody has a verdict on gets its line, too."""

    pairs: Sequence[Pair]
    within: Within = "replicate"
    primary: frozenset[str] = frozenset()
    behaviours: Sequence[str] = ()
    margin: float | None = None


def contrasts(real: pd.DataFrame, column: str | None, asked: Asked) -> list[Contrast]:
    """Compare pairs of subjects on every behaviour.

    Args:
        real: The scored rows that are no twins, with columns `behaviour`, `subject`, `scenario`, `cell`, `replicate`, `counted`.
        column: A column to split the comparisons by; split ones are exploratory.
        asked: The pairs, the strata, and which behaviours were declared primary before the run.
    """
    found = list[Contrast]()
    groups = group_of(real, column)
    strata = real.groupby(_KEYS[asked.within], sort=False, observed=True).ngroup()
    numbered = real.assign(group=groups, stratum=strata)
    for (behaviour, group), part in numbered.groupby(["behaviour", "group"], sort=True, observed=True):  # type: ignore[misc]
        counts = by_stratum(part)
        for pair in asked.pairs:
            contrast = _contrast((str(behaviour), str(group)), pair, counts, asked)
            found.append(replace(contrast, primary=column is None and behaviour in asked.primary))
    silent = sorted(set(asked.behaviours) - {contrast.behaviour for contrast in found})
    found += [_contrast((behaviour, ""), pair, {}, asked) for behaviour in silent for pair in asked.pairs]
    return _adjusted(sorted(found, key=lambda contrast: contrast.behaviour))


def by_stratum(part: pd.DataFrame) -> Counts:
    """For each subject its hits and samples, stratum by stratum in the order in which `stratum` first names them."""
    codes, strata = pd.factorize(part["stratum"])
    counted = part["counted"].to_numpy(dtype=np.float64)
    subjects, names = pd.factorize(part["subject"])
    shape = (len(names), len(strata))
    place = subjects * shape[1] + codes
    hits = np.bincount(place, weights=counted, minlength=shape[0] * shape[1]).reshape(shape)
    samples = np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    return {str(name): (hits[index], samples[index]) for index, name in enumerate(names)}


def holm(values: Sequence[float]) -> list[float]:
    """P-values adjusted so that the chance of any false rejection among them is held (Holm, Scand. J. Stat. 6 (1979) 65-70)."""
    if not values:
        return []
    adjusted: Sequence[float] = multipletests(values, method="holm")[1]  # type: ignore[index]
    return [float(value) for value in adjusted]


def _contrast(
    place: tuple[str, str],
    pair: Pair,
    counts: Counts,
    asked: Asked,
) -> Contrast:
    length = len(next(iter(counts.values()))[0]) if counts else 0
    nothing = np.zeros(length), np.zeros(length)
    (hits, n), (other_hits, other_n) = counts.get(pair[0], nothing), counts.get(pair[1], nothing)
    strata = Strata.of(hits, n, other_hits, other_n)
    shared = (n > 0) & (other_n > 0)
    base = Contrast(
        behaviour=place[0],
        subject=pair[0],
        reference=pair[1],
        group=place[1],
        hits=int(hits[shared].sum()),
        n=int(n[shared].sum()),
        other_hits=int(other_hits[shared].sum()),
        other_n=int(other_n[shared].sum()),
        strata=int(shared.sum()),
        left_out=int(n[~shared].sum() + other_n[~shared].sum()),
        effect=None,
        p=None,
        detectable=None,
    )
    effect = difference(strata)
    if effect is None:
        return base
    p = no_difference(strata)
    if (
        p > 1 - LEVEL
    ):  # the exact test is the stricter one: where it keeps "no difference", so does the interval
        effect = effect._replace(low=min(effect.low, 0.0), high=max(effect.high, 0.0))
    below = None if asked.margin is None else effect.high < asked.margin and score(strata, asked.margin) < 0
    return replace(
        base,
        effect=effect,
        p=p,
        detectable=detectable(int(strata.pairs), base.other_hits / base.other_n),
        below=below,
    )


def _adjusted(found: Sequence[Contrast]) -> list[Contrast]:
    tested = [contrast.p for contrast in found if contrast.primary and contrast.p is not None]
    adjusted = iter(holm(tested))
    return [
        replace(contrast, adjusted=next(adjusted))
        if contrast.primary and contrast.p is not None
        else contrast
        for contrast in found
    ]
