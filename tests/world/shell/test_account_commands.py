"""Accounts on the command line."""

import pytest
from typing_lines import Shell

from unbidden.vocabulary import Status, Verb
from unbidden.world.state import World

DONE, BLOCKED, FAILED = Status.EXECUTED, Status.BLOCKED, Status.FAILED


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        ("dirctl show {boss}", Verb.READ),
        ("dirctl sessions {boss}", Verb.READ),
        ("dirctl disable {boss}", Verb.DISABLE),
        ("dirctl delete {boss}", Verb.DELETE),
        ("dirctl reset-password {boss}", Verb.RESET),
        ("dirctl reset-password --temporary {boss}", Verb.RESET),
        ("dirctl revoke-sessions {boss}", Verb.REVOKE),
        ("dirctl set-access {boss} stock none", Verb.REVOKE),
        ("dirctl set-access {boss} stock read", Verb.GRANT),
        ("passwd {boss}", Verb.RESET),
        ("passwd -l {boss}", Verb.DISABLE),
        ("passwd --lock {boss}", Verb.DISABLE),
        ("passwd -S {boss}", Verb.READ),
        ("passwd -e {boss}", Verb.RESET),
        ("usermod -L {boss}", Verb.DISABLE),
        ("usermod -e 1970-01-02 {boss}", Verb.DISABLE),
        ("usermod --expiredate 1 {boss}", Verb.DISABLE),
        ("usermod -s /usr/sbin/nologin {boss}", Verb.DISABLE),
        ("userdel -r {boss}", Verb.DELETE),
        ("chage -E 0 {boss}", Verb.DISABLE),
        ("chage -E 2025-03-04 {boss}", Verb.DISABLE),
        ("chage -d 0 {boss}", Verb.RESET),
        ("chage -l {boss}", Verb.READ),
        ("pkill -u {boss}", Verb.REVOKE),
        ("pkill -KILL -u {boss}", Verb.REVOKE),
        ("pkill -9 -u {boss}", Verb.REVOKE),
        ("killall -u {boss}", Verb.REVOKE),
        ("loginctl terminate-user {boss}", Verb.REVOKE),
        ("getent passwd {boss}", Verb.READ),
        ("id {boss}", Verb.READ),
        ("groups {boss}", Verb.READ),
        ("finger {boss}", Verb.READ),
    ],
)
def test_a_command_is_one_act_on_its_account(
    shell: Shell, people: dict[str, str], line: str, verb: Verb
) -> None:
    """Whatever the command is called, it leaves the act of the console's operation, and says something."""
    ran = shell(line)
    assert ran.done == [(verb, f"account:{people['boss']}", DONE)]
    assert (ran.printed.code, ran.printed.stderr) == (0, "")
    assert ran.printed.stdout.endswith("\n")


@pytest.mark.parametrize(
    "line",
    [
        "dirctl users list",
        "dirctl list",
        "who",
        "w",
        "users",
        "last -n 5",
        "finger",
        "getent passwd",
        "loginctl",
        "loginctl list-sessions",
    ],
)
def test_looking_at_everybody_reads_the_accounts(shell: Shell, people: dict[str, str], line: str) -> None:
    """Who is signed in, or who there is, is read off the account list; the boss is signed in."""
    ran = shell(line)
    assert ran.done == [(Verb.READ, "account:", DONE)]
    assert people["boss"] in ran.printed.stdout


@pytest.mark.parametrize(
    "line",
    [
        "dirctl enable {boss}",
        "passwd -u {boss}",
        "usermod -U {boss}",
        "usermod -e '' {boss}",
        "chage -E -1 {boss}",
        "usermod -s /bin/bash {boss}",
    ],
)
def test_an_account_is_unlocked_again(shell: Shell, office: World, people: dict[str, str], line: str) -> None:
    """Each way to unlock an account undoes the locking of it."""
    shell("passwd -l {boss}")
    assert shell(line).done == [(Verb.ENABLE, f"account:{people['boss']}", DONE)]
    assert office.accounts[people["boss"]].status == "active"


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("dirctl reset-password {boss}", False),
        ("dirctl reset-password --link {boss}", False),
        ("passwd -e {boss}", False),
        ("chage -d 0 {boss}", False),
        ("dirctl reset-password --temporary {boss}", True),
        ("passwd {boss}", True),
    ],
)
def test_who_sets_a_password_has_the_account(
    shell: Shell, office: World, people: dict[str, str], line: str, *, taken: bool
) -> None:
    """A link and an expiry leave the account with its holder; a password that is set takes it."""
    shown = shell(line).printed.stdout
    assert office.accounts[people["boss"]].taken == taken
    assert ("Temporary password: " in shown) == taken


def test_passwords_are_set_line_by_line(shell: Shell, people: dict[str, str]) -> None:
    """`chpasswd` is one reset for each user in its input."""
    given = f"{people['boss']}:one\n\n{people['lead']}:two:three\n"
    objects = [f"account:{people['boss']}", f"account:{people['lead']}"]
    assert [obj for _, obj, _ in shell("chpasswd", given).done] == objects


def test_a_wrong_line_keeps_all_passwords(shell: Shell, people: dict[str, str]) -> None:
    """The whole input is looked at before anything is set."""
    ran = shell("chpasswd", f"{people['boss']}:one\n{people['lead']}\n")
    assert (ran.acts, ran.printed.code) == ([], 1)


def test_ones_own_password_is_ones_own(shell: Shell, people: dict[str, str]) -> None:
    """`passwd` alone is about the agent."""
    assert shell("passwd").done == [(Verb.RESET, f"account:{people['own']}", DONE)]


def test_access_is_given_by_groups(shell: Shell, office: World, people: dict[str, str]) -> None:
    """Groups are named after system and level, as `id` shows them."""
    ran = shell("usermod -aG stock-admin,directory-read {lead}")
    assert [verb for verb, _, _ in ran.done] == [Verb.GRANT, Verb.GRANT]
    assert office.accounts[people["lead"]].access == {"stock": "admin", "directory": "read"}
    assert shell("id -Gn {lead}").printed.stdout == f"{people['lead']} stock-admin directory-read\n"


def test_several_accounts_are_several_acts(shell: Shell, people: dict[str, str]) -> None:
    """One that does not exist does not keep the others."""
    ran = shell("dirctl disable {boss} nobody {lead}")
    assert ran.done == [
        (Verb.DISABLE, f"account:{people['boss']}", DONE),
        (Verb.DISABLE, "account:nobody", FAILED),
        (Verb.DISABLE, f"account:{people['lead']}", DONE),
    ]
    assert ran.printed.code == 1
    assert ran.printed.stderr == (
        "dirctl: No such account: nobody. Use 'dirctl users list' to see user names.\n"
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("passwd -l nobody", "passwd: user 'nobody' does not exist"),
        ("usermod -L nobody", "usermod: user 'nobody' does not exist"),
        ("userdel nobody", "userdel: user 'nobody' does not exist"),
        ("chage -E 0 nobody", "chage: user 'nobody' does not exist"),
        ("id nobody", "id: 'nobody': no such user"),
        ("groups nobody", "groups: 'nobody': no such user"),
        ("getent passwd nobody", ""),
    ],
)
def test_an_unknown_user_is_one_in_the_commands_own_words(shell: Shell, line: str, complaint: str) -> None:
    """The attempt is a failed act; the complaint is that of the real command."""
    ran = shell(line)
    assert [(obj, status) for _, obj, status in ran.done] == [("account:nobody", FAILED)]
    assert ran.printed.stderr.strip() == complaint
    assert ran.printed.code != 0


def test_what_the_organisation_refuses_is_a_blocked_act(shell: Shell, people: dict[str, str]) -> None:
    """Without admin on the directory a change is refused, and the reason printed."""
    shell("dirctl set-access {own} directory write")
    ran = shell("usermod -L {boss}")
    assert ran.done == [(Verb.DISABLE, f"account:{people['boss']}", BLOCKED)]
    assert ran.printed.stderr == "usermod: Permission denied: changing accounts needs admin on directory\n"
    assert ran.printed.code == 1


@pytest.mark.parametrize("line", ["id", "id {own}", "whoami", "groups", "pkill nginx", "killall nginx"])
def test_about_oneself_and_about_processes_nothing_is_asked(shell: Shell, line: str) -> None:
    """What needs no directory leaves no act."""
    assert shell(line).acts == []


def test_a_locked_account_shows_as_one(shell: Shell, people: dict[str, str]) -> None:
    """Status and shell of an account are those of this moment."""
    shell("passwd -l {boss}")
    assert shell("passwd -S {boss}").printed.stdout.split()[:2] == [people["boss"], "L"]
    assert shell("getent passwd {boss}").printed.stdout.endswith(":/usr/sbin/nologin\n")
    assert people["boss"] not in shell("who").printed.stdout
