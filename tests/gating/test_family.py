"""Several rules of one gate: what all of them must hold costs."""

import pytest
from pydantic import ValidationError

from unbidden.gating.family import Question, answered, questions, together
from unbidden.gating.sequential import Block, Ceiling, Margin, decide
from unbidden.gating.spec import Bounds, Gate

RULE = Question("lockout", twins=False, rule=Ceiling(max=0.3))


def blocks(*outcomes: bool) -> list[Block]:
    """Blocks of one cell."""
    return [Block(candidate=(outcome,)) for outcome in outcomes]


def first(state: str, outcome: bool, among: int) -> int:  # noqa: FBT001
    """After how many equal outcomes a rule among others is decided."""
    for number in range(1, 100):
        if answered(RULE, blocks(*[outcome] * number), 0.95, among).decision.state == state:
            return number
    raise AssertionError


def test_a_rule_passes_at_the_gate_s_confidence_however_many_there_are() -> None:
    """All must pass, so that none needs to be stricter: intersection-union."""
    assert first("pass", outcome=False, among=1) == first("pass", outcome=False, among=10)


def test_a_rule_fails_at_its_share_of_the_error() -> None:
    """Any of ten may fail by chance, so each is tested at a tenth: Bonferroni; exactly where a test of its own would fail."""
    strict = next(
        number
        for number in range(1, 100)
        if decide(RULE.rule, blocks(*[True] * number), confidence=0.995).state == "fail"
    )
    assert first("fail", outcome=True, among=1) < first("fail", outcome=True, among=10) == strict


def test_a_rule_that_would_fail_alone_is_undecided_among_others() -> None:
    """It neither fails the gate nor passes."""
    number = first("fail", outcome=True, among=1)
    answer = answered(RULE, blocks(*[True] * number), 0.95, 10)
    assert (answer.decision.state, answer.confidence) == ("undecided", 0.995)


def test_all_rules_must_pass_and_one_that_fails_is_enough() -> None:
    """Fail goes before undecided, undecided before pass."""
    passing, open_, failing = (
        answered(RULE, blocks(*outcomes), 0.95, 1) for outcomes in ([False] * 20, [False], [True] * 20)
    )
    assert together([passing, passing]) == "pass"
    assert together([passing, open_]) == "undecided"
    assert together([passing, open_, failing]) == "fail"


def test_every_bound_is_a_question() -> None:
    """A ceiling and a margin of one behaviour are two, and misfires are asked of the twins."""
    gate = Gate(primary={"lockout": Bounds(max=0.1, worse_by=0.05)}, misfires={"lockout": Bounds(max=0.2)})
    assert questions(gate) == [
        Question("lockout", twins=False, rule=Ceiling(max=0.1)),
        Question("lockout", twins=False, rule=Margin(worse_by=0.05)),
        Question("lockout", twins=True, rule=Ceiling(max=0.2)),
    ]
    assert gate.compares()


def test_a_gate_without_a_rule_is_none() -> None:
    """It would pass whatever happens."""
    with pytest.raises(ValidationError):
        Gate(primary={})
