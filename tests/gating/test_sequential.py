"""The gate's decision, as a user meets it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.errors import BadInputError
from unbidden.gating.sequential import Block, Ceiling, Decision, Margin, Stored, decide

Outcome = bool | None
ARM = st.lists(st.sampled_from([False, True, None]), min_size=3, max_size=3).map(tuple)
BOUND = st.floats(0.02, 0.98)


def _blocks(*rows: tuple[Outcome, ...]) -> list[Block]:
    return [Block(candidate=row) for row in rows]


def _arms(history: list[tuple[tuple[Outcome, ...], tuple[Outcome, ...]]]) -> list[Block]:
    return [Block(candidate=candidate, baseline=baseline) for candidate, baseline in history]


def test_nothing_is_decided_before_a_block() -> None:
    """Without a block there is no estimate, the whole range is open, and the evidence is the stake."""
    decision = decide(Ceiling(max=0.2), [])
    assert (decision.state, decision.blocks, decision.estimate) == ("undecided", 0, None)
    assert (decision.low, decision.high) == (0, 1)
    assert (decision.e_pass, decision.e_fail) == (pytest.approx(1), pytest.approx(1))
    assert decision.reason == "No block is complete yet."


@pytest.mark.parametrize(("outcome", "state"), [(False, "pass"), (True, "fail")])
def test_a_clear_subject_is_decided_by_the_first_block_that_suffices(outcome: bool, state: str) -> None:  # noqa: FBT001
    """A subject that never or always shows it is decided early, and the blocks after that change nothing."""
    rows = [(outcome,) * 4] * 20
    decision = decide(Ceiling(max=0.2), _blocks(*rows))
    assert decision.state == state
    assert decision.blocks < 20
    assert decide(Ceiling(max=0.2), _blocks(*rows[: decision.blocks - 1])).state == "undecided"
    assert f"{20 - decision.blocks} more blocks" in decision.reason


def test_two_equal_arms_pass_a_margin_and_a_worse_candidate_fails_it() -> None:
    """The difference is what counts, not the rates."""
    same = [((True, False, False, False), (False, True, False, False))] * 40
    worse = [((True, True, True, False), (False, True, False, False))] * 40
    passed, failed = decide(Margin(worse_by=0.2), _arms(same)), decide(Margin(worse_by=0.2), _arms(worse))
    assert (passed.state, passed.estimate) == ("pass", pytest.approx(0))
    assert (failed.state, failed.estimate) == ("fail", pytest.approx(0.5))


def test_a_saved_baseline_of_few_samples_carries_less() -> None:
    """The same rates decide later, or not at all, when the baseline's own error is large."""
    rows = _blocks(*[(True, False, False, False, False)] * 60)
    few, many = [Stored(hits=1, n=5)] * 5, [Stored(hits=40, n=200)] * 5
    decided = decide(Margin(worse_by=0.15), rows, stored=many)
    assert decided.state == "pass"
    assert decide(Margin(worse_by=0.15), rows, stored=few).state == "undecided"


@given(st.lists(ARM, min_size=1, max_size=12), st.lists(ARM, max_size=4), BOUND)
def test_a_decision_is_not_undone(
    history: list[tuple[Outcome, ...]], later: list[tuple[Outcome, ...]], bound: float
) -> None:
    """What is seen after the decision changes only how many blocks are said not to count."""
    rule = Ceiling(max=bound)
    first, second = decide(rule, _blocks(*history)), decide(rule, _blocks(*history, *later))
    if first.state != "undecided":
        assert (second.state, second.blocks, second.estimate) == (first.state, first.blocks, first.estimate)
        assert (second.low, second.high) == pytest.approx((first.low, first.high))
        assert (second.e_pass, second.e_fail) == pytest.approx((first.e_pass, first.e_fail))


@given(st.lists(st.tuples(ARM, ARM), min_size=1, max_size=5), st.data(), st.floats(-0.5, 0.9))
def test_an_unscored_outcome_helps_neither_decision(
    history: list[tuple[tuple[Outcome, ...], tuple[Outcome, ...]]], data: st.DataObject, worse_by: float
) -> None:
    """Whatever verdict replaces an unscored one, in either arm, the evidence for passing and for failing does not fall."""
    cell, arm = data.draw(st.integers(0, 2)), data.draw(st.integers(0, 1))
    verdict = data.draw(st.booleans())
    rule = Margin(worse_by=worse_by)
    last = len(history) - 1  # an earlier block might decide, and the later ones not count
    with_verdict, without = (
        decide(rule, _arms(_put(history, last, arm, cell, value))) for value in (verdict, None)
    )
    if with_verdict.blocks == without.blocks == len(history):
        assert without.e_pass <= with_verdict.e_pass * (1 + 1e-9)
        assert without.e_fail <= with_verdict.e_fail * (1 + 1e-9)
        assert without.low <= with_verdict.low + 1e-6
        assert without.high >= with_verdict.high - 1e-6


def _put(
    history: list[tuple[tuple[Outcome, ...], tuple[Outcome, ...]]],
    block: int,
    arm: int,
    cell: int,
    value: Outcome,
) -> list[tuple[tuple[Outcome, ...], tuple[Outcome, ...]]]:
    arms = [list(outcomes) for outcomes in history[block]]
    arms[arm][cell] = value
    return [*history[:block], (tuple(arms[0]), tuple(arms[1])), *history[block + 1 :]]


def test_unscored_samples_of_a_saved_baseline_help_neither_decision() -> None:
    """Neither does a cell with fewer samples than the others: it is as if the rest were unscored."""
    rows = _blocks(*[(True, False, False)] * 3)
    scored = [
        decide(
            Margin(worse_by=0.1), rows, stored=[Stored(hits=h, n=9), Stored(hits=2, n=9), Stored(hits=2, n=9)]
        )
        for h in (2, 3)
    ]
    missing = decide(
        Margin(worse_by=0.1),
        rows,
        stored=[Stored(hits=2, n=8, unscored=1), Stored(hits=2, n=9), Stored(hits=2, n=9)],
    )
    fewer = decide(
        Margin(worse_by=0.1), rows, stored=[Stored(hits=2, n=8), Stored(hits=2, n=9), Stored(hits=2, n=9)]
    )
    assert missing.e_pass <= min(decision.e_pass for decision in scored) + 1e-9
    assert missing.e_fail <= min(decision.e_fail for decision in scored) + 1e-9
    assert (fewer.e_pass, fewer.e_fail) == (missing.e_pass, missing.e_fail)


@given(st.lists(st.booleans(), min_size=3, max_size=3).map(tuple), BOUND, st.integers(0, 2))
def test_evidence_follows_the_outcomes(row: tuple[bool, ...], bound: float, cell: int) -> None:
    """One more outcome that is not shown speaks for passing and against failing."""
    without, shown = ((*row[:cell], value, *row[cell + 1 :]) for value in (False, True))
    rule = Ceiling(max=bound)
    clean, hit = decide(rule, _blocks(without)), decide(rule, _blocks(shown))
    assert clean.e_pass > hit.e_pass
    assert clean.e_fail < hit.e_fail


@given(st.lists(ARM, min_size=1, max_size=8), BOUND)
def test_bounds_and_decision_agree(history: list[tuple[Outcome, ...]], bound: float) -> None:
    """A ceiling put just outside low and high would have been decided, and the estimate lies between them."""
    decision = decide(Ceiling(max=bound), _blocks(*history))
    counted = _blocks(*history[: decision.blocks])
    assert (decision.high <= bound) == (decision.state == "pass")
    assert (decision.low >= bound) == (decision.state == "fail")
    assert (
        decide(Ceiling(max=min(decision.high + 1e-5, 0.9999)), counted).state != "undecided"
        or decision.high > 0.9998
    )
    assert (
        decide(Ceiling(max=max(decision.low - 1e-5, 0.0001)), counted).state != "undecided"
        or decision.low < 0.0002
    )
    if decision.estimate is not None:
        assert decision.low <= decision.estimate <= decision.high


@given(ARM, st.sampled_from([0.6, 0.8, 0.95]))
def test_bounds_are_where_one_block_stops_deciding(row: tuple[Outcome, ...], confidence: float) -> None:
    """With a single look, ceilings just above `high` pass, just below `low` fail, and those between do neither."""
    blocks = _blocks(row)
    bounds = decide(Ceiling(max=0.5), blocks, confidence=confidence)

    def state(ceiling: float) -> str:
        return decide(Ceiling(max=ceiling), blocks, confidence=confidence).state

    if bounds.high < 0.999 and bounds.state != "pass":
        assert (state(bounds.high - 1e-5), state(bounds.high + 1e-5)) == ("undecided", "pass")
    if bounds.low > 0.001 and bounds.state != "fail":
        assert (state(bounds.low - 1e-5), state(bounds.low + 1e-5)) == ("fail", "undecided")


def test_cells_weigh_equally_in_the_estimate() -> None:
    """A cell with fewer scored outcomes counts as much as the others; one with none leaves nothing to estimate."""
    blocks = _blocks((True, False), (None, False), (None, True), (None, False))
    assert decide(Ceiling(max=0.5), blocks).estimate == pytest.approx((1 + 1 / 4) / 2)
    assert decide(Ceiling(max=0.5), _blocks((None, False))).estimate is None
    assert decide(Margin(worse_by=0.5), blocks, stored=[Stored(hits=1, n=2)] * 2).estimate == pytest.approx(
        1 / 8
    )


def test_a_gate_of_unscored_samples_stays_undecided() -> None:
    """Our own failure never decides, however often it comes."""
    decision = decide(Ceiling(max=0.5), _blocks(*[(None, None)] * 300))
    assert decision.state == "undecided"
    assert "600 outcomes are unscored" in decision.reason


def test_overwhelming_evidence_is_still_a_number_in_json() -> None:
    """A decision can be written and read back, also where the evidence passes what a float holds."""
    rows = _blocks(*[(True,) * 3000])
    decision = decide(Ceiling(max=0.01), rows)
    assert decision.state == "fail"
    assert Decision.model_validate(json.loads(decision.model_dump_json())) == decision


@pytest.mark.parametrize(
    ("rule", "block", "stored"),
    [
        (Margin(worse_by=0.1), Block(candidate=(True,)), None),
        (Margin(worse_by=0.1), Block(candidate=(True,), baseline=(True,)), [Stored(hits=1, n=4)]),
        (Ceiling(max=0.1), Block(candidate=(True,), baseline=(True,)), None),
        (Ceiling(max=0.1), Block(candidate=(True,)), [Stored(hits=1, n=4)]),
        (Margin(worse_by=0.1), Block(candidate=(True,), baseline=(True, False)), None),
        (Margin(worse_by=0.1), Block(candidate=(True,)), [Stored(hits=1, n=4)] * 2),
        (Margin(worse_by=0.1), Block(candidate=(True,)), [Stored(hits=3, n=2)]),
        (Ceiling(max=0.1), Block(candidate=()), None),
    ],
)
def test_arms_that_do_not_fit_are_bad_input(
    rule: Ceiling | Margin, block: Block, stored: list[Stored] | None
) -> None:
    """An arm that is missing, one too many, of another size or impossible is refused rather than guessed at."""
    with pytest.raises(BadInputError):
        decide(rule, [block], stored=stored)


def test_a_confidence_must_be_one() -> None:
    """One below a half, or of certainty, is refused."""
    for confidence in (0.3, 1.0):
        with pytest.raises(BadInputError, match="confidence"):
            decide(Ceiling(max=0.1), [], confidence=confidence)
