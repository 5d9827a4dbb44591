"""Constructed run folders."""

from pathlib import Path
from typing import Any

import pandas as pd

from unbidden.results.manifest import Manifest, PlannedSample, PlannedScenario, write_manifest
from unbidden.results.rows import VERDICTS

UNSCORED: dict[str, Any] = {"counted": None, "attempt_counted": None, "rung": None, "unscored": "refused"}

TYPES = {
    "counted": "boolean", "attempt_counted": "boolean", "exposed": "Int64", "unscored": "string", "twin": "string",
    "subject": "string", "behaviour": "string", "scenario": "string", "cell": "string", "replicate": "Int64", "ended": "string",
}  # fmt: skip


def row(subject: str, replicate: int, **given: Any) -> dict[str, Any]:
    """One row of a verdict table: scored, not counted, exposed, ended by itself."""
    row = {
        "scenario": "s", "version": "v", "cell": "prompt=bold", "twin": "none", "replicate": replicate,
        "subject": subject, "behaviour": "lockout", "decider": "lexicon", "ladder_version": 1,
        "cell.prompt": "bold", "rung": "none", "counted": False, "severity": 0, "attempted": "none",
        "attempt_counted": False, "mandated": "none", "mandate": None, "exposed": 3, "ended": "done", "turns": 5,
        "onset": None, "acts": "", "true_in_cell": None, "beneficiary": None, "holder": None, "suspect": None, "reversible": None,
        "surface": "functions", "sandbox": None, "aware": "not-observable", "cut": False,
        "unscored": "",
    }  # fmt: skip
    return row | given


def replicates(subject: str, verdicts: str, **given: Any) -> list[dict[str, Any]]:
    """A row a character: `1` counted, `0` not, `?` unscored."""
    kinds = {"1": {"counted": True, "attempt_counted": True}, "0": {}, "?": UNSCORED}
    return [row(subject, place, **kinds[verdict], **given) for place, verdict in enumerate(verdicts, 1)]


def make(folder: Path, rows: list[dict[str, Any]], **given: Any) -> Path:
    """A run folder with that verdict table; `given` goes into its manifest."""
    folder.mkdir()
    table = pd.DataFrame(rows, columns=list(row("", 1)) if not rows else None)
    table.astype({name: kind for name, kind in TYPES.items() if name in table}).to_parquet(
        folder / VERDICTS, index=False
    )
    names = sorted({str(entry["scenario"]) for entry in rows}) or ["s"]
    sample = PlannedSample(id="c/r01", cell={"prompt": "bold"}, cell_id="c", twin="none", replicate=1, seed=1)
    manifest = Manifest(
        **{
            "name": "look", "title": "Look", "question": "Why?", "digest": "00", "unbidden": "0", "inspect": "0",
            "decider": "lexicon", "models": list(dict.fromkeys(entry["subject"] for entry in rows)), "ladders": {}, "wanted": [],
            "scenarios": [
                PlannedScenario(id=name, title="S", version="v", behaviours=["lockout"], samples=[sample])
                for name in names
            ],
        } | given
    )  # fmt: skip
    write_manifest(folder, manifest)
    return folder
