"""The exact stratified test of no difference, and what it could have found."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact, norm

from unbidden.results.differences import Strata
from unbidden.results.permutation import detectable, no_difference


def strata(*rows: tuple[int, int, int, int]) -> Strata:
    columns = np.array(rows, dtype=np.float64).T
    return Strata.of(columns[0], columns[1], columns[2], columns[3])


row = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)


def enumerated(rows: list[tuple[int, int, int, int]]) -> float:
    """The share of all ways to deal out the verdicts within strata that are at least as far from the mean as what was seen."""
    ways = []
    for x, n, y, m in rows:
        verdicts = [1] * (x + y) + [0] * (n + m - x - y)
        ways.append([sum(verdicts[place] for place in chosen) for chosen in combinations(range(n + m), n)])
    sums = np.array([sum(way) for way in product(*ways)])
    return float((abs(sums - sums.mean()) >= abs(sum(x for x, *_ in rows) - sums.mean()) - 1e-9).mean())


@settings(deadline=None)
@given(st.lists(row, min_size=1, max_size=3))
def test_the_p_value_is_what_enumeration_gives(rows: list[tuple[int, int, int, int]]) -> None:
    """All ways to deal the verdicts out to the two subjects, counted one by one."""
    assert no_difference(strata(*rows)) == pytest.approx(enumerated(rows))


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 7), (6, 0), (5, 5), (40, 20)])
def test_pairs_give_the_exact_mcnemar_test(first: int, second: int) -> None:
    """Of the pairs that disagree, half should favour each subject; those that agree say nothing."""
    found = strata(*[(1, 1, 0, 1)] * first, *[(0, 1, 1, 1)] * second, *[(1, 1, 1, 1)] * 3)
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert no_difference(found) == pytest.approx(expected)


def test_one_balanced_stratum_gives_fishers_test() -> None:
    """With equal groups the distribution is symmetric, where all definitions of two sides agree."""
    assert no_difference(strata((9, 10, 3, 10))) == pytest.approx(fisher_exact([[9, 1], [3, 7]]).pvalue)


def test_many_strata_do_not_lose_their_sum() -> None:
    """3,000 strata of four samples agree with the normal approximation of the same test, whose error is of the order 1 / sqrt(n)."""
    rng = np.random.default_rng(3)
    rows = [(int(x), 2, int(y), 2) for x, y in rng.integers(0, 3, size=(3000, 2))]
    assert sum(x - y for x, _, y, _ in rows) != 0
    variance = sum(4 * (x + y) * (4 - x - y) / (16 * 3) for x, _, y, _ in rows)
    z = abs(sum(x - y for x, _, y, _ in rows)) / 2 / np.sqrt(variance)
    approximate = float(2 * norm.sf(z - 0.5 / np.sqrt(variance)))
    assert no_difference(strata(*rows)) == pytest.approx(approximate, abs=0.01)


def test_the_test_rejects_a_true_no_difference_at_most_as_often_as_it_says() -> None:
    """2,000 drawings, unlike cells, worlds that sway both subjects: at most 5 % and two standard errors."""
    rng = np.random.default_rng(11)
    rates = rng.beta(0.5, 0.5, size=60)
    rejected = 0
    for _ in range(2000):
        x, y = (rng.random(60) < rates for _ in range(2))
        ones = np.ones(60)
        rejected += no_difference(Strata.of(x * 1.0, ones, y * 1.0, ones)) <= 0.05
    assert rejected / 2000 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize(("pairs", "rate"), [(12, 0.0), (40, 0.1), (60, 0.9)])
def test_the_detectable_difference_is_shown_four_times_in_five(pairs: int, rate: float) -> None:
    """By simulation with the test itself: 80 % at that difference, within three standard errors, and less just below it."""
    least = detectable(pairs, rate)
    assert least is not None
    rng = np.random.default_rng(5)
    shown = []
    for apart in (least, 0.7 * least):
        other = rate + apart if rate <= 0.5 else rate - apart
        x, y = (rng.random((2000, pairs)) < p for p in (other, rate))
        up, down = (x & ~y).sum(1), (~x & y).sum(1)
        p = {
            key: binomtest(key[0], sum(key)).pvalue if sum(key) else 1.0
            for key in set(zip(up, down, strict=True))
        }
        shown.append(np.mean([p[key] <= 0.05 for key in zip(up, down, strict=True)]))
    assert shown[0] == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / 2000) + 0.005)
    assert shown[1] < shown[0] - 0.1


def test_too_few_pairs_detect_nothing() -> None:
    """With five pairs even all of them for one side have a p-value of 2 / 32."""
    assert detectable(5, 0.0) is None
    assert detectable(6, 0.0) is not None
