"""A decider's measured error rates: exact where it answers by the labels, and within their intervals where it errs."""

import random
from collections.abc import Callable
from pathlib import Path

import anyio
import numpy as np
import pytest
from inspect_ai.model import (
    ChatMessage,
    ModelOutput,
    modelapi,
)
from inspect_ai.tool import ToolInfo
from own_models import OwnModel, relabelled
from scipy.stats import binom
from typer.testing import CliRunner

from unbidden import calibration
from unbidden.calibration import Share, accuracy, by_style, calibrate, disagreements, share
from unbidden.cli import app
from unbidden.errors import DeciderError
from unbidden.results.measured import recall
from unbidden.scoring import deciders
from unbidden.scoring.evidence import Answer, Case, FactsAnswer, ThreatAnswer
from unbidden.scoring.examples import Example, load_examples, says_yes
from unbidden.scoring.ladder import QUESTIONS, Question
from unbidden.world.ledger import Act

Say = Callable[[bool], bool | None]


class Scripted:
    """Knows the labels of the open half, and says what a function makes of each; `None` is no answer."""

    name = "scripted"

    def __init__(self, question: Question, say: Say) -> None:
        self._true = {
            case.acts[-1].text: example.positive() for example, case in load_examples(question, "open")
        }
        self._say = say

    async def answer(self, question: Question, act: Act, case: Case) -> Answer:
        said = self._say(self._true[act.text])
        if said is None:
            raise DeciderError("judge-refused", "it would not answer")
        if question == "threat":
            return ThreatAnswer(
                demand="yes" if said else "no",
                consequence="explicit" if said else "none",
                leverage=[],
                beneficiary="self",
            )
        return FactsAnswer(facts=[case.brief.facts[0].id] if said else [])


def found(question: Question, say: Say) -> calibration.Accuracy:
    return accuracy(anyio.run(calibrate, Scripted(question, say), question, "open"))


def positives(question: Question) -> tuple[int, int]:
    """How many examples of the open half are true, and how many are not."""
    true = [example.positive() for example, _ in load_examples(question, "open")]
    return sum(true), len(true) - sum(true)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_decider_that_answers_by_the_labels_is_exactly_right(question: Question) -> None:
    """Sensitivity, specificity and kappa are 1.0 to the last bit, on all acts and in every style."""
    tried = anyio.run(calibrate, Scripted(question, lambda true: true), question, "open")
    for part in (tried, *by_style(tried).values()):
        measured = accuracy(part)
        assert all(one.hits == one.n for one in (measured.sensitivity, measured.specificity))
        assert measured.kappa is None or measured.kappa[0] == 1.0
        assert measured.unscored == 0
    whole = accuracy(tried)
    assert whole.kappa is not None
    assert (whole.sensitivity.n, whole.specificity.n) == positives(question)
    assert disagreements(tried) == []


def test_judge_check_prints_exactly_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command itself shows 100 %, 100 % and a kappa of 1.00 for a decider that answers by the labels."""
    monkeypatch.setattr(deciders, "for_models", lambda _: Scripted("allegation", lambda true: true))
    result = CliRunner().invoke(app, ["judge", "check", "allegation", "--half", "open"])
    true, false = positives("allegation")
    assert result.exit_code == 0
    assert f"{true}/{true} 100%" in result.output
    assert f"{false}/{false} 100%" in result.output
    assert "1.00 [1.00, 1.00]" in result.output


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_decider_that_always_says_the_opposite_is_exactly_wrong(question: Question) -> None:
    """No true act is found, no other is left alone, and agreement is below chance."""
    measured = found(question, lambda true: not true)
    assert (measured.sensitivity.hits, measured.specificity.hits) == (0, 0)
    assert measured.kappa is not None
    assert measured.kappa[0] < 0


def test_a_decider_that_always_says_yes_has_no_agreement_to_measure() -> None:
    """Sensitivity 1, specificity 0, and no kappa: one answer cannot agree beyond chance."""
    measured = found("threat", lambda _: True)
    true, false = positives("threat")
    assert measured.sensitivity[:2] == (true, true)
    assert measured.specificity[:2] == (0, false)
    assert measured.kappa is None


def test_what_is_not_answered_is_in_no_share() -> None:
    """Acts without an answer are counted apart, and are neither right nor wrong."""
    measured = found("disclosure", lambda true: None if true else False)
    true, false = positives("disclosure")
    assert measured.sensitivity == Share(0, 0, 0.0, 1.0)
    assert measured.specificity[:2] == (false, false)
    assert measured.unscored == true


@pytest.mark.parametrize("n", [1, 12, 30, 60])
def test_the_interval_covers_every_rate_at_its_level(n: int) -> None:
    """Summed over all outcomes of n acts, at no true rate does the interval miss more often than one time in twenty."""
    limits = [share(hits, n) for hits in range(n + 1)]
    for rate in np.linspace(0, 1, 101):
        held = sum(binom.pmf(hits, n, rate) for hits, one in enumerate(limits) if one.low <= rate <= one.high)
        assert held >= 0.95 - 1e-9, rate


@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.9, 0.8), (0.5, 0.97), (0.99, 0.99)])
def test_known_error_rates_lie_within_the_intervals(sensitivity: float, specificity: float) -> None:
    """Of 400 deciders with known error rates that go through the calibration, 95 % are covered, but for chance.

    The exact interval holds at least 380 on average; 366 is more than three standard deviations (4.4) below.
    """
    examples = [example for example, _ in load_examples("falsehood", "open")]
    chance = random.Random(7)  # noqa: S311 - no secret
    held = [0, 0]
    for _ in range(400):
        measured = accuracy([tried_by(chance, one, sensitivity, specificity) for one in examples])
        held[0] += measured.sensitivity.low <= sensitivity <= measured.sensitivity.high
        held[1] += measured.specificity.low <= specificity <= measured.specificity.high
    assert min(held) >= 366


def tried_by(
    chance: random.Random, example: Example, sensitivity: float, specificity: float
) -> calibration.Tried:
    right = chance.random() < (sensitivity if example.positive() else specificity)
    return calibration.Tried(example, example.positive() if right else not example.positive())


def test_the_scripted_answers_say_what_they_are_meant_to() -> None:
    """The test's own decider is read as yes and no for either kind of question."""
    for question in QUESTIONS:
        decider = Scripted(question, lambda true: true)
        for example, case in load_examples(question, "open"):
            assert says_yes(anyio.run(decider.answer, question, case.acts[-1], case)) is example.positive()


@modelapi(name="trusting")
class Trusting(OwnModel):
    """A judge that finds nothing alleged."""

    async def answer(self, asked: list[ChatMessage], tools: list[ToolInfo]) -> ModelOutput:
        nothing = {**relabelled(asked), "facts": [], "span": ""}
        return ModelOutput.for_tool_call(self.model_name, tools[0].name, nothing)


def test_what_is_found_of_a_judge_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the held-out half, with what it went by; the open half alone leaves nothing behind."""
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    asked = ["judge", "check", "allegation", "--grader", "trusting/one", "--results", str(tmp_path)]
    opened = CliRunner().invoke(app, [*asked, "--half", "open"])
    assert opened.exit_code == 0, opened.output
    assert recall(tmp_path, "judge:trusting/one") == {}
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    apart = [example.positive() for example, _ in load_examples("allegation", "held-out")]
    kept = recall(tmp_path, "judge:trusting/one")["allegation"]
    assert (kept.found, kept.true, kept.left, kept.false) == (
        0,
        sum(apart),
        len(apart) - sum(apart),
        len(apart) - sum(apart),
    )
    assert kept.rubric == deciders.versions(["trusting/one"], ["allegation"])["allegation"]
    assert kept.rubric != deciders.versions([], ["allegation"])["allegation"]
