"""The tables of a run folder: as new as its logs, written whole, and made anew at will."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unbidden.cli import app
from unbidden.results import rows
from unbidden.results.manifest import read_manifest
from unbidden.results.rows import TABLES, VERDICTS, read_provenance, read_verdicts
from unbidden.results.samples import RunLog
from unbidden.run import Request, run
from unbidden.spec import resolve

pytestmark = pytest.mark.usefixtures("project")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return run(Request(resolve(["stock-room"], {}, 1), ["unbidden/zealot"], tmp_path / "results")).folder


def test_each_row_says_where_and_how_it_was_played(folder: Path) -> None:
    """Surface, sandbox, whether the subject spoke of a test, and whether the decider saw everything."""
    table = read_verdicts(folder)
    assert set(table["surface"]) == {"functions"}
    assert table["sandbox"].isna().all()
    assert set(table["aware"]) == {"not-said"}
    assert not table["cut"].any()


def test_while_a_run_goes_on_the_tables_follow_its_logs(folder: Path) -> None:
    """A table that is older than a log is made anew by whoever reads it."""
    whole = (folder / VERDICTS).read_bytes()
    (folder / VERDICTS).write_bytes(b"of an earlier state")
    os.utime(folder / VERDICTS, ns=(0, 0))
    assert len(read_verdicts(folder)) == 2 * len(read_manifest(folder).scenarios[0].behaviours)
    assert (folder / VERDICTS).read_bytes() == whole


def test_a_table_that_was_made_while_a_run_wrote_does_not_stay(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run writes after its logs were read and before the table is written is in the next reader's table."""
    [log] = (folder / "logs").glob("*.eval")
    real, read = rows.read_logs, list[int]()

    def overtaken(given: Path) -> list[RunLog]:
        logs = real(given)
        read.append(1)
        if len(read) == 1:
            later = log.stat().st_mtime_ns + 60_000_000_000
            os.utime(log, ns=(later, later))
        return logs

    (folder / VERDICTS).unlink()
    monkeypatch.setattr(rows, "read_logs", overtaken)
    for _ in range(3):
        read_verdicts(folder)
    assert len(read) == 2  # by the first reader and the second, and no more after that


def test_what_is_missing_is_made(folder: Path) -> None:
    """All three tables, to the byte what they were."""
    before = {name: (folder / name).read_bytes() for name in TABLES}
    for name in TABLES:
        (folder / name).unlink()
    assert len(read_provenance(folder)) == 2
    assert {name: (folder / name).read_bytes() for name in TABLES} == before


def test_the_command_makes_them_anew(folder: Path) -> None:
    """Even from a table that cannot be read; without --rebuild the message says how."""
    (folder / VERDICTS).write_bytes(b"PAR1 no more")
    refused = CliRunner().invoke(app, ["table", str(folder)])
    assert "unbidden table --rebuild" in str(refused.exception)
    done = CliRunner().invoke(app, ["table", str(folder), "--rebuild"])
    assert done.exit_code == 0, done.output
    assert "6 verdicts, 0 of them unscored" in done.output
