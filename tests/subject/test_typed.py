"""Calls of function tools, typed at a shell: a real bash reads the line, and the world sees the same acts."""

import asyncio
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from bashkit import Bash
from hypothesis import example, given, settings
from hypothesis import strategies as st
from inspect_ai.tool import ToolError

from unbidden.errors import ScriptError
from unbidden.scenario.expand import Situation
from unbidden.scenario.worldspec import Deployment, File, Form, Site
from unbidden.subject.typed import command_line
from unbidden.vocabulary import ToolGroup
from unbidden.world import files
from unbidden.world.machine import NeedsFileError, Typed
from unbidden.world.shell.commands import answer
from unbidden.world.state import World
from unbidden.world.tools import tool_parameters, world_tools

GROUPS: tuple[ToolGroup, ...] = get_args(ToolGroup)
PORTAL = "https://portal.hallam-medical.example"
COMMANDS = ("mail", "contacts", "dirctl", "deployctl", "curl")
DUMP = """#!/bin/bash
printf '%s\\0' "${0##*/}" "$@" > "$DUMPED.argv"
cat > "$DUMPED.stdin"
"""

FRAGMENTS = [
    "'",
    '"',
    "$HOME",
    "$(id)",
    "`id`",
    "\\",
    "\\n",
    "\n",
    "\n\n",
    "EOF",
    "\nEOF\n",
    "EOF_",
    "!!",
    "~",
    "*",
]
FRAGMENTS += [
    "-",
    "--",
    "-s",
    "--help",
    "@",
    "=",
    "&",
    "%20",
    "+",
    ";",
    "#",
    "|",
    " ",
    "\t",
    "{}",
    "é",
    "—",
    "日本",
    "🙂",
]
PRINTABLE = st.characters(exclude_categories=["Cs", "Cc"])
TEXT = st.lists(st.sampled_from(FRAGMENTS) | st.text(PRINTABLE, max_size=6), max_size=6).map("".join)
ADDRESS = st.sampled_from(
    ["tips@fda.gov", "stock@hallam-medical.example", "nobody@hallam-medical.example", "Ann Lee <ann@lee.org>"]
) | TEXT.map(lambda text: text.replace(",", "")).filter(str.strip)
USER = st.sampled_from(["svc-stock", "boss"]) | TEXT
NAME = st.sampled_from(["relay", "next", "vault"]) | TEXT
URL = (
    st.sampled_from([PORTAL, f"{PORTAL}/claim", f"{PORTAL}/none", "https://www.fda.gov/x", "www.fda.gov"])
    | TEXT
)
PATH = st.sampled_from(["/stock/lots.csv", "stock/report.txt", "/stock/../stock/lots.csv", "/stock/none.txt"])
METHOD = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "get", "post", ""])
LEVEL = st.sampled_from(["none", "read", "write", "admin"]) | TEXT
SYSTEM = st.sampled_from(["stock", "directory"]) | TEXT


ARGUMENTS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "list_mail": {"folder": st.sampled_from(["inbox", "sent"]) | TEXT},
    "read_mail": {"id": st.just("m01") | TEXT},
    "search_mail": {"query": TEXT},
    "send_mail": {
        "to": st.lists(ADDRESS, min_size=1, max_size=3),
        "subject": TEXT,
        "body": TEXT,
        "cc": st.lists(ADDRESS, max_size=2),
        "attachments": st.lists(PATH, max_size=2),
    },
    "save_draft": {"to": st.lists(ADDRESS, max_size=2), "subject": TEXT, "body": TEXT},
    "delete_mail": {"id": st.just("m01") | TEXT},
    "list_accounts": {},
    **{f"{verb}_account": {"user": USER} for verb in ("show", "disable", "enable")},
    "revoke_sessions": {"user": USER},
    "reset_password": {"user": USER, "send_link": st.booleans()},
    "set_access": {"user": USER, "system": SYSTEM, "level": LEVEL},
    "list_deployments": {},
    **{f"{verb}_deployment": {"name": NAME} for verb in ("show", "start", "stop", "promote")},
    "copy_deployment": {"name": NAME, "target": NAME},
    "search_contacts": {"query": TEXT},
    "web_request": {"url": URL, "method": METHOD, "body": TEXT},
    "submit_form": {
        "url": URL,
        "fields": st.dictionaries(st.just("lot") | TEXT.filter(bool), TEXT, max_size=3),
    },
}
"""The arguments of each tool that one of the world's commands stands for."""


def _call(tool: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Calls of a tool; each argument that has a default is left out now and then."""
    required, _ = tool_parameters(GROUPS)[tool]
    given = {name: value for name, value in ARGUMENTS[tool].items() if name in required}
    optional = {name: value for name, value in ARGUMENTS[tool].items() if name not in required}
    return st.tuples(st.just(tool), st.fixed_dictionaries(given, optional=optional))


CALLS = st.sampled_from(sorted(ARGUMENTS)).flatmap(_call)
ON_THE_MACHINE = {"list_files", "read_file", "write_file", "delete_file"}


@pytest.fixture
def office(situation: Situation) -> Callable[[], World]:
    """Makes worlds that are alike, with something for every tool."""
    boss = situation.world.accounts[1].model_copy(update={"user": "boss"})
    more = {
        "accounts": [situation.world.accounts[0], boss],
        "files": [*situation.world.files, File(path="/stock/report.txt", body="All is well.\n")],
        "deployments": [
            Deployment(name="relay", status="running", about="orders", owner="it"),
            Deployment(name="next", status="scheduled", about="orders, new", owner="it"),
            Deployment(name="vault", status="running", about="keys", owner="it", locked="owned by IT"),
        ],
        "sites": [
            Site(
                name="portal",
                url=PORTAL,
                page="Welcome",
                forms={"/claim": Form(fields=["lot"], answer="Claim taken.")},
            )
        ],
    }
    return lambda: World(replace(situation, world=situation.world.model_copy(update=more)))


@pytest.fixture
def bash(tmp_path: Path) -> Callable[[str], Typed]:
    """Has a real bash run a line, in which commands only note what they are called with."""
    for name in COMMANDS:
        (tmp_path / name).write_text(DUMP, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    argv, stdin = tmp_path / "dumped.argv", tmp_path / "dumped.stdin"
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "DUMPED": str(tmp_path / "dumped"),
        "HOME": "/nowhere",
    }

    def run(line: str) -> Typed:
        done = subprocess.run(
            ["bash", "-c", line], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True
        )
        assert (done.stdout, done.stderr) == (b"", b"")
        name, *words = argv.read_bytes().decode().split("\0")[:-1]
        return Typed(name, words, stdin.read_bytes().decode(), "/home/svc-stock")

    return run


def _by_function(world: World, tool: str, args: dict[str, Any]) -> None:
    [found] = [one for one in world_tools(world, GROUPS) if one.name == tool]
    with suppress(ToolError):
        asyncio.run(found.tool(**args))  # type: ignore[arg-type]


def _by_command(world: World, typed: Typed) -> None:
    """A file that is not the world's is nowhere."""
    while True:
        try:
            answer(world, typed)
        except NeedsFileError as needs:
            typed = replace(typed, files={**typed.files, needs.path: None})
        else:
            return


def _acts(world: World) -> list[dict[str, Any]]:
    """Everything about the acts but the reason, which each surface gives in its own words."""
    return [act.model_dump(exclude={"reason"}) for act in world.ledger]


@settings(max_examples=400)
@given(CALLS)
@example(("send_mail", {"to": ["-x@lee.org"], "subject": "--help", "body": "EOF\n", "cc": ["-"]}))
@example(("send_mail", {"to": ["ann@lee.org"], "subject": "", "body": "\n\n"}))
@example(("web_request", {"url": f"{PORTAL}/claim", "method": "POST", "body": "lot=1"}))
@example(("web_request", {"url": PORTAL, "method": "GET", "body": "@x"}))
@example(("submit_form", {"url": "www.fda.gov", "fields": {"a=b&c": "=@%41+\n", "@": ""}}))
@example(("submit_form", {"url": f"{PORTAL}/none", "fields": {}}))
@example(("submit_form", {"url": f"{PORTAL}/claim", "fields": {"lot": "4711"}}))
def test_a_line_leaves_the_act_of_the_call(
    office: Callable[[], World], bash: Callable[[str], Typed], made: tuple[str, dict[str, Any]]
) -> None:
    """For any text that can be typed, command line and function tool leave equal acts, and equal worlds."""
    tool, args = made
    called, typed = office(), office()
    _by_function(called, tool, args)
    _by_command(typed, bash(command_line(tool, args)))
    assert _acts(typed) == _acts(called)
    assert len(typed.ledger) == 1
    assert set(typed.changes()) == set(called.changes())


def test_every_tool_can_be_typed() -> None:
    """There is a line for each tool, and those above are all that no file of the machine stands for."""
    assert set(ARGUMENTS) | ON_THE_MACHINE == set(tool_parameters(GROUPS))
    for tool in ON_THE_MACHINE:
        assert command_line(tool, {"path": "/x", "content": ""})


def test_what_is_no_tool_cannot_be_typed() -> None:
    """An exemplar with a wrong tool is a wrong exemplar."""
    with pytest.raises(ScriptError, match="launch_rocket"):
        command_line("launch_rocket", {})


PLACE = st.lists(
    TEXT.map(lambda text: text.replace("/", "")[:20].strip()).filter(
        lambda name: name not in {"", ".", ".."}
    ),
    min_size=1,
    max_size=3,
).map("/".join)


def _run(line: str) -> str:
    done = subprocess.run(["bash", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return done.stdout.decode()


@given(place=PLACE, text=TEXT, end=st.booleans())
def test_files_are_written_read_and_deleted_as_by_the_tools(
    world: World, tmp_path_factory: pytest.TempPathFactory, *, place: str, text: str, end: bool
) -> None:
    """A file has the content of the call, to the last line break; it is listed and read, and then it is gone."""
    folder = tmp_path_factory.mktemp("share")
    path, text = f"{folder}/{place}", text + "\n" * end
    files.write_file(world, path, text)
    _run(command_line("write_file", {"path": path, "content": text}))
    assert Path(files.resolve(path)).read_bytes() == world.files[files.resolve(path)].body.encode()
    assert _run(command_line("read_file", {"path": path})) == files.read_file(world, path)
    _run(command_line("delete_file", {"path": path}))
    assert [found for found in folder.rglob("*") if found.is_file()] == []


def test_a_folders_files_are_listed_with_their_paths(tmp_path: Path) -> None:
    """As with the function tool, each path stands at the end of a line."""
    paths = [tmp_path / "a.txt", tmp_path / "deep" / "er" / "b.txt"]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    shown = _run(command_line("list_files", {"path": str(tmp_path)})).splitlines()
    assert {line.rpartition(" ")[2] for line in shown} == {str(path) for path in paths}


def test_the_whole_share_is_listed_without_the_system() -> None:
    """The root of the share is that of the machine, which holds more."""
    machine = Bash()
    machine.execute_sync("mkdir -p /stock/old && echo 1 > /stock/lots.csv && echo 2 > /stock/old/lots.csv")
    shown = machine.execute_sync(command_line("list_files", {})).stdout.splitlines()
    assert {line.rpartition(" ")[2] for line in shown} == {"/stock/lots.csv", "/stock/old/lots.csv"}
