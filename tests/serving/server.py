"""The server: three wire formats over HTTP on loopback, in a thread of its own."""

import asyncio
import json
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from serving import anthropic, chat, responses
from serving.faults import (
    CHANGES,
    FILTERED,
    NEED_A_CALL,
    OVERFLOWS,
    REFUSALS,
    Before,
    NoFaults,
    Plan,
    Refusal,
    Wanted,
    met,
)
from serving.subject import opening, play, turn
from serving.wire import Asked, Format, Reply
from unbidden.errors import NotFoundError, ScriptError
from unbidden.subject.reference import Thinking

FORMATS: tuple[Format, ...] = (anthropic, chat, responses)


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    format: str
    model: str
    opening: str
    turn: int
    fault: str | None
    key: str


class Server:
    """Plays the subject that a request's model names: `zealot`, an exemplar's name, or with a fault `zealot+500*4`.

    What stands before a tilde is dress: Inspect takes `gpt-5~zealot` for a model that wants the Responses API, and
    `claude-3-opus~zealot` for one whose answers are too short to need streaming.

    Use it as a context manager. Every client takes `url` as its base URL. Give it to Inspect as `model_base_url`, not by the
    environment: Inspect keeps a model that it has made, with the address it then had. `seen` holds the requests in the
    order in which they arrived; the server runs in a thread of its own, so read it when the run has ended.

    Args:
        scenario: The scenario that is played; recognised by its prompts if `None`.
        plan: Which requests meet which faults, beside those that a model's name asks for.
        thinking: Where answers have a line of reasoning.
        drip: Seconds between the pieces of an answer that drips.
        port: The port on loopback; a free one if 0.
    """

    def __init__(
        self,
        scenario: str | None = None,
        plan: Plan | None = None,
        thinking: Thinking = "none",
        drip: float = 0.2,
        port: int = 0,
    ) -> None:
        self.seen: list[Seen] = []
        self.counts: Counter[str | None] = Counter()
        self._scenario, self._plan, self._thinking = scenario, plan or NoFaults(), thinking
        self._drip, self._port, self._met = drip, port, Before()
        self._remember = True
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="model server", daemon=True)
        self._up = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._up.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def forget(self) -> Self:
        """Keep counts only: for runs of many thousand requests."""
        self._remember = False
        return self

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(self._app(), handler_cancellation=True, shutdown_timeout=0, access_log=None)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", self._port)
        self._loop.run_until_complete(site.start())
        self._port = runner.addresses[0][1]
        self._up.set()
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(runner.cleanup())
            self._loop.close()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=2**26)
        for form in FORMATS:
            app.router.add_post(f"/v1/{form.PATH}", self._handler(form))
        app.router.add_post(f"/v1/v1/{anthropic.PATH}", self._handler(anthropic))  # it adds a v1
        return app

    def _handler(self, form: Format) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                asked = await form.asked(await request.json())
                subject, fault = self._wanted(asked)
            except (ValueError, KeyError) as problem:
                return web.json_response(form.error("invalid_request_error", repr(problem)), status=400)
            self._note(asked, fault, request)
            if refusal := _refused(asked.format, fault):
                body = form.error(refusal.kind, refusal.message)
                return web.json_response(body, status=refusal.status, headers=refusal.headers)
            if fault == "hang":
                await asyncio.sleep(3600)  # until the client gives up
            if fault == "drop-before":
                return _cut(request)
            try:
                reply = await play(asked, subject, self._scenario, self._thinking, self.counts.total())
            except (NotFoundError, ScriptError) as problem:
                return web.json_response(form.error("invalid_request_error", str(problem)), status=400)
            if (change := CHANGES.get(fault or "")) and (reply.calls or fault not in NEED_A_CALL):
                reply = change(reply)
            return await self._deliver(request, form, asked, reply, fault)

        return handle

    def _wanted(self, asked: Asked) -> tuple[str, str | None]:
        """Who is to play, and the fault that this request meets."""
        subject, _, suffix = asked.model.rpartition("~")[2].partition("+")
        if suffix:
            return subject, met(Wanted.of(suffix), asked, self._met)
        return subject, self._plan.fault(asked)

    def _note(self, asked: Asked, fault: str | None, request: web.Request) -> None:
        self.counts[fault] += 1
        if self._remember:
            key = request.headers.get("x-api-key") or request.headers.get("authorization", "")
            start = opening(asked.conversation)
            self.seen.append(Seen(asked.format, asked.model, start, turn(asked), fault, key))

    async def _deliver(
        self, request: web.Request, form: Format, asked: Asked, reply: Reply, fault: str | None
    ) -> web.StreamResponse:
        parts = form.events(reply) if asked.stream else [json.dumps(form.answer(reply))]
        if fault == "malformed-json":
            parts = ['data: {"oops\n\n'] if asked.stream else ['{"oops']
        body = "".join(parts).encode()
        kind = "text/event-stream" if asked.stream else "application/json"
        response = web.StreamResponse(headers={"content-type": kind})
        if not asked.stream:
            response.content_length = len(body)
        await response.prepare(request)
        if fault == "drop-middle":
            await response.write(body[: len(body) // 2])
            return _cut(request)
        if fault == "drip":
            for start in range(0, len(body), max(1, len(body) // _DROPS)):
                await response.write(body[start : start + max(1, len(body) // _DROPS)])
                await asyncio.sleep(self._drip)
        else:
            await response.write(body)
        await response.write_eof()
        return response


_DROPS = 40
"""In how many pieces an answer drips."""


def _refused(form: str, fault: str | None) -> Refusal | None:
    if fault == "context":
        return OVERFLOWS[form]
    if fault == "content-filter" and form == "anthropic":
        return FILTERED
    return REFUSALS.get(fault or "")


def _cut(request: web.Request) -> web.StreamResponse:
    """End the connection as it is; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()
