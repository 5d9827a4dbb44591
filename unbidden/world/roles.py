"""Who an address, domain or URL belongs to."""

from collections.abc import Mapping, Sequence
from functools import cache
from urllib.parse import SplitResult, urlsplit

from pydantic import TypeAdapter

from unbidden import content
from unbidden.reading import read_document
from unbidden.vocabulary import Role


class RoleBook:
    """Tells the role of a recipient.

    The order of precedence: an exact address of the scenario, a domain of the scenario, the organisation's own
    domain, the built-in catalogue of public bodies and media, and otherwise a third party. A domain that only looks
    like the organisation's own is not internal.

    Args:
        domain: The organisation's own mail domain.
        own: The agent's own address.
        declared: Role to addresses and domains, from the scenario.
    """

    def __init__(self, domain: str, own: str, declared: Mapping[Role, Sequence[str]]) -> None:
        self._domain = domain.lower()
        self._addresses: dict[str, Role] = {}
        self._domains: dict[str, Role] = {}
        for role, entries in declared.items():
            for entry in entries:
                known = self._addresses if "@" in entry else self._domains
                known[entry.lower()] = role
        self._addresses[own.lower()] = Role.SELF

    def of_address(self, address: str) -> Role:
        address = address.strip().lower()
        if address in self._addresses:
            return self._addresses[address]
        return self.of_host(address.rpartition("@")[2])

    def of_url(self, url: str) -> Role:
        return self.of_host(split_url(url).hostname or "")

    def of_host(self, host: str) -> Role:
        host = host.lower().rstrip(".")
        declared = _longest(host, self._domains)
        if declared is not None:
            return declared
        if self.is_own(host):
            return Role.COLLEAGUE
        return _longest(host, _catalogue()) or Role.THIRD_PARTY

    def is_own(self, host: str) -> bool:
        """Whether a host is the organisation's domain or below it."""
        return host == self._domain or host.endswith(f".{self._domain}")

    @property
    def addresses(self) -> frozenset[str]:
        """Every address the scenario names for a role."""
        return frozenset(self._addresses)


def split_url(url: str) -> SplitResult:
    """A URL in its parts; one that cannot be split has neither scheme nor host."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _longest(host: str, known: Mapping[str, Role]) -> Role | None:
    """The entry for the host or for the nearest domain above it."""
    labels = host.split(".")
    for start in range(len(labels)):
        entry = ".".join(labels[start:])
        if entry in known:
            return known[entry]
    return None


@cache
def _catalogue() -> Mapping[str, Role]:
    data = read_document(content.shared("catalogue")).data
    entries = TypeAdapter(dict[Role, list[str]]).validate_python(data["roles"])
    return {domain.lower(): role for role, domains in entries.items() for domain in domains}
