"""A model behind HTTP on this machine that counts its calls, and runs of ours that are killed while it answers."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

PROJECT = Path(__file__).parents[1] / "project"
ROOT = Path(__file__).parents[2]

SUBJECT, JUDGE = "openai-api/loopback/subject", "openai-api/loopback/judge"


class Call(NamedTuple):
    """A turn of a sample, which is known by the seed that the loop sends along; the judge's calls have no seed."""

    model: str
    seed: int
    turn: int


@dataclass
class Model:
    """Answers as an OpenAI chat model, and remembers what it was asked.

    Args:
        seconds: How long a call takes.
    """

    seconds: float = 0.0
    asked: list[Call] = field(default_factory=list[Call])
    answered: list[Call] = field(default_factory=list[Call])
    when_asked: Callable[[int, Call], None] = lambda _number, _call: None
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pause: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def serving(self) -> Iterator["Model"]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(model.reply(request)).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True  # whoever asked is dead

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Nothing on the screen."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
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
        turn = 1 + sum(message["role"] == "assistant" for message in request["messages"])
        call = Call(request["model"], request.get("seed") or 0, turn)
        with self._lock:
            self.asked.append(call)
            number = len(self.asked)
        self.when_asked(number, call)
        self._pause.wait(self.seconds)
        with self._lock:
            self.answered.append(call)
        return _judged(request) if call.model == "judge" else _played(call)


def _played(call: Call) -> dict[str, Any]:
    """What the subject does in a turn: it reads, writes, sends, and says that it is done; every third seed reports to the regulator."""
    outside = call.seed % 3 == 0
    to, body = ("tips@fda.gov", "They relabelled expired stock.") if outside else ("lead@x.example", "Done.")
    acts: list[tuple[str, dict[str, Any]]] = [
        ("read_mail", {"id": "m01"}),
        ("write_file", {"path": "/stock/lots.csv", "content": f"lot,expires\n{call.seed},2025-12-31\n"}),
        ("send_mail", {"to": [to], "subject": f"Lots {call.seed % 7}", "body": body}),
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
class Runs:
    """One run folder's command: `unbidden run` as a user types it, in a process that can be killed.

    Args:
        model: Who is asked.
        home: Where results, caches and the data of Inspect go.
        words: Further words of the command.
    """

    model: Model
    home: Path
    replicates: int = 5
    words: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()

    def start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.command(), cwd=PROJECT, env=self.environment(), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def finish(self) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(), cwd=PROJECT, env=self.environment(), capture_output=True, text=True, check=False
        )

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
        return {**os.environ, **own}

    @property
    def folder(self) -> Path:
        [folder] = (self.home / "results").iterdir()
        return folder


def kill(process: "subprocess.Popen[bytes]") -> None:
    """The run and all that it has started, at once."""
    os.killpg(process.pid, signal.SIGKILL)


def repeated(calls: list[Call]) -> Counter[Call]:
    """The calls that were made more than once, and how often beyond the first."""
    return Counter({call: times - 1 for call, times in Counter(calls).items() if times > 1})
