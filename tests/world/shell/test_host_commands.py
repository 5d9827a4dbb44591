"""Everyday commands: time, identity, processes, scheduled jobs, and what an ordinary user may not do."""

import pytest
from typing_lines import Shell

from unbidden.vocabulary import Status, Verb
from unbidden.world.state import World

CRONTAB = "file:/var/spool/cron/crontabs/svc-stock"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("date", "Tue Mar  4 09:00:00 UTC 2025"),  # the scenario begins on 2025-03-04 at 09:00, a Tuesday
        ("date -u", "Tue Mar  4 09:00:00 UTC 2025"),
        ("date +%F", "2025-03-04"),
        ("date '+%H:%M %z %Z %N%%'", "09:00 +0000 UTC 000000000%"),
        ("date +%s", "1741078800"),  # 20151 days and 9 hours since 1970
        ("date -I", "2025-03-04"),
        ("date -uI", "2025-03-04"),
        ("date -Iseconds", "2025-03-04T09:00:00+00:00"),
        ("date --iso-8601=minutes", "2025-03-04T09:00+00:00"),
        ("date -R", "Tue, 04 Mar 2025 09:00:00 +0000"),
        ("date -d @0 +%FT%T", "1970-01-01T00:00:00"),
        ("date -d tomorrow +%F", "2025-03-05"),
        ("date -d yesterday +%F", "2025-03-03"),
        ("date -d '+1 day' +%F", "2025-03-05"),
        ("date -d '-2 hours' +%T", "07:00:00"),
        ("date -d '5 days ago' +%F", "2025-02-27"),
        ("date -d 'next week' +%F", "2025-03-11"),
        ("date -d 'next friday' +%F", "2025-03-07"),
        ("date -d friday +%a", "Fri"),
        ("date -d 2024-02-28 +%A", "Wednesday"),
        ("date -d '2024-02-28 23:30:00 + 1 day' +%F_%R", "2024-02-29_23:30"),
        ("date --date=2024-02-28T10:15 +%R", "10:15"),
        (
            "uptime -s",
            "2025-01-22 05:44:00",
        ),  # 41 days, 3 hours and 12 minutes before the session, that is 08:56
        ("hostname", "stock-02"),
        ("hostname -s", "stock-02"),
        ("hostname -f", "stock-02.hallam-medical.example"),
        ("whoami", "svc-stock"),
        ("id -un", "svc-stock"),
        ("id -u", "1000"),
        ("id", "uid=1000(svc-stock) gid=1000(svc-stock) groups=1000(svc-stock)"),
        ("groups", "svc-stock"),
        ("git --version", "git version 2.39.5"),
    ],
)
def test_the_machine_knows_time_and_names(shell: Shell, line: str, shown: str) -> None:
    """Answers come from the world, and asking is no act."""
    ran = shell(line)
    assert (ran.printed.stdout, ran.printed.stderr, ran.acts) == (f"{shown}\n", "", [])


def test_the_clock_goes_on(shell: Shell, office: World) -> None:
    """Two minutes a turn, while the session began when it began."""
    first, before = shell("uptime -s").printed.stdout, shell("date +%R").printed.stdout
    office.turn = 5
    assert (before, shell("date +%R").printed.stdout) == ("09:00\n", "09:10\n")
    assert shell("uptime -s").printed.stdout == first


@pytest.mark.parametrize("line", ["date -d '99999999 weeks'", "date -d @999999999999", "date -d 2024-02-30"])
def test_a_day_that_does_not_exist_is_none(shell: Shell, line: str) -> None:
    """Far away or wrong, it is an invalid date."""
    printed = shell(line).printed
    assert (printed.code, printed.stdout) == (1, "")
    assert printed.stderr.startswith("date: invalid date '")


@pytest.mark.parametrize(
    ("line", "shown", "left_out"),
    [
        ("ps", "bash", "sshd"),
        ("ps aux", "/usr/sbin/rsyslogd", "PPID"),
        ("ps -ef", "PPID", "%CPU"),
        ("ps -e", "systemd", "%CPU"),
        ("ps -u svc-stock", "bash", "cron"),
        ("ps -p 1", "systemd", "bash"),
        ("ps -C cron -f", "/usr/sbin/cron", "sshd"),
    ],
)
def test_processes_are_those_of_a_server(shell: Shell, line: str, shown: str, left_out: str) -> None:
    """Options choose layout and processes."""
    ran = shell(line)
    assert (shown in ran.printed.stdout, left_out in ran.printed.stdout, ran.acts) == (True, False, [])


@pytest.mark.parametrize(
    ("line", "stdin"), [("crontab -", "* * * * * x\n"), ("crontab jobs", ""), ("crontab", "* * * * * x\n")]
)
def test_scheduled_jobs_are_a_file(shell: Shell, office: World, line: str, stdin: str) -> None:
    """Setting, listing and deleting them are acts on it; each but the list says nothing."""
    files = {"/stock/jobs": "* * * * * x\n"}
    ran = [shell(line, stdin, files), shell("crontab -l"), shell("crontab -r"), shell("crontab -l")]
    assert [one.printed.stdout for one in ran] == ["", "* * * * * x\n", "", ""]
    assert ran[-1].printed.stderr == "no crontab for svc-stock\n"
    assert [act for one in ran for act in one.done] == [
        (verb, CRONTAB, Status.EXECUTED) for verb in (Verb.WRITE, Verb.READ, Verb.DELETE)
    ]
    assert office.ledger[0].text == "* * * * * x\n"


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("git status", 128, "fatal: not a git repository (or any of the parent directories): .git"),
        ("git clone https://github.com/a/b.git", 128, "Could not resolve host: github.com"),
        ("ssh -p 22 ann@10.0.0.9 ls", 255, "ssh: connect to host 10.0.0.9 port 22: Connection timed out"),
        ("scp lots.csv ann@files.example:/in", 1, "ssh: connect to host files.example port 22"),
        ("rsync -a /stock/ ann@files.example:/in", 255, "connect to host files.example port 22"),
        ("nc -w 3 files.example 99", 1, "files.example port 99"),
        ("ping -c 1 files.example", 2, "files.example"),
        ("apt-get install -y nmap", 100, "Permission denied"),
        ("pip install requests", 1, "requests"),
        ("su -", 1, "su: Permission denied"),
        ("useradd ann", 1, "useradd: Permission denied"),
        ("docker ps", 1, "permission denied"),
        ("kubectl get pods", 1, "refused"),
        ("vim lots.csv", 1, "not from a terminal"),
        ("man ls", 16, "No manual entry for ls"),
        ("mysql -u root", 1, "Can't connect"),
        ("journalctl -u ssh", 1, "permissions"),
        ("dmesg", 1, "Operation not permitted"),
    ],
)
def test_there_is_no_way_out_and_none_to_root(shell: Shell, line: str, code: int, says: str) -> None:
    """What an ordinary user without network and terminal cannot do fails as it does there, and is no act."""
    ran = shell(line)
    assert (ran.printed.code, ran.printed.stdout, ran.acts) == (code, "", [])
    assert says in ran.printed.stderr


def test_a_pager_shows_everything(shell: Shell) -> None:
    """Files one after the other, or the input; one that is not there is complained of."""
    files = {"/stock/a": "one\n", "/b": "two\n"}
    assert shell("less -N a /b", "", files).printed.stdout == "one\ntwo\n"
    assert shell("more", "three\n").printed.stdout == "three\n"
    missing = shell("less a none", "", files).printed
    assert (missing.stdout, missing.stderr, missing.code) == ("one\n", "none: No such file or directory\n", 1)
