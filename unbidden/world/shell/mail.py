"""The mailbox on the command line: `mail`, its namesake `mailx`, and `mutt` for sending."""

import re
from collections.abc import Sequence

from unbidden.world import mail as mailbox
from unbidden.world.machine import Printed, Typed
from unbidden.world.shell.arguments import Given, Manual, Option
from unbidden.world.shell.printing import carried_out, content, place
from unbidden.world.state import World

_SENDING = (
    Option("-s --subject", "the subject line", "TEXT"),
    Option("-c --cc", "addresses of further recipients, separated by commas", "ADDRESS"),
    Option("-b --bcc", "addresses of further recipients that are not shown", "ADDRESS"),
    Option("-a -A --attach", "a file to attach; may be given several times", "FILE"),
    Option("--to", "an address of a recipient, like one without an option", "ADDRESS"),
    Option("--body", "the text; without it the text is read from the input", "TEXT"),
    Option("-r --return-address", "ignored: you send from your own mailbox", "ADDRESS"),
    Option("-H --headers", "list the inbox"),
    Option("-f --file", "list a folder", "FOLDER"),
    Option("-v --verbose", "ignored"),
    Option("-n", "ignored"),
)

_FORMS = (
    "[list [FOLDER]]",
    "read ID...",
    "search WORD...",
    "[send] -s SUBJECT [OPTION]... ADDRESS... < TEXT",
    "draft -s SUBJECT [ADDRESS]... < TEXT",
    "delete ID...",
)

_ABOUT = "List, read, search, write and delete the messages of your mailbox."

_MORE = """Folders are inbox, sent and drafts. Messages have ids, such as m01, which 'list' and 'search' show.
Examples:
  mail read m01
  echo 'See you at ten.' | mail -s 'Meeting' ann@example.org
  mail -s 'Figures' -a report.csv -c bob@example.org ann@example.org < letter.txt"""

_MUTT = Manual(
    "mutt",
    ["-s SUBJECT [-c ADDRESS] [-a FILE... --] ADDRESS... < TEXT"],
    "Send a message from your mailbox. Use 'mail' to read it.",
    _SENDING,
)

_HEADER = re.compile(r"(?P<name>[A-Za-z][A-Za-z-]*):\s+(?P<value>.*)", re.DOTALL)


def mail(world: World, typed: Typed) -> Printed:
    """`mail` and `mailx`: a word for what to do, or a message to send."""
    manual = Manual(typed.name, _FORMS, _ABOUT, _SENDING, _MORE)
    verb, *rest = typed.argv or ["list"]
    match verb:
        case "list":
            [folder] = manual.read(rest, most=1).words or ["inbox"]
            return carried_out(typed.name, [lambda: mailbox.list_mail(world, folder)])
        case "read" | "delete":
            operation = mailbox.read_mail if verb == "read" else mailbox.delete_mail
            ids = manual.read(rest, least=1).words
            return carried_out(typed.name, [lambda i=i: operation(world, i) for i in ids], _between(verb))
        case "search":
            query = " ".join(manual.read(rest, least=1).words)
            return carried_out(typed.name, [lambda: mailbox.search_mail(world, query)])
        case "draft":
            return _draft(world, typed, manual.read(rest))
        case "send":
            return _send(world, typed, manual, manual.read(rest))
        case _:
            return _plain(world, typed, manual)


def mutt(world: World, typed: Typed) -> Printed:
    """Sends as `mail` does; several files may follow one `-a`, up to a double dash."""
    return _send(world, typed, _MUTT, _MUTT.read(_spread(typed.argv)))


def split_addresses(texts: Sequence[str]) -> list[str]:
    """Addresses that may stand several in one word, separated by commas outside of quotes and angle brackets."""
    pieces = [piece for text in texts for piece in re.findall(r'(?:"[^"]*"|<[^>]*>|[^,])+', text)]
    return [piece.strip() for piece in pieces if piece.strip()]


def without_newline(text: str) -> str:
    """The text of an input; the newline that ends its last line is the shell's, not the message's."""
    return text.removesuffix("\n")


def _plain(world: World, typed: Typed, manual: Manual) -> Printed:
    """`mail` as it always was: with addresses it sends, without any it shows what is there."""
    given = manual.read(typed.argv)
    if given.has("-H", "-f"):
        folder = given.last("-f", "inbox")
        return carried_out(typed.name, [lambda: mailbox.list_mail(world, folder)])
    if not given.pairs and not typed.stdin and "@" not in "".join(given.words):
        raise manual.wrong(f"unknown command '{given.words[0]}'" if given.words else "missing operand")
    return _send(world, typed, manual, given)


def _send(world: World, typed: Typed, manual: Manual, given: Given) -> Printed:
    attach, headers = _attachments(given)
    to = split_addresses([*given.every("--to"), *given.words])
    cc = split_addresses([*given.every("-c", "-b"), *headers])
    if not to and not cc:
        raise manual.wrong("no recipients given")
    body, attached = _text(typed, given), list[str]()
    for path in (place(typed, path) for path in attach):
        inside = None if path in world.files else content(typed, path)
        if inside is None:
            attached.append(path)  # of the share, or nowhere: the mailbox says so
        else:
            body += f"\n\n[{path}]\n{inside}"
    subject = given.last("-s")
    return carried_out(typed.name, [lambda: mailbox.send_mail(world, to, subject, body, cc, attached)])


def _draft(world: World, typed: Typed, given: Given) -> Printed:
    to = split_addresses([*given.every("--to"), *given.words])
    subject, body = given.last("-s"), _text(typed, given)
    return carried_out(typed.name, [lambda: mailbox.save_draft(world, to, subject, body)])


def _text(typed: Typed, given: Given) -> str:
    return given.last("--body") if given.has("--body") else without_newline(typed.stdin)


def _attachments(given: Given) -> tuple[list[str], list[str]]:
    """Files to attach and addresses to copy: some programs of this name take `-a 'Cc: ...'` for a header."""
    files, copies = list[str](), list[str]()
    for value in given.every("-a"):
        header = _HEADER.fullmatch(value)
        if header is None:
            files.append(value)
        elif header["name"].lower() in {"cc", "bcc"}:
            copies.append(header["value"])
    return files, copies


def _spread(argv: Sequence[str]) -> list[str]:
    """`-a one two -- ADDRESS` as `-a one -a two -- ADDRESS`."""
    if "-a" not in argv or "--" not in argv:
        return list(argv)
    start, end = argv.index("-a"), argv.index("--")
    files = argv[start + 1 : end]
    if any(word.startswith("-") for word in files):
        return list(argv)
    return [*argv[:start], *(word for file in files for word in ("-a", file)), *argv[end:]]


def _between(verb: str) -> str:
    return "\n\n" if verb == "read" else "\n"
