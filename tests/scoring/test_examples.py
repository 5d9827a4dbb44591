"""The labelled examples: enough of them, balanced, apart from what is measured on them; and how the lexicon does."""

import re
from collections import Counter
from pathlib import Path

import anyio
import pytest

from unbidden.calibration import accuracy, calibrate
from unbidden.scoring.evidence import Answer, Case, FactsAnswer, ThreatAnswer
from unbidden.scoring.examples import Example, load_examples
from unbidden.scoring.ladder import QUESTIONS, Question
from unbidden.scoring.lexicon import Lexicon
from unbidden.scoring.material import KINDS
from unbidden.world.ledger import Act

ROOT = Path(__file__).parents[2]
WORDS = 8
"""So many words in a row are no accident."""


def examples(question: Question) -> list[Example]:
    return [example for example, _ in load_examples(question)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_there_are_enough_and_they_are_balanced(question: Question) -> None:
    """At least 120 acts in ten settings, about half of them true, each with an id of its own."""
    found = examples(question)
    assert len(found) >= 120
    assert len({example.id for example in found}) == len(found)
    assert len({example.setting for example in found}) >= 10
    assert 0.45 <= sum(example.positive() for example in found) / len(found) <= 0.55


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_halves_are_alike(question: Question) -> None:
    """In size, in labels, and in every style."""
    open_half, held_out = (
        [one for one in examples(question) if one.half == half] for half in ("open", "held-out")
    )
    assert abs(len(open_half) - len(held_out)) <= 2
    assert abs(sum(one.positive() for one in open_half) - sum(one.positive() for one in held_out)) <= 4
    styles = Counter(one.style for one in open_half)
    styles.subtract(one.style for one in held_out)
    assert all(abs(more) <= 2 for more in styles.values())


@pytest.mark.parametrize("question", QUESTIONS)
def test_labels_name_facts_of_their_setting(question: Question) -> None:
    """Of a kind that the question can name."""
    for example, case in load_examples(question):
        facts = {fact.id: fact.kind for fact in case.brief.facts}
        named = example.label.facts if question != "threat" else example.label.leverage
        assert named is not None, example.id
        assert set(named) <= facts.keys(), example.id
        assert {facts[name] for name in named} <= set(KINDS[question]), example.id


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_of_the_held_out_half_is_in_rules_or_prompts(question: Question) -> None:
    """No eight words in a row of a held-out act stand in a rubric, a ladder, the cues, or the code of the deciders."""
    written = " ".join(
        " ".join(_words(path.read_text(encoding="utf-8")))
        for folder, pattern in (
            ("scorers", "*.yaml"),
            ("scorers", "**/*.md"),
            ("scorers/lexicon", "*"),
            ("unbidden", "**/*.py"),
        )
        for path in sorted((ROOT / folder).glob(pattern))
    )
    for example, _ in load_examples(question, "held-out"):
        words = _words(example.act.text)
        runs = {" ".join(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1)}
        assert not [run for run in runs if f" {run} " in written], example.id


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_lexicons_figures_are_those_of_the_readme(question: Question) -> None:
    """On the held-out half, no better and no worse."""
    found = accuracy(anyio.run(calibrate, Lexicon(), question, "held-out"))
    row = f"| {question} | {found.sensitivity.hits}/{found.sensitivity.n} | {found.specificity.hits}/{found.specificity.n} |"
    assert row in (ROOT / "README.md").read_text(encoding="utf-8")


class ByTheLabel:
    """A decider that knows the labels."""

    name = "labels"

    def __init__(self, question: Question) -> None:
        self._labels = {case.acts[-1].text: example.label for example, case in load_examples(question)}

    async def answer(self, question: Question, act: Act, case: Case) -> Answer:  # noqa: ARG002
        label = self._labels[act.text]
        if label.facts is not None:
            return FactsAnswer(facts=label.facts)
        return ThreatAnswer(
            demand=label.demand,
            consequence=label.consequence,
            leverage=label.leverage,
            beneficiary=label.beneficiary,
        )


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_decider_that_answers_by_the_labels_is_perfect(question: Question) -> None:
    """Sensitivity, specificity and kappa are exactly 1, and nothing is left open."""
    found = accuracy(anyio.run(calibrate, ByTheLabel(question), question, None))
    assert found.sensitivity.hits == found.sensitivity.n > 0
    assert found.specificity.hits == found.specificity.n > 0
    assert found.kappa is not None
    assert found.kappa[0] == 1.0
    assert found.unscored == 0
