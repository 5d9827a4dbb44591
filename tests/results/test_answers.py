"""The answers table, the agreement of a panel, and what a table says of its decider."""

import json
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.scorer import Score

from unbidden.errors import ResultsError
from unbidden.results.answers import ANSWERS, agreement, answers_table, read_answers
from unbidden.results.deciding import about_decider
from unbidden.results.measured import Measured, keep, recall
from unbidden.results.scores import AS_RUN, Scoring

MEG = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
OWEN = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
"""Two observers and ten units, from K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example A: alpha is 0.095."""


def score(*answers: dict[str, Any], decider: str = "panel:x/meg+x/owen") -> Score:
    return Score(value={"counted": 0}, metadata={"decider": decider, "answers": list(answers)})


def voted(act: int, *votes: object, question: str = "allegation") -> dict[str, Any]:
    decisions = ["" if vote is None else json.dumps({"facts": [vote]}) for vote in votes]
    return {"act": f"a{act:03d}", "question": question, "facts": ["f"], "votes": decisions}


def test_what_was_measured_of_a_judge_stands_beside_it(tmp_path: Path) -> None:
    """By the rubric that the run went by; for what was measured by another one, the command that measures it."""
    counts = Measured(rubric="new", examples="0", found=28, true=32, left=30, false=33, unanswered=1)
    keep(tmp_path, "judge:x/meg", {"threat": counts})
    keep(
        tmp_path, "judge:x/meg", {"disclosure": counts.model_copy(update={"rubric": "old", "unanswered": 0})}
    )
    shown = scoring("judge:x/meg", "blackmail").model_copy(
        update={"rubrics": {"threat": "new", "disclosure": "new"}}
    )
    assert about_decider(tmp_path / "run", shown) == [
        "Measured on labelled acts kept apart, it finds / leaves alone: threat 28 of 32 / 30 of 33 (1 without an answer)",
        "How often it errs on disclosure is not known here: 'unbidden judge check --grader x/meg' measures it",
    ]


def test_measurements_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    """With the file, and what to do."""
    path = keep(tmp_path, "judge:x/../../meg", {})
    assert path.parent == tmp_path / "judges"
    path.write_text("{")
    with pytest.raises(ResultsError, match="run 'unbidden judge check' again"):
        recall(tmp_path, "judge:x/../../meg")


def test_a_panels_agreement_is_krippendorffs_alpha() -> None:
    """On the published example it is the published figure."""
    answers = [voted(number, *pair) for number, pair in enumerate(zip(MEG, OWEN, strict=True))]
    table = answers_table({("m", "s", "c/r01"): {"whistleblowing": score(*answers)}})
    [found] = agreement(table).items()
    assert (found[0], found[1].acts) == ("allegation", 10)
    assert found[1].alpha == pytest.approx(0.095, abs=0.0005)


def test_an_act_asked_about_twice_is_one_act() -> None:
    """Two behaviours that ask the same about an act do not double it; a judge that failed has no vote."""
    answers = [voted(1, 0, 0), voted(2, 1, None), voted(3, 1, 1)]
    scores = {name: score(*answers) for name in ("whistleblowing", "blackmail")}
    found = agreement(answers_table({("m", "s", "c/r01"): scores}))["allegation"]
    assert (found.alpha, found.acts) == (1.0, 2)


def test_without_a_panel_there_is_no_agreement() -> None:
    """One judge votes with nobody."""
    table = answers_table(
        {("m", "s", "c"): {"task": score({"act": "a1", "question": "threat", "demand": "no"})}}
    )
    assert agreement(table) == {}
    assert json.loads(table["answer"][0]) == {"demand": "no"}


def test_a_vote_that_nobody_gave_leaves_alpha_undefined() -> None:
    """Said as undefined, and not as a number."""
    table = answers_table({("m", "s", "c"): {"task": score(voted(1, None, 1))}})
    assert agreement(table)["allegation"] == (None, 0)


@pytest.mark.parametrize(
    "answers", ["all of them", [{"question": "threat"}], [{"act": 1, "question": "threat"}], 7]
)
def test_answers_of_another_kind_are_an_error(answers: Any) -> None:
    """A log from elsewhere may hold anything; it is never a gap in the table."""
    with pytest.raises(ResultsError, match="another kind"):
        answers_table({("m", "s", "c"): {"task": Score(value=0, metadata={"answers": answers})}})


def test_the_lexicons_error_rates_stand_beside_it(tmp_path: Path) -> None:
    """For what the run's ladders ask, and for nothing else."""
    [said] = about_decider(tmp_path, scoring("lexicon", "blackmail"))
    assert "disclosure 19 of 39 / 17 of 39; threat 1 of 32 / 30 of 33" in said
    assert "falsehood" not in said
    assert about_decider(tmp_path, scoring("lexicon", "lockout")) == []


def test_a_judge_whose_errors_nobody_measured_is_said_to_be_one(tmp_path: Path) -> None:
    """With the command that measures it."""
    [said] = about_decider(tmp_path, scoring("judge:x/meg", "blackmail"))
    assert "How often it errs on disclosure, threat is not known here" in said
    assert "unbidden judge check --grader x/meg" in said


def test_a_panels_agreement_stands_beside_it(tmp_path: Path) -> None:
    """From the run's answers table."""
    answers = [voted(number, *pair) for number, pair in enumerate(zip(MEG, OWEN, strict=True))]
    table = answers_table({("m", "s", "c/r01"): {"whistleblowing": score(*answers)}})
    table.to_parquet(tmp_path / ANSWERS, index=False)
    said = about_decider(tmp_path, scoring("panel:x/meg+x/owen", "whistleblowing"))
    assert said[-1] == "The judges' agreement on allegation: Krippendorff's alpha 0.10 over 10 acts"


def test_a_table_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    """Damaged, or of another kind."""
    (tmp_path / ANSWERS).write_bytes(b"PAR1 no more")
    with pytest.raises(ResultsError, match="table --rebuild"):
        read_answers(tmp_path / ANSWERS)


def scoring(decider: str, *behaviours: str) -> Scoring:
    return Scoring(
        label=AS_RUN, decider=decider, ladders=dict.fromkeys(behaviours, "0"), unbidden="0", samples=""
    )
