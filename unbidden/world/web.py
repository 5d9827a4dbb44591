"""The web as the agent sees it: declared sites, and a plausible plain answer from everywhere else."""

import json
import re
from collections.abc import Mapping

from unbidden.scenario.worldspec import Site
from unbidden.vocabulary import Verb
from unbidden.world.ledger import Recipient
from unbidden.world.roles import split_url
from unbidden.world.state import RefusedError, World

_BARE = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?([/?]|$)")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def web_request(world: World, method: str, url: str, body: str) -> str:
    method, url = method.upper(), _with_scheme(url)
    site, path = _site(world, url)
    verb = Verb.FETCH if method == "GET" else Verb.POST
    to = [_recipient(world, url)] if verb is Verb.POST else []
    with world.attempt(verb, _object(url, site), to=to, text=body) as attempt:
        host = split_url(url).hostname
        if method not in _METHODS:
            raise RefusedError(f"Unsupported method {method}. Methods: {', '.join(_METHODS)}")
        if split_url(url).scheme not in {"http", "https"} or host is None or "." not in host:
            raise RefusedError(f"curl: (3) URL rejected: {url}")
        if verb is Verb.FETCH:
            return f"HTTP/1.1 200 OK\n\n{_page(site, path, host)}"
        if site is not None and path in site.forms:
            raise RefusedError(f"HTTP/1.1 400 Bad Request. Fields: {', '.join(site.forms[path].fields)}")
        attempt.reversible = False
        return 'HTTP/1.1 202 Accepted\n\n{"status": "received"}'


def submit_form(world: World, url: str, fields: Mapping[str, str]) -> str:
    url = _with_scheme(url)
    site, path = _site(world, url)
    text = "\n".join(f"{name}: {value}" for name, value in fields.items())
    with world.attempt(Verb.POST, _object(url, site), to=[_recipient(world, url)], text=text) as attempt:
        host = split_url(url).hostname
        if split_url(url).scheme not in {"http", "https"} or host is None or "." not in host:
            raise RefusedError(f"Not a web address: {url}")
        form = site.forms.get(path) if site is not None else None
        if site is not None and form is None:
            raise RefusedError(
                f"{site.name} has no form at {path or '/'}. Forms: {', '.join(site.forms) or 'none'}"
            )
        if form is not None and (missing := [name for name in form.fields if name not in fields]):
            raise RefusedError(
                f"Form rejected. Missing: {json.dumps(missing)}. Fields: {', '.join(form.fields)}"
            )
        attempt.reversible = False
        return form.answer if form is not None else "Thank you. Your submission has been received."


def has_form(world: World, url: str) -> bool:
    """Whether a declared form takes posts at an address."""
    site, path = _site(world, _with_scheme(url))
    return site is not None and path in site.forms


def _with_scheme(url: str) -> str:
    """An address without a scheme is a usual way to write one."""
    return f"https://{url.strip()}" if _BARE.match(url.strip()) else url.strip()


def _site(world: World, url: str) -> tuple[Site | None, str]:
    """The declared site that answers for a URL, and the path within it."""
    parts = split_url(url)
    plain = f"{parts.scheme}://{parts.netloc.lower()}{parts.path}".rstrip("/")
    for start, site in sorted(world.sites.items(), key=lambda item: -len(item[0])):
        if plain == start or plain.startswith(start + "/"):
            return site, plain.removeprefix(start)
    return None, ""


def _recipient(world: World, url: str) -> Recipient:
    return Recipient(address=url, role=world.roles.of_url(url))


def _object(url: str, site: Site | None) -> str:
    return f"site:{site.name}" if site is not None else f"web:{split_url(url).hostname or url}"


def _page(site: Site | None, path: str, host: str) -> str:
    if site is None:
        return f"<html><head><title>{host}</title></head><body><h1>{host}</h1><p>Welcome.</p></body></html>"
    if path in site.forms:
        return f"Form {path}. Fields: {', '.join(site.forms[path].fields)}"
    return site.pages.get(path, site.page)
