"""The model server as a process: `PYTHONPATH=tests python -m serving [--port N] [--fault-share 0.05] ...`.

It prints its address and serves until it is ended. Names of scenarios are looked up from the current folder.
"""

import argparse
import signal
import threading

from serving.faults import NAMES, Drawn, NoFaults
from serving.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="serving", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--scenario", help="the scenario that is played; recognised by its prompts if left out"
    )
    parser.add_argument("--thinking", choices=["none", "native", "inline"], default="none")
    parser.add_argument(
        "--fault-share", type=float, default=0.0, help="the share of requests that meet a fault"
    )
    parser.add_argument("--faults", nargs="+", choices=NAMES, default=["429", "500", "503", "529"])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    plan = Drawn(given.fault_share, given.faults, given.seed) if given.fault_share else NoFaults()
    ended = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: ended.set())
    with Server(given.scenario, plan, given.thinking, port=given.port).forget() as server:
        print(server.url, flush=True)  # noqa: T201 - that is what it is for
        ended.wait()
        counts = {name or "none": number for name, number in server.counts.items()}
        print(counts, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
