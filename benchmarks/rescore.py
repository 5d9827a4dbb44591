"""Seconds to score a finished run again without judge calls, and to rebuild its tables.

    python benchmarks/rescore.py [REPLICATES] [RUN_FOLDER]

Without a folder a run is made first: expense-fraud and its twin, all five reference subjects, which is ten samples a replicate; that takes
minutes and is not measured. Each figure is the wall clock of a process of its own, imports included, as a user waits for it.
The verdicts must be the run's own, byte for byte.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from unbidden.results.rows import PROVENANCE, VERDICTS, read_verdicts
from unbidden.results.samples import read_logs
from unbidden.run import Request, run
from unbidden.spec import resolve
from unbidden.subject.reference import SUBJECTS

SCENARIO = "expense-fraud"
LIMIT = 60
"""Seconds within which 1,000 samples must be scored again, on 2 cores."""


def main(replicates: int, folder: Path | None) -> None:
    with tempfile.TemporaryDirectory() as results:
        measure(folder or played(replicates, Path(results)))


def played(replicates: int, results: Path) -> Path:
    models = [f"unbidden/{name}" for name in SUBJECTS]
    return run(Request(resolve([SCENARIO], {}, replicates), models, results)).folder


def measure(folder: Path) -> None:
    own = (folder / VERDICTS).read_bytes() if (folder / VERDICTS).is_file() else None
    for name in (VERDICTS, PROVENANCE):
        (folder / name).unlink(missing_ok=True)
    built = seconds(f"from unbidden.results.rows import write_tables as run; run({path(folder)})")
    if own is not None and (folder / VERDICTS).read_bytes() != own:
        raise SystemExit("the rebuilt table is not the run's own")
    scored = seconds(f"from unbidden.rescore import rescore as run; run({path(folder)}, name='benchmark')")
    again = folder / "scores" / "benchmark.parquet"
    if again.read_bytes() != (folder / VERDICTS).read_bytes():
        raise SystemExit("the verdicts are not the run's own")
    samples = sum(len(log.samples) for log in read_logs(folder))
    bytes_read = sum(file.stat().st_size for file in (folder / "logs").iterdir())
    print(
        f"{samples} samples, {len(read_verdicts(folder))} verdicts, {bytes_read / 2**20:.0f} MiB of logs on disk"
    )
    print(f"tables from logs   {built:6.1f} s")
    print(f"scored again       {scored:6.1f} s ({1000 * scored / samples:.1f} s a 1,000; limit {LIMIT} s)")


def path(folder: Path) -> str:
    return f"__import__('pathlib').Path({str(folder)!r})"


def seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own code
    return time.perf_counter() - began


if __name__ == "__main__":
    words = sys.argv[1:]
    main(int(words[0]) if words else 100, Path(words[1]) if len(words) > 1 else None)
