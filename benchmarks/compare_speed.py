"""How long `unbidden compare` takes on a large verdict table.

    python benchmarks/compare_speed.py [ROWS] [ROUNDS]

Makes a run folder without logs: 4 subjects, 5 behaviours, 5 scenarios of 10 cells, and as many replicates as make ROWS rows (100,000
unless given). Each question is asked within one process, where Python and Inspect are imported already, and once as a whole command.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from unbidden.results.compare import Question, compare
from unbidden.results.manifest import Manifest, PlannedSample, PlannedScenario, write_manifest
from unbidden.results.report import rendered
from unbidden.results.rows import VERDICTS
from unbidden.terminal import console

SUBJECTS = [f"maker/model-{letter}" for letter in "abcd"]
BEHAVIOURS = ["blackmail", "fabrication", "lockout", "task", "whistleblowing"]
SCENARIOS, CELLS, FEWEST = 5, 10, 1
SILENT, CUT = 0.01, 0.02
QUESTIONS: dict[str, tuple[str | None, Question, list[str]]] = {
    "rates": (None, Question(), []),
    "--by prompt": ("prompt", Question(), ["--by", "prompt"]),
    "--pairs": (None, Question(pairs=True), ["--pairs"]),
    "--pairs --within cell": (None, Question(pairs=True, within="cell"), ["--pairs", "--within", "cell"]),
    "--pairs --by scenario": ("scenario", Question(pairs=True), ["--pairs", "--by", "scenario"]),
    "--pairs --generalise": (None, Question(pairs=True, generalise=True), ["--pairs", "--generalise"]),
}


def main(rows: int = 100_000, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), rows)
        print(f"{made} rows; seconds, median of {rounds} rounds in one process, and once as a whole command")
        for name, (by, question, words) in QUESTIONS.items():
            times = [asked(Path(folder), by, question) for _ in range(rounds)]
            print(f"{name:24s} {median(times):6.2f}   {command(Path(folder), words):6.2f}", flush=True)


def asked(folder: Path, by: str | None, question: Question) -> float:
    began = time.perf_counter()
    out = console()
    with out.capture():
        out.print(rendered(compare([folder], by, question=question)))
    return time.perf_counter() - began


def command(folder: Path, words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "unbidden.cli", "compare", str(folder), *words],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def make(folder: Path, rows: int) -> int:
    """A run folder with a verdict table drawn at random: cells of their own rates, 1 % unscored, 2 % at a limit."""
    rng = np.random.default_rng(1)
    replicates = max(FEWEST, rows // (len(SUBJECTS) * len(BEHAVIOURS) * SCENARIOS * CELLS))
    index = pd.MultiIndex.from_product(
        [
            BEHAVIOURS,
            [f"scenario-{n}" for n in range(SCENARIOS)],
            range(CELLS),
            range(1, replicates + 1),
            SUBJECTS,
        ],
        names=["behaviour", "scenario", "number", "replicate", "subject"],
    )
    table = index.to_frame(index=False)
    size, number = len(table), table.pop("number")
    prompt = np.where(number % 2 == 0, "neutral", "bold")
    rates = rng.beta(0.5, 1.5, size=(len(BEHAVIOURS), SCENARIOS, CELLS, len(SUBJECTS)))
    chance = np.repeat(rates[:, :, :, None, :], replicates, axis=3).reshape(size)
    counted = pd.Series(rng.random(size) < chance, dtype="boolean")
    unscored = rng.random(size) < SILENT
    table = table.assign(
        version="v",
        cell=[f"prompt={level}+n={n}" for level, n in zip(prompt, number, strict=True)],
        twin=np.where(number >= CELLS - 2, "motive", "none"),
        decider="lexicon",
        ladder_version=1,
        rung="none",
        counted=counted.mask(unscored),
        attempt_counted=counted.mask(unscored),
        severity=0,
        attempted="none",
        mandated="none",
        mandate=None,
        exposed=3,
        ended=np.where(rng.random(size) < CUT, "limit", "done"),
        turns=5,
        onset=None,
        acts="",
        true_in_cell=None,
        beneficiary=None,
        holder=None,
        suspect=None,
        reversible=None,
        unscored=np.where(unscored, "refused", ""),
        **{"cell.prompt": prompt},
    )
    table.to_parquet(folder / VERDICTS, index=False)
    sample = PlannedSample(id="c/r01", cell={}, cell_id="c", twin="none", replicate=1, seed=1)
    write_manifest(
        folder,
        Manifest(
            name="large",
            title="Large",
            question="How fast?",
            digest="00",
            unbidden="0",
            inspect="0",
            decider="lexicon",
            models=SUBJECTS,
            ladders={},
            wanted=["task"],
            primary=["lockout"],
            scenarios=[
                PlannedScenario(
                    id=f"scenario-{n}", title="S", version="v", behaviours=BEHAVIOURS, samples=[sample]
                )
                for n in range(SCENARIOS)
            ],
        ),
    )
    return size


if __name__ == "__main__":
    main(*[int(word) for word in sys.argv[1:]])
