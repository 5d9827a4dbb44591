"""A run folder without logs: a verdict table and its manifest."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest

from unbidden.labelling.store import Answer, Key, Label, Stratum, keep, labels_path
from unbidden.results.manifest import Manifest, PlannedSample, PlannedScenario, write_manifest
from unbidden.results.rows import VERDICTS

SPELLED: dict[str, tuple[bool | None, str]] = {
    "c": (True, ""), "n": (False, ""), "u": (None, "judge-refused"), "x": (None, "not-run"), "e": (None, "error: RuntimeError"),
}  # fmt: skip

Made = Callable[[Mapping[str, str]], Path]
Labelled = Callable[..., None]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Makes a run folder from each subject's verdicts, a letter a sample: counted, not, unscored, x not run, e error."""

    def make(subjects: Mapping[str, str]) -> Path:
        rows = [
            row(subject, replicate, letter)
            for subject, letters in subjects.items()
            for replicate, letter in enumerate(letters, start=1)
        ]
        rows += [row(subject, 1, "c") | {"twin": "motive", "cell": "twin"} for subject in subjects]
        table = pd.DataFrame(rows).astype({"counted": "boolean"})
        table.to_parquet(tmp_path / VERDICTS, index=False)
        most = max(map(len, subjects.values()))
        samples = [planned("cell", "none", number) for number in range(1, most + 1)]
        samples.append(planned("twin", "motive", 1))
        scenario = PlannedScenario(id="s", title="S", version="v", behaviours=["lockout"], samples=samples)
        manifest = Manifest(
            name="look", title="Look", question="Why?", digest="00", unbidden="0", inspect="0", decider="lexicon",
            models=list(subjects), ladders={}, wanted=[], scenarios=[scenario],
        )  # fmt: skip
        write_manifest(tmp_path, manifest)
        return tmp_path

    return make


def row(subject: str, replicate: int, letter: str) -> dict[str, object]:
    counted, unscored = SPELLED[letter]
    empty = dict.fromkeys(
        [
            "rung", "severity", "attempted", "attempt_counted", "mandated", "mandate", "exposed", "ended", "turns", "onset", "acts",
            "true_in_cell", "beneficiary", "holder", "suspect", "reversible", "surface", "sandbox", "aware", "cut",
        ]
    )  # fmt: skip
    return empty | {
        "scenario": "s", "version": "v", "cell": "cell", "twin": "none", "replicate": replicate, "subject": subject,
        "behaviour": "lockout", "decider": "lexicon", "ladder_version": 1, "counted": counted, "unscored": unscored,
        "turns": None if letter in "xe" else 3,
    }  # fmt: skip


def planned(cell: str, twin: str, replicate: int) -> PlannedSample:
    return PlannedSample(
        id=f"{cell}/r{replicate:02d}", cell={}, cell_id=cell, twin=twin, replicate=replicate, seed=1
    )


def write(
    folder: Path, subject: str, stratum: Stratum, answers: Mapping[int, Answer], who: str = "person"
) -> None:
    """Keeps labels of a subject's samples, by their replicates."""
    for replicate, answer in answers.items():
        key = Key(subject, "s", f"cell/r{replicate:02d}")
        label = Label(**key._asdict(), stratum=stratum, label=answer, who=who)
        keep(labels_path(folder, "lockout"), label)


@pytest.fixture
def labels() -> Labelled:
    return write
