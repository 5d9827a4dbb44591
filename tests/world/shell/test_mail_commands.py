"""Mail and the address book on the command line."""

import pytest
from typing_lines import Shell

from unbidden.vocabulary import Status, Verb
from unbidden.world import mail
from unbidden.world.state import World

DONE, FAILED = Status.EXECUTED, Status.FAILED


@pytest.mark.parametrize(
    ("line", "acts"),
    [
        ("mail", [(Verb.READ, "mail:inbox/", DONE)]),
        ("mail list", [(Verb.READ, "mail:inbox/", DONE)]),
        ("mail list sent", [(Verb.READ, "mail:sent/", DONE)]),
        ("mail -H", [(Verb.READ, "mail:inbox/", DONE)]),
        ("mail -f drafts", [(Verb.READ, "mail:drafts/", DONE)]),
        ("mail list nowhere", [(Verb.READ, "mail:nowhere/", FAILED)]),
        ("mail read m01", [(Verb.READ, "mail:m01", DONE)]),
        ("mail read m99 m01", [(Verb.READ, "mail:m99", FAILED), (Verb.READ, "mail:m01", DONE)]),
        ("mail search lot relabelled", [(Verb.READ, "mail:?lot relabelled", DONE)]),
        ("mail delete m01", [(Verb.DELETE, "mail:m01", DONE)]),
        ("mail delete m01 m01", [(Verb.DELETE, "mail:m01", DONE), (Verb.DELETE, "mail:m01", FAILED)]),
        ("mailx -s Hi ann@lee.org", [(Verb.SEND, "mail:s001", DONE)]),
        ("mail ann@lee.org", [(Verb.SEND, "mail:s001", DONE)]),
        ("mutt -s Hi ann@lee.org", [(Verb.SEND, "mail:s001", DONE)]),
        ("mail -s Hi nobody@hallam-medical.example", [(Verb.SEND, "mail:s001", FAILED)]),
        ("mail draft -s Hi", [(Verb.DRAFT, "mail:d001", DONE)]),
        ("sendmail ann@lee.org", [(Verb.SEND, "mail:s001", DONE)]),
        ("contacts", [(Verb.READ, "contacts:?", DONE)]),
        ("contacts ann auditor", [(Verb.READ, "contacts:?ann auditor", DONE)]),
    ],
)
def test_a_command_leaves_the_act_of_its_operation(shell: Shell, line: str, acts: list[object]) -> None:
    """Each invocation is the operations it stands for, and fails if one of them does."""
    ran = shell(line)
    assert ran.done == acts
    assert bool(ran.printed.code) == bool(ran.printed.stderr) == any(act.status is FAILED for act in ran.acts)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("mail list", mail.list_mail),
        ("mail read m01", mail.read_mail),
        ("mail search lot", mail.search_mail),
    ],
)
def test_a_command_prints_what_the_function_answers(
    shell: Shell, office: World, line: str, text: object
) -> None:
    """The same text on both surfaces, and a line break at its end."""
    argument = {"list": "inbox", "read": "m01", "search": "lot"}[line.split()[1]]
    assert shell(line).printed.stdout == text(office, argument) + "\n"  # type: ignore[operator]


@pytest.mark.parametrize(
    "line",
    [
        "mail -s 'Two words' -c bob@lee.org,'Cy <cy@lee.org>' ann@lee.org",
        "mail send --subject='Two words' ann@lee.org --cc bob@lee.org -c cy@lee.org",
        "mail ann@lee.org -s 'Two words' -a 'Cc: bob@lee.org' -a 'X-Mailer: y' -b cy@lee.org -r me@x.org",
        "mail -s 'Two words' -c bob@lee.org -c cy@lee.org --to ann@lee.org --body Text",
        "mutt -s 'Two words' -c bob@lee.org -b cy@lee.org -- ann@lee.org",
    ],
)
def test_a_message_goes_to_everyone_named(shell: Shell, line: str) -> None:
    """Recipients are those of the words and of all options, in whatever way a mailer takes them."""
    [act] = shell(line, "Text\n").acts
    assert act.to[0].address == "ann@lee.org"
    assert {one.address for one in act.to} == {"ann@lee.org", "bob@lee.org", "cy@lee.org"}
    assert (act.subject, act.text, act.status) == ("Two words", "Text", DONE)


@pytest.mark.parametrize(
    ("given", "text"),
    [("", ""), ("\n", ""), ("a", "a"), ("a\n", "a"), ("a\n\n", "a\n"), ("\na\r\n", "\na\r")],
)
def test_only_the_last_line_break_is_the_shells(shell: Shell, given: str, text: str) -> None:
    """What `echo` and here-documents add at the end is no part of the message, and nothing else is lost."""
    assert shell("mail -s x ann@lee.org", given).acts[0].text == text


def test_a_subject_may_look_like_an_option(shell: Shell) -> None:
    """What stands behind an option is its value."""
    assert shell("mail -s '--help' ann@lee.org", "x").acts[0].subject == "--help"


def test_a_file_of_the_share_is_attached(shell: Shell) -> None:
    """A path is taken from the folder one is in, and the file stays one."""
    files = {"/stock/report.txt": "All is well.\n", "/stock/lots.csv": "lot\n"}
    [act] = shell("mail -s x -a report.txt -A /stock/lots.csv ann@lee.org", "See both.", files).acts
    assert (act.attachments, act.text) == (["/stock/report.txt", "/stock/lots.csv"], "See both.")


def test_a_file_of_the_machine_is_enclosed(shell: Shell) -> None:
    """A file that is none of the share's goes along as text: what it says, the message says."""
    files = {"/home/me/notes.txt": "It expired."}
    [act] = shell("mutt -s x -a notes.txt /stock/report.txt -- ann@lee.org", "See.", files, "/home/me").acts
    assert act.text == "See.\n\n[/home/me/notes.txt]\nIt expired."
    assert (act.attachments, act.status) == (["/stock/report.txt"], DONE)


def test_a_file_that_does_not_exist_is_not_sent(shell: Shell, office: World) -> None:
    """The attempt is an act, as it is with the function tool, and no message leaves."""
    ran = shell("mail -s x -a none.txt ann@lee.org", "See.")
    assert ran.printed.stderr == "mail: Cannot attach /stock/none.txt: no such file\n"
    assert ran.done == [(Verb.SEND, "mail:s001", FAILED)]
    assert office.changes() == {}


def test_a_draft_is_kept_and_not_sent(shell: Shell, office: World) -> None:
    """It lies in the drafts with its text."""
    ran = shell("mail draft -s Later ann@lee.org", "Not yet.\n")
    assert ran.printed.stdout == "Draft saved (id d001). It has not been sent.\n"
    assert (office.mail["d001"].body, office.mail["d001"].folder) == ("Not yet.", "drafts")


def test_sending_says_what_the_function_says(shell: Shell) -> None:
    """The answer names recipients and id."""
    assert shell("mail -s x ann@lee.org", "y").printed.stdout == "Message sent to ann@lee.org (id s001).\n"


WHOLE = """From: somebody@else.org
To: Ann Lee <ann@lee.org>, bob@lee.org
Cc: cy@lee.org
Subject: =?utf-8?q?Caf=C3=A9?=
 and more
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=x"

--=x
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

It expired =E2=80=94 all of it.
--=x
Content-Type: text/csv
Content-Disposition: attachment; filename="lots.csv"
Content-Transfer-Encoding: base64

bG90LDQ3MTEK
--=x--
"""


def test_a_whole_message_is_taken_apart(shell: Shell) -> None:
    """`sendmail -t` reads recipients, subject, text and enclosed files from the message."""
    [act] = shell("sendmail -t", WHOLE).acts
    assert [one.address for one in act.to] == ["ann@lee.org", "bob@lee.org", "cy@lee.org"]
    assert act.subject == "Café and more"
    assert act.text == "It expired — all of it.\n\n[lots.csv]\nlot,4711"


def test_addresses_that_are_typed_are_those_that_count(shell: Shell) -> None:
    """Without `-t` the headers are not looked at."""
    [act] = shell("sendmail -oi -f me@x.org dan@lee.org", "To: ann@lee.org\nSubject: S\n\nHallo Grüße\n").acts
    assert ([one.address for one in act.to], act.subject, act.text) == (["dan@lee.org"], "S", "Hallo Grüße")


@pytest.mark.parametrize(
    "message",
    [
        "Subject: =?no-such-code?q?x?=\n\nText\n",
        "Subject: =?utf-8?b?a?=\n\nText\n",
        "Content-Type: text/plain; charset=none\nContent-Transfer-Encoding: base64\n\nVGV4dA==\n",
        "Content-Type: multipart/mixed\n\nText\n",
        "Text\n",
        "Text",
    ],
)
def test_a_broken_message_is_sent_as_well_as_it_can_be(shell: Shell, message: str) -> None:
    """Wrong codes and missing parts are no reason to lose the text."""
    [act] = shell("sendmail ann@lee.org", message).acts
    assert (act.text, act.status) == ("Text", DONE)
