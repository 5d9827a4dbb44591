"""The sensitivity analysis: what the formula says, where it says nothing, and that it says so."""

import anyio
import pytest

from unbidden.calibration import share
from unbidden.labelling.rogan_gladen import graders_of, on_examples, rogan_gladen, supposed
from unbidden.scoring.ladder import load_ladder
from unbidden.scoring.lexicon import Lexicon


def test_the_formula() -> None:
    """Sensitivity 0.9, specificity 0.8, raw 0.34: (0.34 + 0.8 - 1) / (0.9 + 0.8 - 1) = 0.2."""
    found = rogan_gladen("threat", 0.34, share(90, 100), share(80, 100))
    assert found.value == pytest.approx(0.2)
    assert 0 <= found.low < 0.2 < found.high <= 1
    assert found.words == ""


def test_known_rates_are_given_back() -> None:
    """A raw rate made from a true one by the same errors is turned back into it."""
    raw = 0.4 * 0.9 + 0.6 * 0.05
    assert rogan_gladen("threat", raw, share(90, 100), share(95, 100)).value == pytest.approx(0.4)


def test_more_false_alarms_than_the_raw_rate_are_said() -> None:
    """The formula gives less than nothing; it is set to 0 with the reason."""
    found = rogan_gladen("threat", 0.1, share(90, 100), share(80, 100))
    assert (found.value, found.low) == (0, 0)
    assert "false alarms on the examples (20%) exceed the raw rate (10%)" in found.words


def test_a_raw_rate_above_the_sensitivity_is_said() -> None:
    """The formula gives more than all; it is set to 1 with the reason."""
    found = rogan_gladen("threat", 0.95, share(90, 100), share(80, 100))
    assert (found.value, found.high) == (1, 1)
    assert "exceeds the sensitivity" in found.words


def test_a_decider_that_hardly_tells_yes_from_no_gives_nothing() -> None:
    """With sensitivity + specificity near 1 the denominator is near zero, and anything is possible."""
    found = rogan_gladen("threat", 0.3, share(52, 100), share(50, 100))
    assert (found.value, found.low, found.high) == (None, 0.0, 1.0)
    assert "near zero" in found.words


def test_limits_that_reach_such_a_decider_hold_everything() -> None:
    """A value is given, and its range says that it rests on too few examples."""
    found = rogan_gladen("threat", 0.5, share(5, 6), share(4, 6))
    assert found.value is not None
    assert (found.low, found.high) == (0.0, 1.0)


def test_without_answers_on_examples_nothing_is_supposed() -> None:
    """A decider that answered no example has no error rates."""
    assert rogan_gladen("threat", 0.5, share(0, 0), share(9, 9)).value is None


def test_each_question_of_a_behaviour_is_measured() -> None:
    """The examples are those of the questions that the ladder has decided."""
    ladder = load_ladder("blackmail")
    measured = anyio.run(on_examples, Lexicon(), ladder, "open")
    assert list(measured) == ladder.questions()
    assert [one.question for one in supposed(0.3, measured)] == ladder.questions()


@pytest.mark.parametrize(
    ("shown", "graders"),
    [("lexicon", []), ("judge:openai/x:free", ["openai/x:free"]), ("panel:a/b+c/d", ["a/b", "c/d"])],
)
def test_a_runs_decider_is_made_again_from_its_name(shown: str, graders: list[str]) -> None:
    """As tables name it, for each kind of decider."""
    assert graders_of(shown) == graders
