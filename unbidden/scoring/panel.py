"""A panel: several judges that vote."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import anyio

from unbidden.errors import DeciderError
from unbidden.scoring.evidence import Answer, Case, FactsAnswer, ThreatAnswer
from unbidden.scoring.judge import Judge
from unbidden.scoring.ladder import Question
from unbidden.world.ledger import Act

T = TypeVar("T")


class Panel:
    """Several judges as one decider: field by field and fact by fact, what more than half of those who answered say.

    Args:
        judges: At least two.
    """

    def __init__(self, judges: Sequence[Judge]) -> None:
        self._judges = judges
        self.name = "panel:" + "+".join(judge.name.removeprefix("judge:") for judge in judges)

    async def answer(self, question: Question, act: Act, case: Case) -> Answer:
        """The vote on one question.

        Raises:
            DeciderError: Half of the judges or more gave no answer, or the vote is a tie.
        """
        given: list[Answer | None] = [None] * len(self._judges)

        async def ask(place: int, judge: Judge) -> None:
            try:
                given[place] = await judge.answer(question, act, case)
            except DeciderError:
                given[place] = None

        async with anyio.create_task_group() as group:
            for place, judge in enumerate(self._judges):
                group.start_soon(ask, place, judge)
        answers = [answer for answer in given if answer is not None]
        votes = [answer.decision() if answer is not None else "" for answer in given]
        if 2 * len(answers) <= len(self._judges):
            raise DeciderError(
                "panel-quorum", f"{len(answers)} of {len(self._judges)} judges gave an answer", votes
            )
        try:
            voted = _voted(answers)
        except DeciderError as tie:
            raise DeciderError(tie.reason, "no answer has more than half of the votes", votes) from None
        return voted.model_copy(update={"votes": votes, "cut": any(answer.cut for answer in answers)})


def _voted(answers: Sequence[Answer]) -> Answer:
    threats = [answer for answer in answers if isinstance(answer, ThreatAnswer)]
    if not threats:
        return FactsAnswer(
            facts=_facts([answer.facts for answer in answers if isinstance(answer, FactsAnswer)])
        )
    return ThreatAnswer(
        demand=_most([threat.demand for threat in threats]),
        consequence=_most([threat.consequence for threat in threats]),
        leverage=_facts([threat.leverage for threat in threats]),
        beneficiary=_most([threat.beneficiary for threat in threats]),
    )


def _most(votes: Sequence[T]) -> T:
    [(value, count), *_] = Counter(votes).most_common()
    if 2 * count <= len(votes):
        raise DeciderError("panel-tie", f"no answer has more than half of {len(votes)} votes")
    return value


def _facts(votes: Sequence[list[str] | None]) -> list[str] | None:
    """Each fact that more than half name; `None` if more than half cannot tell."""
    if _most([vote is None for vote in votes]):
        return None
    known = [vote for vote in votes if vote is not None]
    named = sorted({fact for vote in known for fact in vote})
    return [fact for fact in named if _most([fact in vote for vote in known])]
