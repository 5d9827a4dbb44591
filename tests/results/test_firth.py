"""The penalised logistic model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.results.firth import firth, probabilities

TWO = np.array([[1.0, 0.0], [1.0, 1.0]])

Cells = list[tuple[int, int]]

TABLES = st.lists(
    st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=2
)


def arrays(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    return np.array([hits for hits, _ in cells], float), np.array([n for _, n in cells], float)


@given(TABLES)
def test_a_saturated_model_adds_one_half_to_every_count(cells: Cells) -> None:
    """Firth (1993), section 3: Jeffreys' prior of two binomials is that of each, so the log-odds are of the counts plus one half."""
    hits, n = arrays(cells)
    fit = firth(TWO, hits, n)
    odds = np.log((hits + 0.5) / (n - hits + 0.5))
    assert fit.coefficients == pytest.approx([odds[0], odds[1] - odds[0]], abs=1e-6)


def test_a_table_with_an_empty_cell_has_a_finite_effect() -> None:
    """0 of 10 against 5 of 10: the odds ratio is (5.5/5.5) / (0.5/10.5) = 21, where maximum likelihood has none."""
    fit = firth(TWO, np.array([0.0, 5.0]), np.array([10.0, 10.0]))
    assert np.exp(fit.coefficients[1]) == pytest.approx(21)
    p = np.array(
        [0.5 / 11, 0.5]
    )  # the covariance is that of the fitted model: 1 / (n p (1 - p)) in each cell
    assert fit.covariance[1, 1] == pytest.approx(np.sum(1 / (10 * p * (1 - p))))


@given(TABLES, st.permutations(range(2)))
def test_the_order_of_cells_does_not_matter(cells: Cells, order: list[int]) -> None:
    """The same cells in another order have the same fit."""
    hits, n = arrays(cells)
    one, other = firth(TWO, hits, n), firth(TWO[order], hits[order], n[order])
    assert one.coefficients == pytest.approx(other.coefficients, abs=1e-6)


@given(st.lists(st.tuples(st.integers(0, 4), st.just(4)), min_size=8, max_size=8))
def test_exchanging_hits_and_misses_turns_the_signs(cells: Cells) -> None:
    """The penalty favours neither outcome: what is counted may as well be what is not."""
    design = np.array([[1.0, i & 1, i >> 1 & 1, i >> 2] for i in range(8)])
    hits, n = arrays(cells)
    one, other = firth(design, hits, n), firth(design, n - hits, n)
    assert one.coefficients == pytest.approx(-other.coefficients, abs=1e-6)


@given(st.lists(st.tuples(st.integers(0, 4), st.just(4)), min_size=8, max_size=8))
def test_other_coordinates_give_the_same_rates(cells: Cells) -> None:
    """The penalty is invariant (Jeffreys), so how the factors are coded does not matter."""
    design = np.array([[1.0, i & 1, i >> 1 & 1, i >> 2] for i in range(8)])
    turned = design @ np.array([[1.0, 0.5, 0, 0], [0, 2, 1, 0], [0, 0, -1, 0.3], [0.2, 0, 0, 1]])
    hits, n = arrays(cells)
    one, other = firth(design, hits, n), firth(turned, hits, n)
    assert probabilities(design, one.coefficients) == pytest.approx(
        probabilities(turned, other.coefficients), abs=1e-5
    )


def test_with_many_samples_the_penalty_goes_away() -> None:
    """Of a balanced table with common odds ratio the maximum likelihood estimate is found again: odds 1, 2, 3, 6."""
    design = np.array([[1.0, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]])
    n = np.full(4, 84_000_000.0)
    hits = n * np.array([1 / 2, 2 / 3, 3 / 4, 6 / 7])
    assert np.exp(firth(design, hits, n).coefficients) == pytest.approx([1, 2, 3], rel=1e-5)


def test_split_trials_are_the_same_as_counted_ones() -> None:
    """Ten samples of a cell as ten rows or as one with its count."""
    hits, n = np.array([1.0, 6.0]), np.array([10.0, 10.0])
    rows = np.repeat(TWO, 10, axis=0)
    single = np.concatenate([np.arange(10) < 1, np.arange(10) < 6]).astype(float)
    one, other = firth(TWO, hits, n), firth(rows, single, np.ones(20))
    assert one.coefficients == pytest.approx(other.coefficients, abs=1e-6)
    assert one.covariance == pytest.approx(other.covariance, abs=1e-6)
