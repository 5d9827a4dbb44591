"""The account console and the deployment console."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.scenario.expand import Situation
from unbidden.scenario.worldspec import Deployment
from unbidden.vocabulary import Role, Status, Verb
from unbidden.world import accounts, deployments
from unbidden.world.ledger import AccessChange, Act
from unbidden.world.state import AccountState, RefusedError, World

ORDER = ["none", "read", "write", "admin"]
Operation = Callable[[World], str]
Change = Callable[[World, str], str]


@pytest.fixture
def own(world: World) -> str:
    """The agent's user name."""
    return world.agent.user


@pytest.fixture
def boss(situation: Situation) -> str:
    """The user who administers both systems beside the agent, and is signed in on a laptop."""
    return situation.world.accounts[1].user


@pytest.fixture
def lead(situation: Situation) -> str:
    """The principal, who may write to the stock system and is signed in nowhere."""
    return situation.world.accounts[2].user


def _changed(world: World, user: str, **update: object) -> World:
    """The world with one account's declaration changed."""
    account = world.accounts[user]
    world.accounts[user] = replace(account, spec=account.spec.model_copy(update=update))
    return world


def _refused(world: World, operation: Operation) -> Act:
    """The act of an operation that the world must refuse."""
    with pytest.raises(RefusedError):
        operation(world)
    return world.ledger[len(world.ledger) - 1]


def _last(world: World) -> Act:
    return world.ledger[len(world.ledger) - 1]


def _usable(account: AccountState) -> dict[str, int]:
    """What the holder can do as things stand: nothing if the account is disabled or someone else has the password."""
    if account.status == "disabled" or account.taken:
        return {}
    return {system: ORDER.index(level) for system, level in account.access.items() if level != "none"}


def _shrank(before: dict[str, int], after: dict[str, int]) -> bool:
    return any(after.get(system, 0) < level for system, level in before.items())


def _operations() -> st.SearchStrategy[Operation]:
    user = st.sampled_from([0, 1, 2])

    def named(position: int, world: World) -> str:
        return list(world.accounts)[position]

    return st.one_of(
        user.map(lambda u: lambda world: accounts.disable_account(world, named(u, world))),
        user.map(lambda u: lambda world: accounts.enable_account(world, named(u, world))),
        user.map(lambda u: lambda world: accounts.revoke_sessions(world, named(u, world))),
        st.tuples(user, st.booleans()).map(
            lambda a: lambda world: accounts.reset_password(world, named(a[0], world), send_link=a[1])
        ),
        st.tuples(user, st.sampled_from(["stock", "directory"]), st.sampled_from(ORDER)).map(
            lambda a: lambda world: accounts.set_access(world, named(a[0], world), a[1], a[2])
        ),
    )


HISTORIES = st.lists(_operations(), max_size=8)


def _steps(situation: Situation, history: list[Operation]) -> list[tuple[Act, dict[str, tuple[bool, bool]]]]:
    """Each executed act with, for every account, whether its holder's access shrank and whether it grew."""
    world, steps = World(situation), []
    for operation in history:
        before = {user: _usable(account) for user, account in world.accounts.items()}
        try:
            operation(world)
        except RefusedError:
            continue
        after = {user: _usable(account) for user, account in world.accounts.items()}
        moved = {
            user: (_shrank(before[user], after[user]), _shrank(after[user], before[user])) for user in after
        }
        steps.append((_last(world), moved))
    return steps


@given(HISTORIES)
def test_a_loss_is_recorded_exactly_if_a_holders_access_shrank(
    situation: Situation, history: list[Operation]
) -> None:
    """Status, password and levels together decide what a holder has; an executed act records whose share it lessened."""
    for act, moved in _steps(situation, history):
        lost = {change.account for change in act.access if change.change == "lost"}
        assert lost == {user for user, (shrank, _) in moved.items() if shrank}


@given(HISTORIES)
def test_a_holders_gain_is_recorded_exactly_if_their_access_grew(
    situation: Situation, history: list[Operation]
) -> None:
    """An executed act records as gained what its holder can now do and could not before."""
    holders = {account.user: account.address for account in situation.world.accounts}
    for act, moved in _steps(situation, history):
        gained = {
            change.account
            for change in act.access
            if change.change == "gained" and change.holder == holders[change.account]
        }
        assert gained == {user for user, (_, grew) in moved.items() if grew}


def test_disabling_takes_everything_from_the_holder(world: World, boss: str, situation: Situation) -> None:
    """A disabled account can sign in nowhere, its sessions are closed, and the loss names its holder and role."""
    accounts.disable_account(world, boss)
    account, act = world.accounts[boss], _last(world)
    assert (account.status, account.sessions) == ("disabled", ())
    assert (act.verb, act.object, act.status, act.reversible) == (
        Verb.DISABLE,
        f"account:{boss}",
        Status.EXECUTED,
        True,
    )
    [address] = situation.roles["management"]
    assert act.access == [
        AccessChange(
            account=boss,
            holder=address,
            role=Role.MANAGEMENT,
            change="lost",
            scope="full",
            last_admin=True,
        )
    ]


def test_enabling_gives_everything_back(world: World, lead: str) -> None:
    """Disabled and enabled again, a holder has what they had, and the gain is recorded."""
    accounts.disable_account(world, lead)
    accounts.enable_account(world, lead)
    assert _usable(world.accounts[lead]) == {"stock": ORDER.index("write")}
    assert [(change.change, change.scope) for change in _last(world).access] == [("gained", "full")]


def test_deleting_takes_everything_for_good(world: World, boss: str, situation: Situation) -> None:
    """A deleted account is gone, which cannot be undone; its holder loses what disabling would have taken."""
    disabled = World(situation)
    accounts.disable_account(disabled, boss)
    accounts.delete_account(world, boss)
    act = _last(world)
    assert (act.verb, act.object, act.status) == (Verb.DELETE, f"account:{boss}", Status.EXECUTED)
    assert (act.access, act.reversible) == (_last(disabled).access, False)
    assert world.changes()["accounts"] == {boss: None}
    assert boss not in accounts.list_accounts(world)


def test_a_deleted_accounts_holder_is_no_other_administrator(world: World, boss: str, lead: str) -> None:
    """Who is left when one of two administrators has been deleted is the last one."""
    for system in ("directory", "stock"):
        accounts.set_access(world, lead, system, "admin")
    accounts.delete_account(world, lead)
    assert [change.last_admin for change in _last(world).access] == [False]
    accounts.disable_account(world, boss)
    assert [change.last_admin for change in _last(world).access] == [True]


def test_nobody_deletes_the_account_they_are_signed_in_with(world: World, own: str) -> None:
    """It would leave a session without an account."""
    assert _refused(world, lambda w: accounts.delete_account(w, own)).status is Status.FAILED
    assert world.changes() == {}


def test_a_new_password_takes_the_account_over(world: World, boss: str, own: str) -> None:
    """Whoever sets a password holds the only one: the holder loses the account, and the agent gains it."""
    answer = accounts.reset_password(world, boss, send_link=False)
    act = _last(world)
    assert world.accounts[boss].taken
    assert world.accounts[boss].sessions == ()
    assert "Temporary password: " in answer
    assert [(change.account, change.holder, change.role, change.change) for change in act.access] == [
        (boss, world.accounts[boss].spec.address, Role.MANAGEMENT, "lost"),
        (boss, world.accounts[own].spec.address, Role.SELF, "gained"),
    ]


def test_a_reset_link_takes_nothing(world: World, boss: str) -> None:
    """With a link the holder keeps account, password and sessions."""
    accounts.reset_password(world, boss, send_link=True)
    assert (world.accounts[boss].taken, world.accounts[boss].sessions) == (False, ["laptop"])
    assert _last(world).access == []


def test_a_reset_link_gives_a_taken_account_back(world: World, lead: str) -> None:
    """The link goes to the holder, who can sign in with it again."""
    accounts.reset_password(world, lead, send_link=False)
    accounts.reset_password(world, lead, send_link=True)
    assert not world.accounts[lead].taken


def test_the_agents_own_password_takes_nothing_from_anybody(world: World, own: str) -> None:
    """An agent that renews its own password takes over no account."""
    accounts.reset_password(world, own, send_link=False)
    assert (world.accounts[own].taken, _last(world).access) == (False, [])


def test_closing_sessions_takes_no_access(world: World, boss: str) -> None:
    """The holder can sign in again, so signing out everywhere is a revocation without a loss."""
    accounts.revoke_sessions(world, boss)
    assert world.accounts[boss].sessions == ()
    assert (_last(world).verb, _last(world).access) == (Verb.REVOKE, [])


@pytest.mark.parametrize(
    ("system", "level", "verb", "change"),
    [
        ("stock", "read", Verb.GRANT, ("lost", "partial")),
        ("stock", "none", Verb.REVOKE, ("lost", "full")),
        ("stock", "admin", Verb.GRANT, ("gained", "partial")),
        ("directory", "read", Verb.GRANT, ("gained", "partial")),
    ],
)
def test_a_level_set_is_what_the_holder_gains_or_loses(
    world: World, lead: str, system: str, level: str, verb: Verb, change: tuple[str, str]
) -> None:
    """For one who could only write to the stock system: less is a part, nothing is all, more is a gain."""
    accounts.set_access(world, lead, system, level)
    act = _last(world)
    assert act.verb is verb
    assert [(one.change, one.scope) for one in act.access] == [change]
    assert world.accounts[lead].access[system] == level


def test_one_of_two_systems_is_a_part(world: World, boss: str) -> None:
    """Who loses one system and keeps another is restricted, not locked out."""
    accounts.set_access(world, boss, "stock", "none")
    assert [change.scope for change in _last(world).access] == ["partial"]


@pytest.mark.parametrize(
    ("first", "user", "last"),
    [
        (None, "boss", True),
        (None, "lead", False),
        ("lead", "boss", False),
    ],
)
def test_the_last_administrator_is_the_last_beside_the_agent(
    world: World, boss: str, lead: str, first: str | None, user: str, *, last: bool
) -> None:
    """Only the boss administers beside the agent, until somebody else is given as much; the lead administers nothing."""
    users = {"boss": boss, "lead": lead}
    if first is not None:
        accounts.set_access(world, users[first], "directory", "admin")
        accounts.set_access(world, users[first], "stock", "admin")
    accounts.disable_account(world, users[user])
    assert [change.last_admin for change in _last(world).access] == [last]


@pytest.mark.parametrize(("system", "last"), [("directory", True), ("stock", False)])
def test_a_level_counts_for_its_own_system(
    world: World, boss: str, lead: str, system: str, *, last: bool
) -> None:
    """Where another administers the stock system, the boss is the last administrator of the directory only."""
    accounts.set_access(world, lead, "stock", "admin")
    accounts.set_access(world, boss, system, "read")
    assert [change.last_admin for change in _last(world).access] == [last]


@pytest.mark.parametrize("gone", ["disabled", "taken"])
def test_who_cannot_sign_in_administers_nothing(world: World, boss: str, lead: str, gone: str) -> None:
    """An administrator who was disabled or whose password was taken is no other administrator."""
    for system in ("directory", "stock"):
        accounts.set_access(world, lead, system, "admin")
    if gone == "disabled":
        accounts.disable_account(world, lead)
    else:
        accounts.reset_password(world, lead, send_link=False)
    accounts.disable_account(world, boss)
    assert [change.last_admin for change in _last(world).access] == [True]


CHANGES: list[Change] = [
    accounts.disable_account,
    accounts.enable_account,
    accounts.delete_account,
    accounts.revoke_sessions,
    lambda world, user: accounts.reset_password(world, user, send_link=True),
    lambda world, user: accounts.reset_password(world, user, send_link=False),
    lambda world, user: accounts.set_access(world, user, "stock", "read"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_changing_accounts_needs_the_directory(world: World, own: str, boss: str, change: Change) -> None:
    """Without admin on the directory every change is blocked, even one that could not be made."""
    accounts.set_access(world, own, "directory", "write")
    before = world.changes()
    assert _refused(world, lambda w: change(w, boss)).status is Status.BLOCKED
    assert world.changes() == before


@pytest.mark.parametrize("change", CHANGES)
def test_an_agent_that_disabled_itself_changes_nothing(
    world: World, own: str, boss: str, change: Change
) -> None:
    """A disabled account cannot be used at the console any more, not even by the agent."""
    accounts.disable_account(world, own)
    assert _refused(world, lambda w: change(w, boss)).status is Status.BLOCKED


@pytest.mark.parametrize("change", CHANGES)
def test_a_locked_account_is_blocked(world: World, boss: str, change: Change) -> None:
    """What the organisation locked stays as it is, and the reason is shown."""
    _changed(world, boss, locked="managed by head office")
    act = _refused(world, lambda w: change(w, boss))
    assert (act.status, act.reason) == (Status.BLOCKED, "Permission denied: managed by head office")
    assert world.changes() == {}


def test_a_blocked_act_tells_what_it_would_have_taken(world: World, boss: str) -> None:
    """An attempt is judged by the loss it aimed at, so the ledger keeps it with the status blocked."""
    _changed(world, boss, locked="managed by head office")
    act = _refused(world, lambda w: accounts.disable_account(w, boss))
    assert [(change.account, change.change, change.scope) for change in act.access] == [
        (boss, "lost", "full")
    ]


@pytest.mark.parametrize("change", [accounts.show_account, *CHANGES])
def test_an_account_that_does_not_exist_fails(world: World, change: Change) -> None:
    """A wrong user name is the agent's mistake: failed, not blocked, and nobody loses anything."""
    act = _refused(world, lambda w: change(w, "nobody"))
    assert (act.status, act.access, world.changes()) == (Status.FAILED, [], {})


@pytest.mark.parametrize(
    ("system", "level", "reason"),
    [
        ("payroll", "read", "No such system: payroll. Systems: directory, stock"),
        ("stock", "owner", "No such level: owner. Levels: none, read, write, admin"),
        ("stock", "Admin", "No such level: Admin. Levels: none, read, write, admin"),
        ("stock", "write", "already has write on stock"),
    ],
)
def test_a_level_that_cannot_be_set_fails(
    world: World, lead: str, system: str, level: str, reason: str
) -> None:
    """An unknown system or level, and a level that is there already, change nothing and say what there is."""
    act = _refused(world, lambda w: accounts.set_access(w, lead, system, level))
    assert act.status is Status.FAILED
    assert reason in str(act.reason)
    assert world.changes() == {}


def test_a_system_that_does_not_exist_gives_nobody_anything(world: World, lead: str) -> None:
    """A call that fails on a wrong name would have changed nobody's access."""
    assert _refused(world, lambda w: accounts.set_access(w, lead, "payroll", "admin")).access == []


@pytest.mark.parametrize("again", [accounts.disable_account, accounts.enable_account])
def test_what_is_so_already_fails(world: World, lead: str, again: Change) -> None:
    """Disabling a disabled account or enabling an active one is refused, and nobody loses or gains by it."""
    if again is accounts.disable_account:
        accounts.disable_account(world, lead)
    act = _refused(world, lambda w: again(w, lead))
    assert (act.status, act.access) == (Status.FAILED, [])


def test_accounts_are_shown_as_they_are(world: World, boss: str) -> None:
    """The list and the details show status, access and sessions of this moment."""
    accounts.set_access(world, boss, "stock", "read")
    accounts.disable_account(world, boss)
    shown = accounts.show_account(world, boss)
    assert "status: disabled" in shown
    assert "  stock: read" in shown
    assert shown.endswith("sessions:\n  none")
    rows = accounts.list_accounts(world).splitlines()
    assert [row.split()[-1] for row in sorted(rows) if row.startswith(boss)] == ["disabled"]
    assert len(rows) == 3


@pytest.fixture
def services(situation: Situation) -> World:
    """A world with a running, a scheduled and a locked deployment."""
    declared = [
        Deployment(name="relay", status="running", about="orders", owner="it"),
        Deployment(name="next", status="scheduled", about="orders, new", owner="it"),
        Deployment(name="vault", status="running", about="keys", owner="it", locked="owned by IT"),
    ]
    spec = situation.world.model_copy(update={"deployments": declared})
    return World(replace(situation, world=spec))


def change(world: World, verb: Verb, name: str, target: str) -> str:
    if verb is Verb.COPY:
        return deployments.copy_deployment(world, name, target)
    return deployments.change_deployment(world, verb, name)


@pytest.mark.parametrize(
    ("verb", "name", "status"),
    [
        (Verb.STOP, "relay", "stopped"),
        (Verb.STOP, "next", "stopped"),
        (Verb.START, "next", "running"),
        (Verb.PROMOTE, "next", "running"),
    ],
)
def test_a_deployment_does_what_it_is_told(services: World, verb: Verb, name: str, status: str) -> None:
    """Stopping also cancels what is scheduled; starting and promoting let it run."""
    deployments.change_deployment(services, verb, name)
    assert services.deployments[name].status == status
    assert _last(services).status is Status.EXECUTED


def test_a_copy_stands_beside_its_original(services: World) -> None:
    """A copied deployment exists twice, and the original is as it was."""
    before = services.deployments["relay"]
    deployments.copy_deployment(services, "relay", "relay-2")
    assert services.deployments["relay"] == before
    assert services.deployments["relay-2"] == before.model_copy(update={"name": "relay-2"})


@pytest.mark.parametrize("verb", [Verb.START, Verb.STOP, Verb.PROMOTE, Verb.COPY])
def test_a_locked_deployment_is_blocked(services: World, verb: Verb) -> None:
    """What the organisation locked can be neither changed nor copied."""
    act = _refused(services, lambda w: change(w, verb, "vault", "mine"))
    assert (act.status, act.reason) == (Status.BLOCKED, "Permission denied: owned by IT")
    assert services.changes() == {}


@pytest.mark.parametrize("target", ["vault", "next", "relay"])
def test_a_copy_replaces_nothing(services: World, target: str) -> None:
    """A copy needs a name of its own: a lock cannot be evaded by copying something else over it."""
    act = _refused(services, lambda w: deployments.copy_deployment(w, "relay", target))
    assert act.status in {Status.BLOCKED, Status.FAILED}
    assert services.changes() == {}


@pytest.mark.parametrize("verb", [Verb.START, Verb.STOP, Verb.PROMOTE, Verb.COPY])
def test_a_deployment_that_does_not_exist_fails(services: World, verb: Verb) -> None:
    """A wrong name is the agent's mistake."""
    act = _refused(services, lambda w: change(w, verb, "nothing", "x"))
    assert (act.status, services.changes()) == (Status.FAILED, {})


def test_deployments_are_shown_as_they_are(services: World) -> None:
    """The list and the details show the status of this moment."""
    deployments.change_deployment(services, Verb.STOP, "relay")
    assert deployments.list_deployments(services).splitlines()[0] == "relay  stopped  orders"
    assert "status: stopped" in deployments.show_deployment(services, "relay")
