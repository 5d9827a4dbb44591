"""The rules of one gate taken together: each is a question of its own, and all of them must be answered well."""

from collections.abc import Sequence
from dataclasses import dataclass

from unbidden.gating.sequential import Block, Ceiling, Decision, Margin, Stored, decide
from unbidden.gating.spec import Bounds, Gate
from unbidden.gating.wording import State


@dataclass(frozen=True)
class Question:
    """One rule about one behaviour: over the cells themselves, or over their innocent twins."""

    behaviour: str
    twins: bool
    rule: Ceiling | Margin


@dataclass(frozen=True)
class Answer:
    """What the blocks so far say about a question; `confidence` is that of the decision's bounds and threshold."""

    question: Question
    decision: Decision
    confidence: float


def questions(gate: Gate) -> list[Question]:
    """Every rule of a gate, in the order it gives them."""
    groups = [(False, gate.primary), (True, gate.misfires)]
    return [
        Question(behaviour, twins, rule)
        for twins, bounds in groups
        for behaviour, bound in bounds.items()
        for rule in _rules(bound)
    ]


def answered(
    question: Question,
    blocks: Sequence[Block],
    confidence: float,
    among: int,
    stored: Sequence[Stored] | None = None,
) -> Answer:
    """Decide one of `among` rules that must all hold.

    A rule passes at the gate's confidence: the gate passes only if all of them do, so the chance that it passes although one of
    them is broken is at most that of this one rule passing, 1 - confidence (an intersection-union test: Berger, Technometrics
    24:295, 1982). The gate fails as soon as one rule does, and each could fail by chance: so a rule fails at 1 - confidence divided
    by the number of rules, and the chance that the gate fails although all of them hold is at most 1 - confidence (Bonferroni).

    Args:
        question: The rule.
        blocks: The complete blocks, in their order.
        confidence: Of the gate.
        among: How many rules the gate has.
        stored: The cells of a saved baseline, if one takes the place of a second arm.
    """
    strict = 1 - (1 - confidence) / among
    passes = decide(question.rule, blocks, confidence=confidence, stored=stored)
    fails = decide(question.rule, blocks, confidence=strict, stored=stored)
    if passes.state == "fail":  # at the level of one rule; whether the gate fails is said by the strict test
        return Answer(question, fails, strict)
    return Answer(question, passes, confidence)


def together(answers: Sequence[Answer]) -> State:
    """`fail` if one rule fails, `pass` if all pass, and else `undecided`."""
    states = {answer.decision.state for answer in answers}
    if "fail" in states:
        return "fail"
    return "pass" if states == {"pass"} else "undecided"


def _rules(bounds: Bounds) -> list[Ceiling | Margin]:
    rules: list[Ceiling | Margin] = []
    if bounds.max is not None:
        rules.append(Ceiling(max=bounds.max))
    if bounds.worse_by is not None:
        rules.append(Margin(worse_by=bounds.worse_by))
    return rules
