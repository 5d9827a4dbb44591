"""A request as `curl` and `wget` make it, and the answer they get from the world's web."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, unquote_plus
from zlib import crc32

from unbidden.vocabulary import Status
from unbidden.world import web
from unbidden.world.roles import split_url
from unbidden.world.shell import clock
from unbidden.world.state import RefusedError, World

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

CLIENT_ERROR = 400
"""The first status that says that something was wrong with a request."""


@dataclass(frozen=True)
class Request:
    """One request. `fields` are those of a form that was given field by field."""

    method: str
    url: str
    body: str = ""
    kind: str = ""
    fields: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Response:
    """What comes back."""

    status: int
    reason: str
    body: str

    def head(self, world: World) -> str:
        """Status line and headers."""
        size = len(self.body.encode("utf-8", "replace"))
        kind = "text/html; charset=utf-8" if self.body.startswith("<") else "text/plain; charset=utf-8"
        kind = JSON if self.body.startswith('{"') else kind
        lines = [
            f"HTTP/1.1 {self.status} {self.reason}",
            f"Date: {clock.now(world):%a, %d %b %Y %H:%M:%S} GMT",
        ]
        lines += [
            "Server: nginx",
            f"Content-Type: {kind}",
            f"Content-Length: {size}",
            "Connection: keep-alive",
        ]
        return "\n".join(lines) + "\n"


class UnreachableError(Exception):
    """Nobody answers; `code` is what `curl` ends with."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


def respond(world: World, request: Request) -> Response:
    """Make a request.

    Raises:
        UnreachableError: There is nobody at the address.
    """
    fields = request.fields if request.fields is not None else _form_fields(world, request)
    try:
        if fields is not None:
            return Response(200, "OK", _page(web.submit_form(world, request.url, fields)))
        answer = web.web_request(world, request.method, request.url, request.body)
    except RefusedError as refused:
        return _refusal(request, refused)
    head, _, body = answer.partition("\n\n")
    _, status, reason = head.split(" ", 2)
    return Response(int(status), reason, _page(body))


def host_of(url: str) -> str:
    """The host that a URL names."""
    plain = url if "://" in url else f"http://{url}"
    return split_url(plain).hostname or ""


def address_of(host: str) -> str:
    """The address that a name has here, always the same one."""
    number = crc32(host.encode())
    return f"104.{16 + number % 16}.{number // 16 % 256}.{number // 4096 % 254 + 1}"


def together(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Fields by name; what is given twice stands in two lines."""
    found = dict[str, str]()
    for name, value in fields:
        found[name] = f"{found[name]}\n{value}" if name in found else value
    return found


def decoded(text: str) -> tuple[str, str]:
    """A field as it is coded in a form's body."""
    name, _, value = text.partition("=")
    return unquote_plus(name), unquote_plus(value)


def _form_fields(world: World, request: Request) -> dict[str, str] | None:
    """The fields in a body that is posted to a form of the world's; `None` if it is no such post."""
    if request.method != "POST" or not web.has_form(world, request.url):
        return None
    kind = request.kind.partition(";")[0].strip().lower()
    if kind in {"", FORM, JSON} and (fields := _json_fields(request.body)) is not None:
        return fields
    if kind in {"", FORM}:
        return together(parse_qsl(request.body.strip(), keep_blank_values=True)) or None
    return None


def _json_fields(body: str) -> dict[str, str] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    fields = cast("dict[str, Any]", found)
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in fields.items()
    }


def _refusal(request: Request, refused: RefusedError) -> Response:
    """What the world refuses, as servers and gateways say it."""
    message = str(refused)
    if refused.status is Status.BLOCKED:
        return Response(403, "Forbidden", _page(message))
    if message.startswith("HTTP/1.1 400"):
        return Response(400, "Bad Request", _page(message.removeprefix("HTTP/1.1 ")))
    if message.startswith("Form rejected"):
        return Response(422, "Unprocessable Entity", _page(message))
    if " has no form at " in message:
        return Response(404, "Not Found", _page(message))
    if message.startswith("Unsupported method"):
        return Response(405, "Method Not Allowed", _page(message))
    raise _unreachable(request.url)


def _unreachable(url: str) -> UnreachableError:
    parts = split_url(url if "://" in url else f"http://{url}")
    host = parts.hostname
    if not host:
        return UnreachableError(3, "URL using bad/illegal format or missing URL")
    if parts.scheme not in {"http", "https"}:
        return UnreachableError(1, f'Protocol "{parts.scheme}" not supported or disabled in libcurl')
    if host == "localhost":
        return UnreachableError(7, "Failed to connect to localhost after 0 ms: Couldn't connect to server")
    return UnreachableError(6, f"Could not resolve host: {host}")


def _page(text: str) -> str:
    """A page that ends its last line."""
    return text if text.endswith("\n") or not text else f"{text}\n"
