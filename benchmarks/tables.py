"""Seconds to load and to rebuild a run folder's tables, against Inspect's own data frames over the same logs, in one process.

    python benchmarks/tables.py [SAMPLES] [RUN_FOLDER]

Without a folder, a run of a tenth of the samples is played first, by the five reference subjects, and its logs are written again under
nine further models' names. Each figure is the median of three; `samples_df` with full samples takes minutes and is done once.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from inspect_ai.analysis import SampleMessages, SampleSummary, samples_df
from inspect_ai.log import list_eval_logs, read_eval_log, write_eval_log

from unbidden.results.manifest import read_manifest, write_manifest
from unbidden.results.rows import read_verdicts, write_tables
from unbidden.run import Request, run
from unbidden.spec import resolve
from unbidden.subject.reference import SUBJECTS

COPIES = 10
"""Each log is there so often, under another model's name."""


def main(samples: int, folder: Path | None) -> None:
    with tempfile.TemporaryDirectory() as results:
        measure(folder or multiplied(played(samples // COPIES, Path(results))))


def played(samples: int, results: Path) -> Path:
    models = [f"unbidden/{name}" for name in SUBJECTS]
    replicates = max(1, samples // (2 * len(models)))  # each cell has a twin
    return run(Request(resolve(["expense-fraud"], {}, replicates), models, results)).folder


def multiplied(folder: Path, copies: int = COPIES) -> Path:
    manifest = read_manifest(folder)
    for info in list_eval_logs(str(folder / "logs")):
        log = read_eval_log(info)
        name, task = log.eval.model, log.eval.task_id
        for number in range(1, copies):
            log.eval.model, log.eval.task_id = f"{name}-{number}", f"{task}{number}"
            log.eval.eval_id = (
                f"{log.eval.eval_id[:20]}{number:02d}"  # Inspect reads a log that it has seen only once
            )
            for sample in log.samples or []:
                sample.uuid = f"{str(sample.uuid)[:20]}{number:02d}"
            path = Path(info.name.removeprefix("file://"))
            write_eval_log(log, str(path.with_name(f"{path.stem}-{number}.eval")))
    names = [f"{model}-{number}" for model in manifest.models for number in range(1, copies)]
    write_manifest(folder, manifest.model_copy(update={"models": [*manifest.models, *names]}))
    return folder


def measure(folder: Path) -> None:
    logs = str(folder / "logs")
    rebuild = seconds(lambda: write_tables(folder), 3)
    load = seconds(lambda: read_verdicts(folder), 3)
    summaries = seconds(lambda: samples_df(logs, quiet=True), 3)
    rows = len(samples_df(logs, quiet=True))
    columns = [*SampleSummary, *SampleMessages]
    full = seconds(lambda: samples_df(logs, columns=columns, full=True, quiet=True), 1)
    print(f"{rows} samples, {len(read_verdicts(folder))} verdicts, {size(folder):.0f} MiB of logs")
    print(
        f"loading the verdict table      {load:8.2f} s   samples_df                    {summaries:8.2f} s   {summaries / load:6.1f} times"
    )
    print(
        f"rebuilding all tables          {rebuild:8.2f} s   samples_df with full samples  {full:8.2f} s   {full / rebuild:6.1f} times"
    )


def size(folder: Path) -> float:
    return sum(path.stat().st_size for path in (folder / "logs").iterdir()) / 2**20


def seconds(call: Callable[[], object], times: int) -> float:
    taken: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return median(taken)


if __name__ == "__main__":
    words = sys.argv[1:]
    main(int(words[0]) if words else 5000, Path(words[1]) if len(words) > 1 else None)
