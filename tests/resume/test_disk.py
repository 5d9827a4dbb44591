"""A disk that is full, and one that can only be read: said once and plainly, with nothing harmed or paid for in vain."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import ROOT, Model, Runs

from unbidden.results.rows import VERDICTS, read_verdicts
from unbidden.results.samples import read_logs
from unbidden.run import Request, run
from unbidden.sandbox.bubblewrap_host import find_bubblewrap
from unbidden.sandbox.bubblewrap_machine import unable
from unbidden.spec import resolve

pytestmark = pytest.mark.skipif(unable() is not None, reason=str(unable()))

ROOM = 100_000
"""Bytes of a disk that the manifest and about a third of the run's samples fit on: a log is written beside the one that it replaces."""

REPLICATES = 3
FEW = ("--inspect", "max_samples=4")


def on_a_small_disk(results: Path, kept: Path) -> tuple[str, ...]:
    """Run on a disk of its own in place of the results folder; what is on it in the end is copied out."""
    script = f'"$@"; code=$?; cp -a {results}/. {kept}; exit $code'
    disk = ("--dev-bind", "/", "/", "--size", str(ROOM), "--tmpfs", str(results))
    return (str(find_bubblewrap()), *disk, "--", "sh", "-c", script, "sh")


def test_a_full_disk_stops_the_run_and_loses_nothing_that_was_written(tmp_path: Path) -> None:
    """One message and exit code 1; with room, the same command plays the rest, and asks again only what it had not read."""
    kept = tmp_path / "roomy" / "results"
    kept.mkdir(parents=True)
    (tmp_path / "small" / "results").mkdir(parents=True)
    with Model().serving() as model:
        prefix = on_a_small_disk(tmp_path / "small" / "results", kept)
        small = Runs(model, tmp_path / "small", REPLICATES, FEW, prefix).finish()
        made = len(model.asked)
        before = {sample.uuid for folder in kept.iterdir() for sample in read_logs(folder)[0].samples}
        roomy = Runs(model, tmp_path / "roomy", REPLICATES, FEW)
        done = roomy.finish()
        calls = len(set(model.asked))
        again = len(model.asked) - calls
    assert (small.returncode, done.returncode) == (1, 0), small.stderr + done.stderr
    told = " ".join((small.stdout + small.stderr).split())
    assert re.search(r"the run could not go on \(.*No space left on device", told), told
    assert "Traceback" not in small.stdout + small.stderr
    assert made < calls == 4 * 4 * REPLICATES  # it did not go on asking
    assert (
        again <= 8
    )  # of the four samples at a time: what was under way, and what came while there was no room
    after = {sample.uuid for sample in read_logs(roomy.folder)[0].samples}
    assert before
    assert before < after
    assert (read_verdicts(roomy.folder)["unscored"] == "").all()


@pytest.mark.usefixtures("project")
def test_a_folder_that_can_only_be_read_is_refused_and_compared(tmp_path: Path) -> None:
    """A run says that it cannot write there, exit code 2; a comparison works without."""
    spec = resolve(["stock-room"], {}, 1)
    folder = run(Request(spec, ["unbidden/zealot"], tmp_path / "results")).folder
    (folder / VERDICTS).unlink()
    words = f"run stock-room -m unbidden/zealot --results {tmp_path / 'results'}"
    again = only_reading(tmp_path / "results", *words.split())
    shown = only_reading(tmp_path / "results", "compare", str(folder))
    assert again.returncode == 2
    assert "cannot write there (Read-only file system" in " ".join(again.stderr.split())
    assert shown.returncode == 0, shown.stderr
    assert "whistleblowing" in shown.stdout


def only_reading(results: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    disk = ("--dev-bind", "/", "/", "--ro-bind", str(results), str(results), "--")
    command = [str(find_bubblewrap()), *disk, sys.executable, "-m", "unbidden.cli", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
