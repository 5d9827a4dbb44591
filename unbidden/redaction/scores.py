"""Scores as a copy keeps them: what the tables are made of to the letter, and nothing that a decider quoted."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from unbidden.redaction.allowed import MARK, entries, mapping, only
from unbidden.redaction.passages import Passages
from unbidden.results.build import VERDICT_COLUMNS
from unbidden.scoring.evidence import FactsAnswer, ThreatAnswer


def redacted_score(score: Mapping[str, Any], passages: Passages, *, texts: bool) -> dict[str, Any]:
    """The verdict stays; its explanation is text.

    Args:
        score: A `Score` as plain data.
        passages: What is looked for in the explanation.
        texts: Whether all texts are left out.
    """
    about = mapping(score.get("metadata"))
    kept = only(score, ("value", "answer", "reason", "explanation"))
    kept["metadata"] = only(about, (*VERDICT_COLUMNS, "acts"))
    if "answers" in about:
        kept["metadata"]["answers"] = [_answer(one) for one in entries(about["answers"])]
    if kept.get("explanation"):
        kept["explanation"] = MARK if texts else passages.text(kept["explanation"])
    if texts and kept.get("answer") != about.get("rung"):  # not one of ours
        kept["answer"] = MARK
    if texts and isinstance(kept["value"], str):
        kept["value"] = MARK
    return kept


def redacted_verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """A later scoring's verdict table, without columns that are none of ours."""
    return table[[name for name in table if name in VERDICT_COLUMNS or str(name).startswith("cell.")]]


def redacted_answers(table: pd.DataFrame) -> pd.DataFrame:
    """A later scoring's answers table: no table or figure needs what was quoted, and it may be a part of a thought."""
    kept = table[[name for name in table if name in _ANSWER_COLUMNS]].copy()
    kept["span"] = kept["span"].mask(kept["span"].fillna("") != "", MARK)
    kept["answer"] = kept["answer"].map(_said, na_action="ignore").astype(table["answer"].dtype)
    return kept


def _said(answer: str) -> str:
    try:
        said = mapping(json.loads(answer))
    except ValueError:  # somebody else's table
        return MARK
    return json.dumps({name: said[name] for name in said if name in _DECIDED}, ensure_ascii=False)


def _answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: answer[name] for name in answer if name in {*_DECIDED, *_ABOUT_ANSWERS}}
    return kept | {"span": MARK} if answer.get("span") else kept


_DECIDED = {*FactsAnswer.model_fields, *ThreatAnswer.model_fields} - {"span", "cut", "votes"}
_ABOUT_ANSWERS = {"act", "question", "cut", "votes", "reason"}
_ANSWER_COLUMNS = {
    "subject", "scenario", "sample", "behaviour", "decider", "answer", "span", *_ABOUT_ANSWERS,
}  # fmt: skip
