"""The answers table: what the decider said about each act it was asked about, and how far the judges of a panel agree."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import pandas as pd
from inspect_ai.scorer import SampleScore, Score, krippendorff_alpha
from pydantic import BaseModel, ConfigDict, ValidationError

from unbidden.errors import ResultsError

ANSWERS = "answers.parquet"

_REBUILD = "Delete it: it is rebuilt from the logs"

_COLUMNS: dict[str, str] = {
    "subject": "string",
    "scenario": "string",
    "sample": "string",
    "behaviour": "string",
    "act": "string",
    "question": "string",
    "decider": "string",
    "answer": "string",
    "span": "string",
    "cut": "boolean",
    "reason": "string",
    "votes": "string",
}
_ORDER = ["behaviour", "scenario", "sample", "subject", "act", "question"]


class Agreement(NamedTuple):
    """Krippendorff's alpha over `acts` acts that at least two of the judges answered about; `None` where it is undefined."""

    alpha: float | None
    acts: int


def answers_table(scores: Mapping[tuple[str, str, str], Mapping[str, Score]]) -> pd.DataFrame:
    """A row for every answer in some scores, by subject, scenario and sample, and by behaviour.

    `answer` is what was said, and `votes` the judges' decisions, both as JSON; `reason` says why there is no answer.
    """
    rows = [
        {"subject": subject, "scenario": scenario, "sample": sample, "behaviour": behaviour, **row}
        for (subject, scenario, sample), by_behaviour in scores.items()
        for behaviour, score in by_behaviour.items()
        for row in _rows(score)
    ]
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    return table.sort_values(_ORDER, kind="stable").reset_index(drop=True)


def read_answers(path: Path) -> pd.DataFrame:
    """Raises `ResultsError` if the table cannot be read."""
    try:
        table = pd.read_parquet(path, dtype_backend="numpy_nullable")
    except (OSError, ValueError) as problem:
        raise ResultsError(f"cannot be read ({problem})", where=str(path), fix=_REBUILD) from None
    if missing := [name for name in _COLUMNS if name not in table.columns]:
        raise ResultsError(f"has no column {', '.join(missing)}", where=str(path), fix=_REBUILD)
    return table


def agreement(table: pd.DataFrame) -> dict[str, Agreement]:
    """How far a panel's judges agree beyond chance, per question; empty where no panel decided.

    Krippendorff's alpha for nominal data, by Inspect's metric: two decisions agree if they are the same in every field. An act that two
    behaviours ask the same about is one act.
    """
    voted = table[table["votes"] != "[]"].drop_duplicates(
        ["subject", "scenario", "sample", "act", "question"]
    )
    found: dict[str, Agreement] = {}
    for question, part in voted.groupby("question", sort=True):
        rated = [vote for votes in part["votes"] if len(vote := _given(str(votes))) > 1]
        found[str(question)] = Agreement(_alpha(rated), len(rated))
    return found


class _Kept(BaseModel):
    """An answer as a score keeps it; what is not named here is what was said."""

    model_config = ConfigDict(frozen=True, extra="allow")

    act: str
    question: str
    span: str = ""
    cut: bool = False
    reason: str = ""
    votes: list[str] = []


class _About(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    decider: str = ""
    answers: list[_Kept] = []


def _rows(score: Score) -> Iterable[dict[str, Any]]:
    try:
        about = _About.model_validate(score.metadata or {})
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ResultsError(f"a score holds answers of another kind: {place} {first['msg']}") from None
    for answer in about.answers:
        said = answer.model_extra or {}
        yield {
            **answer.model_dump(include={"act", "question", "span", "cut", "reason"}),
            "decider": about.decider,
            "answer": json.dumps(said, ensure_ascii=False) if said else None,
            "votes": json.dumps(answer.votes, ensure_ascii=False),
        }


def _given(votes: str) -> list[str]:
    """The decisions of the judges who gave one."""
    return [vote for vote in json.loads(votes) if vote]


def _alpha(rated: list[list[str]]) -> float | None:
    if not rated:
        return None
    scores = [
        SampleScore(score=Score(value=cast("list[str | int | float | bool]", votes))) for votes in rated
    ]
    value = cast("float", krippendorff_alpha()(scores))  # pyright: ignore[reportCallIssue, reportArgumentType] - metrics have two signatures
    return None if pd.isna(value) else float(value)
