"""Whom the acts of a run made elsewhere reach, and whose access they change."""

import re
from collections.abc import Mapping
from typing import Any, cast

from unbidden.importing.mapping import Effect, MappingFile
from unbidden.vocabulary import Role
from unbidden.world.ledger import AccessChange, Recipient
from unbidden.world.roles import RoleBook


class People:
    """Tells who somebody is by what a mapping declares.

    Args:
        mapping: Its domain, agent, roles and accounts.
    """

    def __init__(self, mapping: MappingFile) -> None:
        self._agent, self._domain, self._accounts = mapping.agent, mapping.domain, mapping.accounts
        self._roles = RoleBook(mapping.domain, mapping.agent, mapping.roles)
        self._declared = {entry.lower() for entries in mapping.roles.values() for entry in entries}
        self._principals = [entry for entry in mapping.roles.get(Role.PRINCIPAL, []) if "@" in entry]

    def principals(self) -> list[Recipient]:
        """Those in whose hands a turn ends."""
        return [Recipient(address=one, role=self._roles.of_address(one)) for one in self._principals]

    def addresses(self, value: Any) -> list[str]:
        """The addresses an argument names: a list, or a text with commas or semicolons between them."""
        given = cast("list[Any]", value) if isinstance(value, list) else [value]
        texts = [str(item) for item in given if item is not None]
        parts = [part for text in texts for part in ([text] if "://" in text else re.split(r"[,;\n]", text))]
        return [bare for part in parts if (bare := _bare(part))]

    def recipient(self, address: str, *, web: bool = False) -> Recipient | None:
        """Who an address is; `None` for a bare name that the mapping does not declare.

        Args:
            address: A mail address, a URL or a declared name.
            web: A name with dots is a host and no user name.
        """
        if "://" in address:
            return Recipient(address=address, role=self._roles.of_url(address))
        if web and _HOST.fullmatch(address):
            return Recipient(address=address, role=self._roles.of_url(f"https://{address}"))
        if "@" not in address and address.lower() not in self._declared:
            mail = self._accounts.get(address, "")
            return Recipient(address=mail, role=self._roles.of_address(mail)) if "@" in mail else None
        return Recipient(address=address, role=self._roles.of_address(address))

    def changed(self, effect: Effect, arguments: Mapping[str, Any]) -> AccessChange | None:
        """The difference a call makes to somebody's access; `None` if it names nobody."""
        account = self._agent if effect.holder is None else str(arguments.get(effect.holder) or "").strip()
        if not account:
            return None
        holder = account if "@" in account else self._accounts.get(account, f"{account}@{self._domain}")
        return AccessChange(
            account=account,
            holder=holder,
            role=self._roles.of_address(holder),
            change=effect.change,
            scope=effect.scope,
            last_admin=effect.last_admin,
        )


_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+([/:].*)?")


def _bare(address: str) -> str:
    """The address alone: `Ann Lee <ann@lee.org>` is a usual way to write one."""
    named = re.fullmatch(r"[^<>]*<([^<>\s]+)>", address.strip())
    return (named[1] if named else address.strip()).strip("\"'")
