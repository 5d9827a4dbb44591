"""A long run over HTTP with faults: is every sample accounted for, does memory stay flat, is anything left behind?

    PYTHONPATH=tests python benchmarks/soak.py [SAMPLES] [SHARE] [SCENARIO]

The model server runs in a process of its own; a share of all requests meets a fault, drawn from nearly all kinds there are. The
real clients of three wire formats play the reference subject `mixed`, on function tools and on the shell. Memory is what this
process holds (RSS), noted whenever a sample ends: Inspect, our loop and the worlds, without the server. Exits with 1 if a
sample is not accounted for, memory grows, or something is left open.
"""

import csv
import gc
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
from inspect_ai.hooks import Hooks, SampleEnd, hooks
from serving.faults import NAMES

from unbidden.results.rows import read_verdicts
from unbidden.run import Outcome, Request, run
from unbidden.scenario.load import load_scenario
from unbidden.spec import resolve

MODELS = ("anthropic/mixed", "anthropic/claude-3-opus~mixed", "openai/gpt-4o~mixed", "openai/gpt-5~mixed")
SCENARIO = "expense-fraud"
FAULTS = sorted(set(NAMES) - {"401", "404"})  # those end a run, which is not the question here
CONNECTIONS = 10
SETTLED = 500
"""From which sample on memory is to stay flat."""

GROWTH = 0.05
"""MB a sample that count as flat: 2,000 samples would add 100 MB."""


def main(samples: int, share: float, scenario: str) -> int:
    played = partial(request, scenario)
    cells = len(played(Path(), "", 1).spec.scopes[0].cells)
    replicates = math.ceil(samples / (cells * len(MODELS)))
    os.environ |= {f"{name}_API_KEY": "k" for name in ("ANTHROPIC", "OPENAI")}
    with tempfile.TemporaryDirectory() as folder, served(share) as url:
        run(played(Path(folder) / "warm", url, 1))  # it loads and opens what later ones find there
        before, begin = left_open(), time.monotonic()
        memory = watched()
        outcome = run(played(Path(folder), url, replicates))
        seconds = time.monotonic() - begin
        gc.collect()
        after = left_open()
        bad = [
            *accounted(outcome, replicates * cells * len(MODELS)),
            *flat(memory),
            *(
                f"left open: {name}: {after[name] - before[name]} more"
                for name in after
                if after[name] > before[name]
            ),
        ]
    print(f"{len(memory)} samples in {seconds:.0f} s; open before {before}, after {after}")
    print("\n".join(bad) or "Every sample is accounted for, memory is flat, nothing is left open.")
    return len(bad) > 0


def request(scenario: str, folder: Path, url: str, replicates: int) -> Request:
    both = (
        {"surface": ["functions", "shell"]} if "surface" in load_scenario(scenario).scenario.factors else {}
    )
    spec = resolve([scenario], both, replicates)
    options = {"model_base_url": url, "attempt_timeout": 120, "max_connections": CONNECTIONS}
    return Request(spec, MODELS, folder, options=options)


@contextmanager
def served(share: float) -> Iterator[str]:
    command = [sys.executable, "-m", "serving", "--fault-share", str(share), "--faults", *FAULTS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        written = iter(process.stdout or [])
        yield next(written).strip()
        process.terminate()
        print("requests by fault:", next(written).strip())


def watched() -> list[float]:
    """A list that gets this process's memory in MB whenever a sample ends."""
    held, own = list[float](), psutil.Process()

    class Memory(Hooks):
        async def on_sample_end(self, data: SampleEnd) -> None:  # noqa: ARG002
            held.append(own.memory_info().rss / 2**20)

    hooks(name="soak", description="Notes the memory a run holds.")(Memory)
    return held


def accounted(outcome: Outcome, planned: int) -> list[str]:
    """What is wrong with the verdict table: a sample that is missing, or has neither a verdict nor a reason."""
    table = read_verdicts(outcome.folder)
    by_sample = table.groupby(["subject", "cell", "replicate"])["unscored"].max()
    reasons = Counter(re.sub(r":? *turn \d+", "", str(reason)) or "scored" for reason in by_sample)
    print("samples:", dict(reasons.most_common()), "ended:", dict(Counter(table["ended"].fillna("-"))))
    wrong = (
        [] if len(by_sample) == planned else [f"{planned} samples were planned, {len(by_sample)} are there"]
    )
    if reasons["not-run"] and not outcome.stopped:
        wrong.append(f"{reasons['not-run']} samples did not run, and nobody says why")
    return wrong


def flat(memory: Sequence[float]) -> list[str]:
    """Print the curve, and say so if it climbs after the first samples."""
    step = max(1, len(memory) // 20)
    print(
        "memory (MB) after samples:",
        "  ".join(f"{at + 1}: {memory[at]:.0f}" for at in range(step - 1, len(memory), step)),
    )
    with Path("soak.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("samples", "rss_mb"), *enumerate(memory, start=1)])
    settled = memory[SETTLED:] if len(memory) > 2 * SETTLED else memory[len(memory) // 4 :]
    slope = statistics.linear_regression(range(len(settled)), settled).slope
    print(f"growth after sample {len(memory) - len(settled)}: {slope:.3f} MB a sample")
    return [f"memory grows by {slope:.3f} MB a sample"] if slope > GROWTH else []


def left_open() -> dict[str, int]:
    """What this process holds of the system, the model server apart, and but for the idle connections its clients keep.

    Inspect's clients keep up to `CONNECTIONS` of them for each model, for as long as the model is; more count as left open.
    """
    own = psutil.Process()
    children = [child for child in own.children(recursive=True) if "serving" not in child.cmdline()]
    sockets = [one.status for one in own.net_connections("all")]
    kept = min(sockets.count("ESTABLISHED"), CONNECTIONS * len(MODELS))
    return {
        "processes": len(children),
        "files": len(own.open_files()),
        "sockets": len(sockets) - kept,
        "descriptors": own.num_fds() - kept,
        "threads": own.num_threads(),
    }


if __name__ == "__main__":
    given = sys.argv[1:]
    count, part, name = [*given, *["2000", "0.05", SCENARIO][len(given) :]]
    sys.exit(main(int(count), float(part), name))
