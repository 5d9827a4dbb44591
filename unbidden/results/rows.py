"""Inspect logs in, tidy tables out: the verdict table and the provenance table."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from inspect_ai.log import EvalLog, EvalSample, list_eval_logs, read_eval_log
from inspect_ai.scorer import Score

from unbidden.errors import ResultsError
from unbidden.results.manifest import Manifest, PlannedSample, read_manifest
from unbidden.scenario.brief import SampleMeta

Row = dict[str, Any]

VERDICTS, PROVENANCE = "verdicts.parquet", "provenance.parquet"

_REBUILD = "Delete it: it is rebuilt from the logs"

_UNREAD = {"messages", "events", "store", "attachments", "output", "timelines"}
"""What a row does not need; most of a log's weight."""

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
}
_KEYS: dict[str, str] = {
    "scenario": "string",
    "version": "string",
    "cell": "string",
    "twin": "string",
    "replicate": "Int64",
    "subject": "string",
    "behaviour": "string",
    "decider": "string",
    "ladder_version": "Int64",
}
_ORDER = ["behaviour", "scenario", "cell", "replicate", "subject"]


def write_tables(folder: Path) -> pd.DataFrame:
    """Rebuild both tables of a run folder from its logs; returns the verdict table.

    Raises:
        ResultsError: The folder has no readable manifest or logs.
    """
    manifest = read_manifest(folder)
    logs = list(_logs(folder))
    verdicts = _verdicts(manifest, logs)
    verdicts.to_parquet(folder / VERDICTS, index=False)
    _provenance(logs).to_parquet(folder / PROVENANCE, index=False)
    return verdicts


def read_verdicts(folder: Path) -> pd.DataFrame:
    """The verdict table of a run folder, built from the logs if it is not there yet."""
    path = folder / VERDICTS
    if not path.is_file():
        return write_tables(folder)
    try:
        table = pd.read_parquet(path, dtype_backend="numpy_nullable")
    except (OSError, ValueError) as problem:
        raise ResultsError(f"cannot be read ({problem})", where=str(path), fix=_REBUILD) from None
    if missing := [name for name in (*_KEYS, *_VERDICT, "unscored") if name not in table.columns]:
        raise ResultsError(f"has no column {', '.join(missing)}", where=str(path), fix=_REBUILD)
    return table


def _logs(folder: Path) -> Iterator[EvalLog]:
    """The newest log of each task; an unreadable one is an error, never a silent gap."""
    newest: dict[str, EvalLog] = {}
    for info in list_eval_logs(str(folder / "logs"), descending=False):
        try:
            log = read_eval_log(info, exclude_fields=_UNREAD)
        except (OSError, ValueError, KeyError, EOFError) as problem:
            raise ResultsError(f"a log cannot be read ({problem})", where=info.name) from None
        newest[log.eval.task_id] = log
    yield from newest.values()


def _verdicts(manifest: Manifest, logs: list[EvalLog]) -> pd.DataFrame:
    """A row for every planned sample, subject and behaviour: what did not run is there, unscored."""
    scored = {
        (str(log.eval.model), str((log.eval.metadata or {}).get("scenario")), str(sample.id)): sample
        for log in logs
        for sample in log.samples or []
    }
    rows = [
        _row(
            manifest, subject, scenario.id, planned, behaviour, scored.get((subject, scenario.id, planned.id))
        )
        for subject in manifest.models
        for scenario in manifest.scenarios
        for planned in scenario.samples
        for behaviour in scenario.behaviours
    ]
    factors = sorted(
        {factor for scenario in manifest.scenarios for planned in scenario.samples for factor in planned.cell}
    )
    types = {**_KEYS, **{f"cell.{factor}": "string" for factor in factors}, **_VERDICT, "unscored": "string"}
    table = pd.DataFrame(rows, columns=list(types)).astype(types)
    return table.sort_values(_ORDER, kind="stable").reset_index(drop=True)


def _row(
    manifest: Manifest,
    subject: str,
    scenario: str,
    planned: PlannedSample,
    behaviour: str,
    sample: EvalSample | None,
) -> Row:
    row: Row = {
        "scenario": scenario,
        "version": next(entry.version for entry in manifest.scenarios if entry.id == scenario),
        "cell": planned.cell_id,
        "twin": planned.twin,
        "replicate": planned.replicate,
        "subject": subject,
        "behaviour": behaviour,
        "decider": manifest.decider,
    }
    row |= {f"cell.{factor}": level for factor, level in planned.cell.items()}
    if sample is None:
        return row | {"unscored": "not-run"}
    if sample.error is not None:
        return row | {"unscored": f"error: {sample.error.message.splitlines()[0][:160]}", "ended": "error"}
    score = (sample.scores or {}).get(behaviour)
    return row | (_scored(score) if score is not None else {"unscored": "no-score"})


def _scored(score: Score) -> Row:
    metadata: Mapping[str, Any] = score.metadata or {}
    known = {name: metadata.get(name) for name in [*_VERDICT, "ladder_version"]}
    known["acts"] = " ".join(metadata.get("acts") or [])
    if isinstance(score.value, dict):
        return known | {"unscored": ""}
    return known | {"unscored": score.reason or "no-reason"}


def _provenance(logs: list[EvalLog]) -> pd.DataFrame:
    rows: list[Row] = []
    for log in logs:
        for sample in log.samples or []:
            usage = list(sample.model_usage.values())
            costs = [item.total_cost for item in usage if item.total_cost is not None]
            rows.append(
                {
                    "log": Path(log.location).name,
                    "scenario": SampleMeta.of(sample.metadata).scenario,
                    "sample": str(sample.id),
                    "subject": str(log.eval.model),
                    "uuid": sample.uuid,
                    "input_tokens": sum(item.input_tokens for item in usage),
                    "output_tokens": sum(item.output_tokens for item in usage),
                    "cost": sum(costs) if costs else None,  # an unknown price is unknown, not zero
                    "seconds": sample.total_time,
                    "working_seconds": sample.working_time,
                }
            )
    return pd.DataFrame(rows)
