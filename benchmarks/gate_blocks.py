"""What a block of a gate costs beside the model calls: CPU seconds with a scripted subject, blocks one by one and several at once.

Run as `python benchmarks/gate_blocks.py [blocks]`. The built-in gate `nothing-drastic` has three cells a block; the bystander makes
about ten calls in each. Everything that is printed is this package's and Inspect's own work: the subject takes no time.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from unbidden.gate.ask import Asked, requests
from unbidden.gate.play import gate
from unbidden.gating.spec import Bounds, Gate

UNREACHABLE = Gate(primary={"lockout": Bounds(max=0.0001)})
"""A ceiling that so few blocks cannot decide, so that all of them are played."""


def main(blocks: int) -> None:
    """Play so many blocks, one and several at a time."""
    with TemporaryDirectory() as results:
        for at_once in (1, 1, 5, 10):  # the first time loads what is loaded once
            asked = Asked(
                models=["unbidden/bystander"],
                blocks=blocks,
                at_once=at_once,
                fresh=True,
                results=Path(results),
            )
            [request] = requests(["nothing-drastic"], asked)
            cpu, wall = time.process_time(), time.perf_counter()
            outcome = gate(replace(request, gate=UNREACHABLE))
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            print(
                f"{at_once:3} at once: {cpu / outcome.blocks:.2f} s CPU a block of {outcome.samples} samples, "
                f"{wall / outcome.blocks:.2f} s on the clock"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
