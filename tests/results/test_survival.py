"""Curves with censoring, against the textbook's leukaemia trial."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.results.survival import Point, kaplan_meier, log_rank, median

# Freireich et al., Blood 21 (1963) 699-716: weeks of remission, the data of Kalbfleisch and Prentice (1980) and of Kleinbaum and
# Klein, Survival Analysis (2nd ed. 2005), table 1.1; True is a relapse, False the end of observation.
SIX_MP = [
    (6, True), (6, True), (6, True), (6, False), (7, True), (9, False), (10, True), (10, False), (11, False), (13, True), (16, True),
    (17, False), (19, False), (20, False), (22, True), (23, True), (25, False), (32, False), (32, False), (34, False), (35, False),
]  # fmt: skip
PLACEBO = [
    (week, True) for week in (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
]  # fmt: skip


def curve(data: list[tuple[int, bool]]) -> list[Point]:
    return kaplan_meier([week for week, _ in data], [relapsed for _, relapsed in data])


def at(data: list[tuple[int, bool]], turn: int) -> Point:
    [found] = [point for point in curve(data) if point.turn == turn]
    return found


@pytest.mark.parametrize(
    ("week", "at_risk", "left"),
    [(6, 21, 0.857), (7, 17, 0.807), (10, 15, 0.753), (13, 12, 0.690), (16, 11, 0.627), (22, 7, 0.538), (23, 6, 0.448)],
)  # fmt: skip
def test_the_published_curve_is_found(week: int, at_risk: int, left: float) -> None:
    """Remission under 6-MP by Kaplan and Meier: Kleinbaum and Klein (2005), table 2.1."""
    point = at(SIX_MP, week)
    assert point.at_risk == at_risk
    assert 1 - point.acted == pytest.approx(left, abs=5e-4)


@pytest.mark.parametrize(
    ("week", "at_risk", "left"),
    [(1, 21, 19), (2, 19, 17), (3, 17, 16), (4, 16, 14), (5, 14, 12), (8, 12, 8), (11, 8, 6), (12, 6, 4), (15, 4, 3), (17, 3, 2), (22, 2, 1), (23, 1, 0)],
)  # fmt: skip
def test_without_censoring_the_curve_is_the_share_left(week: int, at_risk: int, left: int) -> None:
    """Under placebo all relapsed: of 21 so many are left."""
    point = at(PLACEBO, week)
    assert point.at_risk == at_risk
    assert 1 - point.acted == pytest.approx(left / 21)


def test_the_limits_are_greenwoods_on_the_log_log_scale() -> None:
    """At week 10: variance of log S is 3/(21*18) + 1/(17*16) + 1/(15*14), S = 0.7529; limits S^exp(-+1.96 sd / log S)."""
    left = (18 / 21) * (16 / 17) * (14 / 15)
    sd = (3 / (21 * 18) + 1 / (17 * 16) + 1 / (15 * 14)) ** 0.5
    reach = 1.959964 * sd / np.log(left)
    point = at(SIX_MP, 10)
    assert (point.low, point.high) == pytest.approx((1 - left ** np.exp(reach), 1 - left ** np.exp(-reach)))


def test_medians() -> None:
    """23 weeks under 6-MP and 8 under placebo (Kleinbaum and Klein 2005, section 2.III); the first has no upper limit."""
    assert (median(curve(SIX_MP)).turn, median(curve(SIX_MP)).high) == (23, None)
    assert median(curve(PLACEBO)).turn == 8


def test_a_median_nobody_reaches_is_none() -> None:
    """One of three acts, two are seen to the end."""
    assert median(kaplan_meier([2, 5, 5], [True, False, False])).turn is None


def test_the_log_rank_test_of_the_trial() -> None:
    """Chi-square 16.79 with one degree of freedom (Kleinbaum and Klein 2005, section 2.IV): p = 4.17e-5."""
    both = [*SIX_MP, *PLACEBO]
    arms = ["6-mp"] * 21 + ["placebo"] * 21
    p = log_rank([week for week, _ in both], [relapsed for _, relapsed in both], arms, ["all"] * 42)
    assert p == pytest.approx(4.17e-5, rel=5e-3)


def test_strata_without_both_groups_or_without_acts_tell_nothing() -> None:
    """They change nothing; and where there is no other stratum, nothing is compared."""
    times, acted, arms = [1, 2, 3, 4, 5, 6], [True, True, True, False, True, False], list("ababab")
    alone = log_rank(times, acted, arms, ["x"] * 6)
    more = log_rank(
        [*times, 1, 1, 2, 2], [*acted, True, True, False, False], [*arms, *"aaab"], [*"xxxxxx", *"yyzz"]
    )
    assert alone is not None
    assert more == pytest.approx(alone)
    assert log_rank([1, 2], [True, True], ["a", "a"], ["x", "x"]) is None
    assert log_rank([1, 2], [False, False], ["a", "b"], ["x", "x"]) is None


def test_nobody_and_everybody_have_exact_limits() -> None:
    """Of ten none: at most 1 - 0.025^(1/10) = 30.8 %; of ten all: at least the rest (Clopper-Pearson)."""
    [none], [everybody] = kaplan_meier([4] * 10, [False] * 10), kaplan_meier([4] * 10, [True] * 10)
    assert (none.low, none.high) == (0, pytest.approx(0.3085, abs=5e-5))
    assert (everybody.low, everybody.high) == (pytest.approx(0.6915, abs=5e-5), 1)


SAMPLES = st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=20)


@given(SAMPLES)
def test_every_curve_is_a_curve(data: list[tuple[int, bool]]) -> None:
    """It rises from turn to turn within its limits, accounts for every sample, and has no gaps and no NaN."""
    points = curve(data)
    assert sum(point.acts + point.ended for point in points) == len(data)
    assert [point.turn for point in points] == list(
        range(points[0].turn, points[-1].turn + 1) if points else []
    )
    for before, after in pairwise(points):
        assert before.acted <= after.acted
        assert after.at_risk == before.at_risk - before.acts - before.ended
    for point in points:
        assert 0 <= point.low <= point.acted + 1e-12
        assert point.acted - 1e-12 <= point.high <= 1


@given(SAMPLES.filter(bool))
def test_without_censoring_before_the_last_act_the_curve_is_the_plain_share(
    data: list[tuple[int, bool]],
) -> None:
    """If all who did not act are seen to the end, what has acted by a turn is simply counted."""
    seen = [(turn if acted else 12, acted) for turn, acted in data]
    for point in curve(seen):
        share = sum(acted and turn <= point.turn for turn, acted in seen) / len(seen)
        assert point.acted == pytest.approx(share)
