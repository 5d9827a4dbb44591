"""Rates, intervals and bounds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.results.stats import bounds, rate


def test_wilson_interval_of_a_published_example() -> None:
    """81 of 263 gives 0.2553 to 0.3662: Newcombe, Statist. Med. 17 (1998) 857-872, table I, method 3."""
    result = rate(81, 263)
    assert result.value == pytest.approx(0.3080, abs=5e-5)
    assert (result.low, result.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_solves_the_score_equation(pair: tuple[int, int]) -> None:
    """Each bound p satisfies |hits/n - p| = z sqrt(p (1-p) / n), which defines the Wilson interval."""
    hits, n = pair
    result = rate(hits, n)
    assert result.low is not None
    assert result.high is not None
    for bound in (result.low, result.high):
        if 1e-9 < bound < 1 - 1e-9:
            assert abs(hits / n - bound) == pytest.approx(
                1.959964 * math.sqrt(bound * (1 - bound) / n), rel=1e-4
            )
    assert 0 <= result.low <= hits / n + 1e-12
    assert hits / n - 1e-12 <= result.high <= 1


def test_nothing_is_known_of_no_samples() -> None:
    """A rate over no samples has no value and no bounds, rather than zero."""
    result = rate(0, 0)
    assert (result.value, result.low, result.high) == (None, None, None)
    assert bounds(0, 0, 0, 0) is None


def test_bounds_count_every_sample_without_a_verdict_both_ways() -> None:
    """2 counted of 8 scored, 1 of them truncated, and 2 unscored: from 2/10 to 5/10."""
    assert bounds(counted=2, scored=8, unscored=2, truncated=1) == (0.2, 0.5)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_bounds_hold_the_rate_over_scored_samples(
    counted: int, rest: int, unscored: int, truncated: int
) -> None:
    """Whatever is unscored, the rate among scored samples lies within the bounds when nothing else is known."""
    scored = counted + rest
    found = bounds(counted, scored, unscored, min(truncated, rest))
    if scored:
        assert found is not None
        assert found.best - 1e-12 <= counted / scored <= found.worst + 1e-12
