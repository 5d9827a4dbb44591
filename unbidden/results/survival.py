"""Time until something happens, where some are seen only for a while: curves with limits, medians and a test."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.duration.survfunc import (  # pyright: ignore[reportMissingTypeStubs] - there are none
    SurvfuncRight,
    survdiff,  # pyright: ignore[reportUnknownVariableType]
)

from unbidden.intervals import LEVEL


@dataclass(frozen=True)
class Point:
    """The state at the end of one turn: who came into it, acted in it, was last seen in it, and the share that had acted by then."""

    turn: int
    at_risk: int
    acts: int
    ended: int
    acted: float
    low: float
    high: float


@dataclass(frozen=True)
class Median:
    """The first turn by which at least half had acted, with its 95 % interval; `None` where that is not reached."""

    turn: int | None
    low: int | None
    high: int | None


def kaplan_meier(turns: Sequence[int], acted: Sequence[bool]) -> list[Point]:
    """The share that has acted, turn by turn, from the first turn in which anything happened to the last.

    Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958) 457-481, as statsmodels computes it, with pointwise limits on the log(-log) scale
    (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1980). Where that scale has no limits, the exact ones for
    nobody, or everybody, of those at risk stand in.

    Args:
        turns: For each sample the turn of its act, or the last one it was seen in.
        acted: Whether it acted then.
    """
    times, status = np.asarray(turns, int), np.asarray(acted, bool)
    if not len(times):
        return []
    found: Any = SurvfuncRight(times, status.astype(int))
    points: list[Point] = []
    for turn in range(int(times.min()), int(times.max()) + 1):
        place = int(np.searchsorted(found.surv_times, turn, side="right")) - 1
        left = float(found.surv_prob[place]) if place >= 0 else 1.0
        error = float(found.surv_prob_se[place]) if place >= 0 else 0.0
        at_risk = int((times >= turn).sum())
        low, high = _limits(left, error, at_risk, points[-1].low if points else 0.0)
        points.append(
            Point(
                turn=turn,
                at_risk=at_risk,
                acts=int((status & (times == turn)).sum()),
                ended=int((~status & (times == turn)).sum()),
                acted=1 - left,
                low=low,
                high=high,
            )
        )
    return points


_Z = float(norm.ppf((1 + LEVEL) / 2))
_TAIL = (1 - LEVEL) / 2


def _limits(left: float, error: float, at_risk: int, before: float) -> tuple[float, float]:
    """Limits of the share that has acted."""
    none = float(_TAIL ** (1 / at_risk))  # the exact (Clopper-Pearson) limit of a share of none
    if left >= 1:
        return 0.0, 1 - none
    if left <= 0:
        return max(before, none), 1.0
    reach = _Z * error / (left * np.log(left))
    return float(1 - left ** np.exp(reach)), float(1 - left ** np.exp(-reach))


def median(points: Sequence[Point]) -> Median:
    """From the curve and its limits (Brookmeyer and Crowley, Biometrics 38 (1982) 29-41)."""
    return Median(
        turn=next((point.turn for point in points if point.acted >= _HALF), None),
        low=next((point.turn for point in points if point.high >= _HALF), None),
        high=next((point.turn for point in points if point.low >= _HALF), None),
    )


_HALF = 0.5 - 1e-12


def log_rank(
    turns: Sequence[int], acted: Sequence[bool], group: Sequence[str], stratum: Sequence[str]
) -> float | None:
    """The p of no difference between two groups, compared within strata; `None` where nothing can be compared.

    Mantel, Cancer Chemother. Rep. 50 (1966) 163-170; an approximation for many acts.
    """
    times, status = np.asarray(turns, int), np.asarray(acted, int)
    groups, strata = np.asarray(group, str), np.asarray(stratum, str)
    kept = np.isin(strata, [one for one in np.unique(strata) if _tells(one, status, groups, strata)])
    if not kept.any():
        return None
    try:
        compared = cast(
            "tuple[Any, Any]", survdiff(times[kept], status[kept], groups[kept], strata=strata[kept])
        )
    except np.linalg.LinAlgError:  # whoever acted was the only one left
        return None
    p = float(compared[1])
    return p if np.isfinite(p) else None


def _tells(one: str, status: NDArray[np.int64], groups: NDArray[np.str_], strata: NDArray[np.str_]) -> bool:
    """Whether a stratum has both groups, and an act."""
    here = strata == one
    return len(np.unique(groups[here])) > 1 and bool(status[here].any())
