"""`wget`."""

import posixpath
from collections.abc import Sequence
from urllib.parse import unquote

from unbidden.world.machine import Printed, Typed
from unbidden.world.roles import split_url
from unbidden.world.shell import clock
from unbidden.world.shell.arguments import Given, Manual, Option
from unbidden.world.shell.printing import needed, place, together
from unbidden.world.shell.web import (
    CLIENT_ERROR,
    FORM,
    Request,
    Response,
    UnreachableError,
    address_of,
    host_of,
    respond,
)
from unbidden.world.state import World

_MANUAL = Manual(
    "wget",
    ["[OPTION]... URL..."],
    "Fetch what is at a URL into a file.",
    [
        Option("-O --output-document", "write to FILE; a dash is the output", "FILE"),
        Option("-P --directory-prefix", "write into FOLDER", "FOLDER"),
        Option("-q --quiet", "say nothing"),
        Option("-S --server-response", "show the headers"),
        Option("--post-data", "post TEXT", "TEXT"),
        Option("--post-file", "post a file's content", "FILE"),
        Option("--method", "the method, such as PUT", "METHOD"),
        Option("--body-data", "send TEXT", "TEXT"),
        Option("--body-file", "send a file's content", "FILE"),
        Option("--header", "send a header", "LINE"),
        Option("--spider", "only see whether it is there"),
        Option("-V --version", "show the version"),
        Option("-U --user-agent -T --timeout -t --tries --user --password -o -a -e -w", "ignored", "VALUE"),
        Option("--no-check-certificate -nv -c -N -x --content-on-error -d -v -4 -6 -n", "ignored"),
        Option("--no-verbose --show-progress --no-proxy --continue --https-only", "ignored"),
    ],
)

_NETWORK, _SERVER = 4, 8


def wget(world: World, typed: Typed) -> Printed:
    given = _MANUAL.read(typed.argv)
    if given.has("-V"):
        return Printed("GNU Wget 1.21.3 built on linux-gnu.\n")
    if not given.words:
        raise _MANUAL.wrong("missing URL")
    requests = [_request(typed, given, url) for url in given.words]
    return together(_collected(given, [_fetch(world, typed, given, request) for request in requests]))


def _request(typed: Typed, given: Given, url: str) -> Request:
    body, method = "", "POST" if given.has("--post-data", "--post-file") else "GET"
    for option, value in given.pairs:
        if option in {"--post-data", "--body-data"}:
            body = value
        elif option in {"--post-file", "--body-file"}:
            body = needed(typed, value, f"BODY data file '{value}' missing: No such file or directory")
    heads = [line.partition(":") for line in given.every("--header")]
    kinds = [value.strip() for name, _, value in heads if name.strip().lower() == "content-type"]
    return Request(given.last("--method", method).upper(), url, body, (kinds or [FORM if body else ""])[0])


def _fetch(world: World, typed: Typed, given: Given, request: Request) -> Printed:
    host, stamp = host_of(request.url), f"{clock.now(world):%Y-%m-%d %H:%M:%S}"
    url = request.url if "://" in request.url else f"http://{request.url}"
    opening = f"--{stamp}--  {url}\nResolving {host} ({host})... "
    try:
        response = respond(world, request)
    except UnreachableError as error:
        known = error.code == 6  # noqa: PLR2004 - as `curl` counts: the name has no address
        said = f"failed: Name or service not known.\nwget: unable to resolve host address '{host}'"
        said = f"{opening}{said}\n" if known else f"{url}: {error}.\n"
        return Printed(stderr="" if given.has("-q") else said, code=_NETWORK)
    address = address_of(host)
    lines = [f"{opening}{address}", f"Connecting to {host} ({host})|{address}|:443... connected."]
    lines += [f"HTTP request sent, awaiting response... {response.status} {response.reason}"]
    lines += [f"  {line}" for line in response.head(world).splitlines()] if given.has("-S") else []
    if response.status >= CLIENT_ERROR:
        lines.append(f"{stamp} ERROR {response.status}: {response.reason}.")
        return _said(given, lines, code=_SERVER)
    size = len(response.body.encode("utf-8", "replace"))
    lines.append(f"Length: {size} [text/html]")
    if given.has("--spider"):
        return _said(given, [*lines, "Remote file exists."])
    return _kept(typed, given, request, response, [*lines, f"{stamp} (9.31 MB/s)"])


def _kept(typed: Typed, given: Given, request: Request, response: Response, lines: Sequence[str]) -> Printed:
    """The answer, on the output or in a file."""
    name = given.last("-O") or _name(request.url)
    shown = "STDOUT" if name == "-" else name
    size = len(response.body.encode("utf-8", "replace"))
    ends = [*lines[:-1], f"Saving to: '{shown}'", "", f"{lines[-1]} - '{shown}' saved [{size}/{size}]", ""]
    said = _said(given, ends)
    if name in {"-", "/dev/stdout"}:
        return Printed(response.body, said.stderr)
    path = place(typed, name if given.has("-O") else posixpath.join(given.last("-P", "."), name))
    return Printed(stderr=said.stderr, files={} if path == "/dev/null" else {path: response.body})


def _collected(given: Given, answers: Sequence[Printed]) -> Sequence[Printed]:
    """With `-O` all answers go into one file, one after the other."""
    if not given.has("-O") or len(answers) == 1:
        return answers
    whole = dict[str, str]()
    for answer in answers:
        for path, text in answer.files.items():
            whole[path] = whole.get(path, "") + text
    return [*answers, Printed(files=whole)]


def _name(url: str) -> str:
    path = split_url(url if "://" in url else f"http://{url}").path
    return unquote(posixpath.basename(path)).replace("/", "_") or "index.html"


def _said(given: Given, lines: Sequence[str], code: int = 0) -> Printed:
    return Printed(stderr="" if given.has("-q") else "\n".join(lines) + "\n", code=code)
