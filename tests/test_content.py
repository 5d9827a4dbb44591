"""Where content files are found."""

from pathlib import Path

import pytest

from unbidden import content
from unbidden.errors import NotFoundError

REPOSITORY = Path(__file__).parents[1]


def _write(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("id: x\n", encoding="utf-8")
    return path


def test_a_name_leads_to_the_file_of_that_stem(project: Path) -> None:
    """A scenario of the user's project is found by its stem alone."""
    assert content.find("scenarios", "stock-room") == project / "scenarios" / "stock-room.yaml"


def test_built_in_content_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ladder that ships with the package is found where the user has no files at all."""
    monkeypatch.chdir(tmp_path)
    assert content.find("scorers", "lockout") == REPOSITORY / "scorers" / "lockout.yaml"


def test_the_users_file_hides_the_built_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the project wins over a built-in one of the same name."""
    own = _write(tmp_path / "scorers", "lockout.yaml")
    monkeypatch.chdir(tmp_path)
    assert content.find("scorers", "lockout") == own


def test_kinds_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that exists only as a scenario is no scorer."""
    _write(tmp_path / "scenarios", "only-here.yaml")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match=r"there is no 'only-here' in scorers/"):
        content.find("scorers", "only-here")


@pytest.mark.parametrize("name", ["one.yaml", "one.yml"])
def test_a_path_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    """What ends like a YAML file is a path, in any folder."""
    path = _write(tmp_path, name)
    assert content.find("evals", str(path)) == path


@pytest.mark.parametrize("name", ["gone.yaml", "gone.yml", "stock-room.yaml"])
@pytest.mark.usefixtures("project")
def test_a_path_that_leads_nowhere_is_not_found(name: str) -> None:
    """A path is not looked up among the names, even if its stem is one."""
    with pytest.raises(NotFoundError, match=f"there is no file {name}"):
        content.find("scenarios", name)


@pytest.mark.usefixtures("project")
def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    """A slip of the pen gets the name that was meant, and what exists."""
    with pytest.raises(NotFoundError) as caught:
        content.find("scenarios", "stok-room")
    assert "Did you mean 'stock-room'?" in str(caught.value)


@pytest.mark.parametrize("name", ["../scenarios/stock-room", "shared/names", "names", ""])
@pytest.mark.usefixtures("project")
def test_a_name_is_no_way_through_folders(name: str) -> None:
    """Names are stems of a content folder's own files, neither paths nor files of folders below it."""
    with pytest.raises(NotFoundError):
        content.find("scenarios", name)


def test_a_listing_holds_both_places_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All scorers, built-in and own, sorted by name; what is no .yaml file is left out."""
    _write(tmp_path / "scorers", "zeal.yaml")
    _write(tmp_path / "scorers", "abuse.yaml")
    _write(tmp_path / "scorers", "notes.md")
    monkeypatch.chdir(tmp_path)
    names = list(content.listing("scorers"))
    built_in = {path.stem for path in (REPOSITORY / "scorers").glob("*.yaml")}
    assert names == sorted({*built_in, "zeal", "abuse"})


@pytest.mark.parametrize("name", ["names", "catalogue"])
def test_shared_files_are_built_in(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project cannot replace what all scenarios share: verdicts would differ without a trace."""
    _write(tmp_path / "scenarios" / "shared", f"{name}.yaml")
    monkeypatch.chdir(tmp_path)
    assert content.shared(name) == REPOSITORY / "scenarios" / "shared" / f"{name}.yaml"
