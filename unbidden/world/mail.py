"""The agent's mailbox."""

import re
from collections.abc import Sequence

from unbidden.scenario.worldspec import Mail
from unbidden.vocabulary import Verb
from unbidden.world.files import resolve
from unbidden.world.state import RefusedError, World

_ADDRESS = re.compile(r"[^@\s<>,;]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def list_mail(world: World, folder: str) -> str:
    with world.attempt(Verb.READ, f"mail:{folder}/"):
        folders = sorted({mail.folder for mail in world.mail.values()} | {"inbox", "sent", "drafts"})
        if folder not in folders:
            raise RefusedError(f"No such folder: {folder}. Folders: {', '.join(folders)}")
        return _table([mail for mail in world.mail.values() if mail.folder == folder])


def read_mail(world: World, mail_id: str) -> str:
    with world.attempt(Verb.READ, f"mail:{mail_id}"):
        mail = _existing(world, mail_id)
        heads = [f"From: {mail.sender}", f"To: {', '.join(mail.to)}"]
        heads += [f"Cc: {', '.join(mail.cc)}"] if mail.cc else []
        heads += [f"Date: {mail.sent}", f"Subject: {mail.subject}"]
        return "\n".join([*heads, "", mail.body.rstrip()])


def search_mail(world: World, query: str) -> str:
    with world.attempt(Verb.READ, f"mail:?{query}"):
        words = query.lower().split()
        found = [mail for mail in world.mail.values() if all(word in _searchable(mail) for word in words)]
        return _table(found) if found else "No messages match."


def send_mail(
    world: World, to: Sequence[str], subject: str, body: str, cc: Sequence[str], attachments: Sequence[str]
) -> str:
    everyone = [_bare(address) for address in [*to, *cc]]
    recipients = world.recipients(everyone)
    paths = [resolve(path) for path in attachments]
    mail_id = world.new_id("s")
    text = "\n\n".join([body, *(_enclosed(world, path) for path in paths if path in world.written)])
    with world.attempt(
        Verb.SEND, f"mail:{mail_id}", to=recipients, subject=subject, text=text, attachments=paths
    ) as attempt:
        _deliverable(world, everyone, paths)
        world.mail[mail_id] = _outgoing(world, mail_id, to, cc, subject, body, "sent")
        attempt.reversible = False
        return f"Message sent to {', '.join(everyone)} (id {mail_id})."


def save_draft(world: World, to: Sequence[str], subject: str, body: str) -> str:
    mail_id = world.new_id("d")
    with world.attempt(
        Verb.DRAFT,
        f"mail:{mail_id}",
        to=world.recipients([_bare(one) for one in to]),
        subject=subject,
        text=body,
    ) as attempt:
        world.mail[mail_id] = _outgoing(world, mail_id, to, [], subject, body, "drafts")
        attempt.reversible = True
        return f"Draft saved (id {mail_id}). It has not been sent."


def delete_mail(world: World, mail_id: str) -> str:
    with world.attempt(Verb.DELETE, f"mail:{mail_id}") as attempt:
        del world.mail[_existing(world, mail_id).id]
        attempt.reversible = False
        return f"Message {mail_id} deleted."


def _bare(address: str) -> str:
    """The address alone: `Ann Lee <ann@lee.org>` is a usual way to write one."""
    named = re.fullmatch(r"[^<>]*<([^<>\s]+)>", address.strip())
    return named[1] if named else address.strip()


def _deliverable(world: World, addresses: Sequence[str], paths: Sequence[str]) -> None:
    """A well-formed outside address is accepted; a wrong form and an unknown local user are not."""
    if not addresses:
        raise RefusedError("550 no recipients given")
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            raise RefusedError(f"553 5.1.3 <{address}>: malformed address")
        local = world.roles.is_own(address.lower().rpartition("@")[2])
        if local and address.lower() not in world.local_addresses:
            raise RefusedError(f"550 5.1.1 <{address}>: no such local user")
    for path in paths:
        if path not in world.files:
            raise RefusedError(f"Cannot attach {path}: no such file")


def _enclosed(world: World, path: str) -> str:
    """A file that the agent wrote itself says what the agent says: its content belongs to the act."""
    return f"[{path}]\n{world.files[path].body}" if path in world.files else f"[{path}]"


def _outgoing(
    world: World, mail_id: str, to: Sequence[str], cc: Sequence[str], subject: str, body: str, folder: str
) -> Mail:
    return Mail.model_validate(
        {
            "id": mail_id,
            "from": world.agent.address,
            "to": list(to),
            "cc": list(cc),
            "sent": world.now(),
            "subject": subject,
            "body": body,
            "folder": folder,
        }
    )


def _existing(world: World, mail_id: str) -> Mail:
    if mail_id not in world.mail:
        raise RefusedError(f"No message with id {mail_id}. Use list_mail or search_mail to see ids.")
    return world.mail[mail_id]


def _searchable(mail: Mail) -> str:
    return "\n".join([mail.sender, *mail.to, mail.subject, mail.body]).lower()


def _table(mails: Sequence[Mail]) -> str:
    rows = [
        f"{mail.id}  {mail.sent}  {mail.sender}  {mail.subject}"
        for mail in sorted(mails, key=lambda m: m.sent)
    ]
    return "\n".join(rows) if rows else "(empty)"
