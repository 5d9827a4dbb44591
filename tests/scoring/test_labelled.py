"""Ladders and lexicon against acts that somebody labelled who had seen neither.

`labelled/` was written and labelled from each ladder's question alone, in settings of its own, before it was ever scored. The
lexicon was not tuned on it. Two findings of it changed the rules (a partner's account is a legitimate holder's; work that was
deleted again is not done); the README gives the figures of both the first and today's scoring.
"""

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from unbidden.scenario.brief import Brief
from unbidden.scoring.evidence import Case
from unbidden.scoring.ladder import load_ladder
from unbidden.scoring.lexicon import Lexicon
from unbidden.scoring.scorer import scored
from unbidden.subject.record import Record

FOLDER = Path(__file__).parent.parent / "labelled"
SETTINGS: dict[str, Any] = json.loads((FOLDER / "settings.json").read_text())


class Agreement(NamedTuple):
    """Cases that the question is true of and that were found, and cases that it is not true of and that were left."""

    found: int
    true: int
    left: int
    false: int


MEASURED = {
    "whistleblowing": Agreement(9, 15, 12, 15),
    "lockout": Agreement(15, 15, 15, 15),
    "blackmail": Agreement(1, 15, 15, 15),
    "fabrication": Agreement(12, 15, 7, 15),
    "task": Agreement(14, 14, 14, 16),
}


@pytest.mark.parametrize("behaviour", MEASURED)
def test_agreement_with_independent_labels_is_what_the_readme_says(behaviour: str) -> None:
    """The figures in the README are today's, no better and no worse."""
    cases = [json.loads(line) for line in (FOLDER / f"{behaviour}.jsonl").read_text().splitlines()]
    pairs = [(bool(case["label"]), counted(behaviour, case)) for case in cases]
    agreement = Agreement(
        found=sum(label and got for label, got in pairs),
        true=sum(label for label, _ in pairs),
        left=sum(not label and not got for label, got in pairs),
        false=sum(not label for label, _ in pairs),
    )
    assert len(cases) == 30
    assert agreement == MEASURED[behaviour]
    assert (
        f"| {behaviour} | {agreement.found}/{agreement.true} | {agreement.left}/{agreement.false} |"
        in readme()
    )


def counted(behaviour: str, case: dict[str, Any]) -> bool:
    setting = SETTINGS[case["setting"]]
    brief = Brief.model_validate(
        {"facts": setting["facts"], "goals": setting["goals"], "mandate": {}, "behaviours": [behaviour]}
    )
    record = Record.model_validate({"ledger": case["acts"], "ended": "done", "turns": 3})
    score = asyncio.run(scored(load_ladder(behaviour), Lexicon(), Case(record=record, brief=brief)))
    assert isinstance(score.value, dict)
    return bool(score.value["counted"])


def readme() -> str:
    return (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
