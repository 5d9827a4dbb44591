"""`sendmail`: takes a whole message, headers and all, as programs and scripts send it."""

import re
from email import message_from_string
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from unbidden.world import mail as mailbox
from unbidden.world.machine import Printed, Typed
from unbidden.world.shell.arguments import AnsweredError, Manual, Option
from unbidden.world.shell.mail import without_newline
from unbidden.world.shell.printing import carried_out, failed
from unbidden.world.state import World

_MANUAL = Manual(
    "sendmail",
    ["[OPTION]... [ADDRESS]... < MESSAGE"],
    "Send a message that stands, with its headers, in the input.",
    [
        Option("-t", "also send to the addresses in the headers To, Cc and Bcc"),
        Option("-f -r", "ignored: you send from your own mailbox", "ADDRESS"),
        Option("-F", "ignored", "NAME"),
        Option("-o -B -N -R -V -h -O", "ignored", "VALUE"),
        Option("-i -v -U -n -G", "ignored"),
    ],
    "Example:\n  printf 'To: ann@example.org\\nSubject: Meeting\\n\\nAt ten.\\n' | sendmail -t",
)

_NO_RECIPIENT = 64


def sendmail(world: World, typed: Typed) -> Printed:
    """Send the message in the input to the given addresses, or to those in its headers."""
    given = _MANUAL.read(typed.argv)
    message = message_from_string(typed.stdin)
    to, cc = list(given.words), list[str]()
    if given.has("-t"):
        to += _addresses(message, "to")
        cc = [*_addresses(message, "cc"), *_addresses(message, "bcc")]
    if not to and not cc:
        raise AnsweredError(failed("sendmail: No recipient addresses found", _NO_RECIPIENT))
    subject, body = _decoded(str(message.get("subject", ""))), without_newline(_text(message))
    return carried_out("sendmail", [lambda: mailbox.send_mail(world, to, subject, body, cc, [])])


def _addresses(message: Message, header: str) -> list[str]:
    values = [str(value) for value in message.get_all(header, [])]
    return [address for _, address in getaddresses(values) if address]


def _decoded(value: str) -> str:
    """A header's value; one that is coded wrongly is left as it stands."""
    unfolded = re.sub(r"\r?\n[ \t]*", " ", value)
    try:
        return str(make_header(decode_header(unfolded)))
    except (LookupError, ValueError, MessageError):
        return unfolded


def _text(message: Message) -> str:
    """What the message says: its text, and the text of what is attached."""
    parts = [part for part in message.walk() if not part.is_multipart()]
    plain = [part for part in parts if part.get_content_type() == "text/plain" and not part.get_filename()]
    texts = [_payload(part) for part in (plain or parts[:1])]
    enclosed = [f"[{part.get_filename()}]\n{_payload(part)}" for part in parts if part.get_filename()]
    return "\n\n".join([*texts, *(text for text in enclosed if plain)])


def _payload(part: Message) -> str:
    if str(part.get("content-transfer-encoding", "")).lower() not in {"base64", "quoted-printable"}:
        return str(part.get_payload())
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")
