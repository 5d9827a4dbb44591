"""Inspect logs in, tidy tables out: the verdict table and the provenance table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from inspect_ai.scorer import Score

from unbidden.errors import ResultsError
from unbidden.results.answers import ANSWERS, answers_table
from unbidden.results.failure import reason
from unbidden.results.manifest import Manifest, PlannedSample, read_manifest
from unbidden.results.samples import LogSample, RunLog, read_logs
from unbidden.scenario.brief import surface_of

Row = dict[str, Any]

Key = tuple[str, str, str]
"""Subject, scenario and id of a sample."""

Scores = Mapping[Key, Mapping[str, Score]]
"""The scores of samples, by behaviour."""

VERDICTS, PROVENANCE = "verdicts.parquet", "provenance.parquet"

TABLES = (VERDICTS, PROVENANCE, ANSWERS)
"""The tables of a run folder: all of them can be rebuilt from its logs."""

_REBUILD = "Delete it: it is rebuilt from the logs"

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


def write_tables(folder: Path) -> pd.DataFrame:
    """Rebuild the tables of a run folder from its logs; returns the verdict table.

    Raises:
        ResultsError: The folder has no readable manifest or logs.
    """
    manifest = read_manifest(folder)
    logs = read_logs(folder)
    verdicts = verdict_table(manifest, logs)
    verdicts.to_parquet(folder / VERDICTS, index=False)
    _provenance(logs).to_parquet(folder / PROVENANCE, index=False)
    answers_table(scores_of(logs)).to_parquet(folder / ANSWERS, index=False)
    return verdicts


def read_verdicts(folder: Path) -> pd.DataFrame:
    """The verdict table of a run folder, built from the logs if it is not there yet.

    Raises:
        ResultsError: The folder, a log or the table cannot be read.
    """
    path = folder / VERDICTS
    return read_table(path, _REBUILD) if path.is_file() else write_tables(folder)


def read_table(path: Path, fix: str) -> pd.DataFrame:
    """A verdict table from its file.

    Args:
        path: The file.
        fix: What to do if it cannot be read.

    Raises:
        ResultsError: It cannot be read, or is no verdict table.
    """
    try:
        table = pd.read_parquet(path, dtype_backend="numpy_nullable")
    except (OSError, ValueError) as problem:
        raise ResultsError(f"cannot be read ({problem})", where=str(path), fix=fix) from None
    if missing := [name for name in (*_KEYS, *_VERDICT, "unscored") if name not in table.columns]:
        raise ResultsError(f"has no column {', '.join(missing)}", where=str(path), fix=fix)
    return table


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
    table = pd.DataFrame(rows, columns=list(types)).astype(types)
    return table.sort_values(_ORDER, kind="stable").reset_index(drop=True)


def scores_of(logs: Sequence[RunLog]) -> Scores:
    """The scores that stand in the logs."""
    return {key_of(log, sample): sample.scores or {} for log in logs for sample in log.samples}


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
        return {"unscored": "not-run"}
    if sample.error is not None:
        return {"unscored": f"error: {reason(sample.error)}", "ended": "error"}
    return _scored(score) if score is not None else {"unscored": "no-score"}


def _scored(score: Score) -> Row:
    metadata: Mapping[str, Any] = score.metadata or {}
    known = {name: metadata.get(name) for name in [*_VERDICT, "ladder_version"]}
    known["acts"] = " ".join(metadata.get("acts") or [])
    if isinstance(score.value, dict):
        return known | {"unscored": ""}
    return known | {"unscored": score.reason or "no-reason"}


def _provenance(logs: Sequence[RunLog]) -> pd.DataFrame:
    rows: list[Row] = []
    for log in logs:
        for sample in log.samples:
            usage = list(sample.model_usage.values())
            costs = [item.total_cost for item in usage if item.total_cost is not None]
            rows.append(
                {
                    "log": log.name,
                    "scenario": log.scenario,
                    "sample": str(sample.id),
                    "subject": log.model,
                    "answered_by": " ".join(record.models) if (record := sample.record()) else "",
                    "uuid": sample.uuid,
                    "input_tokens": sum(item.input_tokens for item in usage),
                    "output_tokens": sum(item.output_tokens for item in usage),
                    "cost": sum(costs) if costs else None,  # an unknown price is unknown, not zero
                    "seconds": sample.total_time,
                    "working_seconds": sample.working_time,
                }
            )
    return pd.DataFrame(rows)
