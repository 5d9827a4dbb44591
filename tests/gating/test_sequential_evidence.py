"""What makes the gate safe to look at: evidence that no true null can be expected to raise."""

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from unbidden.gating.eprocess import Bets, Floats, Tally, above, below
from unbidden.gating.outlook import outlook
from unbidden.gating.sequential import Block, Ceiling, Margin, Stored, decide

RATE = st.floats(0.02, 0.98)
PAIR = st.tuples(RATE, RATE)


def _chance(outcomes: tuple[bool, ...], rates: tuple[float, ...]) -> float:
    return prod(rate if shown else 1 - rate for shown, rate in zip(outcomes, rates, strict=True))


def _tally(shown: int, of: int) -> Tally:
    counts = np.array([of - shown, 0, shown], dtype=np.float64)
    return Tally(counts, counts)


def test_a_bet_on_one_rate_is_the_likelihood_ratio() -> None:
    """The bet r on 3 hits of 10 against a rate of 0.2 is the ratio of the binomial chances at odds 1 + r times as high, and at 0.2."""
    r, null = 2.0, 0.2
    odds = (1 + r) * null / (1 - null)
    other = odds / (1 + odds)
    wealth = float(above(_tally(3, 10), null, Bets(np.array([r]), np.array([1.0]))))
    assert wealth == pytest.approx(np.log(binom.pmf(3, 10, other) / binom.pmf(3, 10, null)))


@settings(max_examples=25)
@given(st.tuples(RATE, RATE), st.tuples(*[st.booleans()] * 4))
def test_a_ceilings_evidence_is_fair_at_the_bound_whoever_goes_on(
    rates: tuple[float, float], goes_on: tuple[bool, ...]
) -> None:
    """Two unlike cells whose mean is the bound, a second block only after some outcomes of the first: expected at most 1."""
    rule = Ceiling(max=sum(rates) / 2)
    both = list(product([False, True], repeat=2))
    expected = np.zeros(2)
    for first, on in zip(both, goes_on, strict=True):
        paths = [(first, second) for second in both] if on else [(first,)]
        for path in paths:
            decision = decide(rule, [Block(candidate=row) for row in path])
            expected += prod(_chance(row, rates) for row in path) * np.array(
                [decision.e_pass, decision.e_fail]
            )
    assert (expected <= 1 + 1e-9).all()
    assert (expected > 0).all()


@settings(max_examples=25)
@given(st.tuples(PAIR, PAIR))
def test_a_margins_evidence_is_fair_at_the_bound(
    cells: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    """Two unlike cells in two arms whose mean difference is the bound: both kinds of evidence are expected to be at most 1."""
    candidate, baseline = zip(*cells, strict=True)
    rule = Margin(worse_by=(sum(candidate) - sum(baseline)) / 2)
    both = list(product([False, True], repeat=2))
    expected = np.zeros(2)
    for mine, theirs in product(both, both):
        decision = decide(rule, [Block(candidate=mine, baseline=theirs)])
        expected += (
            _chance(mine, candidate)
            * _chance(theirs, baseline)
            * np.array([decision.e_pass, decision.e_fail])
        )
    assert (expected <= 1 + 1e-9).all()


@settings(max_examples=4)
@given(st.tuples(PAIR, PAIR))
def test_evidence_beside_a_saved_baseline_is_fair_at_the_bound(
    cells: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    """The baseline's one sample a cell is as random as the candidate's block: over both, the evidence is expected to be at most 1."""
    candidate, baseline = zip(*cells, strict=True)
    rule = Margin(worse_by=(sum(candidate) - sum(baseline)) / 2)
    expected = np.zeros(2)
    for hits in product(range(2), repeat=2):
        saved = [Stored(hits=count, n=1) for count in hits]
        chance = prod(float(binom.pmf(count, 1, rate)) for count, rate in zip(hits, baseline, strict=True))
        for row in product([False, True], repeat=2):
            decision = decide(rule, [Block(candidate=row)], stored=saved)
            expected += chance * _chance(row, candidate) * np.array([decision.e_pass, decision.e_fail])
    assert (expected <= 1 + 1e-6).all()


def test_cells_that_copy_each_other_break_the_argument() -> None:
    """Why independence is assumed: two cells that always agree make the evidence of a true null more than fair."""
    rate, bets = 0.3, Bets.around(2.2, 0.9)
    expected = rate * np.exp(above(_tally(2, 2), rate, bets)) + (1 - rate) * np.exp(
        above(_tally(0, 2), rate, bets)
    )
    assert expected > 1.05


@given(st.integers(0, 30), st.integers(1, 30), RATE, RATE)
def test_evidence_falls_as_the_bound_nears(shown: int, more: int, one: float, other: float) -> None:
    """Evidence for "above" falls with the bound and that for "below" grows, which is what makes intervals of them."""
    tally, bets = _tally(shown, shown + more), Bets.around(2.2, 0.9)
    points: Floats = np.array(sorted([one, other]))
    assert np.diff(above(tally, points, bets))[0] <= 1e-12
    assert np.diff(below(tally, points, bets))[0] >= -1e-12


UNLIKE = [0.0, 0.0, 0.0, 0.05, 0.1, 0.45]
"""Cells with a mean of 0.1."""


@pytest.mark.parametrize("rates", [[0.1], UNLIKE], ids=["one cell", "six unlike cells"])
def test_looking_after_every_block_keeps_both_errors(rates: list[float]) -> None:
    """The exact chance to pass, and to fail, within 120 blocks is at most 5 % at the bound, and not far below for passing."""
    seen = outlook(0.1, rates, 120)
    assert seen.passed[-1] <= 0.05
    assert seen.failed[-1] <= 0.05
    assert seen.passed[-1] > 0.01


@pytest.mark.parametrize("arm", ["alternating", "saved"])
def test_looking_at_a_margin_after_every_block_keeps_both_errors(arm: str) -> None:
    """Runs of 40 blocks at the bound, cells from 0 to 90 %: no more wrong decisions than 5 % would give with a chance of 0.999."""
    draw = np.random.default_rng(20)
    mine, theirs = np.array([0.0, 0.2, 0.9, 0.5]), np.array([0.1, 0.0, 0.7, 0.4])
    rule, wrong = Margin(worse_by=0.1), {"pass": 0, "fail": 0, "undecided": 0}
    for _ in range(300 if arm == "alternating" else 60):
        candidate = (draw.random((40, 4)) < mine).tolist()
        baseline = (draw.random((40, 4)) < theirs).tolist()
        saved = [Stored(hits=int(draw.binomial(20, rate)), n=20) for rate in theirs]
        if arm == "alternating":
            blocks = [
                Block(candidate=tuple(one), baseline=tuple(other))
                for one, other in zip(candidate, baseline, strict=True)
            ]
            decision = decide(rule, blocks)
        else:
            decision = decide(rule, [Block(candidate=tuple(one)) for one in candidate], stored=saved)
        wrong[decision.state] += 1
    most = binom.ppf(0.999, sum(wrong.values()), 0.05)
    assert wrong["pass"] <= most
    assert wrong["fail"] <= most


@pytest.mark.parametrize(
    ("ceiling", "rate"), [(0.05, 0.15), (0.05, 0.0125), (0.2, 0.05), (0.2, 0.1), (0.1, 0.2), (0.3, 1e-9)]
)
def test_it_needs_at_most_a_third_more_samples_than_walds_test_for_the_truth(
    ceiling: float, rate: float
) -> None:
    """One cell a block: the exact mean number of samples over that of the sequential probability ratio test with both errors 5 %."""
    longest = 700
    assert outlook(ceiling, [rate], longest).expected_blocks <= 1.3 * _wald(ceiling, rate, longest)


def _wald(null: float, truth: float, longest: int) -> float:
    """The exact mean sample number, at the truth, of Wald's test of the truth against the null (Ann. Math. Stat. 16 (1945) 117)."""
    hit, miss, needed = np.log(truth / null), np.log((1 - truth) / (1 - null)), np.log(0.95 / 0.05)
    chances, samples = np.ones(1), 0.0
    for n in range(1, longest + 1):
        samples += chances.sum()
        chances = np.convolve(chances, [1 - truth, truth])
        hits = np.arange(n + 1)
        chances[np.abs(hits * hit + (n - hits) * miss) >= needed] = 0
    return samples


def test_a_ceilings_outlook_agrees_with_its_decisions() -> None:
    """The chances of two blocks of two unlike cells, summed over all outcomes by `decide`, are those of the outlook."""
    rates, ceiling, confidence = (0.1, 0.6), 0.85, 0.7
    passed = np.zeros(3)
    for first, second in product(product([False, True], repeat=2), repeat=2):
        decision = decide(
            Ceiling(max=ceiling), [Block(candidate=first), Block(candidate=second)], confidence=confidence
        )
        if decision.state == "pass":
            passed[decision.blocks :] += _chance(first, rates) * _chance(second, rates)
    ahead = outlook(ceiling, rates, 2, confidence=confidence)
    assert ahead.passed == pytest.approx(passed)
    assert 0 < passed[1] < passed[2]
    assert ahead.expected_blocks == pytest.approx(2 - passed[1] - ahead.failed[1])
