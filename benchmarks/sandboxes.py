"""Time and memory of machines: many samples with a few shell turns each, with a scripted model of no latency, in one run.

    python benchmarks/sandboxes.py [SAMPLES] [ROUNDS]

`local` is Inspect's provider without any sandbox: each command is a process of the host, in a temporary folder. Ours are served
by a world, as in a real run: filled with a scenario's files, its commands answered, changed files taken over. All samples
of a round run at once. Memory is what the processes hold for themselves (PSS), the harness included, at its peak.
"""

import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import psutil
from inspect_ai import Task, eval  # noqa: A004
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    execute_tools,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolCall, bash
from inspect_ai.util import sandbox

from unbidden.sandbox.connect import connect
from unbidden.scenario.expand import full_cell, render
from unbidden.scenario.load import load_scenario
from unbidden.world.hosting import WorldHost
from unbidden.world.state import World

SCENARIO = "expense-fraud"
COMMANDS = (
    "ls -l",
    "echo 'open items' > notes.txt; cat notes.txt",
    "for i in 1 2 3; do echo item $i >> notes.txt; done; wc -l notes.txt",
    "grep -n item notes.txt | head -2",
    "sort -r notes.txt | uniq -c | sed 's/item/thing/'",
    "cp notes.txt done.txt && rm notes.txt && ls",
)
PROVIDERS = ("local", "embedded", "bubblewrap")


def main(samples: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder  # or `local` would also measure what the user's login shell starts
        for name in PROVIDERS:
            measured(name, 2, folder)  # what the first sample loads, later ones find loaded
        runs = {name: list[tuple[float, float, float]]() for name in PROVIDERS}
        for _ in range(rounds):
            for name in PROVIDERS:
                runs[name].append(measured(name, samples, folder))
    print(f"{samples} samples at once x {len(COMMANDS)} commands, {rounds} rounds, medians")
    base = statistics.median(wall for wall, _, _ in runs["local"])
    for name, rows in runs.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"{name:11} {wall:7.1f} s  {wall / base:5.2f} x local  {1000 * cpu / samples:7.1f} ms CPU a sample"
            f"  {1000 * wall / samples / len(COMMANDS):6.1f} ms a command  {memory / 2**20:7.0f} MiB"
            f"  {memory / 2**20 / samples:6.1f} MiB a sample"
        )


def measured(provider: str, samples: int, folder: str) -> tuple[float, float, float]:
    """Seconds, CPU seconds with all child processes, and bytes at the peak."""
    task = Task(
        dataset=MemoryDataset([Sample(id=f"s{number}", input="work") for number in range(samples)]),
        solver=worker(served=provider != "local"),
        sandbox=provider,
    )
    before, begin = cpu(), time.monotonic()
    with peak() as memory:
        [log] = eval(
            task, model=get_model("mockllm/model", custom_outputs=Script()), max_samples=samples, log_dir=folder,
            display="none", max_connections=samples, log_realtime=False, max_sandboxes=samples,
        )  # fmt: skip
    wall = time.monotonic() - begin
    if log.status != "success" or not log.samples or any(sample.error for sample in log.samples):
        raise SystemExit(f"{provider} failed: {log.error or log.samples}")
    return wall, cpu() - before, memory[0]


class Script:
    """Gives each sample its commands, in order; where a sample is, its conversation says."""

    def __call__(self, input, tools, tool_choice, config) -> ModelOutput:  # noqa: A002, ANN001, ARG002
        turn = sum(message.role == "assistant" for message in input)
        calls = [ToolCall(f"c{turn}", "bash", {"command": COMMANDS[turn]})] if turn < len(COMMANDS) else None
        message = ChatMessageAssistant(content="", tool_calls=calls)
        choice = ChatCompletionChoice(message=message, stop_reason="tool_calls" if calls else "stop")
        return ModelOutput(model="mockllm/model", choices=[choice], usage=ModelUsage())


@solver
def worker(*, served: bool) -> Solver:
    loaded = load_scenario(SCENARIO)
    situation = render(loaded, full_cell(loaded.scenario, {}), 1)

    async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001
        host = WorldHost(World(situation), loaded.scenario.tools)
        async with connect(host, sandbox()) if served else nullcontext():
            while True:
                output = await get_model().generate(state.messages, tools=[bash()], config=GenerateConfig())
                state.messages.append(output.message)
                if not output.message.tool_calls:
                    return state
                answers, _ = await execute_tools(state.messages, [bash()])
                state.messages.extend(answers)

    return solve


@contextmanager
def peak() -> Iterator[list[float]]:
    highest, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            highest[0] = max(highest[0], held())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield highest
    finally:
        done.set()
        thread.join()


def held() -> float:
    own = psutil.Process()
    total = 0.0
    for process in [own, *own.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*[*given, *[200, 3][len(given) :]])
