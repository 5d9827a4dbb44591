"""The tables of a run folder: read where they are up to date, made from the logs where they are not."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from unbidden.errors import ResultsError
from unbidden.results.answers import ANSWERS, answers_table, read_answers
from unbidden.results.build import VERDICT_COLUMNS, provenance_table, scores_of, verdict_table
from unbidden.results.manifest import read_manifest
from unbidden.results.samples import read_logs
from unbidden.results.whole import whole

VERDICTS, PROVENANCE = "verdicts.parquet", "provenance.parquet"

TABLES = (VERDICTS, PROVENANCE, ANSWERS)
"""The tables of a run folder: all of them can be made anew from its logs."""

_REBUILD = "Make it anew from the logs with 'unbidden table --rebuild'"


def write_tables(folder: Path) -> pd.DataFrame:
    """Make the tables of a run folder from its logs, and write them; returns the verdict table.

    Raises:
        ResultsError: The folder has no readable manifest or logs.
        OSError: A table cannot be written; the earlier one, if there is one, stays.
    """
    made = _made(folder)
    _write(folder, made)
    return made.tables[VERDICTS]


def read_verdicts(folder: Path) -> pd.DataFrame:
    """The verdict table of a run folder.

    It is made from the logs if it is not there yet, or a log has been written since: while a run goes on, it holds what has finished.

    Raises:
        ResultsError: The folder, a log or the table cannot be read.
    """
    path = folder / VERDICTS
    return read_table(path, _REBUILD) if _is_current(path) else _renewed(folder)[VERDICTS]


def read_provenance(folder: Path) -> pd.DataFrame:
    """The provenance table of a run folder, in the same way; its times are in seconds.

    Raises:
        ResultsError: The folder, a log or the table cannot be read.
    """
    path = folder / PROVENANCE
    if not _is_current(path):
        return _renewed(folder)[PROVENANCE]
    try:
        return pd.read_parquet(path, dtype_backend="numpy_nullable")
    except (OSError, ValueError) as problem:
        raise ResultsError(f"cannot be read ({problem})", where=str(path), fix=_REBUILD) from None


def read_answered(folder: Path) -> pd.DataFrame:
    """The answers table of a run folder, in the same way.

    Raises:
        ResultsError: The folder, a log or the table cannot be read.
    """
    path = folder / ANSWERS
    return read_answers(path) if _is_current(path) else _renewed(folder)[ANSWERS]


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
    if missing := [name for name in VERDICT_COLUMNS if name not in table.columns]:
        raise ResultsError(f"has no column {', '.join(missing)}", where=str(path), fix=fix)
    return table


class _Made(NamedTuple):
    """The tables of a run folder, and as of when: the time of change of the newest log, before they were read."""

    tables: Mapping[str, pd.DataFrame]
    as_of: int


def _made(folder: Path) -> _Made:
    as_of = _changed(folder)
    manifest, logs = read_manifest(folder), read_logs(folder)
    tables = {
        PROVENANCE: provenance_table(logs),
        ANSWERS: answers_table(scores_of(logs)),
        VERDICTS: verdict_table(manifest, logs),
    }
    return _Made(tables, as_of)


def _renewed(folder: Path) -> Mapping[str, pd.DataFrame]:
    made = _made(folder)
    with suppress(OSError):  # a folder that can only be read can still be compared
        _write(folder, made)
    return made.tables


def _write(folder: Path, made: _Made) -> None:
    """A table is as old as the logs it was made from: while it is made, a run may write further samples."""
    for name, table in made.tables.items():
        with whole(folder / name) as part:
            table.to_parquet(part, index=False)
            if made.as_of:
                os.utime(part, ns=(made.as_of, made.as_of))


def _is_current(table: Path) -> bool:
    """Whether a table is there, and as new as every log."""
    return table.is_file() and table.stat().st_mtime_ns >= _changed(table.parent)


def _changed(folder: Path) -> int:
    """When a log of a run folder was last written, added or taken away; in nanoseconds, zero if there is none."""
    logs, latest = folder / "logs", 0
    for path in (logs, *logs.iterdir()) if logs.is_dir() else ():
        with suppress(FileNotFoundError):  # Inspect's own unfinished files come and go
            latest = max(latest, path.stat().st_mtime_ns)
    return latest
