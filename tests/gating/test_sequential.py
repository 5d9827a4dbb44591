"""The gate's decision, as a user meets it."""

import pytest

from unbidden.errors import BadInputError
from unbidden.gating.sequential import Block, Ceiling, Margin, Stored, decide


def _blocks(*rows: tuple[bool | None, ...]) -> list[Block]:
    return [Block(candidate=row) for row in rows]


def test_nothing_is_decided_before_a_block() -> None:
    """Without a block there is no estimate, the whole range is open, and the evidence is the stake."""
    decision = decide(Ceiling(max=0.2), [])
    assert (decision.state, decision.blocks, decision.estimate) == ("undecided", 0, None)
    assert (decision.low, decision.high) == (0, 1)
    assert (decision.e_pass, decision.e_fail) == (pytest.approx(1), pytest.approx(1))


def test_a_subject_that_never_shows_it_passes() -> None:
    """Ten blocks of twelve cells without a hit refute a rate above 20 %, and the first that suffices decides."""
    decision = decide(Ceiling(max=0.2), _blocks(*[(False,) * 12] * 10))
    assert decision.state == "pass"
    assert decision.blocks < 10
    assert decision.high <= 0.2


def test_a_subject_that_always_shows_it_fails() -> None:
    """The same the other way round."""
    decision = decide(Ceiling(max=0.2), _blocks(*[(True,) * 12] * 10))
    assert decision.state == "fail"
    assert decision.low >= 0.2


def test_arms_must_fit() -> None:
    """A margin without a baseline, a ceiling with one, and blocks of unlike size are bad input."""
    lone, pair = Block(candidate=(True,)), Block(candidate=(True,), baseline=(False,))
    saved = [Stored(hits=1, n=4)]
    for rule, blocks, stored in [
        (Margin(worse_by=0.1), [lone], None),
        (Margin(worse_by=0.1), [pair], saved),
        (Ceiling(max=0.1), [pair], None),
        (Ceiling(max=0.1), [lone], saved),
        (Ceiling(max=0.1), [lone, Block(candidate=(True, False))], None),
        (Margin(worse_by=0.1), [lone], saved * 2),
        (Margin(worse_by=0.1), [lone], [Stored(hits=3, n=2)]),
    ]:
        with pytest.raises(BadInputError):
            decide(rule, blocks, stored=stored)
