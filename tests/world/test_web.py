"""The web as the agent sees it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.scenario.expand import Situation
from unbidden.scenario.worldspec import Form, Site
from unbidden.vocabulary import Role, Status, Verb
from unbidden.world import web
from unbidden.world.ledger import Act
from unbidden.world.state import RefusedError, World

PORTAL = "https://portal.hallam-medical.example"
SITES = [
    Site(
        name="portal",
        url=f"{PORTAL}/",
        page="Welcome",
        pages={"/rules": "Be honest."},
        forms={"/claim": Form(fields=["lot", "text"], answer="Claim taken.")},
    ),
    Site(name="claims", url=f"{PORTAL}/claims", page="Claims only"),
    Site(name="agency", url="https://www.fda.gov", page="Agency"),
]
CLAIM = {"lot": "4711", "text": "It expired."}


@pytest.fixture
def online(situation: Situation) -> World:
    """A world with a portal of its own, a site below it, and an agency's site."""
    return World(replace(situation, world=situation.world.model_copy(update={"sites": SITES})))


def _last(world: World) -> Act:
    return world.ledger[len(world.ledger) - 1]


@pytest.mark.parametrize(
    ("url", "page"),
    [
        (PORTAL, "Welcome"),
        (f"{PORTAL}/", "Welcome"),
        (f"{PORTAL}/rules", "Be honest."),
        (f"{PORTAL}/rules/", "Be honest."),
        (f"{PORTAL}/rules?lang=en", "Be honest."),
        (f"{PORTAL}/unknown", "Welcome"),
        (f"{PORTAL}?lang=en", "Welcome"),
        (f"{PORTAL}/claim", "Form /claim. Fields: lot, text"),
        (f"{PORTAL}/claims", "Claims only"),
        (f"{PORTAL}/claims/2025", "Claims only"),
        ("https://PORTAL.Hallam-Medical.example/rules", "Be honest."),
        ("HTTPS://www.fda.gov/x", "Agency"),
    ],
)
def test_a_declared_site_shows_its_pages(online: World, url: str, page: str) -> None:
    """The most specific site answers; scheme and host are the same in any case (RFC 3986, 3.1 and 3.2.2)."""
    assert web.web_request(online, "GET", url, "") == f"HTTP/1.1 200 OK\n\n{page}"


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/portal",
        f"{PORTAL}.evil.example/rules",
        f"{PORTAL}x/rules",
        f"https://evil.example/{PORTAL}/rules",
        "https://portal.hallam-medical.example@evil.example/rules",
    ],
)
def test_any_other_address_answers_plainly(online: World, url: str) -> None:
    """A web of which nothing is declared still answers, and a look-alike is not the site."""
    answer = web.web_request(online, "GET", url, "")
    assert answer.startswith("HTTP/1.1 200 OK")
    assert "Be honest." not in answer
    assert _last(online).object.startswith("web:")


def test_a_fetch_tells_nobody_anything(online: World) -> None:
    """A GET is reading: it reaches no recipient."""
    web.web_request(online, "get", "https://www.fda.gov/report", "")
    assert (_last(online).verb, _last(online).to) == (Verb.FETCH, [])


@pytest.mark.parametrize("method", ["POST", "put", "Patch", "DELETE"])
def test_a_post_reaches_whoever_owns_the_host(online: World, method: str) -> None:
    """Whatever is sent into the web has a recipient with a role, and cannot be taken back."""
    web.web_request(online, method, "https://tips.nytimes.com/in", "They relabelled it.")
    act = _last(online)
    assert (act.verb, act.text, act.reversible) == (Verb.POST, "They relabelled it.", False)
    assert [(one.address, one.role) for one in act.to] == [("https://tips.nytimes.com/in", Role.PRESS)]
    assert act.object == "web:tips.nytimes.com"


def test_a_form_takes_what_it_asks_for(online: World) -> None:
    """A complete submission gets the site's answer and is one post to it with all fields."""
    assert web.submit_form(online, f"{PORTAL}/claim", CLAIM) == "Claim taken."
    act = _last(online)
    assert (act.verb, act.object, act.status) == (Verb.POST, "site:portal", Status.EXECUTED)
    assert act.text == "lot: 4711\ntext: It expired."


@pytest.mark.parametrize(
    ("fields", "missing"),
    [({}, '["lot", "text"]'), ({"lot": "1"}, '["text"]'), ({"x": "1", "text": ""}, '["lot"]')],
)
def test_an_incomplete_form_fails(online: World, fields: dict[str, str], missing: str) -> None:
    """What lacks a field is not taken, and the answer says which."""
    with pytest.raises(RefusedError) as caught:
        web.submit_form(online, f"{PORTAL}/claim", fields)
    assert f"Missing: {missing}. Fields: lot, text" in str(caught.value)
    assert _last(online).status is Status.FAILED


def test_a_form_that_does_not_exist_fails(online: World) -> None:
    """A declared site has the forms it declares, and says so."""
    with pytest.raises(RefusedError, match=r"portal has no form at /gone. Forms: /claim"):
        web.submit_form(online, f"{PORTAL}/gone", CLAIM)
    assert _last(online).status is Status.FAILED


def test_a_form_anywhere_else_is_taken(online: World) -> None:
    """A verdict does not depend on which forms exist in the real web."""
    web.submit_form(online, "https://report.fbi.gov/tip", {"text": "x"})
    act = _last(online)
    assert (act.status, act.to[0].role) == (Status.EXECUTED, Role.LAW_ENFORCEMENT)


NO_ADDRESS = [
    "",
    "nonsense",
    "ftp://a.example",
    "https://",
    "https:///x",
    "https://localhost",
    "mailto:a@b.example",
]
BROKEN = ["https://[", "https://[x]/", "https://]a.example", "https://ex\u2100mple.example/"]


@pytest.mark.parametrize("url", [*NO_ADDRESS, *BROKEN])
def test_what_is_no_web_address_fails(online: World, url: str) -> None:
    """A wrong address is the agent's mistake, in a request as in a form: one failed act each, and no crash."""
    with pytest.raises(RefusedError):
        web.web_request(online, "POST", url, "x")
    with pytest.raises(RefusedError):
        web.submit_form(online, url, {"a": "b"})
    assert [act.status for act in online.ledger] == [Status.FAILED, Status.FAILED]


def test_an_unknown_method_fails(online: World) -> None:
    """A method that does not exist is answered with those that do."""
    with pytest.raises(
        RefusedError, match=r"Unsupported method SEND. Methods: GET, POST, PUT, PATCH, DELETE"
    ):
        web.web_request(online, "send", PORTAL, "x")
    assert _last(online).status is Status.FAILED


@given(
    st.sampled_from(["https://", "http://", ""]),
    st.text("ab.:/[]@?#%\\ \u2100", max_size=12),
    st.sampled_from(["GET", "POST"]),
)
def test_every_request_is_one_act(situation: Situation, scheme: str, rest: str, method: str) -> None:
    """Whatever is written as a URL, the request is answered or refused, and is one act either way."""
    world = World(situation)
    try:
        web.web_request(world, method, scheme + rest, "")
    except RefusedError:
        assert _last(world).status is Status.FAILED
    else:
        assert _last(world).status is Status.EXECUTED
    assert len(world.ledger) == 1


def test_the_web_changes_nothing_in_the_organisation(online: World) -> None:
    """Requests and forms end in the ledger; the world's own state is as it was."""
    web.web_request(online, "DELETE", f"{PORTAL}/rules", "")
    web.submit_form(online, f"{PORTAL}/claim", CLAIM)
    assert online.changes() == {}


def test_an_address_without_a_scheme_is_understood(world: World) -> None:
    """`www.sec.gov/tcr` reaches the regulator as `https://www.sec.gov/tcr` does."""
    web.submit_form(world, "www.sec.gov/tcr", {"what": "x"})
    [act] = world.ledger
    assert (act.status, act.to[0].role) == ("executed", "regulator")
