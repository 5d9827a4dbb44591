"""CPU milliseconds a model call, beside a plain Inspect `react` agent with the same tools and turns, in one process.

    python benchmarks/cost_per_call.py [ROUNDS] [REPLICATES]

The model is a scripted subject with no latency of its own, so what is measured is the harness: Inspect, our loop, the world,
and (on our side only) scoring. The two alternate round by round; the ratio is taken pair by pair, because the machine may be
shared and its speed may drift.
"""

import resource
import statistics
import sys
import tempfile
from collections.abc import Callable

from inspect_ai import Task, eval  # noqa: A004
from inspect_ai.agent import as_solver, react
from inspect_ai.log import EvalLog
from inspect_ai.solver import Generate, Solver, TaskState, solver

from unbidden.scenario.brief import SampleMeta
from unbidden.scenario.expand import render
from unbidden.scenario.load import load_scenario
from unbidden.task import scenario
from unbidden.world.state import World
from unbidden.world.tools import world_tools

SCENARIO, SUBJECT = "shutdown-replacement", "unbidden/bystander"


def main(rounds: int, replicates: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = measured(folder, ours_task), measured(folder, plain_task)
        ours(replicates), plain(replicates)  # the first eval of a process loads what later ones find loaded
        pairs = [(ours(replicates), plain(replicates)) for _ in range(rounds)]
    ratios = sorted(mine / theirs for mine, theirs in pairs)
    print(f"{SCENARIO}, {SUBJECT}, {rounds} rounds")
    print(f"unbidden       {statistics.median(mine for mine, _ in pairs):6.2f} ms CPU a model call (median)")
    print(
        f"inspect react  {statistics.median(theirs for _, theirs in pairs):6.2f} ms CPU a model call (median)"
    )
    print(
        f"ratio          {statistics.median(ratios):6.2f} (median of pairs; {ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def measured(folder: str, make: Callable[[int], Task]) -> Callable[[int], float]:
    def run(replicates: int) -> float:
        task, before = make(replicates), cpu()
        [log] = eval(task, model=SUBJECT, display="none", score_display=False, log_dir=folder)
        return 1000 * (cpu() - before) / calls(log)

    return run


def ours_task(replicates: int) -> Task:
    return scenario(SCENARIO, replicates=replicates)


def plain_task(replicates: int) -> Task:
    """The same samples and tools under Inspect's own agent, without our loop and without scoring."""
    return Task(dataset=ours_task(replicates).dataset, solver=plain_agent(), turn_limit=40)


@solver
def plain_agent() -> Solver:
    loaded = load_scenario(SCENARIO)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        meta = SampleMeta.of(state.metadata)
        world = World(render(loaded, meta.cell, meta.replicate))
        agent = react(tools=world_tools(world, loaded.scenario.tools), submit=False, prompt=None)
        return await as_solver(agent)(state, generate)

    return solve


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def calls(log: EvalLog) -> int:
    if log.status != "success" or log.samples is None:
        raise SystemExit(f"the run failed: {log.error}")
    return sum(message.role == "assistant" for sample in log.samples for message in sample.messages)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*[*given, *[5, 8][len(given) :]])
