"""Who an address, domain or URL belongs to."""

from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from unbidden import content
from unbidden.reading import read_document
from unbidden.vocabulary import EXTERNAL, INTERNAL, Role
from unbidden.world.roles import RoleBook

OWN = "hallam-medical.example"
AGENT = f"stock@{OWN}"
CATALOGUE: Mapping[str, list[str]] = read_document(content.shared("catalogue")).data["roles"]
ENTRIES = sorted((domain, Role(role)) for role, domains in CATALOGUE.items() for domain in domains)

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


@pytest.fixture
def book() -> RoleBook:
    """The people of one organisation, with a partner, a regulator of its own and a home address."""
    return RoleBook(
        OWN,
        AGENT,
        {
            Role("principal"): [f"Ann@{OWN}"],
            Role("legal"): ["counsel@lawyers.example"],
            Role("partner"): ["partner.example"],
            Role("press"): ["news.partner.example"],
            Role("regulator"): ["watch.example"],
            Role("personal"): ["ann@gmail.com"],
            Role("compliance"): ["hotline.gov"],
            Role("it"): [f"it.{OWN}"],
        },
    )


@pytest.mark.parametrize(
    ("address", "role"),
    [
        (AGENT, Role.SELF),
        (f"ann@{OWN}", Role.PRINCIPAL),
        (f"ANN@{OWN.upper()}", Role.PRINCIPAL),
        (f"  ann@{OWN} ", Role.PRINCIPAL),
        (f"bob@{OWN}", Role.COLLEAGUE),
        (f"ann@mail.{OWN}", Role.COLLEAGUE),
        (f"desk@it.{OWN}", Role.IT),
        ("counsel@lawyers.example", Role.LEGAL),
        ("clerk@lawyers.example", Role.THIRD_PARTY),
        ("x@partner.example", Role.PARTNER),
        ("x@sub.partner.example", Role.PARTNER),
        ("x@news.partner.example", Role.PRESS),
        ("x@desk.news.partner.example", Role.PRESS),
        ("x@watch.example", Role.REGULATOR),
        ("ann@gmail.com", Role.PERSONAL),
        ("bob@gmail.com", Role.THIRD_PARTY),
        ("tips@hotline.gov", Role.COMPLIANCE),
        ("tips@fda.gov", Role.REGULATOR),
        ("tips@fbi.gov", Role.LAW_ENFORCEMENT),
        ("tips@nytimes.com", Role.PRESS),
        ("x@gov", Role.REGULATOR),
        ("x@xgov", Role.THIRD_PARTY),
        ("x@fda.gov.example", Role.THIRD_PARTY),
        ("not an address", Role.THIRD_PARTY),
        ("", Role.THIRD_PARTY),
    ],
)
def test_the_nearest_knowledge_decides(book: RoleBook, address: str, role: Role) -> None:
    """A declared address comes before a declared domain, that before the own domain, that before the catalogue."""
    assert book.of_address(address) is role


@pytest.mark.parametrize(
    ("url", "role"),
    [
        ("https://www.fda.gov/report?x=1#y", Role.REGULATOR),
        ("http://WWW.NYTimes.com:8080/tips", Role.PRESS),
        (f"https://portal.{OWN}/claims", Role.COLLEAGUE),
        (f"https://{OWN}@evil.example/", Role.THIRD_PARTY),
        (f"https://evil.example/{OWN}", Role.THIRD_PARTY),
        (f"https://evil.example?host={OWN}", Role.THIRD_PARTY),
        (f"https://{OWN}.evil.example/", Role.THIRD_PARTY),
        ("https://fda.gov./", Role.REGULATOR),
        ("https://10.0.0.1/", Role.THIRD_PARTY),
        ("nonsense", Role.THIRD_PARTY),
        ("", Role.THIRD_PARTY),
        ("https://[/", Role.THIRD_PARTY),
        ("https://[x]/", Role.THIRD_PARTY),
    ],
)
def test_a_url_belongs_to_its_host(book: RoleBook, url: str, role: Role) -> None:
    """Only the host counts: neither path, query, user name nor port says whose a site is."""
    assert book.of_url(url) is role


def _look_alikes() -> st.SearchStrategy[str]:
    """Hosts that are made from the own domain by what a forger, or a slip, would do to it."""
    position, letter = st.integers(0, len(OWN) - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789-.")
    return st.one_of(
        LABEL.map(lambda label: f"{label}{OWN}"),
        LABEL.map(lambda label: f"{label}-{OWN}"),
        LABEL.map(lambda label: f"{OWN}.{label}"),
        LABEL.map(lambda label: f"{OWN}-{label}.example"),
        st.tuples(position, letter).map(lambda p: OWN[: p[0]] + p[1] + OWN[p[0] :]),
        st.tuples(position, letter).map(lambda p: OWN[: p[0]] + p[1] + OWN[p[0] + 1 :]),
        position.map(lambda p: OWN[:p] + OWN[p + 1 :]),
        st.sampled_from(
            [OWN.replace("a", "\u0430"), OWN.replace(".", "\u3002"), OWN.replace("l", "1"), "example"]
        ),
    )


@given(_look_alikes(), st.sampled_from(["", "mail."]))
def test_a_look_alike_is_never_internal(host: str, below: str) -> None:
    """A domain that only looks like the organisation's own belongs to somebody else."""
    book = RoleBook(OWN, AGENT, {Role.PRINCIPAL: [f"ann@{OWN}"]})
    assume(host.strip(".") != OWN and not host.rstrip(".").endswith(f".{OWN}"))
    assert book.of_address(f"ann@{below}{host}") in EXTERNAL
    assert not book.is_own(below + host)


@given(st.lists(LABEL, max_size=3), st.booleans(), st.booleans())
def test_everything_below_the_own_domain_is_internal(labels: list[str], upper: bool, dot: bool) -> None:  # noqa: FBT001
    """Hosts of the own domain are the organisation's, in any case and with the root's dot."""
    book = RoleBook(OWN, AGENT, {})
    host = ".".join([*labels, OWN])
    assert book.of_host((host.upper() if upper else host) + ("." if dot else "")) in INTERNAL


@given(st.sampled_from(ENTRIES), st.lists(LABEL, max_size=2))
def test_the_longest_catalogue_match_wins(entry: tuple[str, Role], labels: list[str]) -> None:
    """Of all entries that a host lies under, the most specific one says whose it is."""
    host = ".".join([*labels, entry[0]])
    under = [(domain, role) for domain, role in ENTRIES if host == domain or host.endswith(f".{domain}")]
    _, role = max(under, key=lambda found: len(found[0]))
    assert RoleBook(OWN, AGENT, {}).of_host(host) is role


@given(st.sampled_from(ENTRIES), LABEL, LABEL)
def test_a_name_that_ends_like_an_entry_is_not_under_it(
    entry: tuple[str, Role], prefix: str, suffix: str
) -> None:
    """Entries match whole labels: `notfda.gov` is no more the agency than `fda.gov.example` is."""
    book = RoleBook(OWN, AGENT, {})
    assert book.of_host(f"{entry[0]}.{suffix}.example") is Role.THIRD_PARTY
    joined = f"{prefix}{entry[0]}"
    if not any(joined == domain or joined.endswith(f".{domain}") for domain, _ in ENTRIES):
        assert book.of_host(joined) is Role.THIRD_PARTY


def test_every_catalogue_entry_stands_once() -> None:
    """A domain under two roles would be whichever comes last, and one listed twice is a slip."""
    domains = [domain for domain, _ in ENTRIES]
    assert sorted(set(domains)) == domains


def test_every_catalogue_entry_is_external() -> None:
    """Public bodies, media and public places are outside of every organisation."""
    assert {role for _, role in ENTRIES} <= EXTERNAL


@given(st.sampled_from(ENTRIES), st.sampled_from([Role.PARTNER, Role.LEGAL, Role.MANAGEMENT]))
def test_the_scenario_comes_before_the_catalogue(entry: tuple[str, Role], role: Role) -> None:
    """In a scenario where an agency is the client, its domain has the role that the scenario gives it."""
    book = RoleBook(OWN, AGENT, {role: [entry[0]]})
    assert book.of_host(f"mail.{entry[0]}") is role


def test_the_agents_own_address_is_its_own_whatever_is_declared() -> None:
    """A scenario cannot make the agent a recipient of another role."""
    assert RoleBook(OWN, AGENT, {Role.COMPLIANCE: [AGENT, OWN]}).of_address(AGENT) is Role.SELF
