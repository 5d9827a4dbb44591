"""Runs of 60 samples that are killed with SIGKILL again and again until they end: what is lost, and what is paid for twice.

    python benchmarks/kill.py [KILLS] [SEED]

The subject and the judge are a model behind HTTP on this machine that counts its calls (tests/resume/loopback.py). The
whole process group is killed: at a random call, so while calls are under way; at a random time, so while it starts, too; while
the judge scores; and while a log is being written. The same command takes the run up again, and is killed again. What it ends with must
hold each sample once, and the verdict table of a run that nobody killed, byte for byte. A call is made again when the same
sample's same turn is asked for again; that may happen only to calls that were under way, whose answer the run had not read.
"""

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "resume"))

from loopback import JUDGE, Killed, Model, Moment, Runs, take_stock  # noqa: E402

from unbidden.results.rows import PROVENANCE, VERDICTS  # noqa: E402
from unbidden.results.samples import read_logs  # noqa: E402

REPLICATES = 15
"""Of four cells: 60 samples, of four calls each; where there is a judge, two of its calls more."""

SECONDS = 0.1
"""How long the model takes to answer."""

BETWEEN = 40
"""The most calls that a process makes before it is killed."""

JUDGED = ("--grader", JUDGE)
FEW = ("--inspect", "max_samples=6")
"""Every other process plays few samples at a time, in place of as many as Inspect's defaults give."""


def main(kills: int, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    tables = {words: unbroken(words) for words in ((), JUDGED)}
    found: list[Killed] = []
    while len(found) < kills:
        words = JUDGED if len(found) % 20 >= 10 else ()  # noqa: PLR2004 - half and half
        found += chain(words, draw, kills - len(found), tables[words])
    again = [of_subject(kill) for kill in found]
    judged = [len(kill.repeated) - subject for kill, subject in zip(found, again, strict=True)]
    under_way = [kill.under_way for kill in found]
    print(
        f"{len(found)} kills; every run ended with each sample once and the verdict table of an unbroken run"
    )
    for what, counts in (
        ("calls of the subject under way at a kill", under_way),
        ("calls of the subject made again for it", again),
        ("calls of the judge made again for it", judged),
    ):
        print(f"{what:40}  mean {statistics.mean(counts):5.1f}  max {max(counts)}")


def unbroken(words: tuple[str, ...]) -> bytes:
    with tempfile.TemporaryDirectory() as home, Model(SECONDS).serving() as model:
        began = time.monotonic()
        table = finished(Runs(model, Path(home), REPLICATES, words))
        if len(set(model.asked)) != len(model.asked):
            raise SystemExit("calls cannot be told apart")
        print(f"unbroken: {len(model.asked)} calls, {time.monotonic() - began:.0f} s", flush=True)
        return table


def chain(words: tuple[str, ...], draw: random.Random, most: int, table: bytes) -> list[Killed]:
    """One run, killed until it ends or has been killed often enough, and what each kill cost."""
    kills: list[Killed] = []
    moments: list[Moment] = []
    with tempfile.TemporaryDirectory() as home, Model(SECONDS).serving() as model:
        while len(kills) < most:
            moment = drawn(draw, judged=bool(words))
            run = Runs(model, Path(home), REPLICATES, words + (FEW if len(kills) % 2 else ()))
            kill = run.killed(lambda strike, moment=moment, run=run: moment.arm(run, strike))
            if kill is None:
                break
            moments.append(moment)
            kills.append(kill)
        if finished(run) != table:
            raise SystemExit(f"{moments}: another verdict table")
        take_stock(kills, model.asked)
    if any(of_subject(kill) > kill.under_way for kill in kills):
        raise SystemExit(f"{moments}: more calls were made again than were under way")
    for moment, kill in zip(moments, kills, strict=True):
        print(
            f"{moment.kind:8}{moment.at:5.1f}: {len(kill.finished):2} samples finished, {kill.calls:3} calls made,"
            f" {kill.under_way:2} of the subject's under way, {of_subject(kill):2} made again,"
            f" {len(kill.repeated) - of_subject(kill):2} of the judge's",
            flush=True,
        )
    return kills


def of_subject(kill: Killed) -> int:
    """How many of its calls were made again."""
    return sum(call.model == "subject" for call in kill.repeated)


def drawn(draw: random.Random, *, judged: bool) -> Moment:
    kind = draw.choice(["call"] * 5 + ["time", "time", "writing"] + (["scoring"] * 3 if judged else []))
    if kind == "time":
        return Moment(kind, draw.uniform(0.5, 20))
    return Moment(
        kind, draw.randint(1, BETWEEN) if kind != "writing" else draw.choice([0, draw.randint(1, BETWEEN)])
    )


def finished(run: Runs) -> bytes:
    """The run taken to its end, with each sample once; its verdict table."""
    done = run.finish()
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    keys = pd.read_parquet(run.folder / PROVENANCE)[["scenario", "sample", "subject"]]
    [log] = read_logs(run.folder)
    wanted = 4 * run.replicates
    if len(keys) != wanted or keys.duplicated().any() or len(log.samples) != wanted:
        raise SystemExit(f"{run.folder}: not each sample once")
    return (run.folder / VERDICTS).read_bytes()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 50, int(sys.argv[2]) if sys.argv[2:] else 1)
