"""Stratified risk differences: published examples, the equations that define the intervals, and how often they hold."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import chi2

from unbidden.results.differences import Strata, difference, score

Z = 1.959964


def strata(*rows: tuple[int, int, int, int]) -> Strata:
    columns = np.array(rows, dtype=np.float64).T
    return Strata.of(columns[0], columns[1], columns[2], columns[3])


def pairs(first: int, second: int, neither: int = 0, both: int = 0) -> Strata:
    """Strata of one sample each: hits of the subject alone, of the reference alone, of neither, of both."""
    kinds = [((1, 1, 0, 1), first), ((0, 1, 1, 1), second), ((0, 1, 0, 1), neither), ((1, 1, 1, 1), both)]
    return strata(*[row for row, times in kinds for _ in range(times)])


def test_an_unstratified_interval_is_the_published_one() -> None:
    """56/70 against 48/80 gives 0.0528 to 0.3382: Newcombe, Statist. Med. 17 (1998) 873-890, table II, Miettinen-Nurminen."""
    found = difference(strata((56, 70, 48, 80)))
    assert found == (pytest.approx(0.2), pytest.approx(0.0528, abs=5e-5), pytest.approx(0.3382, abs=5e-5))


@pytest.mark.parametrize(
    ("row", "low", "high"),
    [((9, 10, 3, 10), 0.1700, 0.8406), ((10, 10, 0, 20), 0.7156, 1.0)],
)
def test_small_and_extreme_counts_are_as_published(
    row: tuple[int, int, int, int], low: float, high: float
) -> None:
    """The same table's small samples, and its rates of one and zero."""
    found = difference(strata(row))
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_stratified_interval_is_the_published_one() -> None:
    """Four strata give 0.26844 to 0.51728, z 5.7128: the example of rate_compare in the R package metalite.ae, to its precision of 1e-6."""
    found = strata((15, 25, 5, 26), (15, 25, 5, 24), (15, 25, 5, 26), (15, 25, 5, 24))
    assert difference(found) == (
        pytest.approx(0.3998397, abs=1e-6),
        pytest.approx(0.2684383, abs=1e-6),
        pytest.approx(0.5172779, abs=1e-6),
    )
    assert score(found, 0) == pytest.approx(5.712797, abs=1e-5)


def test_an_interval_of_pairs_is_the_published_one() -> None:
    """1 against 7 of 21 pairs give -0.517 to -0.026: Fagerland, Lydersen and Laake, Statist. Med. 33 (2014) 2850-2875, Tango's interval."""
    found = difference(pairs(1, 7, neither=12, both=1))
    assert found == (pytest.approx(-2 / 7), pytest.approx(-0.517, abs=5e-4), pytest.approx(-0.026, abs=5e-4))


def test_pairs_at_no_difference_are_mcnemars_test() -> None:
    """(b - c) / sqrt(b + c), which is also the stratified statistic of Miettinen and Nurminen on pairs."""
    assert score(pairs(9, 3, neither=5, both=4), 0) == pytest.approx(6 / np.sqrt(12))


def test_strata_at_no_difference_are_mantel_and_haenszels_test() -> None:
    """The squared statistic is Cochran-Mantel-Haenszel's without continuity correction, from its own definition."""
    rows = [(7, 12, 3, 10), (2, 9, 4, 15), (11, 20, 8, 21)]
    expected = sum(n * (x + y) / (n + m) for x, n, y, m in rows)
    variance = sum(n * m * (x + y) * (n + m - x - y) / ((n + m) ** 2 * (n + m - 1)) for x, n, y, m in rows)
    statistic = (sum(row[0] for row in rows) - expected) ** 2 / variance
    assert score(strata(*rows), 0) ** 2 == pytest.approx(statistic)
    assert chi2.sf(statistic, 1) < 1


def likeliest(x: int, n: int, y: int, m: int, margin: float) -> float:
    """The reference's rate that makes the data likeliest when the subject's is `margin` more, by search on a grid."""
    rates = np.linspace(max(0, -margin), min(1, 1 - margin), 20001)
    p = np.clip(np.stack([rates + margin, rates]), 0, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [
            k * np.log(q) if k else 0 * q
            for k, q in ((x, p[0]), (n - x, 1 - p[0]), (y, p[1]), (m - y, 1 - p[1]))
        ]
    return float(rates[np.argmax(sum(terms))])


row = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)


@given(st.lists(row, min_size=1, max_size=3), st.floats(-0.9, 0.9))
def test_the_statistic_is_the_one_that_a_search_finds(
    rows: list[tuple[int, int, int, int]], margin: float
) -> None:
    """The closed solution for the constrained rates agrees with a search for the likeliest ones, stratum by stratum."""
    found = strata(*rows)
    assume(not found.paired)
    weights = np.array([n * m / (n + m) for _, n, _, m in rows])
    weights /= weights.sum()
    value = sum(w * (x / n - y / m) for w, (x, n, y, m) in zip(weights, rows, strict=True))
    variance = 0.0
    for w, (x, n, y, m) in zip(weights, rows, strict=True):
        second = likeliest(x, n, y, m, margin)
        first = second + margin
        variance += w**2 * (first * (1 - first) / n + second * (1 - second) / m) * (n + m) / (n + m - 1)
    assume(variance > 1e-6)
    expected = (value - margin) / np.sqrt(variance)
    assert score(found, margin) == pytest.approx(expected, rel=2e-3, abs=2e-3)


@given(st.lists(row, min_size=1, max_size=4))
def test_the_interval_ends_where_the_test_begins_to_reject(rows: list[tuple[int, int, int, int]]) -> None:
    """Inside the interval the statistic is within the limits of 5 %; at an end that is not the scale's own it is on them."""
    found = strata(*rows)
    effect = difference(found)
    assert effect is not None
    assert -1 <= effect.low <= effect.value <= effect.high <= 1
    for end, inwards in ((effect.low, 1e-6), (effect.high, -1e-6)):
        if abs(end) < 1:
            assert abs(score(found, end)) == pytest.approx(Z, abs=1e-3)
            assert abs(score(found, end + inwards)) <= Z + 1e-3


@given(st.lists(row, min_size=1, max_size=4))
def test_turning_the_pair_round_turns_the_interval_round(rows: list[tuple[int, int, int, int]]) -> None:
    """The reference against the subject gives the same interval with the other sign."""
    there, back = difference(strata(*rows)), difference(strata(*[(y, m, x, n) for x, n, y, m in rows]))
    assert there is not None
    assert back is not None
    assert (back.low, back.high) == (
        pytest.approx(-there.high, abs=1e-6),
        pytest.approx(-there.low, abs=1e-6),
    )


def test_no_hits_at_all_leave_room_on_both_sides() -> None:
    """With no hits in 12 pairs Tango's limits are plus and minus z^2 / (12 + z^2)."""
    found = difference(pairs(0, 0, neither=12))
    reach = Z**2 / (12 + Z**2)
    assert found == (0, pytest.approx(-reach, abs=1e-6), pytest.approx(reach, abs=1e-6))


def test_strata_of_one_subject_only_say_nothing() -> None:
    """What has no counterpart is left out, and nothing remains."""
    assert difference(strata((3, 5, 0, 0), (0, 0, 2, 4))) is None


@pytest.mark.parametrize("within", ["replicate", "cell"])
def test_the_interval_holds_the_difference_about_as_often_as_it_says(within: str) -> None:
    """Over 600 drawings with unlike cells at least 93 % hold it: 95 % less two standard errors."""
    rng = np.random.default_rng(7)
    cells, replicates, rounds = 6, 8, 600
    first, second = np.array([0.05, 0.1, 0.3, 0.5, 0.9, 0.95]), np.array([0, 0.1, 0.2, 0.5, 0.6, 0.9])
    held = 0
    for _ in range(rounds):
        x, y = (rng.random((replicates, cells)) < rates for rates in (first, second))
        ones = np.ones(cells * replicates)
        found = (
            Strata.of(x.ravel() * 1.0, ones, y.ravel() * 1.0, ones)
            if within == "replicate"
            else Strata.of(
                x.sum(0) * 1.0, ones[:cells] * replicates, y.sum(0) * 1.0, ones[:cells] * replicates
            )
        )
        effect = difference(found)
        assert effect is not None
        held += effect.low <= (first - second).mean() <= effect.high
    assert held / rounds >= 0.93
