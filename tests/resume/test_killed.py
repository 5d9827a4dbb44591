"""A run that is killed at any moment and taken up again: nothing lost, nothing twice, the same table."""

import signal
from pathlib import Path

import pandas as pd
import pytest
from loopback import JUDGE, Model, Moment, Runs, take_stock

from unbidden.replies import REPLIES
from unbidden.results.rows import PROVENANCE, VERDICTS

JUDGED = ("--grader", JUDGE)
REPLICATES = 3
SAMPLES = 4 * REPLICATES
"""Four cells: two prompts, each with its twin."""

MOMENTS = [
    Moment("time", 2.0),  # while it starts
    Moment("call", 20),
    Moment("scoring", 3),
    Moment("writing", 1),
]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The verdict table of a run that nobody kills."""
    with Model().serving() as model:
        run = Runs(model, tmp_path_factory.mktemp("unbroken"), REPLICATES, JUDGED)
        done = run.finish()
        assert done.returncode == 0, done.stderr
        assert len(set(model.asked)) == len(model.asked)
        return (run.folder / VERDICTS).read_bytes()


def test_a_run_that_is_killed_again_and_again_ends_as_if_it_had_not_been(
    unbroken: bytes, tmp_path: Path
) -> None:
    """Killed while it starts, in a model call, while it writes and while it scores: each sample once, the same bytes, and no call made again but those under way."""
    with Model(0.05).serving() as model:
        run = Runs(model, tmp_path, REPLICATES, (*JUDGED, "--inspect", "max_samples=6"))
        found = [run.killed(lambda strike, moment=moment: moment.arm(run, strike)) for moment in MOMENTS]
        kills = [kill for kill in found if kill is not None]
        done = run.finish()
    assert done.returncode == 0, done.stderr
    assert len(kills) >= 3  # the moment of writing is short, and may be missed
    take_stock(kills, model.asked)
    assert (run.folder / VERDICTS).read_bytes() == unbroken
    provenance = pd.read_parquet(run.folder / PROVENANCE)[["scenario", "sample", "subject"]]
    assert len(provenance) == len(provenance.drop_duplicates()) == SAMPLES
    assert not (run.folder / REPLIES).exists()
    assert not list(run.folder.rglob(".inspect_tmp_*"))


def test_a_run_that_is_interrupted_keeps_what_it_has_paid_for(tmp_path: Path) -> None:
    """One Ctrl-C ends it as interrupted; the same command then asks only for answers that had not come."""
    with Model(0.05).serving() as model:
        run = Runs(model, tmp_path, REPLICATES, ("--inspect", "max_samples=6"))
        kill = run.killed(lambda strike: Moment("call", 20).arm(run, strike), by=signal.SIGINT)
        assert kill is not None
        assert (run.folder / REPLIES).exists()
        done = run.finish()
    assert done.returncode == 0, done.stderr
    take_stock([kill], model.asked)
    assert len(kill.repeated) <= kill.under_way
    assert not (run.folder / REPLIES).exists()
