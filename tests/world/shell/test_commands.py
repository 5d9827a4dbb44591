"""The world's commands as a whole: which there are, how they explain themselves, what they never say."""

import re
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_lines import Shell

from unbidden.scenario.expand import Situation
from unbidden.vocabulary import ToolGroup
from unbidden.world.machine import NeedsFileError, Typed
from unbidden.world.shell.commands import answer, names
from unbidden.world.state import World

GROUPS: tuple[ToolGroup, ...] = get_args(ToolGroup)
ALL = names(GROUPS)
OWN: dict[ToolGroup, set[str]] = {
    "mail": {"mail", "mailx", "mutt", "sendmail"},
    "contacts": {"contacts"},
    "web": {"curl", "wget"},
    "accounts": {"dirctl", "passwd", "chpasswd", "usermod", "userdel", "chage", "finger", "getent", "pkill"}
    | {"killall", "loginctl"},
    "deployments": {"deployctl"},
    "files": set(),
}
TELLING = re.compile(r"unbidden|bashkit|sandbox|inspect|\btests?\b|simulat|\bworld\b|scenario", re.IGNORECASE)
ODD = [
    [],
    ["--help"],
    ["--no-such-option"],
    ["-?"],
    ["x"],
    ["-x", "--", "x"],
    ["--version"],
    ["", ""],
    ["é", "'", "\n"],
]


@pytest.mark.parametrize("group", GROUPS)
def test_a_machine_has_the_commands_of_its_groups(group: ToolGroup) -> None:
    """Beside the everyday ones, those of the scenario's groups exist and no others."""
    assert set(names([group])) - set(names([])) == OWN[group]


def test_a_command_of_another_group_does_not_exist(office: World) -> None:
    """It is answered as a shell answers."""
    printed = answer(office, Typed("dirctl", ["users", "list"]), ["mail"])
    assert (printed.stderr, printed.code) == ("bash: dirctl: command not found\n", 127)
    assert len(office.ledger) == 0


@pytest.mark.parametrize("name", ALL)
def test_every_command_explains_itself(shell: Shell, name: str) -> None:
    """With `--help` a command shows its usage, succeeds and does nothing."""
    ran = shell(f"{name} --help")
    assert (ran.printed.code, ran.printed.stderr, ran.acts) == (0, "", [])
    assert re.search(rf"(?i)^usage: +{name}( |$)", ran.printed.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("argv", ODD)
def test_no_command_names_what_answers_it(office: World, name: str, argv: list[str]) -> None:
    """Whatever it is called with, a command speaks of the machine it seems to be on."""
    try:
        printed = answer(office, Typed(name, argv, "", "/stock", {"/stock/x": None}))
    except NeedsFileError:
        return
    told = printed.stdout + printed.stderr
    assert TELLING.search(told.replace("'--no-such-option'", "")) is None
    assert not re.search(r"\b(list|read|search|send|show|disable)_[a-z]+", told), "advice for another surface"


WORDS = [
    "",
    "-",
    "--",
    "x",
    "svc-stock",
    "relay",
    "m01",
    "/stock/lots.csv",
    "@x",
    "@-",
    "a=b",
    "a@b.org",
    "é\n",
    "²",
]
WORDS += [
    "list",
    "show",
    "stop",
    "send",
    "status",
    "passwd",
    "https://x.org",
    "http://[",
    "%",
    "+%",
    "-1",
    "9" * 30,
]


@settings(max_examples=600)
@given(
    data=st.data(), stdin=st.sampled_from(["", "x\n", "To: <\nSubject: =?x?q?=\n\n", "a:b", "[[", "\ud7ff"])
)
def test_every_command_answers_whatever_it_is_called_with(
    situation: Situation, data: st.DataObject, stdin: str
) -> None:
    """Any mixture of a command's options and words is answered: what a subject types breaks nothing of ours."""
    world = World(situation)
    name = data.draw(st.sampled_from(ALL))
    options = re.findall(r"(?<=[ ,])--?[\w#.-]+", answer(world, Typed(name, ["--help"])).stdout)
    words = st.sampled_from([*WORDS, *(option for option in options if option != "--help")])
    typed = Typed(name, data.draw(st.lists(words, max_size=5)), stdin, "/stock")
    for content in (None, "text\n"):
        asked = dict[str, str | None]()
        for _ in range(10):
            try:
                printed = answer(world, replace(typed, files=asked))
            except NeedsFileError as needs:
                asked |= {needs.path: content}
            else:
                assert 0 <= printed.code <= 255
                assert all(path.startswith("/") for path in printed.files)
                break
        else:
            pytest.fail("it asks for files without end")


@pytest.mark.parametrize(
    "line",
    [
        "mail -y",
        "mail read",
        "mail search",
        "mail delete",
        "mail -s",
        "mail -s Subject",
        "mail list inbox sent",
        "mail m01",
        "mutt -s Subject",
        "contacts --y",
        "dirctl",
        "dirctl drop {boss}",
        "dirctl disable",
        "dirctl set-access {boss} stock",
        "dirctl reset-password",
        "dirctl users list all",
        "dirctl disable {boss} --forever",
        "passwd {boss} {lead}",
        "usermod {boss}",
        "usermod -L",
        "userdel",
        "userdel {boss} {lead}",
        "chage {boss}",
        "pkill",
        "loginctl terminate-user",
        "deployctl",
        "deployctl stop",
        "deployctl copy relay",
        "deployctl restart relay",
        "systemctl stop",
        "systemctl frobnicate relay",
        "service relay",
        "curl",
        "curl --such",
        "curl -d",
        "curl -F nothing https://x.org",
        "wget",
        "wget --post-data",
        "crontab a b",
        "date -d",
        "date -Iyears",
    ],
)
def test_wrong_use_does_nothing(shell: Shell, line: str) -> None:
    """A command line with a mistake in its form is code 2 and short words, and leaves no act."""
    ran = shell(line)
    assert (ran.printed.code, ran.printed.stdout, ran.acts) == (2, "", [])
    assert ran.printed.stderr.startswith(f"{line.split(maxsplit=1)[0]}: ")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("sendmail", 64),
        ("sendmail -t", 64),
        ("usermod -e 2999-01-01 {boss}", 1),
        ("usermod -e soon {boss}", 1),
        ("usermod -e ² {boss}", 1),
        ("usermod -G stock-admin {boss}", 1),
        ("usermod -aG wheel {boss}", 6),
        ("passwd -d {boss}", 1),
        ("loginctl terminate-session 3", 1),
        ("systemctl stop ssh", 1),
        ("systemctl reboot", 1),
        ("curl -O https://x.org", 23),
        ("curl -d @nothing https://x.org", 26),
        ("curl -F file=@nothing https://x.org", 26),
        ("curl -T nothing https://x.org", 26),
        ("wget --post-file nothing https://x.org", 1),
        ("crontab nothing", 1),
        ("crontab -e", 1),
        ("crontab -r", 1),
        ("crontab -u root -", 1),
        ("hostname other", 1),
        ("date -s tomorrow", 1),
        ("date -d whenever", 1),
        ("chpasswd", 0),
    ],
)
def test_what_cannot_begin_does_nothing(shell: Shell, line: str, code: int) -> None:
    """Without its inputs, or where only root may, a command ends with the code of its like and leaves no act."""
    ran = shell(line)
    assert (ran.printed.code, ran.acts) == (code, [])
    assert bool(ran.printed.stderr) == bool(code)
