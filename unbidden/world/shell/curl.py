"""`curl`."""

import posixpath
from collections.abc import Sequence
from urllib.parse import unquote

from unbidden.world.machine import Printed, Typed
from unbidden.world.roles import split_url
from unbidden.world.shell.arguments import WRONG_USE, AnsweredError, Given, Manual, Option
from unbidden.world.shell.load import DATA, FIELDS, Load, read_load
from unbidden.world.shell.printing import failed, place, together
from unbidden.world.shell.web import (
    CLIENT_ERROR,
    Request,
    Response,
    UnreachableError,
    address_of,
    host_of,
    respond,
)
from unbidden.world.state import World

_NO_NAME, _HTTP = 23, 22

_MANUAL = Manual(
    "curl",
    ["[OPTION]... URL..."],
    "Transfer data from or to a web server.",
    [
        Option("-X --request", "the method, such as POST", "METHOD"),
        Option("-d --data --data-ascii", "post data; @FILE reads it from a file, @- from the input", "DATA"),
        Option("--data-raw", "post data as it stands", "DATA"),
        Option("--data-binary", "post data; a file's line ends stay", "DATA"),
        Option("--data-urlencode", "post a form field: NAME=CONTENT or NAME@FILE", "DATA"),
        Option("--json", "post JSON", "DATA"),
        Option("-F --form", "post a form field: NAME=CONTENT, NAME=@FILE or NAME=<FILE", "FIELD"),
        Option("--form-string", "post a form field as it stands", "FIELD"),
        Option("-G --get", "put the data into the URL and use GET"),
        Option("-T --upload-file", "put a file", "FILE"),
        Option("-H --header", "send a header", "LINE"),
        Option("-I --head", "show the headers only"),
        Option("-i --include", "show the headers, too"),
        Option("-D --dump-header", "write the headers to a file", "FILE"),
        Option("-o --output", "write the answer to a file", "FILE"),
        Option("-O --remote-name", "write the answer to a file that is named like the remote one"),
        Option("-f --fail --fail-with-body", "fail on errors of the server"),
        Option("-w --write-out", "print this at the end, for example '%{http_code}\\n'", "FORMAT"),
        Option("-s --silent", "no progress, no errors"),
        Option("-S --show-error", "errors even with -s"),
        Option("-v --verbose", "show what is sent"),
        Option("--url", "the URL", "URL"),
        Option("-V --version", "show the version"),
        Option("-u -A -e -m -x -b -c -E -r -z -C -y -Y -U -P", "ignored", "VALUE"),
        Option("--user --user-agent --referer --max-time --proxy --cookie --cookie-jar", "ignored", "VALUE"),
        Option("--connect-timeout --retry --retry-delay --retry-max-time --max-redirs", "ignored", "VALUE"),
        Option("--cert --key --cacert --capath --resolve --oauth2-bearer --limit-rate", "ignored", "VALUE"),
        Option("-L --location -k --insecure -4 --ipv4 -6 --ipv6 -g --globoff -N --no-buffer", "ignored"),
        Option("-# --progress-bar --compressed --http1.1 --http2 -q -n -0 -1 -2 --ssl-reqd", "ignored"),
        Option("--no-progress-meter --tlsv1.2 --post301 --post302 --create-dirs --anyauth", "ignored"),
    ],
)

_VERSION = (
    "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.17 zlib/1.2.13\n"
    "Release-Date: 2023-02-20, security patched: 7.88.1-10+deb12u14\n"
    "Protocols: http https\n"
    "Features: alt-svc AsynchDNS HSTS HTTP2 HTTPS-proxy IPv6 Largefile libz SSL\n"
)


def curl(world: World, typed: Typed) -> Printed:
    given = _MANUAL.read(typed.argv)
    if given.has("-V"):
        return Printed(_VERSION)
    urls = [*given.every("--url"), *given.words]
    if not urls:
        lines = ["curl: no URL specified!", "curl: try 'curl --help' or 'curl --manual' for more information"]
        return failed("\n".join(lines), WRONG_USE)
    load = read_load(typed, given)
    targets = _targets(typed, given, urls)
    return together(
        [_transfer(world, typed, given, _request(given, url, load), target) for url, target in targets]
    )


def _request(given: Given, url: str, load: Load) -> Request:
    carries = given.has(*DATA, *FIELDS)
    if given.has("-G") and load.body:
        url, load = f"{url}{'&' if '?' in url else '?'}{load.body}", Load()
    method = "PUT" if given.has("-T") else "POST" if carries and not given.has("-G") else "GET"
    method = "GET" if given.has("-I") else given.last("-X") if given.has("-X") else method
    fields = load.fields if method == "POST" else None
    return Request(method, url, load.body, load.kind, fields)


def _targets(typed: Typed, given: Given, urls: Sequence[str]) -> list[tuple[str, str | None]]:
    """Each URL with the file its answer goes to; without one it is printed."""
    outputs = given.every("-o")
    found = list[tuple[str, str | None]]()
    for number, url in enumerate(urls):
        name = outputs[number] if number < len(outputs) else None
        if name is None and given.has("-O"):
            plain = url if "://" in url else f"http://{url}"
            name = unquote(posixpath.basename(split_url(plain).path))
            if not name:
                raise AnsweredError(failed("curl: Remote file name has no length!", _NO_NAME))
        shown = name is None or name in {"-", "/dev/stdout"}
        found.append((url, None if shown else place(typed, str(name))))
    return found


def _transfer(world: World, typed: Typed, given: Given, request: Request, target: str | None) -> Printed:
    loud = not given.has("-s") or given.has("-S")
    try:
        response = respond(world, request)
    except UnreachableError as error:
        said = f"curl: ({error.code}) {error}\n" if loud else ""
        return Printed(_written_out(given, request, None), said, error.code)
    head = response.head(world)
    chatter = _chatter(request, head) if given.has("-v") else ""
    bad = given.has("-f") and response.status >= CLIENT_ERROR
    body = "" if bad or given.has("-I") else response.body
    shown, files = (head + "\n" if given.has("-i", "-I") else "") + body, dict[str, str]()
    if given.has("-D") and given.last("-D") != "-":
        files[place(typed, given.last("-D"))] = head + "\n"
    elif given.has("-D"):
        shown = head + "\n" + shown
    if target is not None:
        files |= {} if target == "/dev/null" else {target: shown}
        chatter += "" if given.has("-s") else _progress(len(shown))
        shown = ""
    if bad and loud:
        chatter += f"curl: ({_HTTP}) The requested URL returned error: {response.status}\n"
    out = shown + _written_out(given, request, response)
    return Printed(out, chatter, _HTTP if bad else 0, files)


def _written_out(given: Given, request: Request, response: Response | None) -> str:
    """What `-w` asks for."""
    values = {
        "http_code": f"{response.status if response else 0:03}",
        "response_code": f"{response.status if response else 0:03}",
        "size_download": str(len(response.body.encode("utf-8", "replace")) if response else 0),
        "size_upload": str(len(request.body.encode("utf-8", "replace"))),
        "url_effective": request.url,
        "url": request.url,
        "method": request.method,
        "content_type": "text/html; charset=utf-8" if response else "",
        "remote_ip": address_of(host_of(request.url)) if response else "",
        "num_redirects": "0",
        "time_total": "0.184213",
        "time_connect": "0.041877",
    }
    text = given.last("-w")
    for name, value in values.items():
        text = text.replace(f"%{{{name}}}", value)
    return text.replace("\\n", "\n").replace("\\t", "\t").replace("%%", "%")


def _progress(size: int) -> str:
    return (
        "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
        "                                 Dload  Upload   Total   Spent    Left  Speed\n"
        f"100 {size:>5}  100 {size:>5}    0     0   {size * 5:>5}      0 --:--:-- --:--:-- --:--:-- {size * 5:>5}\n"
    )


def _chatter(request: Request, head: str) -> str:
    """What `-v` tells of a transfer."""
    host = host_of(request.url)
    plain = request.url if "://" in request.url else f"http://{request.url}"
    parts = split_url(plain)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = [
        f"{request.method} {path} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: curl/7.88.1",
        "Accept: */*",
        "",
    ]
    lines = [
        f"*   Trying {address_of(host)}:443...",
        f"* Connected to {host} ({address_of(host)}) port 443 (#0)",
    ]
    lines += [f"> {line}" for line in sent] + [f"< {line}" for line in head.splitlines()]
    return "\n".join([*lines, "<", f"* Connection #0 to host {host} left intact"]) + "\n"
