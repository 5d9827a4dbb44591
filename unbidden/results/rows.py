"""The tables of a run folder: read where they are up to date, made from the logs where they are not."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

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
    tables = _made(folder)
    _write(folder, tables)
    return tables[VERDICTS]


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


def _made(folder: Path) -> Mapping[str, pd.DataFrame]:
    manifest, logs = read_manifest(folder), read_logs(folder)
    return {
        PROVENANCE: provenance_table(logs),
        ANSWERS: answers_table(scores_of(logs)),
        VERDICTS: verdict_table(manifest, logs),
    }


def _renewed(folder: Path) -> Mapping[str, pd.DataFrame]:
    tables = _made(folder)
    with suppress(OSError):  # a folder that can only be read can still be compared
        _write(folder, tables)
    return tables


def _write(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    for name, table in tables.items():
        with whole(folder / name) as part:
            table.to_parquet(part, index=False)


def _is_current(table: Path) -> bool:
    """Whether a table is there, and as new as every log."""
    if not table.is_file():
        return False
    written, logs = table.stat().st_mtime_ns, table.parent / "logs"
    return not logs.is_dir() or all(path.stat().st_mtime_ns <= written for path in logs.iterdir())
