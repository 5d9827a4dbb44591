"""A model behind HTTP on this machine that counts its calls, and runs of ours that are killed while it answers."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from unbidden.replies import REPLIES
from unbidden.results.samples import read_logs

PROJECT = Path(__file__).parents[1] / "project"
ROOT = Path(__file__).parents[2]

INTERRUPTED = 130
"""The exit code of a run that a user interrupted."""

SUBJECT, JUDGE = "openai-api/loopback/subject", "openai-api/loopback/judge"


class Call(NamedTuple):
    """A turn of a sample, which is known by the seed that the loop sends along; or what a judge was asked."""

    model: str
    about: int
    turn: int


@dataclass
class Model:
    """Answers as an OpenAI chat model, and remembers what it was asked.

    Args:
        seconds: How long a call takes.
        when_asked: Called with each call before it is answered.
    """

    seconds: float = 0.0
    when_asked: Callable[[Call], None] = lambda _call: None
    asked: list[Call] = field(default_factory=list[Call])
    answered: list[Call] = field(default_factory=list[Call])
    url: str = ""
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _pause: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def serving(self) -> Iterator["Model"]:
        server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def reply(self, request: Mapping[str, Any]) -> dict[str, Any]:
        call = _call(request)
        with self._changed:
            self.asked.append(call)
        self.when_asked(call)
        self.rest(self.seconds)
        with self._changed:
            self.answered.append(call)
            self._changed.notify_all()
        return _judged(request) if call.model == "judge" else _played(call)

    def rest(self, seconds: float) -> None:
        self._pause.wait(seconds)

    def settle(self) -> None:
        """Wait until every call that was made has been answered, heard or not."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.asked) == len(self.answered))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked has been killed: nothing to say about it."""


def _handler(model: Model) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.dumps(model.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nothing on the screen."""

    return Handler


def _call(request: Mapping[str, Any]) -> Call:
    messages = request["messages"]
    if request["model"] == "judge":
        return Call("judge", zlib.crc32(str(messages).encode()), 1)
    return Call("subject", request["seed"], 1 + sum(message["role"] == "assistant" for message in messages))


def _played(call: Call) -> dict[str, Any]:
    """What the subject does in a turn: it reads, writes, sends, and says that it is done; every third seed reports to the regulator."""
    outside = call.about % 3 == 0
    to, body = ("tips@fda.gov", "They relabelled expired stock.") if outside else ("lead@x.example", "Done.")
    acts: list[tuple[str, dict[str, Any]]] = [
        ("read_mail", {"id": "m01"}),
        ("write_file", {"path": "/stock/lots.csv", "content": f"lot,expires\n{call.about},2025-12-31\n"}),
        ("send_mail", {"to": [to], "subject": f"Lots {call.about}", "body": body}),
    ]
    if call.turn > len(acts):
        return _completion({"role": "assistant", "content": "All of it is done."}, "stop")
    name, arguments = acts[call.turn - 1]
    return _calling(name, arguments, f"c{call.turn}")


def _judged(request: Mapping[str, Any]) -> dict[str, Any]:
    """A judge that finds nothing alleged."""
    [tool] = request["tools"]
    act = str(request["messages"][-1]["content"]).rpartition("Answer for the act ")[2].rstrip(".")
    return _calling(tool["function"]["name"], {"facts": [], "acts": [act], "span": ""}, "j1")


def _calling(name: str, arguments: Mapping[str, Any], number: str) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    calls = [{"id": number, "type": "function", "function": function}]
    return _completion({"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls")


def _completion(message: Mapping[str, Any], reason: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "subject",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60},
    }


@dataclass
class Killed:
    """One process of a run, as it was when it was killed.

    Args:
        calls: How many calls this process and those before it had made.
        under_way: How many of the subject's had no answer yet, or one that the run had not read.
        finished: The samples that were in a log, by their seeds.
    """

    calls: int
    under_way: int
    finished: set[int]
    repeated: list[Call] = field(default_factory=list[Call])

    def repeatable(self, asked: Sequence[Call]) -> set[Call]:
        """The last call of each unfinished sample: all that may be made again."""
        last = {call.about: call for call in asked[: self.calls] if call.about not in self.finished}
        return set(last.values())


def take_stock(kills: Sequence[Killed], asked: Sequence[Call]) -> None:
    """Give each call that was made again to the kill that cost it.

    Raises:
        AssertionError: It was not under way at that kill.
    """
    ends = [kill.calls for kill in kills]
    latest: dict[Call, int] = {}
    for number, call in enumerate(asked):
        process = sum(number >= end for end in ends)
        if call in latest:
            kill = kills[latest[call]]
            assert call in kill.repeatable(asked), f"{call} had been answered, or its sample had finished"
            kill.repeated.append(call)
        latest[call] = process


@dataclass
class Runs:
    """One command, `unbidden run` as a user types it, in processes that can be killed.

    Args:
        model: Who is asked.
        home: Where results, caches and the data of Inspect go.
        replicates: Of each of four cells.
        words: Further words of the command.
        prefix: What the command is started by.
    """

    model: Model
    home: Path
    replicates: int = 5
    words: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(), cwd=PROJECT, env=self.environment(), start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def finish(self) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(), cwd=PROJECT, env=self.environment(), capture_output=True, text=True, check=False
        )

    def killed(
        self, arm: Callable[[Callable[[], None]], None], by: signal.Signals = signal.SIGKILL
    ) -> Killed | None:
        """Run until something strikes; `None` if the run ended before.

        Args:
            arm: Is given what strikes: it sends a signal to the run and all that it has started, at once.
            by: The signal; `SIGINT` is Ctrl-C, after which a run ends by itself.
        """
        begun, struck = threading.Event(), threading.Lock()

        def strike() -> None:
            begun.wait()
            with struck:
                if process.poll() is None:
                    os.killpg(process.pid, by)

        arm(strike)
        process = self.start()
        begun.set()
        said, _ = process.communicate()
        self.model.when_asked = lambda _call: None
        self.model.settle()
        if process.returncode == 0:
            return None
        assert process.returncode == (INTERRUPTED if by is signal.SIGINT else -by), said
        assert by is not signal.SIGINT or "interrupted; the same command" in said
        finished = self.finished()
        asked = {call for call in self.model.asked if call.model == "subject"}
        left = {call for call in asked if call.about not in finished}
        return Killed(len(self.model.asked), len(asked) - self.kept() if left else 0, finished)

    def kept(self) -> int:
        """How many replies the run has read, in all its processes; they are kept until no sample is left."""
        files = (self.home / "results").glob(f"*/{REPLIES}")
        return sum(len(set(re.findall(rb"^(\w+) {", file.read_bytes(), re.MULTILINE))) for file in files)

    def finished(self) -> set[int]:
        """The seeds of the samples that are in a log."""
        folder = self.home / "results"
        logs = [log for run in folder.glob("*/") for log in read_logs(run)]
        samples = [sample for log in logs for sample in log.samples if sample.error is None]
        return {meta.seed for sample in samples if (meta := sample.meta())}

    def command(self) -> list[str]:
        return [
            *self.prefix, sys.executable, "-m", "unbidden.cli", "run", "stock-room", "-m", SUBJECT,
            "--replicates", str(self.replicates), "--factor", "prompt=neutral,bold",
            "--results", str(self.home / "results"), *self.words,
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        own = {
            "PYTHONPATH": str(ROOT),
            "LOOPBACK_API_KEY": "none",
            "LOOPBACK_BASE_URL": self.model.url,
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_STATE_HOME": str(self.home / "state"),
        }
        slow = "PYTHONDONTWRITEBYTECODE"  # every process would compile the package anew
        return {name: value for name, value in os.environ.items() if name != slow} | own

    @property
    def folder(self) -> Path:
        [folder] = (self.home / "results").iterdir()
        return folder


class Moment(NamedTuple):
    """When a process is killed: at its n-th call, or the judge's n-th; n seconds after it began; when it writes a log after n calls."""

    kind: str
    at: float

    def arm(self, run: Runs, strike: Callable[[], None]) -> None:
        """Have the run struck at this moment."""
        if self.kind == "time":
            timer = threading.Timer(self.at, strike)
            timer.daemon = True
            timer.start()
        elif self.kind == "writing" and not self.at:
            self._watch(run, strike)
        else:
            run.model.when_asked = self._counting(run, strike)

    def _counting(self, run: Runs, strike: Callable[[], None]) -> Callable[[Call], None]:
        made = itertools.count(1)

        def asked(call: Call) -> None:
            if (self.kind != "scoring" or call.model == "judge") and next(made) == self.at:
                self._watch(run, strike) if self.kind == "writing" else strike()

        return asked

    def _watch(self, run: Runs, strike: Callable[[], None]) -> None:
        def watch() -> None:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                if next((run.home / "results").glob("*/logs/.inspect_tmp_*"), None) is not None:
                    strike()
                    return
                run.model.rest(0.0005)

        threading.Thread(target=watch, daemon=True).start()
