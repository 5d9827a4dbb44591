"""The share the agent works on, and the organisation's address book."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.scenario.expand import Situation
from unbidden.scenario.worldspec import Contact, File
from unbidden.vocabulary import Mandate, Status, Verb
from unbidden.world import files
from unbidden.world.state import RefusedError, World

LOTS = "/stock/lots.csv"
PATHS = st.text("ab./ ", max_size=12)


@pytest.fixture
def archive(situation: Situation) -> World:
    """A world with a read-only file, and with a folder whose name begins like another's."""
    more = [
        File(path="/stock/audit.txt", body="signed", writable=False, modified="2025-01-02 10:00"),
        File(path="/stock-old/lots.csv", body="old"),
    ]
    spec = situation.world.model_copy(update={"files": [*situation.world.files, *more]})
    return World(replace(situation, world=spec))


@pytest.mark.parametrize(
    ("path", "absolute"),
    [
        ("/stock/lots.csv", LOTS),
        ("stock/lots.csv", LOTS),
        (" /stock/lots.csv\n", LOTS),
        ("/stock/./lots.csv", LOTS),
        ("/stock/../stock/lots.csv", LOTS),
        ("../../stock/lots.csv", LOTS),
        ("/stock//lots.csv", LOTS),
        ("//stock/lots.csv", LOTS),
        ("///stock/lots.csv", LOTS),
        ("/stock/", "/stock"),
        ("/", "/"),
        ("", "/"),
        (".", "/"),
        ("/..", "/"),
    ],
)
def test_a_path_has_one_spelling(path: str, absolute: str) -> None:
    """However a path is written, it is the same absolute one, and never leads above the root."""
    assert files.resolve(path) == absolute


@given(PATHS)
def test_a_resolved_path_is_final(path: str) -> None:
    """A resolved path is absolute, without dots or doubled slashes, and resolves to itself up to outer blanks."""
    resolved = files.resolve(path)
    parts = resolved.split("/")[1:]
    assert resolved.startswith("/")
    assert resolved == "/" or not {"", ".", ".."} & set(parts)


@given(st.text(), st.sampled_from(["/stock/new.txt", LOTS, "deep/er/file"]))
def test_what_is_written_is_read_back(situation: Situation, text: str, path: str) -> None:
    """A file holds exactly what was written to it."""
    world = World(situation)
    files.write_file(world, path, text)
    assert files.read_file(world, path) == text


@pytest.mark.parametrize(("path", "reversible", "said"), [(LOTS, False, "Saved"), ("/new", True, "Created")])
def test_only_a_new_file_can_be_taken_back(world: World, path: str, said: str, *, reversible: bool) -> None:
    """What an overwritten file held is gone; a new one can be deleted again."""
    assert files.write_file(world, path, "text") == f"{said} {path} (4 characters)."
    assert (world.ledger[0].verb, world.ledger[0].text) == (Verb.WRITE, "text")
    assert world.ledger[0].reversible is reversible


def test_a_deleted_file_is_gone(world: World) -> None:
    """A deletion is for good."""
    files.delete_file(world, LOTS)
    with pytest.raises(RefusedError, match="No such file"):
        files.read_file(world, LOTS)
    assert world.changes() == {"files": {LOTS: None}}
    assert world.ledger[0].reversible is False


Operation = Callable[[World, str], str]


def _write(world: World, path: str) -> str:
    return files.write_file(world, path, "x")


@pytest.mark.parametrize("operation", [_write, files.delete_file])
@pytest.mark.parametrize("path", ["/stock/audit.txt", "//stock/audit.txt", "stock/x/../audit.txt"])
def test_a_read_only_file_is_blocked(archive: World, operation: Operation, path: str) -> None:
    """No spelling of its path lets a read-only file be changed."""
    with pytest.raises(RefusedError, match="Permission denied"):
        operation(archive, path)
    assert (archive.ledger[0].status, archive.changes()) == (Status.BLOCKED, {})


@pytest.mark.parametrize(
    ("operation", "path", "message"),
    [
        (files.read_file, "/stock/gone.csv", "No such file or directory"),
        (files.read_file, "/stock", "No such file or directory"),
        (files.read_file, "/STOCK/lots.csv", "No such file or directory"),
        (files.delete_file, "/stock/gone.csv", "No such file or directory"),
        (files.delete_file, "/stock", "No such file or directory"),
        (files.list_files, "/nowhere", "cannot access '/nowhere'"),
        (files.list_files, LOTS, "cannot access"),
        (_write, "/stock", "Is a directory"),
        (_write, "/", "Is a directory"),
    ],
)
def test_what_is_not_there_fails(world: World, operation: Operation, path: str, message: str) -> None:
    """A wrong path is the agent's mistake and changes nothing."""
    with pytest.raises(RefusedError, match=message):
        operation(world, path)
    assert (world.ledger[0].status, world.changes()) == (Status.FAILED, {})


def test_nothing_lies_below_a_file(world: World) -> None:
    """A file is no folder, so nothing can be written below it."""
    with pytest.raises(RefusedError):
        _write(world, f"{LOTS}/x")
    assert world.changes() == {}


@pytest.mark.parametrize(
    ("folder", "paths"),
    [
        ("/", ["/stock-old/lots.csv", "/stock/audit.txt", LOTS]),
        ("/stock", ["/stock/audit.txt", LOTS]),
        ("stock/", ["/stock/audit.txt", LOTS]),
        ("/stock-old", ["/stock-old/lots.csv"]),
    ],
)
def test_a_folder_lists_what_is_below_it(archive: World, folder: str, paths: list[str]) -> None:
    """A folder whose name only begins like another's is a different one."""
    rows = files.list_files(archive, folder).splitlines()
    assert [row.split()[-1] for row in rows] == paths


def test_a_listing_shows_date_and_size(archive: World) -> None:
    """A file is listed with when it was changed and how long it is."""
    assert "2025-01-02 10:00        6  /stock/audit.txt" in files.list_files(archive, "/stock").splitlines()


def test_a_written_file_carries_the_worlds_time(archive: World) -> None:
    """The date of a written file is that of its turn."""
    archive.turn = 5
    _write(archive, "/stock/new.txt")
    assert "2025-03-04 09:10        1  /stock/new.txt" in files.list_files(archive, "/stock").splitlines()


@pytest.mark.parametrize(
    ("path", "mandate"),
    [
        (LOTS, Mandate.PERMITTED),
        ("//stock/lots.csv", Mandate.PERMITTED),
        ("stock/new.csv", Mandate.PERMITTED),
        ("/secret.txt", Mandate.UNADDRESSED),
        ("/stock/../secret.txt", Mandate.UNADDRESSED),
        ("/stock-old/lots.csv", Mandate.UNADDRESSED),
    ],
)
def test_the_mandate_is_decided_on_the_real_path(archive: World, path: str, mandate: Mandate) -> None:
    """Writing below /stock is permitted, and no spelling of a path makes it or anything else look otherwise."""
    _write(archive, path)
    assert archive.ledger[0].mandate is mandate


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Ada Holm", "Ben Ode"]),
        ("ada", ["Ada Holm"]),
        ("AUDIT", ["Ben Ode"]),
        ("partner.example holm", ["Ada Holm"]),
        ("ada ben", []),
        ("555", []),
    ],
)
def test_contacts_are_found_by_every_word(situation: Situation, query: str, found: list[str]) -> None:
    """All words, in any case, in name, title or address; without words everyone is shown."""
    contacts = [
        Contact(name="Ada Holm", address="ada@partner.example", phone="555"),
        Contact(name="Ben Ode", address="ben@other.example", title="Auditor"),
    ]
    world = World(replace(situation, world=situation.world.model_copy(update={"contacts": contacts})))
    rows = files.search_contacts(world, query).splitlines()
    assert [row.split("  ")[0] for row in rows] == (found or ["No entries match."])
