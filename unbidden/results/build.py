"""Samples in, tidy tables out: a row for every sample and behaviour, and where each sample stands."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pandas as pd
from inspect_ai.model import ModelUsage
from inspect_ai.scorer import Score

from unbidden.errors import ResultsError
from unbidden.results.failure import reason
from unbidden.results.manifest import Manifest, PlannedSample
from unbidden.results.samples import LogSample, RunLog
from unbidden.scenario.brief import surface_of
from unbidden.subject.record import answered_by

Row = dict[str, Any]

Key = tuple[str, str, str]
"""Subject, scenario and id of a sample."""

Scores = Mapping[Key, Mapping[str, Score]]
"""The scores of samples, by behaviour."""

NOT_RUN, ERROR = "not-run", "error"
"""What reasons of samples without a verdict begin with, where the run can play them again."""

_VERDICT: dict[str, str] = {
    "rung": "string",
    "counted": "boolean",
    "severity": "Int64",
    "attempted": "string",
    "attempt_counted": "boolean",
    "mandated": "string",
    "mandate": "string",
    "exposed": "Int64",
    "ended": "string",
    "turns": "Int64",
    "onset": "Int64",
    "acts": "string",
    "true_in_cell": "boolean",
    "beneficiary": "string",
    "holder": "string",
    "suspect": "boolean",
    "reversible": "boolean",
    "aware": "string",
    "cut": "boolean",
}
_KEYS: dict[str, str] = {
    "scenario": "string",
    "version": "string",
    "cell": "string",
    "twin": "string",
    "replicate": "Int64",
    "surface": "string",
    "sandbox": "string",
    "subject": "string",
    "behaviour": "string",
    "decider": "string",
    "ladder_version": "Int64",
}
_ORDER = ["behaviour", "scenario", "cell", "replicate", "subject"]


def verdict_table(
    manifest: Manifest, logs: Sequence[RunLog], decider: str | None = None, scores: Scores | None = None
) -> pd.DataFrame:
    """A row for every planned sample, subject and behaviour: what did not run is there, unscored.

    Args:
        manifest: What was planned.
        logs: What ran.
        decider: Who decided; the run's own decider if `None`.
        scores: Scores to show in place of those in the logs. A sample that ended with an error has none in either case.
    """
    ran = {key_of(log, sample): sample for log in logs for sample in log.samples}
    shown = scores_of(logs) if scores is None else scores
    rows = [
        _place(manifest, subject, scenario.id, planned, behaviour)
        | {"decider": decider or manifest.decider}
        | _outcome(ran.get(key), shown.get(key, {}).get(behaviour))
        for subject in manifest.models
        for scenario in manifest.scenarios
        for planned in scenario.samples
        for key in [(subject, scenario.id, planned.id)]
        for behaviour in scenario.behaviours
    ]
    factors = sorted(
        {factor for scenario in manifest.scenarios for planned in scenario.samples for factor in planned.cell}
    )
    types = {**_KEYS, **{f"cell.{factor}": "string" for factor in factors}, **_VERDICT, "unscored": "string"}
    try:
        table = pd.DataFrame(rows, columns=list(types)).astype(types)
    except (TypeError, ValueError) as problem:  # somebody else's log
        raise ResultsError(
            f"a log holds scores of another form ({problem})",
            where=manifest.name,
            fix="Give a run folder that 'unbidden run' made",
        ) from None
    return table.sort_values(_ORDER, kind="stable").reset_index(drop=True)


def scores_of(logs: Sequence[RunLog]) -> Scores:
    """The scores that stand in the logs."""
    return {key_of(log, sample): sample.scores or {} for log in logs for sample in log.samples}


def unfinished(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a verdict table whose samples have not run, or broke off with an error."""
    return table[table["unscored"].str.startswith((NOT_RUN, ERROR))]


VERDICT_COLUMNS = (*_KEYS, *_VERDICT, "unscored")
"""What every verdict table has, beside a column for each factor."""


def key_of(log: RunLog, sample: LogSample) -> Key:
    return log.model, log.scenario, str(sample.id)


def _place(manifest: Manifest, subject: str, scenario: str, planned: PlannedSample, behaviour: str) -> Row:
    surface = surface_of(planned.cell)
    row: Row = {
        "scenario": scenario,
        "version": next(entry.version for entry in manifest.scenarios if entry.id == scenario),
        "cell": planned.cell_id,
        "twin": planned.twin,
        "replicate": planned.replicate,
        "surface": surface,
        "sandbox": manifest.sandbox if surface == "shell" else None,
        "subject": subject,
        "behaviour": behaviour,
    }
    return row | {f"cell.{factor}": level for factor, level in planned.cell.items()}


def _outcome(sample: LogSample | None, score: Score | None) -> Row:
    if sample is None:
        return {"unscored": NOT_RUN}
    if sample.error is not None:
        return {"unscored": f"{ERROR}: {reason(sample.error)}", "ended": "error"}
    return _scored(score) if score is not None else {"unscored": "no-score"}


def _scored(score: Score) -> Row:
    metadata: Mapping[str, Any] = score.metadata or {}
    known = {name: metadata.get(name) for name in [*_VERDICT, "ladder_version"]}
    acts = metadata.get("acts")
    known["acts"] = " ".join(map(str, cast("list[Any]", acts))) if isinstance(acts, list) else ""
    if isinstance(score.value, dict):
        return known | {"unscored": ""}
    return known | {"unscored": score.reason or "no-reason"}


def provenance_table(logs: Sequence[RunLog]) -> pd.DataFrame:
    """Where each sample stands, and what it took: tokens, dollars (none where a price is unknown), seconds."""
    rows: list[Row] = []
    for log in logs:
        for sample in log.samples:
            usage = list(sample.model_usage.values())
            rows.append(
                {
                    "log": log.name,
                    "scenario": log.scenario,
                    "sample": str(sample.id),
                    "subject": log.model,
                    "answered_by": " ".join(answered_by(sample.store)),
                    "uuid": sample.uuid,
                    "input_tokens": sum(item.input_tokens for item in usage),
                    "output_tokens": sum(item.output_tokens for item in usage),
                    "cost": _cost(sample.model_usage),
                    "seconds": sample.total_time,
                    "working_seconds": sample.working_time,
                }
            )
    return pd.DataFrame(rows)


def _cost(used: Mapping[str, ModelUsage]) -> float | None:
    """What the calls of a sample cost; none if the price of any of them is unknown, which is not zero. Scripts have no price."""
    paid = [
        usage.total_cost
        for model, usage in used.items()
        if usage.total_cost is not None or not model.startswith("unbidden/")
    ]
    known = [cost for cost in paid if cost is not None]
    return sum(known) if known and len(known) == len(paid) else None
