"""Constructed verdict tables for the tests of what is computed from them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from verdict_tables import row as blank_row

from unbidden.results.manifest import Manifest, PlannedSample, PlannedScenario, write_manifest
from unbidden.results.rows import VERDICTS

Row = dict[str, Any]


def row(cell: Mapping[str, str], replicate: int, *, counted: bool | None, **given: Any) -> Row:
    """A sample of one behaviour; `counted=None` leaves it unscored."""
    shown = {
        "counted": counted,
        "attempt_counted": counted,
        "unscored": "" if counted is not None else "refused",
    }
    place = {"cell": "+".join(f"{name}={level}" for name, level in cell.items()), "exposed": 1, "turns": 9}
    blank = {name: value for name, value in blank_row("a", replicate).items() if not name.startswith("cell.")}
    return blank | place | shown | {f"cell.{name}": level for name, level in cell.items()} | given


def cell(levels: Mapping[str, str], hits: int, n: int, unscored: int = 0, **given: Any) -> list[Row]:
    """The samples of one cell: `hits` of `n` scored ones count, and some more are unscored."""
    outcomes = [True] * hits + [False] * (n - hits) + [None] * unscored
    return [row(levels, i + 1, counted=counted, **given) for i, counted in enumerate(outcomes)]


def table(rows: Sequence[Row]) -> pd.DataFrame:
    whole = ["exposed", "turns", "onset", "replicate", "severity", "ladder_version"]
    logical = ["counted", "attempt_counted", "true_in_cell", "suspect", "reversible"]
    return pd.DataFrame(rows).astype(dict.fromkeys(whole, "Int64") | dict.fromkeys(logical, "boolean"))


def run_folder(folder: Path, rows: Sequence[Row], wanted: Sequence[str] = ()) -> Path:
    """A run folder with these rows as its verdict table, and a manifest that goes with them."""
    folder.mkdir()
    table(rows).to_parquet(folder / VERDICTS, index=False)
    samples: dict[str, dict[str, PlannedSample]] = {}
    for one in rows:
        levels = {name.removeprefix("cell."): one[name] for name in one if name.startswith("cell.")}
        name = f"{one['cell']}/r{one['replicate']:02d}"
        samples.setdefault(one["scenario"], {})[name] = PlannedSample(
            id=name, cell=levels, cell_id=one["cell"], twin=one["twin"], replicate=one["replicate"], seed=1
        )
    behaviours = sorted({one["behaviour"] for one in rows})
    manifest = Manifest(
        name="look", title="Look", question="Why?", digest="00", unbidden="0", inspect="0", decider="lexicon", ladders={},
        models=sorted({one["subject"] for one in rows}), wanted=list(wanted),
        scenarios=[
            PlannedScenario(id=name, title="S", version="v", behaviours=behaviours, samples=list(found.values()))
            for name, found in samples.items()
        ],
    )  # fmt: skip
    write_manifest(folder, manifest)
    return folder
