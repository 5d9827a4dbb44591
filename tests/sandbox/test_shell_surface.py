"""The shell surface: whatever is typed, acts and effects are the same thing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unbidden.sandbox.connect import connect
from unbidden.sandbox.embedded import EmbeddedSandbox
from unbidden.scenario.expand import Situation
from unbidden.scenario.worldspec import File
from unbidden.vocabulary import Status, Verb
from unbidden.world.hosting import WorldHost
from unbidden.world.ledger import Act
from unbidden.world.state import World

GROUPS = ("mail", "files", "accounts")
READS = {Verb.READ, Verb.FETCH}


@asynccontextmanager
async def machine(world: World) -> AsyncIterator[EmbeddedSandbox]:
    environments = await EmbeddedSandbox.sample_init("tests", None, {})
    sandbox = environments["default"].as_type(EmbeddedSandbox)
    try:
        async with connect(WorldHost(world, GROUPS), sandbox):
            yield sandbox
    finally:
        await EmbeddedSandbox.sample_cleanup("tests", None, environments, interrupted=False)


async def typed(world: World, lines: list[str]) -> list[tuple[str, set[str], list[Act]]]:
    """For each line: what it printed, the objects whose state it changed, the acts it left."""
    rows: list[tuple[str, set[str], list[Act]]] = []
    async with machine(world) as sandbox:
        for line in lines:
            before, count = state(world), len(world.ledger)
            result = await sandbox.exec(["bash", "--login", "-c", line], timeout=20)
            rows.append(
                (result.stdout + result.stderr, differing(before, state(world)), list(world.ledger)[count:])
            )
    return rows


def state(world: World) -> dict[str, object]:
    """Every object of the world by the name that acts give it."""
    found: dict[str, object] = {f"mail:{name}": mail for name, mail in world.mail.items()}
    for path, file in world.files.items():
        found[f"file:{path}"] = (file.body, world.modes.get(path))
    for user, account in world.accounts.items():
        found[f"account:{user}"] = (
            account.status,
            dict(account.access),
            tuple(account.sessions),
            account.taken,
        )
    return found


def differing(before: dict[str, object], after: dict[str, object]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


WORDS = st.sampled_from(
    ["lots", "two words", "it's", 'a "quote"', "$HOME", "semi;colon", "back\\slash", "*", "é ü", "-x"]
)


@st.composite
def simple(draw: st.DrawFn) -> str:
    """One command with an effect, or with none."""
    word = draw(WORDS)
    quoted = "'" + word.replace("'", "'\\''") + "'"
    target = draw(st.sampled_from(["/stock/lots.csv", "/stock/new.txt", "/stock/sub/deep.md"]))
    user = draw(st.sampled_from(["LEAD", "BOSS", "nobody"]))
    return draw(
        st.sampled_from(
            [
                f"echo {quoted} | mail -s {quoted} LEADMAIL",
                f"mail -s subject tips@paper.example <<< {quoted}",
                f"mail draft -s {quoted} BOSSMAIL < /stock/lots.csv",
                "mail delete m01",
                "mail read m01",
                f"mkdir -p /stock/sub; echo {quoted} > {target}",
                f"printf '%s\\n' {quoted} >> {target}",
                f"rm -f {target}",
                f"cp /stock/lots.csv {target}x",
                f"mv {target} /stock/moved",
                f"cat {target}",
                f"sed -i 's/expires/until/' {target}",
                f"chmod 600 {target}",
                f"touch {target}",
                f"dirctl disable {user}",
                f"dirctl enable {user}",
                f"dirctl set-access {user} stock read",
                f"passwd -l {user}",
                f"echo {quoted} > ~/notes.txt",
                "ls -l /stock",
                "true",
                "false",
            ]
        )
    )


@st.composite
def wrapped(draw: st.DrawFn) -> str:
    """A command reached in one of the ways a shell has."""
    command = draw(simple())
    quoted = "'" + command.replace("'", "'\\''") + "'"
    return draw(
        st.sampled_from(
            [
                command,
                f"({command})",
                f"{{ {command}; }}",
                f"bash -c {quoted}",
                f"if true; then {command}; fi",
                f"for i in 1; do {command}; done",
                f"f() {{ {command}; }}; f",
                f'x=$({command}); echo "$x"',
                f"{command} 2>/dev/null",
                f"{command} | cat",
                f"eval {quoted}",
                f"printf '%s\\n' {quoted} > /tmp/s.sh; bash /tmp/s.sh",
                f"printf '%s\\n' {quoted} | bash",
                f"env A=1 bash -c {quoted}",
                f"sudo bash -c {quoted}",
            ]
        )
    )


JOINED = st.lists(wrapped(), min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" ; ", " && ", " || ", "\n"]).map(lambda mark: mark.join(parts))
)


@settings(max_examples=60)
@given(lines=st.lists(JOINED, min_size=1, max_size=3))
def test_no_act_without_an_effect_and_no_effect_without_an_act(
    situation: Situation, lines: list[str]
) -> None:
    """Over generated command lines: what changed is what executed acts name, and the other way round."""
    world = World(situation)
    lines = [filled(line, world) for line in lines]
    for line, (printed, changed, acts) in zip(lines, anyio.run(typed, world, lines), strict=True):
        done = [act.object for act in acts if act.status is Status.EXECUTED and act.verb not in READS]
        assert changed <= set(done), (line, printed)
        without = set(done) - changed
        assert all(done.count(name) > 1 for name in without), (
            line,
            printed,
            acts,
        )  # undone again in the same line


def filled(line: str, world: World) -> str:
    """Names in place of the marks."""
    lead, boss = [account for user, account in sorted(world.accounts.items()) if user != "svc-stock"]
    if boss.spec.address != world.mail["m01"].sender:
        lead, boss = boss, lead
    marks = {
        "LEADMAIL": lead.spec.address, "BOSSMAIL": boss.spec.address, "LEAD": lead.spec.user, "BOSS": boss.spec.user,
    }  # fmt: skip
    for mark, name in marks.items():
        line = line.replace(mark, name)
    return line


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_a_read_only_file_stays_as_it_is(situation: Situation) -> None:
    """The shell says so, the ledger has a blocked act, and the file can be read unchanged."""
    world = World(situation)
    world.files["/stock/lots.csv"] = world.files["/stock/lots.csv"].model_copy(update={"writable": False})
    before = world.files["/stock/lots.csv"].body
    [(printed, changed, acts), (shown, _, _)] = await typed(
        world, ["echo gone > /stock/lots.csv", "cat /stock/lots.csv"]
    )
    assert "/stock/lots.csv: Permission denied" in printed
    assert shown == before
    assert changed == set()
    assert [(act.verb, act.status) for act in acts] == [(Verb.WRITE, Status.BLOCKED)]


@pytest.mark.anyio
async def test_acts_stand_in_the_order_they_were_done(situation: Situation) -> None:
    """A file that was changed before a message was sent stands before it."""
    world = World(situation)
    [(_, _, acts)] = await typed(
        world,
        ["echo a > /stock/one; echo b | mail -s x a@b.example; rm /stock/lots.csv; echo c > /stock/two"],
    )
    assert [(act.verb, act.object.split(":")[0]) for act in acts] == [
        (Verb.WRITE, "file"),
        (Verb.SEND, "mail"),
        (Verb.DELETE, "file"),
        (Verb.WRITE, "file"),
    ]


@pytest.mark.anyio
async def test_the_machines_clock_is_the_worlds(situation: Situation) -> None:
    """`date`, the headers of mail and the times of files agree, and move with the turns."""
    world = World(situation)
    world.turn = 5
    [(date, _, _), (listed, _, _), _, (mailed, _, _)] = await typed(
        world,
        [
            "date '+%Y-%m-%d %H:%M'",
            "echo x > /stock/new; ls -l /stock; date -r /stock/new '+%H:%M' 2>/dev/null",
            "echo y | mail -s z a@b.example",
            "mail list sent",
        ],
    )
    assert date.strip() == "2025-03-04 09:10"
    assert "2026" not in listed
    assert "2025-03-04 09:10" in mailed


@pytest.mark.anyio
async def test_a_file_that_arrives_is_on_the_machine(situation: Situation) -> None:
    """What somebody else leaves on the share can be read there, and is no act of the agent."""
    world = World(situation)
    async with machine(world) as sandbox:
        await sandbox.exec(["bash", "--login", "-c", "ls /stock"])
        world.place(File(path="/stock/note.md", body="Bay seven is closed.\n", modified="2025-03-04 09:00"))
        result = await sandbox.exec(["bash", "--login", "-c", "cat /stock/note.md"])
    assert result.stdout == "Bay seven is closed.\n"
    assert list(world.ledger) == []
